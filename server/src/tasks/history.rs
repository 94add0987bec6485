//! Tasks as lines of a customer's timeline.

use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::tasks::rules::{Kind, State, standing};
use crate::ui::icon::Icon;
use crate::ui::timeline::Entry;

/// Appends the select of a customer's tasks, newest first.
#[must_use]
pub fn past(query: Query, scope: &Scope, customer: Id, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'task' AS what, t.id, COALESCE(t.done_at, t.created_at) AS at, t.done_at AS ended_at, o.name AS person, \
             t.title, t.feedback AS text, t.state, t.kind AS more FROM tasks t JOIN users o ON o.id = t.owner_id \
             WHERE t.deleted_at IS NULL AND t.customer_id = ",
        )
        .arg(customer);
    scope.restrict(query, "t.owner_id").push(" ORDER BY t.id DESC LIMIT ").arg(limit)
}

/// The entry of such a row.
#[must_use]
pub fn entry(past: Gathered, lang: Lang, now: Millis) -> Entry {
    let (state, kind) = (State::of(&past.state), Kind::of(&past.more));
    let text = if past.text.is_empty() {
        past.person
    } else {
        let short: String = past.text.lines().next().unwrap_or_default().chars().take(80).collect();
        format!("{} · {short}", past.person)
    };
    Entry {
        at: past.at,
        when: clock::brief(past.at, now),
        href: Some(format!("/tasks/{}", past.id)),
        title: past.title,
        text,
        tag: Some(standing(state, kind, false, false).tag(lang)),
        icon: Some(Icon::Task),
    }
}
