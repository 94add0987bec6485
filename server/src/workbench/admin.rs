//! The administrator's day: people, boxes, whether the server does its work.

use maud::{Markup, html};

use crate::gateways;
use crate::kernel::background::outbox;
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::ui::{Tone, card, entry, link_cell, tag};
use crate::users::{self, Headcount};
use crate::web::cx::Cx;
use crate::web::error::Result;

/// Whether everything runs.
pub(super) struct Health {
    boxes: gateways::Connected,
    people: Headcount,
    failures: i64,
}

impl Health {
    pub async fn read(cx: &Cx) -> Result<Health> {
        let db = &cx.office.db;
        Ok(Health {
            boxes: gateways::connected(db).await?,
            people: users::headcount(db, clock::start_of(clock::day(cx.now))).await?,
            failures: outbox::count_set_aside(db).await?,
        })
    }

    /// Background work that was set aside.
    pub fn failures(&self, cx: &Cx) -> Markup {
        let lang = cx.lang;
        html! {
            @if self.failures > 0 {
                @let name = t!(lang, "workbench.failures");
                (card(None, None, link_cell("/failures", entry(name, tag(self.failures, Tone::Bad), t!(lang, "workbench.failures_do")), html! {})))
            }
        }
    }

    /// 系统: people, boxes, background work.
    pub fn system(&self, cx: &Cx) -> Markup {
        let lang = cx.lang;
        let people = t!(lang, "workbench.people", n = self.people.active);
        let seen = t!(lang, "workbench.seen_today", n = self.people.seen);
        let boxes = t!(lang, "workbench.boxes", online = self.boxes.online, all = self.boxes.known);
        let tone = if self.boxes.online < self.boxes.known { Tone::Bad } else { Tone::Good };
        let state = if self.boxes.known == 0 {
            html! { (t!(lang, "workbench.no_boxes")) }
        } else {
            tag(boxes, tone)
        };
        let work = if self.failures == 0 {
            tag(t!(lang, "workbench.normal"), Tone::Good)
        } else {
            tag(self.failures, Tone::Bad)
        };
        card(
            Some(&t!(lang, "workbench.system")),
            None,
            html! {
                (link_cell("/users", html! { (Module::Users.title(lang)) }, html! { (people) small.d { (seen) } }))
                (link_cell("/gateways", html! { (Module::Gateways.title(lang)) }, state))
                (link_cell("/failures", html! { (t!(lang, "workbench.background")) }, work))
            },
        )
    }
}
