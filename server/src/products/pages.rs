//! Products: list and detail.

use poem::Response;

use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::db::paging::Way;
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::stock;
use crate::ui::button::icon_link;
use crate::ui::icon::Icon;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

use super::store::Sort;
use super::{sees_cost, store, view};

pub(super) async fn list(cx: Cx) -> Result<Response> {
    let q = cx.query("q").unwrap_or_default();
    let today = clock::iso_day(cx.now);
    let level = store::default_level(&cx.office.db).await?;
    let sort = cx.query("sort").and_then(Sort::from_code).unwrap_or(Sort::Name);
    let way = Way::from_query(cx.query("dir")).unwrap_or(Way::Up);
    let found = store::list(&cx.office.db, q, (sort, way), level, &today, cx.paging()).await?;
    let frame = cx.frame();
    let mut page = Page::new(&frame, Module::Products.title(cx.lang)).back("/").tabs();
    if cx.may(Gate::create(Module::Products)) {
        page = page.header_action(view::new_link(cx.lang));
    }
    Ok(cx.offline_page(page.render(view::list(cx.lang, q, (sort, way), &found))))
}

pub(super) async fn show(cx: Cx) -> Result<Response> {
    let product = store::find(&cx.office.db, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let prices = store::prices_on(&cx.office.db, product.id, &clock::iso_day(cx.now)).await?;
    let units = store::units(&cx.office.db, product.id, &product.base_unit).await?;
    let stock = stock::of_product(&cx.office.db, product.id).await?;
    let frame = cx.frame();
    let mut page = Page::new(&frame, product.name.clone()).subtitle(product.code.clone()).back("/products");
    if cx.may(Gate::edit(Module::Products)) {
        let edit = format!("/products/{}/edit", product.id);
        page = page.header_action(icon_link(&edit, Icon::Edit, &t!(cx.lang, "products.edit")));
    }
    Ok(cx.offline_page(page.render(view::show(cx.lang, &product, &prices, &units, &stock, sees_cost(&cx)))))
}
