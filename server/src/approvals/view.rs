//! Approvals as pages.

use maud::{Markup, html};

use crate::kernel::access::Role;
use crate::kernel::clock;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::ui::button::{named_button, named_button_for};
use crate::ui::form::{self, ButtonKind};
use crate::ui::state::Standing;
use crate::ui::timeline::{Entry, timeline};
use crate::ui::{
    Column, Record, Tone, Width, card as box_card, empty, entry, link_button, pager, records, segmented, split_cell,
    tag,
};
use crate::web::cx::Cx;
use crate::web::form::Form;

use super::Reasons;
use super::deciders::Decider;
use super::pages::{FROM, From};
use super::rules::{State, StepState};
use super::store::{Approval, Step, View};

pub(super) fn state_tag(lang: Lang, state: State, mine: bool) -> Markup {
    if mine {
        return Standing::ForMe.tag(lang);
    }
    state.standing().tag(lang)
}

pub(super) fn subtitle(cx: &Cx, approval: &Approval) -> String {
    let when = clock::brief(approval.created_at, cx.now);
    let asked = t!(cx.lang, "approvals.asked_by", name = approval.requester, when = when);
    format!("{} · {asked}", approval.title)
}

pub(super) fn list(cx: &Cx, shown: View, found: &Listing<Approval>, reasons: Reasons) -> Markup {
    let lang = cx.lang;
    let view = match shown {
        View::Waiting => "waiting",
        View::Mine => "mine",
        View::Done => "done",
    };
    let views = [
        ("/approvals".to_owned(), t!(lang, "approvals.waiting").into_owned(), shown == View::Waiting),
        ("/approvals?view=mine".to_owned(), t!(lang, "approvals.mine").into_owned(), shown == View::Mine),
        ("/approvals?view=done".to_owned(), t!(lang, "approvals.done").into_owned(), shown == View::Done),
    ];
    let columns = [
        Column::new(t!(lang, "approvals.column_title"), Width::Share),
        Column::new(t!(lang, "approvals.column_asked"), Width::Share),
        Column::new(t!(lang, "approvals.column_amount"), Width::Figure),
        Column::new(t!(lang, "approvals.column_state"), Width::Word),
    ];
    html! {
        (segmented(&views))
        @if found.rows.is_empty() {
            @match shown {
                View::Waiting => (empty(&t!(lang, "approvals.none_waiting"), None)),
                View::Mine => (empty(&t!(lang, "approvals.none_mine"), Some(("/orders", &t!(lang, "approvals.to_orders"))))),
                View::Done => (empty(&t!(lang, "approvals.none_done"), None)),
            }
        } @else {
            @if shown == View::Waiting { section.card.full { @for row in &found.rows { (waiting_row(cx, row, reasons, From::List)) } } }
            @else {
            (records(&columns, found.rows.iter().map(|row| {
                Record::new(format!("/approvals/{}", row.id), &row.title)
                    .detail(t!(lang, "approvals.asked_by", name = row.requester, when = clock::brief(row.created_at, cx.now)))
                    .side(html! {
                        b.num { @if let Some(amount) = row.amount { "¥" (amount) } }
                        @if row.amount.is_some() { br; }
                        span { (state_tag(lang, row.state, false)) }
                    })
            })))
            }
            (pager(lang, "/approvals", &[("view", view)], found.page, found.more))
        }
    }
}

/// An approval that waits for the looker: what it is about, why it is asked for, and 同意 at once. Whoever wants to know
/// more opens the card, where 驳回 and 转交 are.
pub fn waiting_row(cx: &Cx, row: &Approval, reasons: Reasons, from: From) -> Markup {
    let lang = cx.lang;
    let asked = t!(lang, "approvals.asked_by", name = row.requester, when = clock::brief(row.created_at, cx.now));
    // Whose document it is comes before its number.
    let (number, name) = row.title.split_once(' ').unwrap_or(("", &row.title));
    let amount = html! { @if let Some(amount) = row.amount { b.num { "¥" (amount) } " " } };
    let why = html! { @for word in reasons(lang, row.kind(), &row.reason) { (tag(word, Tone::Warn)) " " } };
    let act = form::post(&format!("/approvals/{}/decision", row.id), &cx.op_id()).holding(html! {
        (form::hidden(FROM, from.code()))
        (named_button("decision", "approve", t!(lang, "approvals.approve"), ButtonKind::Quiet))
    });
    split_cell(
        format!("/approvals/{}", row.id),
        html! { (entry(name, html! {}, html! { (asked) @if !number.is_empty() { " · " span.num { (number) } } })) p { (amount) (why) } },
        html! {},
        act,
    )
}

/// The flow 流转: who asked, who said what, who is waited for.
#[must_use]
pub fn flow_card(cx: &Cx, approval: &Approval, steps: &[Step]) -> Markup {
    let lang = cx.lang;
    let mut entries = vec![Entry {
        at: approval.created_at,
        when: clock::brief(approval.created_at, cx.now),
        href: None,
        title: t!(lang, "approvals.submitted", name = approval.requester).into_owned(),
        text: approval.note.clone(),
        tag: None,
        icon: None,
    }];
    entries.extend(steps.iter().map(|step| {
        let at = step.decided_at.or(step.opened_at).unwrap_or(approval.created_at);
        let name = if step.approver_id == cx.actor().id {
            t!(lang, "approvals.you", name = step.approver).into_owned()
        } else {
            step.approver.clone()
        };
        let when = match (step.state, step.opened_at) {
            (StepState::Open, Some(since)) => waits(lang, cx.now - since),
            (StepState::Waiting, _) | (StepState::Open, None) => String::new(),
            (StepState::Approved | StepState::Rejected | StepState::HandedOver | StepState::Skipped, _) => {
                clock::brief(at, cx.now)
            }
        };
        Entry {
            at,
            when,
            href: None,
            title: name,
            text: step.comment.clone(),
            tag: Some(step.state.standing().tag(lang)),
            icon: None,
        }
    }));
    if let (State::Withdrawn, Some(at)) = (approval.state, approval.decided_at) {
        entries.push(Entry {
            at,
            when: clock::brief(at, cx.now),
            href: None,
            title: t!(lang, "approvals.taken_back", name = approval.requester).into_owned(),
            text: String::new(),
            tag: None,
            icon: None,
        });
    }
    box_card(Some(&t!(lang, "approvals.flow")), None, timeline(&entries))
}

pub(super) fn card(cx: &Cx, approval: &Approval, steps: &[Step], facts: &Markup, mine: bool, typed: &Form) -> Markup {
    let lang = cx.lang;
    let comment = t!(lang, "approvals.comment");
    html! {
        (form::error_summary(lang, typed.errors()))
        (facts)
        (flow_card(cx, approval, steps))
        @if mine {
            (form::post(&format!("/approvals/{}/decision", approval.id), &cx.op_id()).id(DECISION).holding(box_card(None, None, form::textarea(&typed.field("comment", &comment), 500))))
        }
    }
}

/// 已等 2 小时 6 分
fn waits(lang: Lang, span: clock::Millis) -> String {
    let minutes = span.max(0) / clock::MINUTE;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => t!(lang, "approvals.waits_minutes", minutes = minutes),
        (hours, minutes) if hours < 48 => t!(lang, "approvals.waits_hours", hours = hours, minutes = minutes),
        (hours, _) => t!(lang, "approvals.waits_days", days = hours / 24),
    }
    .into_owned()
}

/// The form that the buttons in the bar send.
const DECISION: &str = "decision";

/// 驳回 · 转办 · 同意, for the one whose turn it is.
pub(super) fn bar(lang: Lang, approval: &Approval) -> Markup {
    html! {
        (named_button_for(DECISION, "decision", "reject", t!(lang, "approvals.reject"), ButtonKind::Danger))
        (link_button(format!("/approvals/{}/handover", approval.id), t!(lang, "approvals.hand_over"), ButtonKind::Quiet))
        (named_button_for(DECISION, "decision", "approve", t!(lang, "approvals.approve"), ButtonKind::Primary))
    }
}

pub(super) fn handover(cx: &Cx, approval: &Approval, people: &[Decider], typed: &Form) -> Markup {
    let lang = cx.lang;
    let role = |code: &str| match Role::from_code(code) {
        Some(Role::Rep) => t!(lang, "role.rep"),
        Some(Role::Manager) => t!(lang, "role.manager"),
        Some(Role::Clerk) => t!(lang, "role.clerk"),
        Some(Role::Admin) => t!(lang, "role.admin"),
        None => code.to_owned().into(),
    };
    let options: Vec<_> = people
        .iter()
        .map(|person| {
            (person.id.to_string(), format!("{} · {} · {}", person.name, person.department, role(&person.role)))
        })
        .collect();
    if options.is_empty() {
        return empty(t!(lang, "approvals.nobody_else"), None);
    }
    let (approver, comment) = (t!(lang, "approvals.approver"), t!(lang, "approvals.comment"));
    html! {
        (form::error_summary(lang, typed.errors()))
        (form::post(&format!("/approvals/{}/handover", approval.id), &cx.op_id()).holding(html! {
            (box_card(None, None, html! {
                (form::select(&typed.field("approver_id", &approver), &options))
                (form::textarea(&typed.field("comment", &comment), 500))
            }))
            (form::submit(&t!(lang, "approvals.hand_over"), ButtonKind::Primary))
        }))
    }
}
