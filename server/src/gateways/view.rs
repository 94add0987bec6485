//! What the pages of the boxes look like.

use maud::{Markup, html};

use fieldline_protocol::messages::{BoxTrouble, ModemState};

use super::commands::{self, Given};
use super::failures::{self, Failure};
use super::notices::low;
use super::store::{Gateway, State};
use super::{health, settings, trouble};
use crate::clock_check;
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Fen;
use crate::modules::Module;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::state::Standing;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, empty, link_button, link_cell, text_cell};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// In words and colour: is it there, and does the network hear it.
fn state(lang: Lang, gateway: &Gateway) -> Markup {
    let modems = health::modems(&gateway.modems);
    let troubles = health::info(&gateway.info).troubles;
    let wrong = modems.values().find_map(|modem| modem.trouble).map(|wrong| trouble::of_modem(lang, wrong).what);
    // One that went back to its old version works.
    let wrong = troubles
        .iter()
        .find(|trouble| **trouble != BoxTrouble::UpdateFailed)
        .map(|wrong| trouble::of_box(lang, *wrong).what)
        .or(wrong);
    let waits = !modems.is_empty() && modems.values().all(|modem| !health::works(modem));
    match (gateway.state, gateway.online) {
        (State::New, _) => Standing::ToClaim.tag(lang),
        (State::Revoked, _) => Standing::Off.tag(lang),
        (State::Active, false) => Standing::Offline.tag(lang),
        (State::Active, true) if wrong.is_some() => tag(wrong.unwrap_or_default(), Tone::Bad),
        (State::Active, true) if waits => Standing::NoNetwork.tag(lang),
        (State::Active, true) => Standing::Online.tag(lang),
    }
}

/// The list.
pub fn list(cx: &Cx, gateways: &[Gateway]) -> String {
    let lang = cx.lang;
    let may_add = cx.may(Gate::create(Module::Gateways));
    let new = t!(lang, "gateways.new");
    let body = html! {
        (clock_check::notice(cx))
        @if gateways.is_empty() {
            (empty(t!(lang, "gateways.none"), may_add.then_some(("/gateways/new", new.as_ref()))))
        } @else {
            (card(None, None, html! {
                @for gateway in gateways {
                    (link_cell(
                        format!("/gateways/{}", gateway.id),
                        html! { b { (gateway.name) } p { @match gateway.seen_at { Some(at) => (t!(lang, "gateways.seen", when = clock::brief(at, cx.now))), None => (t!(lang, "gateways.never_seen")) } } },
                        state(lang, gateway),
                    ))
                }
            }))
        }
        @if cx.may(Gate::edit(Module::Settings)) {
            (card(None, None, link_cell("/gateways/alerts", html! { (t!(lang, "gateways.alerts")) }, html! {})))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, Module::Gateways.title(lang)).back("/me").refresh();
    let page = if may_add { page.bar(link_button("/gateways/new", &new, ButtonKind::Primary)) } else { page };
    page.render(body)
}

/// A new box.
pub fn new(cx: &Cx, form: &Form) -> String {
    let lang = cx.lang;
    let body = fields::post("/gateways", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&form.field("name", &t!(lang, "gateways.name")).required().hint(&t!(lang, "gateways.name_hint")), InputKind::Text, 40))
            }))
            (fields::submit(t!(lang, "gateways.add"), ButtonKind::Primary))
        });
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "gateways.new")).back("/gateways");
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// What is wrong, and what helps; `said` are the modem's own words.
fn wrong(words: &trouble::Words, said: Option<&str>) -> Markup {
    html! { div.cell { div.g { (tag(&words.what, Tone::Bad)) p { (words.remedy) } @if let Some(said) = said { p { code { (said) } } } } } }
}

fn modem(cx: &Cx, gateway: &Gateway, beside: &Beside, name: &str, modem: &ModemState) -> Markup {
    let lang = cx.lang;
    let called = beside.line(name);
    let asks = gateway.online && gateway.state == State::Active && !settings::balance_code(gateway).is_empty();
    card(
        Some(&called),
        None,
        html! {
            @if let Some(trouble) = modem.trouble { (wrong(&trouble::of_modem(lang, trouble), modem.error.as_deref())) }
            @else if let Some(error) = &modem.error { (cell(t!(lang, "gateways.error"), html! { (tag(error, Tone::Bad)) })) }
            (cell(t!(lang, "gateways.network"), html! {
                @if !health::works(modem) { (Standing::NoNetwork.tag(lang)) }
                @else if modem.operator.is_empty() { (t!(lang, "gateways.registered")) }
                @else { (modem.operator) }
            }))
            @if let Some(signal) = modem.signal_dbm { (cell(t!(lang, "gateways.signal"), html! { span.num { (signal) " dBm" } })) }
            (cell(t!(lang, "gateways.queue"), html! { span.num { (modem.queue) } }))
            (cell(t!(lang, "gateways.sent_hour"), html! { span.num { (modem.sent_hour) } }))
            @if let (Some(used), Some(capacity)) = (modem.sim_used, modem.sim_capacity) {
                (cell(t!(lang, "gateways.sim"), html! { span.num { (used) "/" (capacity) } }))
            }
            @if let Some(balance) = &modem.balance {
                (text_cell(t!(lang, "gateways.balance"), html! { (balance) @if low(balance, beside.low).is_some() { " " (tag(t!(lang, "gateways.low_short"), Tone::Bad)) } }))
            }
            @if asks {
                (fields::post(&format!("/gateways/{}/balance", gateway.id), &cx.op_id()).holding(html! {
                    (fields::hidden("modem", name))
                    (fields::submit(t!(lang, "gateways.ask_balance"), ButtonKind::Quiet))
                }))
            }
        },
    )
}

/// What a box's page shows besides the box itself.
#[derive(Debug)]
pub struct Beside {
    /// The last commands.
    pub commands: Vec<Given>,
    /// How people call its lines.
    pub lines: Vec<(String, String)>,
    /// Events that could not be processed, for those who may settle them.
    pub(super) failures: Vec<Failure>,
    /// Below this a balance is low.
    pub low: Fen,
}

impl Beside {
    /// A line's or modem's name for people, with its own behind it.
    fn line(&self, line: &str) -> String {
        let named = self.lines.iter().find(|(known, _)| known == line);
        named.map_or_else(|| line.to_owned(), |(_, name)| format!("{name} · {line}"))
    }
}

/// The pages behind a box that is in use.
fn rooms(lang: Lang, gateway: &Gateway) -> Markup {
    let room = |noun: &str, label: std::borrow::Cow<'static, str>| {
        link_cell(format!("/gateways/{}/{noun}", gateway.id), html! { (label) }, html! {})
    };
    card(
        None,
        None,
        html! {
            (room("settings", t!(lang, "gateways.settings")))
            (room("lines", t!(lang, "gateways.lines")))
            (room("update", t!(lang, "gateways.update")))
            (room("logs", t!(lang, "gateways.logs")))
        },
    )
}

/// One box: health, troubles, what was asked of it, name, end.
pub fn show(cx: &Cx, gateway: &Gateway, beside: &Beside, form: &Form) -> String {
    let lang = cx.lang;
    let info = health::info(&gateway.info);
    let may_edit = cx.may(Gate::edit(Module::Gateways)) && gateway.state != State::Revoked;
    let named = if form.fields().is_empty() { form.clone().with("name", gateway.name.as_str()) } else { form.clone() };
    let body = html! {
        (card(None, None, html! {
            @for trouble in &info.troubles { (wrong(&trouble::of_box(lang, *trouble), None)) }
            (cell(t!(lang, "gateways.state"), state(lang, gateway)))
            (cell(t!(lang, "gateways.last_seen"), html! { @match gateway.seen_at { Some(at) => (clock::iso_minute(at)), None => (t!(lang, "gateways.never_seen")) } }))
            @if !info.agent.is_empty() { (cell(t!(lang, "gateways.version"), html! { (info.agent) })) }
            @if !info.os.is_empty() { (cell(t!(lang, "gateways.os"), html! { (info.os) })) }
            @if !info.hardware.is_empty() { (cell(t!(lang, "gateways.hardware"), html! { (info.hardware) })) }
            @if !info.lines.is_empty() { (cell(t!(lang, "gateways.lines"), html! { (info.lines.iter().map(|line| beside.line(line)).collect::<Vec<_>>().join(", ")) })) }
            (cell(t!(lang, "gateways.wire_name"), html! { code { (gateway.wire_name) } }))
        }))
        @if may_edit { (failures::list(cx, gateway.id, &beside.failures)) }
        @for (name, state) in &health::modems(&gateway.modems) { (modem(cx, gateway, beside, name, state)) }
        @if may_edit && gateway.state == State::Active { (rooms(lang, gateway)) }
        @if cx.may(Gate::view(Module::Sms)) {
            (card(None, None, link_cell("/sms/unreadable", html! { (t!(lang, "gateways.unreadable_messages")) }, html! {})))
        }
        (commands::list(lang, &beside.commands, cx.now))
        @if may_edit && gateway.state == State::New {
            (card(Some(&t!(lang, "gateways.claim_title")), None, html! {
                div.cell { div.g { (t!(lang, "gateways.claim_text")) } }
                (fields::post(&format!("/gateways/{}/code", gateway.id), &cx.op_id()).holding(fields::submit(t!(lang, "gateways.issue"), ButtonKind::Primary)))
            }))
        }
        @if may_edit {
            (fields::post(&format!("/gateways/{}", gateway.id), &cx.op_id()).holding(html! {
                (fields::error_summary(lang, form.errors()))
                (fields::fields(Some(&t!(lang, "gateways.rename")), html! {
                    (fields::text(&named.field("name", &t!(lang, "gateways.name")).required(), InputKind::Text, 40))
                }))
                (fields::submit(t!(lang, "gateways.save"), ButtonKind::Quiet))
            }))
            (card(Some(&t!(lang, "gateways.revoke_title")), None, html! {
                div.cell { div.g { (t!(lang, "gateways.revoke_text")) } }
                (fields::post(&format!("/gateways/{}/revocation", gateway.id), &cx.op_id()).holding(fields::submit(t!(lang, "gateways.revoke"), ButtonKind::Danger)))
            }))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, gateway.name.as_str()).back("/gateways").refresh();
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// The code, once.
pub fn code(cx: &Cx, gateway: &Gateway, code: &str) -> String {
    let lang = cx.lang;
    let own = format!("{}://{}", if cx.is_tls() { "https" } else { "http" }, cx.header("host").unwrap_or("localhost"));
    let address = cx.office.config.public_url.as_deref().unwrap_or(&own);
    let body = html! {
        (card(Some(&t!(lang, "gateways.code_title")), None, html! {
            p.money { (code) }
            div.cell { div.g { (t!(lang, "gateways.code_text")) } }
            div.cell { div.g { code { "gateway-agent claim " (address) " " (code) } } }
        }))
        (link_button(format!("/gateways/{}", gateway.id), t!(lang, "gateways.back_to_box"), ButtonKind::Quiet))
    };
    Page::new(&cx.frame(), gateway.name.as_str()).back(format!("/gateways/{}", gateway.id)).render(body)
}
