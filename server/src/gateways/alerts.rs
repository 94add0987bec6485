//! When people are told of a box: the company's threshold of a low balance. A row of `settings` and its page.

use maud::html;
use poem::Response;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::{DbError, On};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::settings;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{Result, form_page};
use crate::web::form::Form;

/// Below this a SIM is to be topped up, unless somebody sets another: a month's fee and some messages.
const USUAL: Fen = Fen(1_000);
/// No SIM is kept at more.
const MOST: Fen = Fen(100_000);
/// The row's name.
const NAME: &str = "gateway_low_balance";

/// Below this a balance is low; zero tells of debts only.
pub async fn low_balance(on: impl Into<On<'_>>) -> Result<Fen, DbError> {
    let set = settings::value(on, NAME).await?.filter(|fen| (0..=MOST.0).contains(fen));
    Ok(set.map_or(USUAL, Fen))
}

fn page(cx: &Cx, form: &Form) -> Response {
    let lang = cx.lang;
    let (label, hint) = (t!(lang, "gateways.low_balance"), t!(lang, "gateways.low_balance_hint"));
    let body = fields::post("/gateways/alerts", &cx.op_id()).holding(html! {
        (fields::error_summary(lang, form.errors()))
        (fields::fields(None, html! {
            (fields::text(&form.field("low_balance", &label).required().hint(&hint), InputKind::Money, 8))
        }))
        (fields::submit(t!(lang, "gateways.save"), ButtonKind::Primary))
    });
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "gateways.alerts")).back("/gateways");
    form_page(shown, body, form)
}

/// `GET /gateways/alerts`
pub async fn show(cx: Cx) -> Result<Response> {
    let low = low_balance(&cx.office.db).await?;
    let form = cx.blank().with("low_balance", low.plain());
    Ok(page(&cx, &form))
}

/// The one record of its kind in the log of operations.
const RECORD: Id = Id(1);

/// `POST /gateways/alerts`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let low = form.fen("low_balance", &t!(cx.lang, "gateways.low_balance"));
    if form.error("low_balance").is_none() && !low.is_some_and(|low| (Fen::ZERO..=MOST).contains(&low)) {
        form.wrong("low_balance", t!(cx.lang, "gateways.wrong_low_balance", most = MOST.plain()));
    }
    let (Some(low), true) = (low, form.is_right()) else { return Ok(page(&cx, &form)) };
    let mut write = cx.write(&form).await?;
    let before = low_balance(&mut write.tx).await?;
    settings::set(&mut write.tx, NAME, low.0.to_string()).await?;
    write.audit(Action::Edit, "gateway_alerts", RECORD, Changes::new().moved("low_balance", before.0, low.0)).await?;
    write.finish("/gateways/alerts?done=saved").await
}
