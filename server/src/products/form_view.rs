//! The form of a product.

use maud::{Markup, html};

use crate::kernel::i18n::t;
use crate::ui::form::{self as fields, ButtonKind, FieldView, InputKind};
use crate::web::cx::Cx;
use crate::web::form::Form;

use super::editor::{UNITS, price_of, unit_name, unit_ratio};
use super::rules::Status;
use super::sees_cost;
use super::store::{Category, LevelPrice, Stored};

pub(super) fn form(
    cx: &Cx,
    product: Option<&Stored>,
    form: &Form,
    categories: &[Category],
    levels: &[LevelPrice],
) -> Markup {
    let lang = cx.lang;
    let action = product.map_or("/products".to_owned(), |product| format!("/products/{}", product.id));
    let field = |name: &'static str, label: &'static str| (name, t!(lang, label).into_owned());
    let needed = |field: FieldView<'_>| fields::text(&FieldView { required: true, ..field }, InputKind::Text, 60);
    let texts = [
        field("content_spec", "products.content_spec"),
        field("pack_spec", "products.pack_spec"),
        field("barcode", "products.barcode"),
        field("mnemonic", "products.mnemonic"),
    ];
    let categories: Vec<(String, String)> = std::iter::once((String::new(), t!(lang, "products.choose").into_owned()))
        .chain(categories.iter().map(|category| (category.id.to_string(), category.name.clone())))
        .collect();
    let statuses = Status::ALL.map(|status| (status.code(), status.standing().name(lang)));
    let twin = form.error("name").is_some() && product.is_none();
    fields::post(&action, &cx.op_id()).version_if(product.map(|product| form.version_on(product.version))).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (needed(form.field("name", &t!(lang, "products.name"))))
                @if twin { (fields::checkbox(&form.field("same_is_meant", &t!(lang, "products.same_is_meant")))) }
                (needed(form.field("code", &t!(lang, "products.code"))))
                (fields::select(&form.field("category_id", &t!(lang, "products.category")), &categories))
                (fields::text(&form.field("new_category", &t!(lang, "products.new_category")), InputKind::Text, 30))
                @for (name, label) in &texts { (fields::text(&form.field(name, label), InputKind::Text, 30)) }
                (fields::select(&form.field("status", &t!(lang, "products.status")), &statuses))
            }))
            (fields::fields(Some(&t!(lang, "products.units_title")), html! {
                (needed(form.field("base_unit", &t!(lang, "products.base_unit")).hint(&t!(lang, "products.base_unit_hint"))))
                @for place in 0..UNITS {
                    (fields::text(&form.field(&unit_name(place), &t!(lang, "products.unit")), InputKind::Text, 10))
                    (fields::text(&form.field(&unit_ratio(place), &t!(lang, "products.ratio")), InputKind::Quantity, 16))
                }
                (fields::checkbox(&form.field("tracked", &t!(lang, "products.tracked"))))
            }))
            (fields::fields(Some(&t!(lang, "products.prices_title")), html! {
                @for level in levels {
                    (fields::text(&form.field(&price_of(level.id), &level.name), InputKind::Money, 16))
                }
                @if sees_cost(cx) {
                    (fields::text(&form.field("floor_price", &t!(lang, "products.floor_price")).hint(&t!(lang, "products.floor_hint")), InputKind::Money, 16))
                    (fields::text(&form.field("cost_price", &t!(lang, "products.cost_price")), InputKind::Money, 16))
                }
            }))
            (fields::submit(&t!(lang, "products.save"), ButtonKind::Primary))
        })
}
