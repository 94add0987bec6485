//! Stock: balances, one product, and moves entered by the store.

use poem::Response;

use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::paging::Way;
use crate::kernel::i18n::t;
use crate::kernel::money::Milli;
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page, html};
use crate::web::form::Form;

use super::rules::Kind;
use super::store::{Moved, NewMove, Sort};
use super::{store, view};

pub(super) async fn list(cx: Cx) -> Result<Response> {
    let q = cx.query("q").unwrap_or_default();
    let warehouse = cx.query("view").and_then(|id| id.parse().ok());
    let warehouses = store::warehouses(&cx.office.db).await?;
    let sort = cx.query("sort").and_then(Sort::from_code).unwrap_or(Sort::Product);
    let way = Way::from_query(cx.query("dir")).unwrap_or(Way::Up);
    let found = store::list(&cx.office.db, q, warehouse, (sort, way), cx.paging()).await?;
    let frame = cx.frame();
    let mut page = Page::new(&frame, Module::Stock.title(cx.lang)).back("/").tabs();
    if cx.may(Gate::create(Module::Stock)) {
        page = page.header_action(view::add_link(cx.lang));
    }
    Ok(html(page.render(view::list(&cx, q, warehouse, (sort, way), &warehouses, &found))))
}

pub(super) async fn show(cx: Cx) -> Result<Response> {
    let product = store::product(&cx.office.db, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let balances = store::of_product(&cx.office.db, product.id).await?;
    let moves = store::moves(&cx.office.db, product.id, cx.paging()).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, product.name.clone()).back("/stock");
    Ok(html(page.render(view::show(&cx, &product, &balances, &moves))))
}

pub(super) async fn new_move(cx: Cx) -> Result<Response> {
    let mut form = cx.blank().with("kind", Kind::In.code());
    if let Some(product) = cx.query("product") {
        form = form.with("product_id", product);
    }
    move_page(&cx, &form).await
}

async fn move_page(cx: &Cx, form: &Form) -> Result<Response> {
    let warehouses = store::warehouses(&cx.office.db).await?;
    let products = match form.value("product_id").parse() {
        Ok(id) => store::product(&cx.office.db, id).await?.into_iter().collect(),
        Err(_) => store::products(&cx.office.db, cx.query("q").unwrap_or_default()).await?,
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "stock.new_move")).back("/stock");
    Ok(form_page(page, view::move_form(cx, form, &warehouses, &products), form))
}

pub(super) async fn create_move(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let kind = form.choice("kind", &t!(cx.lang, "stock.kind"), |code| {
        Kind::from_code(code).filter(|kind| Kind::ENTERED.contains(kind))
    });
    let product = form.choice("product_id", &t!(cx.lang, "stock.product"), |id| id.parse().ok());
    let warehouse = form.choice("warehouse_id", &t!(cx.lang, "stock.warehouse"), |id| id.parse().ok());
    let label = t!(cx.lang, "stock.quantity");
    // A count may find nothing; an arrival of nothing is a slip.
    let counted_none = kind == Some(Kind::Count) && form.value("quantity").trim() == "0";
    let quantity = if counted_none { Some(Milli(0)) } else { form.milli("quantity", &label) };
    if quantity.is_none() && form.error("quantity").is_none() {
        form.wrong("quantity", t!(cx.lang, "form.required", field = label));
    }
    let note = form.text("note", &t!(cx.lang, "stock.note"), 200);
    if let Some(product) = product
        && store::product(&cx.office.db, product).await?.is_none()
    {
        form.wrong("product_id", t!(cx.lang, "form.choice", field = t!(cx.lang, "stock.product")));
    }
    if let Some(id) = warehouse
        && !store::warehouses(&cx.office.db).await?.iter().any(|warehouse| warehouse.id == id)
    {
        form.wrong("warehouse_id", t!(cx.lang, "form.choice", field = t!(cx.lang, "stock.warehouse")));
    }
    let (Some(kind), Some(product), Some(warehouse), Some(quantity), true) =
        (kind, product, warehouse, quantity, form.is_right())
    else {
        return move_page(&cx, &form).await;
    };
    let entry = NewMove { kind, product, warehouse, quantity, note, document: None };
    let mut write = cx.write(&form).await?;
    if store::hold_product(&mut write.tx, product).await?.is_none() {
        drop(write);
        form.wrong("product_id", t!(cx.lang, "form.choice", field = t!(cx.lang, "stock.product")));
        return move_page(&cx, &form).await;
    }
    match store::enter(&mut write.tx, &entry, cx.actor().id, cx.now).await? {
        Moved::Done(id, before, after) => {
            let changes = Changes::new()
                .set("kind", kind.code())
                .set("product_id", product.to_string())
                .set("warehouse_id", warehouse.to_string())
                .moved("on_hand", before.0, after.0);
            write.audit(Action::Create, "stock_move", id, changes).await?;
            write.finish(&format!("/stock/{product}?done=saved")).await
        }
        Moved::Short(free) => {
            drop(write);
            form.wrong("quantity", t!(cx.lang, "stock.not_enough", available = free));
            move_page(&cx, &form).await
        }
        Moved::TooMuch => {
            drop(write);
            form.wrong("quantity", t!(cx.lang, "form.quantity", field = label));
            move_page(&cx, &form).await
        }
    }
}
