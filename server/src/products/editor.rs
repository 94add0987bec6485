//! Entering and changing a product: its form, read and written.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::stock;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html_with};
use crate::web::form::Form;

use super::rules::Status;
use super::store::{self, Entry, LevelPrice, Stored};
use super::{Unit, UsedBy, form_view, mnemonic, sees_cost};

/// Rows for units beside the base unit.
pub(super) const UNITS: usize = 3;
/// The statuses of a product, as stored.
/// The highest price of a base unit, in fen: a hundred million yuan.
const HIGHEST: Fen = Fen(10_000_000_000);

/// `GET /products/new`
pub(super) async fn new(cx: Cx) -> Result<Response> {
    let form = cx.blank().with("status", "normal").with("tracked", "1").with("name", cx.query("q").unwrap_or_default());
    page(&cx, None, &form, StatusCode::OK).await
}

/// `GET /products/:id/edit`
pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let product = store::stored(&cx.office.db, cx.id()?, "").await?.ok_or(AppError::NotFound)?;
    let units = store::units(&cx.office.db, product.id, &product.base_unit).await?;
    let prices = store::level_prices(&cx.office.db, Some(product.id), &clock::iso_day(cx.now)).await?;
    let mut form = cx
        .blank()
        .with("category_id", product.category_id.to_string())
        .with("code", product.code.as_str())
        .with("name", product.name.as_str())
        .with("mnemonic", product.mnemonic.as_str())
        .with("content_spec", product.content_spec.as_str())
        .with("pack_spec", product.pack_spec.as_str())
        .with("barcode", product.barcode.as_str())
        .with("status", product.status.code())
        .with("base_unit", product.base_unit.as_str())
        .with("cost_price", product.cost_price.to_string())
        .with("floor_price", product.floor_price.to_string())
        .with("tracked", if product.tracked { "1" } else { "" });
    for (place, unit) in units.iter().skip(1).enumerate() {
        form = form.with(&unit_name(place), unit.name.as_str()).with(&unit_ratio(place), unit.ratio.to_string());
    }
    for level in &prices {
        form = form.with(&price_of(level.id), level.price.map(|price| price.to_string()).unwrap_or_default());
    }
    page(&cx, Some(&product), &form, StatusCode::OK).await
}

/// `POST /products`
pub(super) async fn create(cx: Cx, used_by: UsedBy) -> Result<Response> {
    save(cx, None, used_by).await
}

/// `POST /products/:id`
pub(super) async fn update(cx: Cx, used_by: UsedBy) -> Result<Response> {
    let id = cx.id()?;
    let known = store::stored(&cx.office.db, id, "").await?.ok_or(AppError::NotFound)?;
    save(cx, Some(known), used_by).await
}

async fn save(cx: Cx, known: Option<Stored>, used_by: UsedBy) -> Result<Response> {
    let mut form = cx.form().await?;
    let today = clock::iso_day(cx.now);
    let prices = store::level_prices(&cx.office.db, known.as_ref().map(|known| known.id), &today).await?;
    let read = read(&cx, &mut form, known.as_ref(), &prices);
    let Some((mut entry, new_category, wanted)) = read.filter(|_| form.is_right()) else {
        return page(&cx, known.as_ref(), &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    let id = known.as_ref().map(|known| known.id);
    let before = match id {
        Some(id) => {
            let lock = write.tx.for_update();
            Some(store::stored(&mut write.tx, id, lock).await?.ok_or(AppError::NotFound)?)
        }
        None => None,
    };
    if store::code_taken(&mut write.tx, &entry.code, id).await? {
        form.wrong("code", t!(cx.lang, "products.code_taken"));
    }
    let twin = store::same_thing(&mut write.tx, &entry.name, &entry.content_spec, &entry.pack_spec, id).await?;
    let meant = form.flag("same_is_meant");
    if let Some(code) = twin.filter(|_| !meant) {
        form.wrong("name", t!(cx.lang, "products.same_thing", code = code));
    }
    if let Some(before) = &before {
        if before.version != form.opened() {
            form = form.with("version", before.version.to_string());
            form.wrong("name", t!(cx.lang, "products.changed_meanwhile"));
        }
        // What was moved or ordered was counted in the base unit: its name may change, and its meaning must not.
        if before.base_unit != entry.base_unit
            && (stock::has_moved(&mut write.tx, before.id).await? || used_by(&mut write.tx, before.id).await?)
        {
            form.wrong("base_unit", t!(cx.lang, "products.base_unit_fixed", unit = before.base_unit));
        }
    }
    if !form.is_right() {
        drop(write);
        return page(&cx, before.as_ref(), &form, StatusCode::CONFLICT).await;
    }
    if let Some(name) = new_category {
        entry.category = store::insert_category(&mut write.tx, &name).await?;
    }
    if entry.mnemonic.is_empty() {
        entry.mnemonic = mnemonic(&entry.name);
    }
    let (id, action) = match &before {
        Some(before) => {
            store::update(&mut write.tx, before.id, &entry, cx.now).await?;
            (before.id, Action::Edit)
        }
        None => (store::insert(&mut write.tx, &entry, cx.now).await?, Action::Create),
    };
    let mut changes = changes(before.as_ref(), &entry);
    for (level, price) in prices.iter().zip(wanted) {
        if let Some(price) = price.filter(|price| Some(*price) != level.price) {
            store::set_price(&mut write.tx, id, level.id, &today, price).await?;
            changes = changes.moved(&price_of(level.id), level.price.map(|price| price.0), price.0);
        }
    }
    write.audit(action, "product", id, changes).await?;
    write.finish(&format!("/products/{id}?done=saved")).await
}

fn changes(before: Option<&Stored>, entry: &Entry) -> Changes {
    let old = |text: fn(&Stored) -> &str| before.map(|before| text(before).to_owned());
    Changes::new()
        .moved("code", old(|before| &before.code), entry.code.clone())
        .moved("name", old(|before| &before.name), entry.name.clone())
        .moved("content_spec", old(|before| &before.content_spec), entry.content_spec.clone())
        .moved("pack_spec", old(|before| &before.pack_spec), entry.pack_spec.clone())
        .moved("barcode", old(|before| &before.barcode), entry.barcode.clone())
        .moved("status", before.map(|before| before.status.code()), entry.status.code())
        .moved("base_unit", old(|before| &before.base_unit), entry.base_unit.clone())
        .moved("cost_price", before.map(|before| before.cost_price.0), entry.cost_price.0)
        .moved("floor_price", before.map(|before| before.floor_price.0), entry.floor_price.0)
        .moved("tracked", before.map(|before| before.tracked), entry.tracked)
}

/// What the form says: the product, the name of a category to be made, the price of each level.
fn read(
    cx: &Cx,
    form: &mut Form,
    known: Option<&Stored>,
    levels: &[LevelPrice],
) -> Option<(Entry, Option<String>, Vec<Option<Fen>>)> {
    let lang = cx.lang;
    let name = form.required("name", &t!(lang, "products.name"), 60);
    let code = form.required("code", &t!(lang, "products.code"), 30);
    let new_category =
        Some(form.text("new_category", &t!(lang, "products.new_category"), 30)).filter(|name| !name.is_empty());
    let category = match new_category {
        Some(_) => Some(Id(0)),
        None => form.record("category_id", &t!(lang, "products.category")),
    };
    let base_unit = form.required("base_unit", &t!(lang, "products.base_unit"), 10);
    let status = form.choice("status", &t!(lang, "products.status"), Status::from_code);
    let price = |form: &mut Form, name: &str, label: &str| -> Option<Fen> {
        if form.value(name).trim().is_empty() {
            return None;
        }
        let fen = form.fen(name, label)?;
        if fen < Fen::ZERO || fen > HIGHEST {
            form.wrong(name, t!(lang, "products.price_range"));
            return None;
        }
        Some(fen)
    };
    let (cost_price, floor_price) = if sees_cost(cx) {
        let cost = price(form, "cost_price", &t!(lang, "products.cost_price")).unwrap_or_default();
        (cost, price(form, "floor_price", &t!(lang, "products.floor_price")).unwrap_or_default())
    } else {
        known.map(|known| (known.cost_price, known.floor_price)).unwrap_or_default()
    };
    let prices = levels.iter().map(|level| price(form, &price_of(level.id), &level.name)).collect();
    let mut units = Vec::new();
    for place in 0..UNITS {
        let name = form.text(&unit_name(place), &t!(lang, "products.unit"), 10);
        if name.is_empty() {
            continue;
        }
        let field = unit_ratio(place);
        let Some(ratio) = form.milli(&field, &t!(lang, "products.ratio")) else { continue };
        let known = name == base_unit || units.iter().any(|unit: &Unit| unit.name == name);
        if known {
            form.wrong(&unit_name(place), t!(lang, "products.unit_twice"));
        } else if ratio <= Milli(0) || ratio > store::LARGEST_RATIO {
            form.wrong(&field, t!(lang, "products.ratio_range"));
        }
        units.push(Unit { name, ratio });
    }
    let entry = Entry {
        category: category?,
        code,
        name,
        mnemonic: form.text("mnemonic", &t!(lang, "products.mnemonic"), 30).to_lowercase(),
        content_spec: form.text("content_spec", &t!(lang, "products.content_spec"), 30),
        pack_spec: form.text("pack_spec", &t!(lang, "products.pack_spec"), 30),
        barcode: form.text("barcode", &t!(lang, "products.barcode"), 30),
        status: status?,
        base_unit,
        cost_price,
        floor_price,
        tracked: form.flag("tracked"),
        units,
    };
    Some((entry, new_category, prices))
}

pub(super) fn unit_name(place: usize) -> String {
    format!("unit_name_{place}")
}

pub(super) fn unit_ratio(place: usize) -> String {
    format!("unit_ratio_{place}")
}

pub(super) fn price_of(level: Id) -> String {
    format!("price_{level}")
}

async fn page(cx: &Cx, product: Option<&Stored>, form: &Form, status: StatusCode) -> Result<Response> {
    let categories = store::categories(&cx.office.db).await?;
    let levels = store::level_prices(&cx.office.db, None, "").await?;
    let frame = cx.frame();
    let (title, back) = match product {
        Some(product) => (t!(cx.lang, "products.edit"), format!("/products/{}", product.id)),
        None => (t!(cx.lang, "products.new"), "/products".to_owned()),
    };
    let mut page = Page::new(&frame, title).back(back);
    if !form.is_right() {
        page = page.error_title();
    }
    Ok(html_with(page.render(form_view::form(cx, product, form, &categories, &levels)), status))
}
