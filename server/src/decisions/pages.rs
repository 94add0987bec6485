//! One's own switch for being asked by SMS, and what became of one's answers.

use maud::html;
use poem::Response;

use crate::decisions::rules::Outcome;
use crate::decisions::store::{self, Wants};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, plain_cell};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page};
use crate::web::form::Form;
use crate::{sms, users};

async fn page(cx: &Cx, form: &Form) -> Result<Response> {
    let lang = cx.lang;
    let me = users::find(&cx.office.db, &cx.scope().mine(), cx.actor().id).await?.ok_or(AppError::NotFound)?;
    let log = store::log(&cx.office.db, cx.actor().id).await?;
    let (left, cap) = sms::left_for_staff(&cx.office.db, me.id, &me.mobile, cx.now).await?;
    let mobile =
        if me.mobile.is_empty() { t!(lang, "decisions.no_mobile").into_owned() } else { sms::shown_number(&me.mobile) };
    let body = html! {
        (fields::post("/decisions", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (cell(t!(lang, "decisions.mobile"), html! { span.num { (mobile) } }))
                @if left == 0 && !me.mobile.is_empty() { div.cell { div.g { (tag(t!(lang, "decisions.cap", n = cap), Tone::Bad)) } } }
                (fields::checkbox(&form.field("enabled", &t!(lang, "decisions.enabled")).hint(&t!(lang, "decisions.hint"))))
                (fields::checkbox(&form.field("tasks", &t!(lang, "decisions.tasks")).hint(&t!(lang, "decisions.tasks_hint"))))
            }))
            (fields::submit(t!(lang, "decisions.save"), ButtonKind::Primary))
        }))
        @if !log.is_empty() {
            (card(Some(&t!(lang, "decisions.log")), None, html! {
                @for row in &log {
                    (plain_cell(html! { (row.title) p { (clock::brief(row.at, cx.now)) } }, html! { (Outcome::name(&row.outcome, lang)) }))
                }
            }))
        }
    };
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "decisions.title")).back("/approvals");
    Ok(form_page(shown, body, form))
}

/// `GET /decisions`
pub async fn show(cx: Cx) -> Result<Response> {
    let wants = store::wants(&cx.office.db, cx.actor().id).await?;
    let ticked = |wanted: bool| if wanted { "1" } else { "" };
    let form = cx.blank().with("enabled", ticked(wants.approvals)).with("tasks", ticked(wants.tasks));
    page(&cx, &form).await
}

/// `POST /decisions`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let user = cx.actor().id;
    let me = users::find(&cx.office.db, &cx.scope().mine(), user).await?.ok_or(AppError::NotFound)?;
    let wanted = Wants { approvals: form.flag("enabled"), tasks: form.flag("tasks") };
    if wanted != Wants::default() && me.mobile.is_empty() {
        form.wrong(if wanted.approvals { "enabled" } else { "tasks" }, t!(cx.lang, "decisions.need_mobile"));
    }
    if !form.is_right() {
        return page(&cx, &form).await;
    }
    let mut write = cx.write(&form).await?;
    let before = store::wants(&mut write.tx, user).await?;
    store::set_wants(&mut write.tx, user, wanted, cx.now).await?;
    let changes =
        Changes::new().moved("enabled", before.approvals, wanted.approvals).moved("tasks", before.tasks, wanted.tasks);
    write.audit(Action::Edit, "decision_person", user, changes).await?;
    write.finish("/decisions?done=saved").await
}
