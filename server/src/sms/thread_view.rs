//! What a conversation looks like: bubbles, the newest below, and the answer in the bar at the bottom.

use maud::{Markup, html};

use crate::customers::Brief;
use crate::kernel::access::Gate;
use crate::kernel::clock::{self, HOUR, Millis};
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::sms::incoming_view::{doubt, numbered, unreadable};
use crate::sms::rules::{LONGEST, recipient};
use crate::sms::store::{Message, Reply, Thread};
use crate::sms::view::counter;
use crate::sms::{Class, Settings};
use crate::ui::button::button;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::talk::{Bubble, Side, talk};
use crate::ui::{Icon, card, link_cell};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// A pause after which the time is said again.
const PAUSE: Millis = HOUR / 6;

/// What a conversation's page shows.
#[derive(Debug)]
pub struct Conversation {
    /// The conversation.
    pub thread: Thread,
    /// With which customer.
    pub customer: Option<Brief>,
    /// Our last messages.
    pub sent: Vec<Message>,
    /// Their last messages.
    pub received: Vec<Reply>,
    /// The last one may be an opt-out.
    pub doubtful: bool,
    /// Signature and price.
    pub settings: Settings,
}

/// One conversation, with what was typed into its answer.
pub fn thread(cx: &Cx, shown: &Conversation, typed: &Form) -> String {
    let lang = cx.lang;
    let Conversation { thread, customer, doubtful, .. } = shown;
    let number = numbered(lang, &thread.digits);
    let body = html! {
        (fields::error_summary(lang, typed.errors()))
        @match customer {
            Some(customer) => (card(None, None, link_cell(format!("/customers/{}", customer.id), html! { b { (customer.name) } }, html! { (customer.owner_name) }))),
            None if thread.digits.is_empty() => {},
            None => (card(None, None, link_cell(format!("/customers/new?phone={}", thread.digits), html! { (t!(lang, "sms.nobodys_number")) }, html! { (t!(lang, "sms.make_customer")) }))),
        }
        (talk(&bubbles(cx, shown), (thread.unread > 0).then(|| format!("/sms/{}/reading", thread.id)).as_deref(), &cx.op_id()))
        @if *doubtful { (doubt(cx, thread.id)) }
        @if thread.unread > 0 {
            noscript { (fields::act_form(&format!("/sms/{}/reading", thread.id), &cx.op_id(), None, t!(lang, "sms.mark_read"), ButtonKind::Quiet)) }
        }
    };
    let title = customer.as_ref().map_or_else(|| number.clone(), |customer| customer.name.clone());
    let frame = cx.frame();
    let mut page = Page::new(&frame, title).back("/sms");
    if customer.is_some() {
        page = page.subtitle(number);
    }
    if !typed.is_right() {
        page = page.error_title();
    }
    if !thread.digits.is_empty() {
        let call = t!(lang, "sms.call");
        page = page
            .header_action(html! { a.ib href={ "tel:" (thread.digits) } aria-label=(call) { (Icon::Phone.markup()) } });
    }
    if cx.may(Gate::create(Module::Sms)) && recipient(&thread.digits).is_ok() {
        page = page.foot(answer(cx, shown, typed));
    }
    page.render(body)
}

/// The form at the bottom: what is written there goes out at once.
fn answer(cx: &Cx, shown: &Conversation, typed: &Form) -> Markup {
    let lang = cx.lang;
    let customer = shown.customer.as_ref().map(|customer| customer.id.to_string()).unwrap_or_default();
    let templates = format!("/sms/new?customer={customer}&to={}", shown.thread.digits);
    let label = t!(lang, "sms.text");
    html! {
        (fields::post("/sms", &cx.op_id()).id("say").holding(html! {
            (fields::hidden("thread", &shown.thread.id.to_string()))
            (fields::hidden("customer", &customer))
            (fields::hidden("to", &shown.thread.digits))
            a.ib href=(templates) aria-label=(t!(lang, "sms.from_template")) { (Icon::Request.markup()) }
            textarea name="text" id="f-text" rows="1" maxlength=(LONGEST) required aria-label=(label) placeholder=(label) { (typed.value("text")) }
            (button(t!(lang, "sms.send"), ButtonKind::Primary))
            (counter(&shown.settings, Class::Service))
        }))
    }
}

/// What was said, in the order of time.
fn bubbles(cx: &Cx, shown: &Conversation) -> Vec<Bubble> {
    let lang = cx.lang;
    let mut said: Vec<(Millis, Bubble)> = shown
        .sent
        .iter()
        .map(|message| {
            let state = message.state;
            let foot = html! {
                a href={ "/sms/messages/" (message.id) } { (state.standing().tag(lang)) }
            };
            (message.created_at, Bubble::new(Side::Ours, html! { (message.text) }).foot(foot))
        })
        .chain(shown.received.iter().map(|reply| {
            let text = html! {
                (reply.text)
                @if reply.incomplete { " " (tag(t!(lang, "sms.incomplete"), Tone::Warn)) }
                @if !reply.unreadable.is_empty() { " " (unreadable(lang, reply)) }
            };
            (reply.received_at, Bubble::new(Side::Theirs, text))
        }))
        .collect();
    // Of the same moment the other side comes first: it is what was answered.
    said.sort_by_key(|(at, bubble)| (*at, bubble.side()));
    let mut before = 0;
    said.into_iter()
        .map(|(at, bubble)| {
            let bubble = if at - before > PAUSE { bubble.time(clock::brief(at, cx.now)) } else { bubble };
            before = at;
            bubble
        })
        .collect()
}
