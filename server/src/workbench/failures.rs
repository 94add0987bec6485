//! What the server could not do behind the pages: events whose reactions failed until they were set aside. An
//! administrator sees them, reads why, and lets them run again.

use std::borrow::Cow;

use maud::html;
use poem::Response;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::background::outbox;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::ui::button::ButtonKind;
use crate::ui::layout::Page;
use crate::ui::{card, empty, form, pager, plain_cell};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html as page_of};

/// `GET /failures`
pub(super) async fn list(cx: Cx) -> Result<Response> {
    let lang = cx.lang;
    let found = outbox::set_aside(&cx.office.db, cx.paging()).await?;
    let body = html! {
        @if found.rows.is_empty() { (empty(t!(lang, "workbench.no_failures"), None)) }
        @for row in &found.rows {
            (card(None, None, html! {
                (plain_cell(
                    html! { b { (what(lang, &row.kind)) } p { (row.error.as_deref().unwrap_or_default()) } },
                    html! { small.d { (clock::brief(row.at, cx.now)) } small.d { (t!(lang, "workbench.tries", n = row.attempts)) } },
                ))
                div.cell { (form::act_form(&format!("/failures/{}/retry", row.id), &cx.op_id(), None, t!(lang, "workbench.retry"), ButtonKind::Quiet)) }
            }))
        }
        (pager(lang, "/failures", &[], found.page, found.more))
    };
    let frame = cx.frame();
    Ok(page_of(Page::new(&frame, t!(lang, "workbench.failures")).back("/").render(body)))
}

/// What was to be done, in words; a kind of another version of the program is shown as it is stored.
fn what(lang: Lang, kind: &str) -> Cow<'_, str> {
    match kind {
        "company_founded" => t!(lang, "workbench.event.company_founded"),
        "person_changed" => t!(lang, "workbench.event.person_changed"),
        "approval_opened" => t!(lang, "workbench.event.approval_opened"),
        "approval_decided" => t!(lang, "workbench.event.approval_decided"),
        "order_approved" => t!(lang, "workbench.event.order_approved"),
        "visit_ended" => t!(lang, "workbench.event.visit_ended"),
        "task_given" => t!(lang, "workbench.event.task_given"),
        "sms_queued" => t!(lang, "workbench.event.sms_queued"),
        "sms_moved" => t!(lang, "workbench.event.sms_moved"),
        "sms_recalled" => t!(lang, "workbench.event.sms_recalled"),
        "opt_out_changed" => t!(lang, "workbench.event.opt_out_changed"),
        "sms_received" => t!(lang, "workbench.event.sms_received"),
        "call_ringing" => t!(lang, "workbench.event.call_ringing"),
        "call_rang_out" | "call_ended" => t!(lang, "workbench.event.call_ended"),
        "call_returned" => t!(lang, "workbench.event.call_returned"),
        "call_unanswered" => t!(lang, "workbench.event.call_unanswered"),
        other => other.into(),
    }
}

/// `POST /failures/:id/retry`
pub(super) async fn retry(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    if !outbox::again(&mut write.tx, id, cx.now).await? {
        return Err(AppError::NotFound);
    }
    write.audit(Action::Act, "event", id, Changes::new().moved("state", "failed", "pending")).await?;
    write.finish("/failures?done=done").await
}
