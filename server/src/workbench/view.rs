//! The first page.

use chrono::{Datelike, Timelike, Weekday};
use maud::{Markup, html};

use crate::clock_check;
use crate::gateways::Notice;
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::tasks::Pressing;
use crate::ui::button::{ButtonKind, link_button};
use crate::ui::layout::Page;
use crate::ui::{Act, Icon, Standing, StripItem, Tone, acts, card, empty, entry, link_cell, plain_cell, strip, tag};
use crate::users::role_name;
use crate::visits::{State, Stop};
use crate::web::cx::Cx;

/// 工作台
pub fn workbench(cx: &Cx, visits: &[Stop], tasks: &[Pressing], boxes: &[Notice], failures: i64) -> String {
    let lang = cx.lang;
    let next = visits
        .iter()
        .find(|visit| visit.state == State::Open)
        .or_else(|| visits.iter().find(|visit| visit.state == State::Planned));
    let body = html! {
        (clock_check::notice(cx))
        (numbers(cx, visits))
        @if !boxes.is_empty() {
            (card(Some(&Module::Gateways.title(lang)), None, html! {
                @for notice in boxes { (link_cell(&notice.href, html! { b { (notice.name) } " " (tag(&notice.what, Tone::Bad)) p { (notice.remedy) } }, html! {})) }
            }))
        }
        @if failures > 0 {
            (card(None, None, link_cell("/failures", entry(&t!(lang, "workbench.failures"), tag(failures, Tone::Bad), t!(lang, "workbench.failures_do")), html! {})))
        }
        @if let Some(visit) = next { (next_stop(lang, visit, visit.state == State::Open)) }
        (quick(cx))
        @if cx.may(Gate::view(Module::Visits)) {
            (card(Some(&t!(lang, "workbench.today")), Some(("/visits", &t!(lang, "workbench.route"))), html! {
                @for visit in visits.iter().filter(|visit| next.is_none_or(|next| next.id != visit.id)) {
                    (visit_cell(cx, visit))
                }
                @if visits.is_empty() {
                    (empty(t!(lang, "workbench.no_visits"), Some(("/visits/new", &t!(lang, "workbench.plan")))))
                }
            }))
        }
        @if !tasks.is_empty() {
            (card(Some(&Module::Tasks.title(lang)), Some(("/tasks", &t!(lang, "workbench.all"))), html! {
                @for task in tasks { (task_cell(cx, task)) }
            }))
        }
    };
    let subtitle = format!("{} · {}", date(lang, cx.now), role_name(lang, cx.actor().role));
    Page::new(&cx.frame(), greeting(cx)).subtitle(subtitle).tabs().refresh().render(body)
}

/// 王芳，上午好
fn greeting(cx: &Cx) -> String {
    let key = match clock::local(cx.now).hour() {
        5..=10 => "workbench.morning",
        11..=12 => "workbench.noon",
        13..=17 => "workbench.afternoon",
        _ => "workbench.evening",
    };
    t!(cx.lang, key, name = cx.actor().name).into_owned()
}

/// 11月23日 周一
fn date(lang: Lang, now: clock::Millis) -> String {
    let day = clock::day(now);
    let weekday = match day.weekday() {
        Weekday::Mon => t!(lang, "workbench.mon"),
        Weekday::Tue => t!(lang, "workbench.tue"),
        Weekday::Wed => t!(lang, "workbench.wed"),
        Weekday::Thu => t!(lang, "workbench.thu"),
        Weekday::Fri => t!(lang, "workbench.fri"),
        Weekday::Sat => t!(lang, "workbench.sat"),
        Weekday::Sun => t!(lang, "workbench.sun"),
    };
    t!(lang, "workbench.date", month = day.month(), day = day.day(), weekday = weekday).into_owned()
}

/// The numbers on top, each leading to its list.
fn numbers(cx: &Cx, visits: &[Stop]) -> Markup {
    let lang = cx.lang;
    let waiting = |href: &str| cx.badges.iter().find(|(to, _)| *to == href).map_or(0, |(_, count)| *count);
    let mut items: Vec<StripItem<&'static str>> = Vec::new();
    if cx.may(Gate::view(Module::Visits)) {
        let done = visits.iter().filter(|visit| visit.checked_out_at.is_some()).count();
        let number = format!("{done}/{}", visits.len());
        items.push(StripItem {
            href: "/visits?view=today",
            number,
            label: t!(lang, "workbench.visits").into(),
            hot: false,
        });
    }
    let mut counted = |module: Module, href: &'static str, label: &str, hot: bool| {
        if cx.may(Gate::view(module)) {
            let count = waiting(module.href());
            items.push(StripItem { href, number: count.to_string(), label: label.to_owned(), hot: hot && count > 0 });
        }
    };
    counted(Module::Tasks, "/tasks", &Module::Tasks.title(lang), false);
    counted(Module::Approvals, "/approvals", &t!(lang, "workbench.approvals"), false);
    counted(Module::Calls, "/calls", &t!(lang, "workbench.missed"), true);
    strip(&items)
}

/// The one main act of the day: where to go now.
fn next_stop(lang: Lang, visit: &Stop, under_way: bool) -> Markup {
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

/// The acts of every day.
fn quick(cx: &Cx) -> Markup {
    let lang = cx.lang;
    let mut items: Vec<Act<&'static str>> = Vec::new();
    let mut offer = |gate: Gate, href: &'static str, label: &str, icon: Icon| {
        if cx.may(gate) {
            items.push(Act { href, label: label.to_owned(), icon });
        }
    };
    offer(Gate::create(Module::Quotes), "/quotes", &Module::Quotes.title(lang), Icon::Quote);
    offer(Gate::create(Module::Orders), "/orders", &Module::Orders.title(lang), Icon::Order);
    offer(Gate::create(Module::Payments), "/payments", &Module::Payments.title(lang), Icon::Payment);
    offer(Gate::view(Module::Stock), "/stock", &Module::Stock.title(lang), Icon::Stock);
    offer(Gate::view(Module::Sms), "/sms", &Module::Sms.title(lang), Icon::Sms);
    acts(&items)
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
