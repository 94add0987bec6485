//! The form of a stock document: its page, and reading it.

use maud::html;
use poem::Response;
use poem::http::StatusCode;

use super::{Act, Effect};
use crate::documents::{Head, NOTE};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::lines::editor::{self, Prices, Setting};
use crate::lines::{self, Line, NewLine};
use crate::stock::{self, Warehouse};
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::layout::Page;
use crate::ui::{card, form};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;

/// The form that the button in the bar sends.
const FORM: &str = "stock-document";

/// The fields besides the rows: the warehouses with their names.
pub(super) struct Typed {
    pub warehouse: (Id, String),
    pub to: Option<(Id, String)>,
    pub note: String,
}

pub(super) fn setting<E: Effect>() -> Setting {
    let prices = match E::ACT {
        Act::Count => Prices::Counted,
        Act::Receive | Act::Issue | Act::Transfer => Prices::None,
    };
    Setting { customer: None, prices }
}

/// Reads the form; `None` where something is wrong, and then the form has the message.
pub(super) async fn read<E: Effect>(cx: &Cx, form: &mut Form) -> Result<Option<Typed>> {
    let lines = editor::read(cx, form, setting::<E>()).await?;
    once(cx, form, &lines);
    let note = form.text("note", &t!(cx.lang, "stock_documents.note"), NOTE);
    let warehouses = stock::warehouses(&cx.office.db).await?;
    let chosen = |typed: &str| {
        let id = typed.parse::<Id>().ok()?;
        warehouses.iter().find(|known| known.id == id).map(|known| (known.id, known.name.clone()))
    };
    let warehouse = form.choice("warehouse_id", &t!(cx.lang, "stock_documents.warehouse"), chosen);
    let to = match E::ACT {
        Act::Transfer => form.choice("to_warehouse_id", &t!(cx.lang, "stock_documents.to"), chosen),
        Act::Receive | Act::Issue | Act::Count => None,
    };
    if to.is_some() && to == warehouse {
        form.wrong("to_warehouse_id", t!(cx.lang, "stock_documents.same"));
    }
    Ok(warehouse.filter(|_| form.is_right()).map(|warehouse| Typed { warehouse, to, note }))
}

/// A document names a product once: a count of it in two lines would have two results.
fn once(cx: &Cx, form: &mut Form, lines: &[NewLine]) {
    for (place, line) in lines.iter().enumerate() {
        if lines.iter().take(place).any(|before| before.product == line.product) {
            form.wrong("q", t!(cx.lang, "stock_documents.twice"));
            return;
        }
    }
}

/// What the form is for: a new document, or a draft; `crossed` holds its lines where somebody else changed them.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    New,
    Draft { head: &'a Head, crossed: Option<&'a [Line]> },
}

/// The form with everything that was typed.
pub(super) async fn page<E: Effect>(cx: &Cx, target: Target<'_>, typed: Form, status: StatusCode) -> Result<Response> {
    let (lang, paths) = (cx.lang, E::KIND.paths());
    let warehouses: Vec<Warehouse> = stock::warehouses(&cx.office.db).await?;
    let warehouse = editor::warehouse_of(&typed, &warehouses, None);
    let rows = editor::gather(cx, &typed, setting::<E>(), warehouse).await?;
    let places: Vec<_> = warehouses.iter().map(|known| (known.id.to_string(), known.name.clone())).collect();
    let frame = cx.frame();
    let (page, action, version) = match target {
        Target::New => (Page::new(&frame, t!(lang, E::NEW)).back(paths.list), paths.list.to_owned(), None),
        Target::Draft { head, crossed } => {
            let page = Page::new(&frame, E::KIND.name(lang)).subtitle(head.number.clone()).back(head.address());
            (page, format!("{}/lines", head.address()), Some(head.shown_version(&typed, crossed.is_some())))
        }
    };
    let mut page = page.bar(button_for(FORM, t!(lang, "stock_documents.save"), ButtonKind::Primary));
    if !typed.is_right() {
        page = page.error_title();
    }
    let from = match E::ACT {
        Act::Transfer => t!(lang, "stock_documents.from"),
        Act::Receive | Act::Issue | Act::Count => t!(lang, "stock_documents.warehouse"),
    };
    let mut response = cx.offline_page(page.render(html! {
        (form::error_summary(lang, typed.errors()))
        @if let Target::Draft { crossed: Some(stored), .. } = target {
            (card(Some(&t!(lang, "stock_documents.crossed")), None, lines::view::goods_cells(stored)))
        }
        (form::post(&action, &cx.op_id()).id(FORM).version_if(version).holding(html! {
            (card(None, None, html! {
                (form::select(&typed.field("warehouse_id", &from), &places))
                @if E::ACT == Act::Transfer {
                    (form::select(&typed.field("to_warehouse_id", &t!(lang, "stock_documents.to")), &places))
                }
            }))
            (lines::view::rows(lang, &rows, &typed))
            (card(None, None, form::textarea(&typed.field("note", &t!(lang, "stock_documents.note")), NOTE)))
        }))
    }));
    response.set_status(status);
    Ok(response)
}
