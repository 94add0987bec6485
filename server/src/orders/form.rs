//! The order form: its customer, its page, and reading it.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::Body;
use super::approval::customer_of;
use super::view::repeat_link;
use crate::customers::Customer;
use crate::documents::{Full, Head, NOTE};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::lines::editor::{self, Editor, Prices, Setting};
use crate::lines::{self, Line};
use crate::stock::{self, Warehouse};
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::form;
use crate::ui::layout::Page;
use crate::ui::{card, cell};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;

/// The form that the button in the bar sends.
const ORDER: &str = "order";

/// The customer of the order.
#[derive(Clone, Debug)]
pub(super) struct Buyer {
    pub id: Id,
    pub name: String,
    pub level: Option<Id>,
    pub region: Option<Id>,
}

impl From<&Customer> for Buyer {
    fn from(customer: &Customer) -> Buyer {
        Buyer {
            id: customer.id,
            name: customer.name.clone(),
            level: customer.price_level_id,
            region: customer.region_id,
        }
    }
}

impl Buyer {
    /// The customer of an order that the caller already may see: an approver from another department does not have
    /// the customer in their scope.
    pub fn of(order: &Full<Body>) -> Result<Buyer> {
        Ok(Buyer {
            id: customer_of(&order.head)?,
            name: order.head.customer.clone(),
            level: order.body.customer_level,
            region: order.body.customer_region,
        })
    }

    pub fn setting(&self) -> Setting {
        Setting { customer: Some(self.id), prices: Prices::At(self.level) }
    }
}

/// What the form is for.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// A new draft, perhaps from a visit.
    New,
    /// A draft that exists; `crossed` holds its lines where somebody else changed them meanwhile.
    Draft { head: &'a Head, crossed: Option<&'a [Line]> },
}

/// The fields besides the rows.
pub(super) struct Typed {
    pub warehouse: Option<Id>,
    pub note: String,
}

pub(super) async fn read(cx: &Cx, form: &mut Form, buyer: &Buyer) -> Result<Typed> {
    editor::read(cx, form, buyer.setting()).await?;
    let note = form.text("note", &t!(cx.lang, "orders.note"), NOTE);
    let warehouses = stock::warehouses(&cx.office.db).await?;
    let warehouse = editor::read_warehouse(form, cx.lang, &warehouses, buyer.region);
    Ok(Typed { warehouse, note })
}

/// The form with everything that was typed. `status` is that of an error where something is wrong.
pub(super) async fn page(
    cx: &Cx,
    target: Target<'_>,
    mut typed: Form,
    buyer: &Buyer,
    status: StatusCode,
) -> Result<Response> {
    let warehouses = stock::warehouses(&cx.office.db).await?;
    let warehouse = editor::warehouse_of(&typed, &warehouses, buyer.region);
    if let Some(warehouse) = warehouse {
        typed = typed.with("warehouse_id", warehouse.to_string());
    }
    let rows = editor::gather(cx, &typed, buyer.setting(), warehouse).await?;
    let frame = cx.frame();
    let mut page = match target {
        Target::New => Page::new(&frame, t!(cx.lang, "orders.new")).back(format!("/customers/{}", buyer.id)),
        Target::Draft { head, .. } => {
            Page::new(&frame, t!(cx.lang, "orders.edit")).subtitle(head.number.clone()).back(head.address())
        }
    };
    page = page.bar(button_for(ORDER, t!(cx.lang, "orders.save"), ButtonKind::Primary));
    if !typed.is_right() {
        page = page.error_title();
    }
    if let (Target::New, Some(last), true) = (target, rows.last_order, typed.op().is_empty()) {
        page = page.header_action(repeat_link(cx.lang, last, ButtonKind::Quiet));
    }
    let mut response = cx.offline_page(page.render(body(cx, target, &rows, &warehouses, buyer, &typed)));
    response.set_status(status);
    Ok(response)
}

fn body(cx: &Cx, target: Target<'_>, rows: &Editor, warehouses: &[Warehouse], buyer: &Buyer, typed: &Form) -> Markup {
    let lang = cx.lang;
    let paths = Kind::Order.paths();
    let (action, version, offline) = match target {
        Target::New => (paths.list.to_owned(), None, Some("order_draft")),
        Target::Draft { head, crossed } => {
            (format!("{}/lines", head.address()), Some(head.shown_version(typed, crossed.is_some())), None)
        }
    };
    html! {
        (form::error_summary(lang, typed.errors()))
        @if let Target::Draft { head, crossed: Some(stored) } = target {
            (card(Some(&t!(lang, "orders.crossed")), None, html! {
                (cell(t!(lang, "orders.crossed_text"), html! { b.num { "¥" (head.total()) } }))
                (lines::view::cells(lang, stored))
            }))
        }
        (form::post(&action, &cx.op_id()).id(ORDER).version_if(version).offline_if(offline).holding(html! {
            (card(None, None, html! {
                (cell(t!(lang, "orders.customer"), html! { a href={ "/customers/" (buyer.id) } { (buyer.name) } }))
                @if matches!(target, Target::New) {
                    (form::hidden("customer_id", &buyer.id.to_string()))
                    (form::hidden("visit_id", typed.value("visit_id")))
                }
                (lines::view::warehouse_field(lang, warehouses, typed))
            }))
            (lines::view::rows(lang, rows, typed))
            (card(None, None, form::textarea(&typed.field("note", &t!(lang, "orders.note")), NOTE)))
        }))
    }
}
