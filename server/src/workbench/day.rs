//! One's own day: the next stop, the visits, the tasks.

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::kernel::access::{Gate, Role, Scope};
use crate::kernel::clock;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::tasks::{self, Pressing};
use crate::ui::button::ButtonKind;
use crate::ui::{Standing, card, empty, entry, link_button, link_cell, plain_cell};
use crate::visits::{self, State, Stop};
use crate::web::cx::Cx;

use super::Select;

/// Tasks shown; the list has the rest.
const TASKS: i64 = 5;

/// What a person has to do today.
pub(super) struct Day {
    pub stops: Vec<Stop>,
    tasks: Vec<Pressing>,
}

/// What the page gathers for it.
pub(super) fn selects<'a>(cx: &'a Cx, scope: &'a Scope) -> Vec<Select<'a>> {
    let (user, today) = (cx.actor().id, clock::day(cx.now));
    let mut selects: Vec<Select<'a>> = vec![Box::new(move |query| tasks::pressing(query, user, TASKS))];
    if cx.may(Gate::view(Module::Visits)) {
        selects.push(Box::new(move |query| visits::stops(query, scope, user, today)));
    }
    selects
}

impl Day {
    pub fn among(rows: &[Gathered], today: NaiveDate) -> Day {
        Day { stops: Stop::among(rows, today), tasks: Pressing::among(rows) }
    }

    /// Where the person is, else where they go.
    fn next_of(&self) -> Option<&Stop> {
        let first = |state: State| self.stops.iter().find(|visit| visit.state == state);
        first(State::Open).or_else(|| first(State::Planned))
    }

    /// The one main act of the day.
    pub fn next(&self, cx: &Cx) -> Markup {
        html! { @if let Some(visit) = self.next_of() { (stop_card(cx.lang, visit, visit.state == State::Open)) } }
    }

    /// The other visits of the day.
    pub fn visits(&self, cx: &Cx) -> Markup {
        let lang = cx.lang;
        if !cx.may(Gate::view(Module::Visits)) || (self.stops.is_empty() && cx.actor().role != Role::Rep) {
            return html! {};
        }
        let next = self.next_of().map(|visit| visit.id);
        card(
            Some(&t!(lang, "workbench.today")),
            Some(("/visits", &t!(lang, "workbench.route"))),
            html! {
                @for visit in self.stops.iter().filter(|visit| Some(visit.id) != next) { (visit_cell(cx, visit)) }
                @if self.stops.is_empty() {
                    (empty(t!(lang, "workbench.no_visits"), Some(("/visits/new", &t!(lang, "workbench.plan")))))
                }
            },
        )
    }

    /// The most pressing tasks.
    pub fn tasks(&self, cx: &Cx) -> Markup {
        let all = t!(cx.lang, "workbench.all");
        html! {
            @if !self.tasks.is_empty() {
                (card(Some(&Module::Tasks.title(cx.lang)), Some(("/tasks", &all)), html! {
                    @for task in &self.tasks { (task_cell(cx, task)) }
                }))
            }
        }
    }
}

fn stop_card(lang: Lang, visit: &Stop, under_way: bool) -> Markup {
    let title = if under_way { t!(lang, "workbench.here") } else { t!(lang, "workbench.next") };
    let act = if under_way { t!(lang, "workbench.go_on") } else { t!(lang, "workbench.check_in") };
    let href = format!("/visits/{}", visit.id);
    card(
        Some(&title),
        None,
        html! {
            (plain_cell(entry(&visit.customer_name, html! {}, &visit.address), html! {}))
            div.row { (link_button(&href, act, ButtonKind::Primary)) }
        },
    )
}

fn visit_cell(cx: &Cx, visit: &Stop) -> Markup {
    let detail = match (visit.checked_in_at, visit.checked_out_at) {
        (Some(from), Some(to)) => format!("{}–{}", clock::hour_minute(from), clock::hour_minute(to)),
        (Some(from), None) => clock::hour_minute(from),
        (None, _) => visit.address.clone(),
    };
    link_cell(
        format!("/visits/{}", visit.id),
        entry(&visit.customer_name, visit.state.standing().tag(cx.lang), detail),
        html! {},
    )
}

fn task_cell(cx: &Cx, task: &Pressing) -> Markup {
    let late = task.due_at.is_some_and(|due| due < cx.now);
    let tags = html! { @if late { (Standing::Overdue.tag(cx.lang)) } };
    let due = task.due_at.map(|due| clock::brief(due, cx.now)).unwrap_or_default();
    link_cell(format!("/tasks/{}", task.id), entry(&task.title, tags, due), html! {})
}
