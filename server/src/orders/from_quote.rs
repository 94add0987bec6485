//! An order from a quote 转为订单: the same customer, lines, prices and discount, once.

use maud::{Markup, html};
use poem::Response;

use super::approval::customer_of;
use super::{Order, Terms};
use crate::documents::{self, Begun, Full, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::Author;
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::lines;
use crate::lines::editor::{self, Prices, Setting};
use crate::lines::sheet::{self, NewSheet};
use crate::quotes::{self, Quote};
use crate::stock::{self, Warehouse};
use crate::ui::form::{ButtonKind, act_form};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;

/// The act on the page of a quote.
#[must_use]
pub fn act(cx: &Cx, quote: &Full<quotes::Body>) -> Markup {
    let may = cx.may(Gate::create(Kind::Order.module())) && quote.head.state == State::Active;
    let action = format!("{}/order", quote.head.address());
    let label = t!(cx.lang, "orders.from_quote");
    html! {
        @if may && !quote.body.is_expired(cx.now) {
            (act_form(&action, &cx.op_id(), Some(quote.head.version), label, ButtonKind::Primary))
        }
    }
}

pub(super) async fn create(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let warehouses = stock::warehouses(&cx.office.db).await?;
    let Begun::Ready(mut change) = documents::begin::<Quote>(&cx, &form, cx.id()?, &[State::Active]).await? else {
        return Err(documents::changed_meanwhile::<Quote>(cx.lang));
    };
    let author = change.write.author.clone();
    let order = make(&mut change.write.tx, &author, &change.document, &warehouses, cx.lang).await?;
    change.write.finish(&Kind::Order.address(order)).await
}

/// Makes the draft of an order from a quote in force that is held; where one has been made already, it is that one.
///
/// # Errors
/// [`AppError::Refused`] where the quote has expired or names what is not sold any more.
pub async fn make(
    tx: &mut Tx,
    author: &Author,
    quote: &Full<quotes::Body>,
    warehouses: &[Warehouse],
    lang: Lang,
) -> Result<Id> {
    let Full { head, body } = quote;
    match documents::made_of(tx, head.id, Kind::Order).await? {
        Some((order, None)) => return Ok(order),
        Some((_, Some(_))) => return Err(AppError::Refused(t!(lang, "orders.from_quote_in_bin").into_owned())),
        None => {}
    }
    if body.is_expired(author.at) {
        return Err(AppError::Refused(t!(lang, "orders.quote_expired").into_owned()));
    }
    let customer = customer_of(head)?;
    let stored = lines::of_document(&mut *tx, head.id).await?;
    // Through the form's own reading: what is not sold any more is refused, and costs are those of today.
    let mut form = editor::filled(Form::blank(lang), &stored, true);
    let setting = Setting { customer: Some(customer), prices: Prices::At(body.customer_level) };
    let lines = editor::held_at(tx, author.at, &mut form, lang, setting).await?;
    if let Some((_, message)) = form.errors().first() {
        return Err(AppError::Refused(message.clone()));
    }
    let new = NewSheet {
        owner: head.owner_id,
        customer: Some(customer),
        visit: None,
        source: Some((Kind::Quote, head.id)),
        state: State::Draft,
        terms: Terms {
            level: body.customer_level,
            discount: body.discount,
            warehouse: editor::warehouse_of(&form, warehouses, body.customer_region),
        },
        note: head.note.clone(),
        lines,
    };
    let (order, _) = sheet::create::<Order>(tx, author, &new).await?;
    Ok(order)
}
