//! Pages of visits. No queries here.

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::kernel::clock::{self, Millis};
use crate::kernel::form::Form;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::paging::Listing;
use crate::ui::components::Act;
use crate::ui::components::{
    StripItem, acts, card, cell, empty, link_button, link_cell, meter, pager, segmented, strip,
};
use crate::ui::form::{
    ButtonKind, FieldView, InputKind, error_summary, file_photo, form, hidden, location, submit, text, textarea,
};
use crate::ui::icon::Icon;
use crate::ui::layout::{Frame, Page};
use crate::ui::tag::{Tone, tag};
use crate::visits::customers::Candidate;
use crate::visits::marks::metres_text;
use crate::visits::pages::{PURPOSE, RESULT};
use crate::visits::rules::{Flag, Flags, State};
use crate::visits::store::{PhotoRow, TeamRow, Visit, VisitRow};

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

/// What the planning page shows.
#[derive(Debug)]
pub struct NewPage<'a> {
    /// What was typed.
    pub form: &'a Form,
    /// Customers to tick.
    pub offered: &'a [Candidate],
    /// How many of them, from the first, are ticked.
    pub picked: usize,
    /// The search found nobody.
    pub nothing: bool,
    /// The form's token.
    pub op_id: String,
    /// Now.
    pub now: Millis,
}

/// A field in conflict and what stands in the record.
pub type Both = (&'static str, String);

/// What a visit's page shows.
#[derive(Debug)]
pub struct ShowPage<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// Its photos.
    pub photos: &'a [PhotoRow],
    /// Fields as stored or typed.
    pub form: &'a Form,
    /// Fields that another device changed meanwhile.
    pub conflicts: &'a [Both],
    /// Whether it is the looker's own.
    pub mine: bool,
    /// Whether the looker may write orders.
    pub may_order: bool,
    /// Today.
    pub today: NaiveDate,
    /// Now.
    pub now: Millis,
    /// Tokens for the page's forms.
    pub op_ids: [String; 4],
}

fn tone(state: State) -> Tone {
    match state {
        State::Planned => Tone::Info,
        State::Open => Tone::Good,
        State::Done => Tone::Plain,
        State::Missed => Tone::Bad,
    }
}

fn state_tag(state: State, lang: Lang) -> Markup {
    tag(&state.name(lang), tone(state))
}

fn flag_tags(flags: &Flags, lang: Lang) -> Markup {
    html! { @for flag in flags.iter() { " " (tag(&flag.name(lang), Tone::Warn)) } }
}

/// `今天`, `明天`, else `11-25 周三`.
fn day_name(day: NaiveDate, today: NaiveDate, lang: Lang) -> String {
    use chrono::Datelike;
    match (day - today).num_days() {
        -1 => t!(lang, "visits.yesterday").into_owned(),
        0 => t!(lang, "visits.today").into_owned(),
        1 => t!(lang, "visits.tomorrow").into_owned(),
        _ => {
            let weekday = match day.weekday() {
                chrono::Weekday::Mon => t!(lang, "visits.mon"),
                chrono::Weekday::Tue => t!(lang, "visits.tue"),
                chrono::Weekday::Wed => t!(lang, "visits.wed"),
                chrono::Weekday::Thu => t!(lang, "visits.thu"),
                chrono::Weekday::Fri => t!(lang, "visits.fri"),
                chrono::Weekday::Sat => t!(lang, "visits.sat"),
                chrono::Weekday::Sun => t!(lang, "visits.sun"),
            };
            let date = if day.year() == today.year() { day.format("%m-%d").to_string() } else { day.to_string() };
            format!("{date} {weekday}")
        }
    }
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
        &format!("/visits/{}", visit.id),
        html! { b { (visit.customer_name) } (flag_tags(&visit.flags(), lang)) p { (line.join(" · ")) } },
        state_tag(state, lang),
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
        document = document.header_action(html! { a href=(href) aria-label=(action) { (Icon::Plus.markup()) } });
    }
    document.render(body)
}

/// The manager's day: who has done how much of the plan.
pub fn team(frame: &Frame, page: &TeamPage) -> String {
    let lang = frame.lang;
    let person = |one: &TeamRow| {
        let last = one.last_at.map(|at| t!(lang, "visits.last_check_in", time = clock::brief(at, page.now)));
        link_cell(
            &format!("/visits?owner={}&day={}", one.owner_id, page.day),
            html! {
                b { (one.owner_name) }
                @if one.flagged > 0 { " " (tag(&t!(lang, "visits.flagged", n = one.flagged), Tone::Warn)) }
                @if let Some(last) = last { p { (last) } }
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
        .header_action(html! { a href="/visits/new" aria-label=(action) { (Icon::Plus.markup()) } })
        .render(body)
}

/// Choosing customers and a day.
pub fn new(frame: &Frame, page: &NewPage<'_>) -> String {
    let lang = frame.lang;
    let (find, day, purpose) =
        (t!(lang, "visits.find_customer"), t!(lang, "visits.planned_on"), t!(lang, "visits.purpose"));
    let choice = |place: usize, one: &Candidate| {
        let last = one.last_contact_at.map(|at| t!(lang, "visits.last", time = clock::brief(at, page.now)));
        let due = one.next_contact_on.as_deref().map(|day| t!(lang, "visits.due", day = day));
        let parts = [Some(one.address.as_str().into()), last, due];
        let line: Vec<_> =
            parts.into_iter().flatten().filter(|part: &std::borrow::Cow<'_, str>| !part.is_empty()).collect();
        html! {
            label.cell {
                input type="checkbox" name="customer" value=(one.id) checked[place < page.picked];
                div.g { b { (one.name) } p { (line.join(" · ")) } }
            }
        }
    };
    let body = html! {
        (error_summary(lang, page.form.errors()))
        (form("/visits", &page.op_id, None, false, None, html! {
            // The first button is the one that Enter presses: searching keeps what is ticked and typed.
            (card(None, None, html! {
                (text(&page.form.field("q", &find), InputKind::Search, 50))
                button.btn.q type="submit" name="find" value="1" formnovalidate { (t!(lang, "visits.find")) }
            }))
            section.card id="customer" {
                h2 { (t!(lang, "visits.customer")) }
                @if let Some(error) = page.form.error("customer") { p.err { (error) } }
                @for (place, one) in page.offered.iter().enumerate() { (choice(place, one)) }
                @if page.nothing { (empty(&t!(lang, "visits.nobody_found"), None)) }
            }
            (card(None, None, html! {
                (text(&FieldView { required: true, ..page.form.field("planned_on", &day) }, InputKind::Date, 10))
                (text(&page.form.field("purpose", &purpose), InputKind::Text, PURPOSE))
                (submit(&t!(lang, "visits.add_to_plan"), ButtonKind::Primary))
            }))
        }))
    };
    Page::new(frame, t!(lang, "visits.plan_visits")).back("/visits").render(body)
}

/// Opens the place in a map program; it converts from WGS-84 by itself.
fn map_link(visit: &Visit) -> Option<String> {
    let (lat, lng) = visit.point()?;
    let name: String = visit.row.customer_name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Some(format!("https://uri.amap.com/marker?position={lng:.6},{lat:.6}&coordinate=wgs84&name={name}"))
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
    let [op_main, op_photo, op_plan, op_delete] = &page.op_ids;
    let mut links =
        vec![act(format!("/customers/{}", visit.row.customer_id), &t!(lang, "visits.customer"), Icon::Customers)];
    if let Some(map) = map_link(visit) {
        links.push(act(map, &t!(lang, "visits.navigate"), Icon::Navigate));
    }
    if page.may_order && page.mine && matches!(state, State::Open | State::Done) {
        links.push(act(format!("/orders/new?visit={}", visit.row.id), &t!(lang, "visits.order"), Icon::Order));
    }
    let body = html! {
        (error_summary(lang, page.form.errors()))
        @if page.mine {
            @match state {
                State::Planned | State::Missed => (check_in_form(page, &address, op_main, lang)),
                State::Open => {
                    (write_up_form(page, &address, op_main, lang))
                    (photo_form(page, &address, op_photo, lang))
                },
                State::Done => {}
            }
        }
        (facts(page, state, lang))
        @if !page.photos.is_empty() { (photos(page, lang)) }
        (acts(&links))
        @if page.mine {
            @match state {
                State::Planned | State::Missed => (plan_form(page, &address, op_plan, op_delete, lang)),
                State::Done => (link_button(&format!("{address}/result"), &t!(lang, "visits.correct"), ButtonKind::Quiet)),
                State::Open => {}
            }
        }
    };
    let mut document = Page::new(frame, title).subtitle(state.name(lang)).back("/visits");
    if !page.form.is_right() {
        document = document.error_title();
    }
    document.render(body)
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
            (cell(&t!(lang, "visits.state_label"), state_tag(state, lang)))
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
                (cell(&t!(lang, "visits.distance"), html! { (metres_text(metres)) }))
            }
            @if let Some(metres) = visit.in_accuracy {
                (cell(&t!(lang, "visits.accuracy"), html! { "±" (format!("{metres:.0}")) " m" }))
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

fn photos(page: &ShowPage<'_>, lang: Lang) -> Markup {
    let visit = page.visit.row.id;
    card(
        Some(&t!(lang, "visits.photos")),
        None,
        html! {
            div.photos {
                @for photo in page.photos {
                    a href={ "/visits/" (visit) "/photos/" (photo.id) } {
                        img src={ "/visits/" (visit) "/photos/" (photo.id) "/thumb" }
                            alt=(t!(lang, "visits.photo_at", time = clock::brief(photo.taken_at, page.now)))
                            loading="lazy" decoding="async" width="120" height="120";
                    }
                }
            }
        },
    )
}

fn check_in_form(page: &ShowPage<'_>, address: &str, op_id: &str, lang: Lang) -> Markup {
    let queued = t!(lang, "visits.queued.check_in", name = page.visit.row.customer_name);
    form(
        &format!("{address}/check-in"),
        op_id,
        None,
        false,
        Some(&queued),
        html! {
            (location(lang))
            @if page.form.error("out_reason").is_some() {
                (text(&page.form.field("out_reason", &t!(lang, "visits.out_reason")), InputKind::Text, PURPOSE))
            }
            (submit(&t!(lang, "visits.check_in"), ButtonKind::Primary))
        },
    )
}

fn photo_form(page: &ShowPage<'_>, address: &str, op_id: &str, lang: Lang) -> Markup {
    let queued = t!(lang, "visits.queued.photo", name = page.visit.row.customer_name);
    let label = t!(lang, "visits.take_photo");
    card(
        None,
        None,
        form(
            &format!("{address}/photos"),
            op_id,
            None,
            true,
            Some(&queued),
            html! {
                (file_photo(&page.form.field("photo", &label), false))
                (submit(&t!(lang, "visits.upload"), ButtonKind::Quiet))
            },
        ),
    )
}

/// What stands in the record, beside what was typed.
fn stored_values(conflicts: &[Both], lang: Lang) -> Markup {
    html! {
        @if !conflicts.is_empty() {
            (card(Some(&t!(lang, "visits.stored_meanwhile")), None, html! {
                @for (field, stored) in conflicts {
                    div.cell { div.g {
                        (match *field {
                            "result" => t!(lang, "visits.result"),
                            "next_on" => t!(lang, "visits.next_on"),
                            "purpose" => t!(lang, "visits.purpose"),
                            _ => t!(lang, "visits.planned_on"),
                        })
                        @for line in stored.lines() { p { (line) } }
                    } }
                }
            }))
        }
    }
}

/// What the record said when the page was made, for merging.
fn was(field: &str, value: &str) -> Markup {
    hidden(&format!("was_{field}"), value)
}

fn write_up_form(page: &ShowPage<'_>, address: &str, op_id: &str, lang: Lang) -> Markup {
    let visit = page.visit;
    let queued = t!(lang, "visits.queued.check_out", name = visit.row.customer_name);
    let (result, next_on, reason) =
        (t!(lang, "visits.result"), t!(lang, "visits.next_on"), t!(lang, "visits.out_reason"));
    let far = visit.row.flags().has(Flag::Far) && visit.out_reason.is_empty();
    html! {
        (stored_values(page.conflicts, lang))
        (card(None, None, form(&format!("{address}/check-out"), op_id, Some(visit.version), false, Some(&queued), html! {
            (was("result", &visit.result))
            (was("next_on", visit.next_on.as_deref().unwrap_or_default()))
            @if far || page.form.error("out_reason").is_some() {
                (text(&FieldView { required: far, hint: Some(&t!(lang, "visits.out_hint")), ..page.form.field("out_reason", &reason) }, InputKind::Text, PURPOSE))
            }
            (textarea(&FieldView { hint: Some(&t!(lang, "visits.result_hint")), ..page.form.field("result", &result) }, RESULT))
            (text(&page.form.field("next_on", &next_on), InputKind::Date, 10))
            (submit(&t!(lang, "visits.check_out"), ButtonKind::Primary))
            button.btn.q type="submit" formaction={ (address) "/result" } formnovalidate { (t!(lang, "visits.save_draft")) }
        })))
    }
}

fn plan_form(page: &ShowPage<'_>, address: &str, op_id: &str, op_delete: &str, lang: Lang) -> Markup {
    let visit = page.visit;
    let (day, purpose) = (t!(lang, "visits.planned_on"), t!(lang, "visits.purpose"));
    html! {
        (stored_values(page.conflicts, lang))
        (card(Some(&t!(lang, "visits.replan")), None, html! {
            (form(&format!("{address}/plan"), op_id, Some(visit.version), false, None, html! {
                (was("planned_on", &visit.row.planned_on))
                (was("purpose", &visit.row.purpose))
                (text(&FieldView { required: true, ..page.form.field("planned_on", &day) }, InputKind::Date, 10))
                (text(&page.form.field("purpose", &purpose), InputKind::Text, PURPOSE))
                (submit(&t!(lang, "visits.save_plan"), ButtonKind::Quiet))
            }))
            (form(&format!("{address}/deletion"), op_delete, None, false, None, html! {
                (submit(&t!(lang, "visits.give_up"), ButtonKind::Danger))
            }))
        }))
    }
}

/// Correcting the result of a visit that is over.
pub fn edit_result(frame: &Frame, visit: &Visit, typed: &Form, conflicts: &[Both], op_id: &str) -> String {
    let lang = frame.lang;
    let address = format!("/visits/{}", visit.row.id);
    let result = t!(lang, "visits.result");
    let body = html! {
        (error_summary(lang, typed.errors()))
        (stored_values(conflicts, lang))
        (card(None, None, form(&format!("{address}/result"), op_id, Some(visit.version), false, None, html! {
            (was("result", &visit.result))
            (was("next_on", visit.next_on.as_deref().unwrap_or_default()))
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
