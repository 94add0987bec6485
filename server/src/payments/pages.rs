//! Payments: form, one payment. The list is that of all documents.

use poem::Response;

use super::rules::Method;
use super::{NewPayment, Payment, store, view};
use crate::customers::{self, Customer};
use crate::documents::{self, Full};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::orders;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page, html};
use crate::web::form::Form;

/// Unpaid orders that the form shows.
const SHOWN: i64 = 20;

pub(super) async fn new(cx: Cx) -> Result<Response> {
    let Some(customer) = cx.query("customer") else {
        return documents::choose_customer::<Payment>(&cx).await;
    };
    let customer = customer.parse().map_err(|_| AppError::NotFound)?;
    let payer = customers::find(&cx.office.db, &cx.scope(), customer).await?.ok_or(AppError::NotFound)?;
    let owed = if payer.arrears > Fen::ZERO { payer.arrears.plain() } else { String::new() };
    let form = cx
        .blank()
        .with("paid_on", clock::iso_day(cx.now))
        .with("method", Method::Transfer.code())
        .with("amount", cx.query("amount").map_or(owed, str::to_owned));
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
    let payment = documents::seen::<Payment>(&cx, cx.id()?).await?;
    let Full { head, body } = payment;
    let matches = store::matches(&cx.office.db, head.id).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone()).subtitle(head.customer.clone()).back(Kind::Payment.paths().list);
    let links = cx.may(Gate::view(Kind::Order.module()));
    Ok(html(page.render(view::show(cx.lang, &head, &body, &matches, links))))
}
