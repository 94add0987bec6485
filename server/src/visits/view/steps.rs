//! What one does on a visit, in its order: check in; photo, order, payment, result; check out; the next stop.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::{ShowPage, was};
use crate::documents::Head;
use crate::kernel::china::geo::MapApp;
use crate::kernel::i18n::{Lang, t};
use crate::kinds::Kind;
use crate::ui::button::button_for;
use crate::ui::form::{ButtonKind, InputKind, chips, file_photo, location_from, post, text, textarea};
use crate::ui::scripts::later;
use crate::ui::{card, entry, link_button, link_cell, plain_cell};
use crate::visits::marks::metres_text;
use crate::visits::pages::{PURPOSE, RESULT};
use crate::visits::rules::Flag;
use crate::visits::store::NextStop;

/// The form that the bar's button sends.
const CHECK_IN: &str = "check-in";
const CHECK_OUT: &str = "check-out";

/// The form of the check-in.
pub(super) fn check_in_form(page: &ShowPage<'_>, address: &str, op_id: &str, lang: Lang) -> Markup {
    let place = page.visit.point();
    post(&format!("{address}/check-in"), op_id).id(CHECK_IN).offline("check-in").holding(card(
        None,
        None,
        html! {
            @let within = |distance: &str| t!(lang, "visits.from_customer_within", distance = distance, metres = "%m");
            @let (near, far) = (t!(lang, "visits.metres", n = "%d"), t!(lang, "visits.kilometres", n = "%d"));
            (location_from(lang, place, &within(&near), &within(&far)))
            @if page.form.error("out_reason").is_some() {
                (text(&page.form.field("out_reason", &t!(lang, "visits.out_reason")), InputKind::Text, PURPOSE))
            }
        },
    ))
}

/// What the page shows while the check-in waits for a network: the visit under way.
pub(super) fn after_check_in(page: &ShowPage<'_>, address: &str, op_id: &str, lang: Lang) -> Markup {
    later(
        lang,
        &format!("{address}/check-in"),
        &html! {
            p.note role="status" { (t!(lang, "visits.checked_in_waits")) }
            (write_up_form(page, address, op_id, true, lang))
            div.bar { (check_out_button(lang)) }
            (after_check_out(address, lang))
        },
    )
}

/// What the page shows while the check-out waits for a network.
pub(super) fn after_check_out(address: &str, lang: Lang) -> Markup {
    later(
        lang,
        &format!("{address}/check-out"),
        &html! { p.note role="status" { (t!(lang, "visits.checked_out_waits")) } },
    )
}

/// The button in the bar that checks in.
pub(super) fn check_in_button(lang: Lang) -> Markup {
    button_for(CHECK_IN, t!(lang, "visits.check_in"), ButtonKind::Primary)
}

/// The button in the bar that checks out.
pub(super) fn check_out_button(lang: Lang) -> Markup {
    button_for(CHECK_OUT, t!(lang, "visits.check_out"), ButtonKind::Primary)
}

/// A step: a tick once it is done, else its number.
fn mark(done: bool, number: u8) -> Markup {
    html! { span.th.good[done] { @if done { "✓" } @else { (number) } } }
}

/// The first line of a step.
fn step(done: bool, number: u8, label: &str) -> Markup {
    html! { div.cell { (mark(done, number)) div.g { b { (label) } } } }
}

/// What was made of a kind on the visit, and the way to one more.
fn made_step(page: &ShowPage<'_>, number: u8, kind: Kind, label: &str, more: &str, lang: Lang) -> Markup {
    let made: Vec<&Head> = page.made.iter().filter(|head| head.kind == kind).collect();
    html! {
        a.cell href=(more) { (mark(!made.is_empty(), number)) div.g { b { (label) } } }
        @for head in made {
            (link_cell(head.address(), html! { span.num { (head.number) } " " (head.standing().tag(lang)) }, html! { b.num { "¥" (head.total()) } }))
        }
    }
}

/// The form of a visit under way. `offline` is the one that stands in for it while the check-in waits: how far away it
/// was is not known yet, and nothing is made of it.
pub(super) fn write_up_form(page: &ShowPage<'_>, address: &str, op_id: &str, offline: bool, lang: Lang) -> Markup {
    let visit = page.visit;
    let (result, next_on, reason) =
        (t!(lang, "visits.result"), t!(lang, "visits.next_on"), t!(lang, "visits.out_reason"));
    let far = visit.row.flags().has(Flag::Far) && visit.out_reason.is_empty();
    let photo = t!(lang, "visits.take_photo");
    let said: Vec<(String, String)> =
        ["visits.said_stock", "visits.said_order", "visits.said_money", "visits.said_none"]
            .into_iter()
            .map(|key| (t!(lang, key).into_owned(), t!(lang, key).into_owned()))
            .collect();
    let days: Vec<(String, String)> = [(1, "visits.in_a_day"), (7, "visits.in_a_week"), (14, "visits.in_two_weeks")]
        .into_iter()
        .filter_map(|(days, key)| Some((ahead(page.today, days)?, t!(lang, key).into_owned())))
        .collect();
    // One form, so that what was typed goes along where the photo's button leaves the page. First, unseen, the button
    // that Enter presses.
    let body = html! {
        button hidden { (t!(lang, "visits.check_out")) }
        (was(page.form, &["result", "next_on"]))
        (card(None, None, html! {
            (step(!page.photos.is_empty(), 1, &t!(lang, "visits.photos")))
            (file_photo(&page.form.field("photo", &photo), false))
            div.row { button class=(ButtonKind::Quiet.class()) formaction={ (address) "/photos" } formnovalidate data-only { (t!(lang, "visits.upload")) } }
            @if !page.photos.is_empty() { (super::photo_cells(page, lang)) }
        }))
        @if !offline && (page.may_order || page.may_pay) {
            (card(None, None, html! {
                @if page.may_order {
                    (made_step(page, 2, Kind::Order, &t!(lang, "visits.order"), &format!("/orders/new?visit={}", visit.row.id), lang))
                }
                @if page.may_pay {
                    (made_step(page, 3, Kind::Payment, &t!(lang, "visits.payment"), &format!("/payments/new?customer={}", visit.row.customer_id), lang))
                }
            }))
        }
        (card(None, None, html! {
            @if offline || far || page.form.error("out_reason").is_some() {
                @let field = page.form.field("out_reason", &reason);
                @let hint = t!(lang, "visits.out_hint");
                (text(&if offline { field.hint(&hint) } else { field.hint(&hint).required() }, InputKind::Text, PURPOSE))
            }
            (step(!visit.result.is_empty(), if page.may_order && page.may_pay { 4 } else { 2 }, &t!(lang, "visits.said")))
            (textarea(&page.form.field("result", &result).hint(&t!(lang, "visits.result_hint")), RESULT))
            (chips("f-result", &said))
            (text(&page.form.field("next_on", &next_on), InputKind::Date, 10))
            (chips("f-next_on", &days))
        }))
        div.row { button class=(ButtonKind::Quiet.class()) formaction={ (address) "/result" } formnovalidate { (t!(lang, "visits.save_draft")) } }
    };
    post(&format!("{address}/check-out"), op_id)
        .id(CHECK_OUT)
        .version(visit.version)
        .files()
        .offline("check-out")
        .holding(body)
}

fn ahead(today: NaiveDate, days: u64) -> Option<String> {
    today.checked_add_days(Days::new(days)).map(|day| day.to_string())
}

/// Where to go from here, after the visit.
pub(super) fn next_stop(next: &NextStop, metres: Option<i64>, lang: Lang) -> Markup {
    let map = MapApp::Amap.link(next.point(), &next.customer_name, &next.address);
    let far = metres.map(|metres| metres_text(metres, lang));
    let line: Vec<&str> =
        far.iter().map(String::as_str).chain([next.address.as_str()]).filter(|part| !part.is_empty()).collect();
    card(
        Some(&t!(lang, "visits.next_stop")),
        None,
        html! {
            (plain_cell(html! { (entry(&next.customer_name, html! {}, line.join(" · "))) }, html! {}))
            div.row {
                (link_button(map, t!(lang, "visits.navigate"), ButtonKind::Quiet))
                (link_button(format!("/visits/{}", next.id), t!(lang, "visits.check_in"), ButtonKind::Primary))
            }
        },
    )
}
