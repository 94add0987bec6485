//! Messages as lines of a customer's timeline.

use super::rules::State;
use super::store::Message;
use super::{quoted, shown, tone};
use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::timeline::Entry;

/// Appends the select of the messages to a customer, newest first.
#[must_use]
pub fn past_messages(query: Query, scope: &Scope, customer: Id, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'message' AS what, m.id, m.created_at AS at, COALESCE(m.delivered_at, m.sent_at) AS ended_at, '' AS person, \
             m.digits AS title, m.text, m.state, '' AS more FROM sms_messages m WHERE m.customer_id = ",
        )
        .arg(customer);
    scope.restrict(query, "m.owner_id").push(" ORDER BY m.id DESC LIMIT ").arg(limit)
}

/// Appends the select of the messages from a customer, newest first.
#[must_use]
pub fn past_replies(query: Query, scope: &Scope, customer: Id, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'reply' AS what, i.id, i.received_at AS at, i.received_at AS ended_at, '' AS person, '' AS title, i.text, \
             '' AS state, '' AS more FROM sms_inbox i WHERE i.customer_id = ",
        )
        .arg(customer);
    scope.restrict(query, "i.owner_id").push(" ORDER BY i.id DESC LIMIT ").arg(limit)
}

/// A message as such a row.
pub(super) fn sent(message: Message) -> Gathered {
    Gathered {
        what: "message".to_owned(),
        id: message.id,
        at: message.created_at,
        ended_at: Some(message.at()),
        person: String::new(),
        state: message.state.code().to_owned(),
        title: message.digits,
        text: message.text,
        more: String::new(),
    }
}

/// The entry of a message to a customer.
#[must_use]
pub fn message_entry(past: Gathered, lang: Lang, now: Millis) -> Entry {
    let state = State::of(&past.state);
    Entry {
        at: past.at,
        when: clock::brief(past.ended_at.unwrap_or(past.at), now),
        href: Some(format!("/sms/messages/{}", past.id)),
        title: t!(lang, "sms.message_to", number = shown(&past.title)).into_owned(),
        text: quoted(&past.text),
        tag: Some((state.name(lang).into_owned(), tone(state))),
    }
}

/// The entry of a message from a customer.
#[must_use]
pub fn reply_entry(past: Gathered, lang: Lang, now: Millis) -> Entry {
    Entry {
        at: past.at,
        when: clock::brief(past.at, now),
        href: None,
        title: t!(lang, "sms.reply_from").into_owned(),
        text: quoted(&past.text),
        tag: None,
    }
}
