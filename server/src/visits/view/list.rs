//! Lists of visits: one's own day, a colleague's, the team's.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{day_name, flag_tags};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::button::icon_link;
use crate::ui::icon::Icon;
use crate::ui::layout::{Frame, Page};
use crate::ui::tag::{Tone, tag};
use crate::ui::{StripItem, card, empty, entry, link_cell, meter, pager, segmented, strip, thumb_cell};
use crate::visits::rules::State;
use crate::visits::store::{TeamRow, VisitRow};

/// Whose visits a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// One's own.
    Mine,
    /// People with their counts.
    Team,
    /// Everybody's visits, one by one.
    All,
    /// One colleague's.
    Colleague(Id),
}

/// What the list page shows.
#[derive(Debug)]
pub struct ListPage {
    /// The rows.
    pub visits: Listing<VisitRow>,
    /// Done and planned on the day, for one person's list.
    pub counts: Option<(i64, i64)>,
    /// Whose.
    pub view: View,
    /// The colleague's name.
    pub name: Option<String>,
    /// Which day.
    pub day: NaiveDate,
    /// Today.
    pub today: NaiveDate,
    /// Now.
    pub now: Millis,
    /// Whether the looker has colleagues to look at.
    pub sees_others: bool,
    /// Whether the looker may plan.
    pub may_create: bool,
}

/// What the manager's day shows.
#[derive(Debug)]
pub struct TeamPage {
    /// The people.
    pub team: Listing<TeamRow>,
    /// Which day.
    pub day: NaiveDate,
    /// Today.
    pub today: NaiveDate,
    /// Now.
    pub now: Millis,
}

/// The words of a list's address that keep its view.
fn view_query(view: View) -> (&'static str, String) {
    match view {
        View::Mine => ("view", "mine".to_owned()),
        View::Team => ("view", "team".to_owned()),
        View::All => ("view", "all".to_owned()),
        View::Colleague(owner) => ("owner", owner.to_string()),
    }
}

/// The day before, the day, the day after.
fn days(view: View, day: NaiveDate, today: NaiveDate, lang: Lang) -> Markup {
    let (name, value) = view_query(view);
    let link = |to: Option<NaiveDate>, current: bool| {
        let to = to.unwrap_or(day);
        (format!("/visits?{name}={value}&day={to}"), day_name(to, today, lang), current)
    };
    segmented(&[link(day.pred_opt(), false), link(Some(day), true), link(day.succ_opt(), false)])
}

fn views(view: View, day: NaiveDate, lang: Lang) -> Markup {
    let link = |to: View, label: String| {
        let (name, value) = view_query(to);
        (format!("/visits?{name}={value}&day={day}"), label, to == view)
    };
    segmented(&[
        link(View::Team, t!(lang, "visits.view.team").into_owned()),
        link(View::All, t!(lang, "visits.view.all").into_owned()),
        link(View::Mine, t!(lang, "visits.view.mine").into_owned()),
    ])
}

fn row(visit: &VisitRow, page: &ListPage, lang: Lang) -> Markup {
    let state = visit.state(page.today);
    let when = match (visit.checked_in_at, visit.checked_out_at) {
        // The heading says the day.
        (Some(from), Some(to)) if clock::day(from) == page.day => {
            Some(format!("{}–{}", clock::hour_minute(from), clock::hour_minute(to)))
        }
        (Some(from), Some(to)) => Some(format!("{}–{}", clock::brief(from, page.now), clock::hour_minute(to))),
        (Some(from), None) => Some(t!(lang, "visits.since", time = clock::brief(from, page.now)).into_owned()),
        (None, _) => {
            let other = visit.planned_on != page.day.to_string();
            let day = clock::parse_day(&visit.planned_on).filter(|_| other);
            day.map(|day| day_name(day, page.today, lang))
        }
    };
    let owner = matches!(page.view, View::All).then_some(visit.owner_name.as_str());
    let parts = [owner, when.as_deref(), Some(visit.purpose.as_str()), Some(visit.address.as_str())];
    let line: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    link_cell(
        format!("/visits/{}", visit.id),
        entry(&visit.customer_name, flag_tags(&visit.flags(), lang), line.join(" · ")),
        state.standing().tag(lang),
    )
}

/// Which part of today's list a visit belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Day,
    Missed,
    Ahead,
}

fn part(visit: &VisitRow, page: &ListPage) -> Part {
    let day = page.day.to_string();
    match visit.state(page.today) {
        State::Open => Part::Day,
        State::Missed if visit.planned_on < day => Part::Missed,
        State::Planned | State::Done | State::Missed if visit.planned_on > day => Part::Ahead,
        State::Planned | State::Done | State::Missed => Part::Day,
    }
}

/// The list.
pub fn list(frame: &Frame, page: &ListPage) -> String {
    let lang = frame.lang;
    let title = match &page.name {
        Some(name) => t!(lang, "visits.of", name = name),
        None => t!(lang, "visits.title"),
    };
    let in_part = |wanted: Part| page.visits.rows.iter().filter(move |visit| part(visit, page) == wanted);
    let section = |heading: &str, wanted: Part| {
        html! {
            @if in_part(wanted).next().is_some() {
                (card(Some(heading), None, html! { @for visit in in_part(wanted) { (row(visit, page, lang)) } }))
            }
        }
    };
    let action = t!(lang, "visits.plan_visits");
    let body = html! {
        @if page.sees_others { (views(page.view, page.day, lang)) }
        (days(page.view, page.day, page.today, lang))
        @if let Some((done, planned)) = page.counts {
            @let (name, value) = view_query(page.view);
            (strip(&[StripItem {
                href: format!("/visits?{name}={value}&day={}", page.day),
                number: format!("{done}/{planned}"),
                label: t!(lang, "visits.done_of_planned").into_owned(),
                hot: false,
            }]))
        }
        @if page.visits.rows.is_empty() {
            (empty(&t!(lang, "visits.none"), page.may_create.then_some(("/visits/new", &*action))))
        }
        // What a script says of rows whose check-in or check-out waits for a network.
        @if matches!(page.view, View::Mine) {
            i data-waits data-check-in=(t!(lang, "visits.in_waits")) data-check-out=(t!(lang, "visits.out_waits")) hidden {}
        }
        (section(&day_name(page.day, page.today, lang), Part::Day))
        (section(&t!(lang, "visits.missed"), Part::Missed))
        (section(&t!(lang, "visits.ahead"), Part::Ahead))
        @let (name, value) = view_query(page.view);
        (pager(lang, "/visits", &[(name, value.as_str()), ("day", &page.day.to_string())], page.visits.page, page.visits.more))
    };
    let mut document = Page::new(frame, title).tabs();
    if page.name.is_some() {
        document = document.back(format!("/visits?day={}", page.day));
    }
    if page.may_create {
        let href =
            if page.day > page.today { format!("/visits/new?day={}", page.day) } else { "/visits/new".to_owned() };
        document = document.header_action(icon_link(href, Icon::Plus, &action));
    }
    document.render(body)
}

/// The manager's day: who has done how much of the plan.
pub fn team(frame: &Frame, page: &TeamPage) -> String {
    let lang = frame.lang;
    let person = |one: &TeamRow| {
        let last = one.last_at.map(|at| t!(lang, "visits.last_check_in", time = clock::brief(at, page.now)));
        thumb_cell(
            format!("/visits?owner={}&day={}", one.owner_id, page.day),
            &one.owner_name,
            html! {
                @let flagged = html! { @if one.flagged > 0 { (tag(&t!(lang, "visits.flagged", n = one.flagged), Tone::Warn)) } };
                (entry(&one.owner_name, flagged, last.unwrap_or_default()))
                (meter(one.done, one.planned, &t!(lang, "visits.done_of_planned")))
            },
            html! { span.num { (one.done) "/" (one.planned) } },
        )
    };
    let body = html! {
        (views(View::Team, page.day, lang))
        (days(View::Team, page.day, page.today, lang))
        @if page.team.rows.is_empty() {
            (empty(&t!(lang, "visits.none_team"), None))
        } @else {
            (card(Some(&t!(lang, "visits.done_of_planned")), None, html! { @for one in &page.team.rows { (person(one)) } }))
        }
        (pager(lang, "/visits", &[("view", "team"), ("day", &page.day.to_string())], page.team.page, page.team.more))
    };
    let action = t!(lang, "visits.plan_visits");
    Page::new(frame, t!(lang, "visits.title"))
        .tabs()
        .header_action(icon_link("/visits/new", Icon::Plus, &action))
        .render(body)
}
