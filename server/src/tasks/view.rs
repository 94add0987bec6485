//! Pages of tasks. No queries here.

use maud::{Markup, html};

use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::tasks::editor::NOTE;
use crate::tasks::rules::{Kind, Priority, State, standing};
use crate::tasks::store::{TaskRow, View};
use crate::ui::button::icon_link;
use crate::ui::form::{ButtonKind, error_summary, post, submit, textarea};
use crate::ui::icon::Icon;
use crate::ui::layout::{Frame, Page};
use crate::ui::state::Standing;
use crate::ui::{Column, Record, Width, card, cell, empty, link_button, link_cell, pager, records, segmented};
use crate::web::form::Form;

/// What the list page shows.
#[derive(Debug)]
pub struct ListPage {
    /// The rows.
    pub tasks: Listing<TaskRow>,
    /// Which tasks.
    pub view: View,
    /// Who looks.
    pub looker: Id,
    /// Whether the looker has colleagues to look at.
    pub sees_others: bool,
    /// Whether the looker may make tasks.
    pub may_create: bool,
    /// Now.
    pub now: Millis,
}

/// What a task's page shows.
#[derive(Debug)]
pub struct ShowPage<'a> {
    /// The task.
    pub task: &'a TaskRow,
    /// What was typed.
    pub form: &'a Form,
    /// Who looks.
    pub looker: Id,
    /// Now.
    pub now: Millis,
    /// The form's token.
    pub op_id: String,
    /// Whether the looker may change tasks.
    pub may_edit: bool,
}

fn word(view: View) -> &'static str {
    match view {
        View::Mine => "mine",
        View::Given => "given",
        View::Done => "done",
        View::Team => "team",
    }
}

fn views(page: &ListPage, lang: Lang) -> Markup {
    let link = |view: View, label: String| (format!("/tasks?view={}", word(view)), label, view == page.view);
    let mut items = vec![
        link(View::Mine, t!(lang, "tasks.view.mine").into_owned()),
        link(View::Given, t!(lang, "tasks.view.given").into_owned()),
        link(View::Done, t!(lang, "tasks.view.done").into_owned()),
    ];
    if page.sees_others {
        items.push(link(View::Team, t!(lang, "tasks.view.team").into_owned()));
    }
    segmented(&items)
}

/// The one word that matters about a task now.
fn state_tag(task: &TaskRow, looker: Id, now: Millis, lang: Lang) -> Markup {
    if task.awaits(looker) {
        return Standing::ToConfirm.tag(lang);
    }
    let urgent = task.priority == Priority::High;
    standing(task.state, task.kind, task.is_late(now), urgent).tag(lang)
}

fn due(task: &TaskRow, now: Millis, lang: Lang) -> Option<String> {
    task.due_at.map(|at| t!(lang, "tasks.until", time = clock::brief(at, now)).into_owned())
}

/// Who is at the other end: whoever gave it to me, or whoever has it.
fn partner(task: &TaskRow, looker: Id, lang: Lang) -> Option<String> {
    if task.owner_id != looker {
        return Some(task.owner_name.clone());
    }
    match (&task.giver_name, task.giver_id) {
        (Some(name), Some(giver)) if giver != looker => Some(t!(lang, "tasks.given_by", name = name).into_owned()),
        (Some(_) | None, _) => None,
    }
}

fn row(task: &TaskRow, page: &ListPage, lang: Lang) -> Record {
    Record::new(format!("/tasks/{}", task.id), &task.title)
        .detail(due(task, page.now, lang).unwrap_or_default())
        .detail(partner(task, page.looker, lang).unwrap_or_default())
        .roomy(task.customer_name.as_deref().unwrap_or_default())
        .side(state_tag(task, page.looker, page.now, lang))
}

fn columns(lang: Lang) -> [Column; 5] {
    [
        Column::new(t!(lang, "tasks.title_label"), Width::Share),
        Column::new(t!(lang, "tasks.due"), Width::Code),
        Column::new(t!(lang, "tasks.column_person"), Width::Word),
        Column::new(t!(lang, "tasks.customer"), Width::Share).roomy(),
        Column::new(t!(lang, "tasks.column_state"), Width::Word),
    ]
}

/// The list.
pub fn list(frame: &Frame, page: &ListPage) -> String {
    let lang = frame.lang;
    let action = t!(lang, "tasks.new");
    let none = match page.view {
        View::Mine => t!(lang, "tasks.none_mine"),
        View::Given => t!(lang, "tasks.none_given"),
        View::Done => t!(lang, "tasks.none_done"),
        View::Team => t!(lang, "tasks.none_team"),
    };
    let body = html! {
        (views(page, lang))
        @if page.tasks.rows.is_empty() {
            (empty(&none, page.may_create.then_some(("/tasks/new", &*action))))
        } @else {
            (records(&columns(lang), page.tasks.rows.iter().map(|task| row(task, page, lang))))
        }
        (pager(lang, "/tasks", &[("view", word(page.view))], page.tasks.page, page.tasks.more))
    };
    let mut document = Page::new(frame, t!(lang, "tasks.title")).back("/").tabs();
    if page.may_create {
        document = document.header_action(icon_link("/tasks/new", Icon::Plus, &action));
    }
    document.render(body)
}

/// The number in a call-back's title or note, for the dialler.
fn number(task: &TaskRow) -> Option<String> {
    let digits = |text: &str| {
        let phone = crate::kernel::china::phone::Phone::parse(text)?;
        (phone.digits().len() >= 5).then(|| phone.digits().to_owned())
    };
    digits(&task.note).or_else(|| digits(&task.title)).or_else(|| {
        let runs = task.title.split(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '+')));
        runs.filter_map(|run| digits(run.trim())).next()
    })
}

/// A task.
pub fn show(frame: &Frame, page: &ShowPage<'_>) -> String {
    let lang = frame.lang;
    let task = page.task;
    let address = format!("/tasks/{}", task.id);
    let mine = task.owner_id == page.looker;
    let open = task.state == State::Open;
    let feedback = t!(lang, "tasks.feedback");
    let body = html! {
        (error_summary(lang, page.form.errors()))
        (card(None, None, html! {
            div.cell { div.g {
                b { (task.title) }
                @for line in task.note.lines() { p { (line) } }
            } div.v { (state_tag(task, page.looker, page.now, lang)) } }
            @if let Some(at) = task.due_at { (cell(&t!(lang, "tasks.due"), html! { (clock::brief(at, page.now)) })) }
            (cell(&t!(lang, "tasks.priority_label"), html! { (task.priority.name(lang)) }))
            @if !mine { (cell(&t!(lang, "tasks.owner"), html! { (task.owner_name) })) }
            (cell(&t!(lang, "tasks.giver"), html! {
                @if let Some(name) = &task.giver_name { (name) } @else { (t!(lang, "tasks.by_system")) }
            }))
            (cell(&t!(lang, "tasks.given_at"), html! { (clock::brief(task.created_at, page.now)) }))
            @if let (Some(customer), Some(name)) = (task.customer_id, &task.customer_name) {
                (link_cell(format!("/customers/{customer}"), html! { (t!(lang, "tasks.customer")) }, html! { (name) }))
            }
            @if let Some(at) = task.done_at { (cell(&t!(lang, "tasks.done_at"), html! { (clock::brief(at, page.now)) })) }
            @if !task.feedback.is_empty() {
                div.cell { div.g { (feedback) @for line in task.feedback.lines() { p { (line) } } } }
            }
        }))
        @if open && task.kind == Kind::Callback && let Some(digits) = number(task) {
            (link_button(format!("tel:{digits}"), &t!(lang, "tasks.call_back"), ButtonKind::Quiet))
        }
        @if mine && open {
            (card(None, None, post(&format!("{address}/completion"), &page.op_id).offline("task").holding(html! {
                (textarea(&page.form.field("feedback", &feedback), NOTE))
                (submit(&t!(lang, "tasks.complete"), ButtonKind::Primary))
            })))
        }
        @if open && page.may_edit && task.is_of(page.looker) {
            (link_button(format!("{address}/edit"), t!(lang, "tasks.edit"), ButtonKind::Quiet))
        }
        @if task.awaits(page.looker) {
            (post(&format!("{address}/confirmation"), &page.op_id).holding(html! {
                (submit(&t!(lang, "tasks.confirm"), ButtonKind::Primary))
            }))
        }
    };
    let title = match task.kind {
        Kind::Todo => t!(lang, "tasks.title"),
        Kind::Callback => t!(lang, "tasks.callback"),
    };
    let mut document = Page::new(frame, title).back("/tasks");
    if !page.form.is_right() {
        document = document.error_title();
    }
    document.render(body)
}
