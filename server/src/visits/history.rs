//! Visits as lines of a customer's timeline.

use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::icon::Icon;
use crate::ui::tag::{Tone, tag};
use crate::ui::timeline::Entry;
use crate::visits::rules::{Flags, minutes};

/// Appends the select of a customer's visits that took place, newest first.
#[must_use]
pub fn past(query: Query, scope: &Scope, customer: Id, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'visit' AS what, v.id, v.checked_in_at AS at, v.checked_out_at AS ended_at, u.name AS person, '' AS title, \
             v.result AS text, v.flags AS state, COALESCE(v.next_on, '') AS more FROM visits v JOIN users u ON u.id = v.owner_id \
             WHERE v.deleted_at IS NULL AND v.checked_in_at IS NOT NULL AND v.customer_id = ",
        )
        .arg(customer);
    scope.restrict(query, "v.owner_id").push(" ORDER BY v.id DESC LIMIT ").arg(limit)
}

/// The entry of such a row.
#[must_use]
pub fn entry(past: Gathered, lang: Lang, now: Millis) -> Entry {
    let title = match past.ended_at {
        Some(ended) => t!(lang, "visits.history.took", minutes = minutes(past.at, ended)),
        None => t!(lang, "visits.history.open"),
    };
    let mark = match Flags::parse(&past.state).iter().next() {
        Some(flag) => tag(flag.name(lang), Tone::Warn),
        None => tag(t!(lang, "visits.trusted"), Tone::Good),
    };
    let mut text = past.person;
    for part in [first_line(&past.text), next(past.more, lang)].into_iter().flatten() {
        text.push_str(" · ");
        text.push_str(&part);
    }
    Entry {
        at: past.at,
        when: clock::brief(past.at, now),
        href: Some(format!("/visits/{}", past.id)),
        title: title.into_owned(),
        text,
        tag: Some(mark),
        icon: Some(Icon::Visits),
    }
}

fn next(day: String, lang: Lang) -> Option<String> {
    (!day.is_empty()).then(|| t!(lang, "visits.history.next", day = day).into_owned())
}

/// The beginning of a result: a timeline is for looking over.
fn first_line(result: &str) -> Option<String> {
    let line = result.lines().next().filter(|line| !line.is_empty())?;
    let short: String = line.chars().take(80).collect();
    Some(if short.len() < result.len() { format!("{short}…") } else { short })
}
