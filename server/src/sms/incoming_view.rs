//! What messages look like that came in and need a person: those that no box could decode, and those that may opt out.

use maud::{Markup, html};

use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::sms::shown;
use crate::sms::store::Reply;
use crate::sms::unreadable::reason;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, empty};
use crate::web::cx::Cx;

/// A number as people read it; of a message that could not be decoded it may be missing.
pub fn numbered(lang: Lang, digits: &str) -> String {
    if digits.is_empty() { t!(lang, "sms.no_sender").into_owned() } else { shown(digits) }
}

/// A message that the box could not decode: why, and as it came.
pub fn unreadable(lang: Lang, reply: &Reply) -> Markup {
    html! {
        (tag(t!(lang, "sms.unreadable"), Tone::Bad))
        p { (t!(lang, "sms.unreadable_why", why = reason(lang, &reply.unreadable))) }
        p.pre { code { (reply.raw) } }
    }
}

/// The last reply may be an opt-out: marketing has stopped, and one tap undoes it.
pub fn doubt(cx: &Cx, thread: Id) -> Markup {
    let lang = cx.lang;
    let answer = |word: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        let inside = html! {
            (fields::hidden("answer", word))
            (fields::submit(label, kind))
        };
        fields::post(&format!("/sms/{thread}/opt-out"), &cx.op_id()).holding(inside)
    };
    html! {
        (card(None, None, html! {
            div.cell { div.g { (tag(t!(lang, "sms.doubtful"), Tone::Warn)) p { (t!(lang, "sms.doubtful_text")) } } }
            @if cx.may(Gate::edit(Module::Sms)) {
                (answer("no", t!(lang, "sms.not_opt_out"), ButtonKind::Primary))
                (answer("yes", t!(lang, "sms.is_opt_out"), ButtonKind::Quiet))
            }
        }))
    }
}

/// 无法解码的短信
pub fn unreadable_list(cx: &Cx, replies: &[Reply]) -> String {
    let lang = cx.lang;
    let body = html! {
        @if replies.is_empty() { (empty(t!(lang, "sms.none_unreadable"), None)) }
        @else {
            (card(None, None, html! {
                @for reply in replies {
                    div.cell { div.g {
                        b.num { (numbered(lang, &reply.digits)) } " " small { (clock::iso_minute(reply.received_at)) } " "
                        @if !reply.text.is_empty() { p.pre { (reply.text) } }
                        (unreadable(lang, reply))
                    } }
                }
            }))
        }
    };
    Page::new(&cx.frame(), t!(lang, "sms.unreadables")).back("/sms").refresh().render(body)
}
