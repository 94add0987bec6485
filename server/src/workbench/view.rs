//! The first page's frame: greeting, numbers, notices.

use chrono::{Datelike, Timelike, Weekday};
use maud::{Markup, html};

use crate::clock_check;
use crate::gateways::Notice;
use crate::kernel::access::{Gate, Role};
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::ui::{StripItem, Tone, card, link_cell, strip, tag};
use crate::users::role_name;
use crate::web::cx::Cx;

use super::day::Day;

/// 工作台
pub(super) fn page(cx: &Cx, day: &Day, boxes: &[Notice], body: Markup) -> String {
    let body = html! {
        (clock_check::notice(cx))
        (numbers(cx, day))
        @if !boxes.is_empty() {
            (card(Some(&Module::Gateways.title(cx.lang)), None, html! {
                @for notice in boxes {
                    (link_cell(&notice.href, html! { b { (notice.name) } " " (tag(&notice.what, Tone::Bad)) p { (notice.remedy) } }, html! {}))
                }
            }))
        }
        (body)
    };
    let subtitle = format!("{} · {}", date(cx.lang, cx.now), role_name(cx.lang, cx.actor().role));
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

/// The numbers on top, each leading to its list. Who has no visits of their own is not told that none are done.
fn numbers(cx: &Cx, day: &Day) -> Markup {
    let lang = cx.lang;
    let waiting = |href: &str| cx.badges.iter().find(|(to, _)| *to == href).map_or(0, |(_, count)| *count);
    let mut items: Vec<StripItem<&'static str>> = Vec::new();
    if cx.may(Gate::view(Module::Visits)) && (cx.actor().role == Role::Rep || !day.stops.is_empty()) {
        let done = day.stops.iter().filter(|visit| visit.checked_out_at.is_some()).count();
        let number = format!("{done}/{}", day.stops.len());
        let label = t!(lang, "workbench.visits").into();
        items.push(StripItem { href: "/visits?view=today", number, label, hot: false });
    }
    let mut counted = |module: Module, href: &'static str, label: &str, hot: bool| {
        if cx.may(Gate::view(module)) {
            let count = waiting(module.href());
            items.push(StripItem { href, number: count.to_string(), label: label.to_owned(), hot: hot && count > 0 });
        }
    };
    counted(Module::Tasks, "/tasks", &Module::Tasks.title(lang), false);
    // A rep is asked only where somebody handed an approval over.
    if cx.actor().role != Role::Rep || waiting(Module::Approvals.href()) > 0 {
        counted(Module::Approvals, "/approvals", &t!(lang, "workbench.approvals"), false);
    }
    counted(Module::Calls, "/calls", &t!(lang, "workbench.missed"), true);
    counted(Module::Sms, "/sms", &t!(lang, "workbench.unread"), true);
    items.truncate(4);
    strip(&items)
}
