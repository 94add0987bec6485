//! Payments: form, one payment. The list is that of all documents.

use poem::Response;

use super::rules::Method;
use super::{NewPayment, Payment, store, view};
use crate::customers::{self, Customer};
use crate::documents::{self, Begun, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::Changes;
use crate::kernel::clock;
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::orders;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page};
use crate::web::form::Form;

/// Unpaid orders that the form shows.
const SHOWN: i64 = 20;

pub(super) async fn new(cx: Cx) -> Result<Response> {
    let Some(customer) = cx.query("customer") else {
        return documents::choose_customer::<Payment>(&cx).await;
    };
    let customer = customer.parse().map_err(|_| AppError::NotFound)?;
    let payer = customers::find(&cx.office.db, &cx.scope(), customer).await?.ok_or(AppError::NotFound)?;
    let form = cx
        .blank()
        .with("paid_on", clock::iso_day(cx.now))
        .with("method", Method::Transfer.code())
        .with("amount", cx.query("amount").unwrap_or_default());
    page(&cx, &form, &payer).await
}

async fn page(cx: &Cx, form: &Form, payer: &Customer) -> Result<Response> {
    let unpaid = orders::unpaid(&cx.office.db, payer.id, SHOWN).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "payments.new"))
        .subtitle(payer.name.clone())
        .back(format!("/customers/{}", payer.id));
    Ok(form_page(page, view::form(cx, form, payer, &unpaid), form))
}

pub(super) async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let label = |key: &str| t!(cx.lang, key).into_owned();
    let scope = cx.scope();
    let customer = form.record("customer_id", &label("payments.customer")).ok_or(AppError::NotFound)?;
    let payer = customers::find(&cx.office.db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    let amount = form.fen("amount", &label("payments.amount"));
    if amount.is_none_or(|amount| amount == Fen::ZERO) && form.error("amount").is_none() {
        form.wrong("amount", t!(cx.lang, "payments.some_amount"));
    }
    let method = form.choice("method", &label("payments.method"), Method::from_code);
    let paid_on = form.day("paid_on", &label("payments.paid_on"));
    if paid_on.is_none() && form.error("paid_on").is_none() {
        form.wrong("paid_on", t!(cx.lang, "form.required", field = label("payments.paid_on")));
    }
    if paid_on.is_some_and(|day| day > clock::day(cx.now)) {
        form.wrong("paid_on", t!(cx.lang, "payments.not_yet"));
    }
    let note = form.text("note", &label("payments.note"), 200);
    let (Some(amount), Some(method), Some(paid_on), true) = (amount, method, paid_on, form.is_right()) else {
        return page(&cx, &form, &payer).await;
    };
    let mut write = cx.write(&form).await?;
    let payer = customers::hold(&mut write.tx, &scope, customer, Hold::Changed).await?.ok_or(AppError::NotFound)?;
    // A clerk's entry belongs to the customer's rep, who then sees it.
    let new = NewPayment { owner: payer.owner_id, customer, amount, method, paid_on, note };
    let id = super::create(&mut write.tx, &write.author, &new).await?;
    write.finish(&format!("{}?done=saved", Kind::Payment.address(id))).await
}

pub(super) async fn show(cx: Cx) -> Result<Response> {
    let form = cx.blank();
    shown(&cx, cx.id()?, &form).await
}

async fn shown(cx: &Cx, id: Id, form: &Form) -> Result<Response> {
    let Full { head, body } = documents::seen::<Payment>(cx, id).await?;
    let matches = store::matches(&cx.office.db, head.id).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone()).subtitle(head.customer.clone()).back(Kind::Payment.paths().list);
    let tag = (head.state == State::Cancelled).then(|| head.standing().tag(cx.lang));
    let page = tag.into_iter().fold(page, Page::header_action);
    Ok(form_page(page, view::show(cx, &head, &body, &matches, form), form))
}

/// Whether this person may reverse a payment: whoever sees the money of others, not the rep who took it.
pub(super) fn can_reverse(cx: &Cx, head: &Head) -> bool {
    head.state == State::Active && cx.may(Gate::edit(Kind::Payment.module())) && cx.scope().sees_others()
}

/// Reverses a payment 红冲 that was entered by mistake or bounced: the orders are unpaid again, the customer owes it
/// again, and the payment stays with the reason.
pub(super) async fn reverse(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let id = cx.id()?;
    documents::seen::<Payment>(&cx, id).await?;
    if !cx.scope().sees_others() {
        return Err(AppError::Forbidden);
    }
    let reason = form.required("reason", &t!(cx.lang, "payments.reason"), documents::NOTE);
    if !form.is_right() {
        return shown(&cx, id, &form).await;
    }
    let Begun::Ready(mut change) = documents::begin::<Payment>(&cx, &form, id, &[State::Active]).await? else {
        return Err(documents::changed_meanwhile::<Payment>(cx.lang));
    };
    let head = change.document.head.clone();
    let customer = head.customer_id.ok_or(AppError::NotFound)?;
    let tx = &mut change.write.tx;
    let parts = store::unmatch(tx, id).await?;
    orders::unsettle(tx, customer, &parts, head.total()).await?;
    change.move_for(State::Cancelled, Changes::new().set("reason", reason)).await?;
    change.write.finish(&format!("{}?done=reversed", head.address())).await
}
