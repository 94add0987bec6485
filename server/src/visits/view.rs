//! Pages of visits. No queries here.

mod list;
mod plan;
mod steps;

use chrono::{Datelike, NaiveDate, Weekday};
use maud::{Markup, html};

use crate::documents::Head;
use crate::kernel::china::geo::MapApp;
use crate::kernel::clock::{self, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::ui::form::{ButtonKind, InputKind, error_summary, hidden, post, submit, text, textarea};
use crate::ui::icon::Icon;
use crate::ui::layout::{Frame, Page};
use crate::ui::photo::{Photo, photo_grid, whole_photo};
use crate::ui::tag::{Tone, tag};
use crate::ui::{Act, acts, card, cell, entry, link_button, link_cell};
use crate::visits::marks::metres_text;
use crate::visits::pages::{PURPOSE, RESULT};
use crate::visits::rules::{Flag, Flags, State};
use crate::visits::store::{NextStop, PhotoRow, Visit};
use crate::web::form::Form;
use crate::web::merge;

pub use list::{ListPage, TeamPage, View, list, team};
pub use plan::{Candidate, NewPage, new};

/// What a visit's page shows.
#[derive(Debug)]
pub struct ShowPage<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// Its photos.
    pub photos: &'a [PhotoRow],
    /// Fields as stored or typed.
    pub form: &'a Form,
    /// Whether it is the looker's own.
    pub mine: bool,
    /// Whether the looker may write orders.
    pub may_order: bool,
    /// Whether the looker may enter payments.
    pub may_pay: bool,
    /// The orders and payments that were made here.
    pub made: &'a [Head],
    /// Where to go after the visit.
    pub next: Option<&'a NextStop>,
    /// Today.
    pub today: NaiveDate,
    /// Now.
    pub now: Millis,
    /// Tokens for the page's forms.
    pub op_ids: [String; 3],
}

fn flag_tags(flags: &Flags, lang: Lang) -> Markup {
    html! { @for flag in flags.iter() { " " (tag(flag.name(lang), Tone::Warn)) } }
}

/// `今天`, `明天`, else `11-25 周三`.
fn day_name(day: NaiveDate, today: NaiveDate, lang: Lang) -> String {
    match (day - today).num_days() {
        -1 => t!(lang, "visits.yesterday").into_owned(),
        0 => t!(lang, "visits.today").into_owned(),
        1 => t!(lang, "visits.tomorrow").into_owned(),
        _ => {
            let weekday = match day.weekday() {
                Weekday::Mon => t!(lang, "visits.mon"),
                Weekday::Tue => t!(lang, "visits.tue"),
                Weekday::Wed => t!(lang, "visits.wed"),
                Weekday::Thu => t!(lang, "visits.thu"),
                Weekday::Fri => t!(lang, "visits.fri"),
                Weekday::Sat => t!(lang, "visits.sat"),
                Weekday::Sun => t!(lang, "visits.sun"),
            };
            let date = if day.year() == today.year() { day.format("%m-%d").to_string() } else { day.to_string() };
            format!("{date} {weekday}")
        }
    }
}

fn act(href: String, label: &str, icon: Icon) -> Act<String> {
    Act { href, label: label.to_owned(), icon }
}

/// A visit.
pub fn show(frame: &Frame, page: &ShowPage<'_>) -> String {
    let lang = frame.lang;
    let visit = page.visit;
    let state = visit.row.state(page.today);
    let title = visit.row.customer_name.as_str();
    let address = format!("/visits/{}", visit.row.id);
    let [op_main, op_plan, op_delete] = &page.op_ids;
    let mut links =
        vec![act(format!("/customers/{}", visit.row.customer_id), &t!(lang, "visits.customer"), Icon::Customers)];
    if visit.point().is_some() || !visit.row.address.is_empty() {
        let map = MapApp::Amap.link(visit.point(), title, &visit.row.address);
        links.push(act(map, &t!(lang, "visits.navigate"), Icon::Navigate));
    }
    if page.may_order && page.mine && state == State::Done {
        links.push(act(format!("/orders/new?visit={}", visit.row.id), &t!(lang, "visits.order"), Icon::Order));
    }
    let body = html! {
        (error_summary(lang, page.form.errors()))
        @if page.mine {
            @match state {
                State::Planned | State::Missed => (steps::check_in_form(page, &address, op_main, lang)),
                State::Open => (steps::write_up_form(page, &address, op_main, false, lang)),
                State::Done => @if let Some(next) = page.next {
                    (steps::next_stop(next, visit.point().zip(next.point()).map(|(here, there)| here.metres_to(there)), lang))
                }
            }
        }
        @if state == State::Done || !page.mine {
            (facts(page, state, lang))
            @if !page.photos.is_empty() { (photos(page, lang)) }
            (made(page, lang))
        }
        (acts(&links))
        @if page.mine {
            @match state {
                State::Planned | State::Missed => {
                    (facts(page, state, lang))
                    (plan_form(page, &address, op_plan, op_delete, lang))
                }
                State::Done => (link_button(format!("{address}/result"), &t!(lang, "visits.correct"), ButtonKind::Quiet)),
                State::Open => (facts(page, state, lang)),
            }
            // Last: what stands behind a template is not looked through for scripts.
            @match state {
                State::Planned | State::Missed => (steps::after_check_in(page, &address, op_plan, lang)),
                State::Open => (steps::after_check_out(&address, lang)),
                State::Done => {}
            }
        }
    };
    let mut document = Page::new(frame, title).subtitle(standing(page, state, lang)).back("/visits");
    if !page.form.is_right() {
        document = document.error_title();
    }
    match (page.mine, state) {
        (true, State::Planned | State::Missed) => document = document.bar(steps::check_in_button(lang)),
        (true, State::Open) => document = document.bar(steps::check_out_button(lang)),
        (true, State::Done) | (false, _) => {}
    }
    document.render(body)
}

/// The state, and of a visit under way how long it has taken.
fn standing(page: &ShowPage<'_>, state: State, lang: Lang) -> String {
    let row = &page.visit.row;
    match (state, row.checked_in_at, row.minutes(page.now)) {
        (State::Open, Some(at), Some(minutes)) => {
            let (spent, since) =
                (t!(lang, "visits.minutes", n = minutes), t!(lang, "visits.since", time = clock::brief(at, page.now)));
            format!("{} {spent} · {since}", state.name(lang))
        }
        (State::Open | State::Planned | State::Missed | State::Done, _, _) => state.name(lang).into_owned(),
    }
}

/// What was made on a visit that is over.
fn made(page: &ShowPage<'_>, lang: Lang) -> Markup {
    html! {
        @if !page.made.is_empty() {
            (card(Some(&t!(lang, "visits.made")), None, html! {
                @for head in page.made {
                    (link_cell(head.address(), entry(head.kind.name(lang), head.standing().tag(lang), &head.number), html! { b.num { "¥" (head.total()) } }))
                }
            }))
        }
    }
}

/// What is known of a visit: day, times, place, evidence, result.
fn facts(page: &ShowPage<'_>, state: State, lang: Lang) -> Markup {
    let visit = page.visit;
    let row = &visit.row;
    let flags = row.flags();
    let day =
        clock::parse_day(&row.planned_on).map_or_else(|| row.planned_on.clone(), |day| day_name(day, page.today, lang));
    card(
        None,
        None,
        html! {
            (cell(&t!(lang, "visits.state_label"), state.standing().tag(lang)))
            @if !page.mine { (cell(&t!(lang, "visits.owner"), html! { (row.owner_name) })) }
            (cell(&t!(lang, "visits.planned_on"), html! { (day) }))
            @if !row.purpose.is_empty() { (cell(&t!(lang, "visits.purpose"), html! { (row.purpose) })) }
            @if !row.address.is_empty() { (cell(&t!(lang, "visits.address"), html! { (row.address) })) }
            @if let Some(at) = row.checked_in_at { (cell(&t!(lang, "visits.check_in_at"), html! { (clock::brief(at, page.now)) })) }
            @if let Some(at) = row.checked_out_at { (cell(&t!(lang, "visits.check_out_at"), html! { (clock::brief(at, page.now)) })) }
            @if let Some(minutes) = row.minutes(page.now) {
                (cell(&t!(lang, "visits.duration"), html! { (t!(lang, "visits.minutes", n = minutes)) }))
                (cell(&t!(lang, "visits.evidence"), html! {
                    @if flags.is_empty() { (tag(&t!(lang, "visits.trusted"), Tone::Good)) } @else { (flag_tags(&flags, lang)) }
                }))
            }
            @if let Some(metres) = row.in_distance {
                (cell(&t!(lang, "visits.distance"), html! { span.num { (metres_text(metres, lang)) } }))
            }
            @if let Some(metres) = visit.in_accuracy {
                (cell(&t!(lang, "visits.accuracy"), html! { span.num { "±" (t!(lang, "visits.metres", n = format!("{metres:.0}"))) } }))
            }
            @if flags.has(Flag::StaleFix) && let Some(at) = visit.in_fix_at {
                (cell(&t!(lang, "visits.fix_at"), html! { (clock::brief(at, page.now)) }))
            }
            @if !visit.out_reason.is_empty() { (cell(&t!(lang, "visits.out_reason"), html! { (visit.out_reason) })) }
            @if state == State::Done || !page.mine {
                @if !visit.result.is_empty() {
                    div.cell { div.g { (t!(lang, "visits.result")) @for line in visit.result.lines() { p { (line) } } } }
                }
                @if let Some(day) = &visit.next_on { (cell(&t!(lang, "visits.next_on"), html! { (day) })) }
            }
        },
    )
}

fn photo_name(lang: Lang, photo: &PhotoRow, now: Millis) -> String {
    t!(lang, "visits.photo_at", time = clock::brief(photo.taken_at, now)).into_owned()
}

/// One picture, as large as the screen.
pub fn photo(frame: &Frame, visit: &Visit, photo: &PhotoRow, now: Millis) -> String {
    let (id, name) = (visit.row.id, photo_name(frame.lang, photo, now));
    let src = format!("/visits/{id}/photos/{}", photo.id);
    Page::new(frame, visit.row.customer_name.as_str())
        .subtitle(name.clone())
        .back(format!("/visits/{id}"))
        .render(whole_photo(&Photo { href: src.clone(), src, alt: name }))
}

fn photos(page: &ShowPage<'_>, lang: Lang) -> Markup {
    card(Some(&t!(lang, "visits.photos")), None, photo_cells(page, lang))
}

fn photo_cells(page: &ShowPage<'_>, lang: Lang) -> Markup {
    let visit = page.visit.row.id;
    let photos: Vec<Photo> = page
        .photos
        .iter()
        .map(|photo| Photo {
            href: format!("/visits/{visit}/photos/{}/view", photo.id),
            src: format!("/visits/{visit}/photos/{}/thumb", photo.id),
            alt: photo_name(lang, photo, page.now),
        })
        .collect();
    photo_grid(&photos)
}

/// What the fields were when the page was made, for merging with what others change meanwhile.
fn was(typed: &Form, fields: &[&str]) -> Markup {
    html! {
        @for field in fields { (hidden(&merge::was(field), typed.value(&merge::was(field)))) }
    }
}

fn plan_form(page: &ShowPage<'_>, address: &str, op_id: &str, op_delete: &str, lang: Lang) -> Markup {
    let visit = page.visit;
    let (day, purpose) = (t!(lang, "visits.planned_on"), t!(lang, "visits.purpose"));
    html! {
        (card(Some(&t!(lang, "visits.replan")), None, html! {
            (post(&format!("{address}/plan"), op_id).version(visit.version).holding(html! {
                (was(page.form, &["planned_on", "purpose"]))
                (text(&page.form.field("planned_on", &day).required(), InputKind::Date, 10))
                (text(&page.form.field("purpose", &purpose), InputKind::Text, PURPOSE))
                (submit(&t!(lang, "visits.save_plan"), ButtonKind::Quiet))
            }))
            (post(&format!("{address}/deletion"), op_delete).holding(html! {
                (submit(&t!(lang, "visits.give_up"), ButtonKind::Danger))
            }))
        }))
    }
}

/// Correcting the result of a visit that is over.
pub fn edit_result(frame: &Frame, visit: &Visit, typed: &Form, op_id: &str) -> String {
    let lang = frame.lang;
    let address = format!("/visits/{}", visit.row.id);
    let result = t!(lang, "visits.result");
    let body = html! {
        (error_summary(lang, typed.errors()))
        (card(None, None, post(&format!("{address}/result"), op_id).version(visit.version).holding(html! {
            (was(typed, &["result", "next_on"]))
            (hidden("next_on", typed.value("next_on")))
            (textarea(&typed.field("result", &result), RESULT))
            (submit(&t!(lang, "visits.save"), ButtonKind::Primary))
        })))
    };
    let mut document =
        Page::new(frame, t!(lang, "visits.correct")).subtitle(visit.row.customer_name.as_str()).back(address);
    if !typed.is_right() {
        document = document.error_title();
    }
    document.render(body)
}
