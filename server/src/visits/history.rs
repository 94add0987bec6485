//! Visits as lines of a customer's timeline.

use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::tag::Tone;
use crate::ui::timeline::Entry;
use crate::visits::store::{self, Visit};

/// A customer's visits that took place, newest first.
pub async fn history(
    db: &Db,
    scope: &Scope,
    customer: Id,
    lang: Lang,
    now: Millis,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let visits = store::of_customer(db, scope, customer, limit).await?;
    Ok(visits.into_iter().map(|visit| entry(visit, lang, now)).collect())
}

fn entry(visit: Visit, lang: Lang, now: Millis) -> Entry {
    let at = visit.row.checked_in_at.unwrap_or_default();
    let title = match (visit.row.checked_out_at, visit.row.minutes(now)) {
        (Some(_), Some(minutes)) => t!(lang, "visits.history.took", minutes = minutes),
        (None, _) | (Some(_), None) => t!(lang, "visits.history.open"),
    };
    let tag = match visit.row.flags().iter().next() {
        Some(flag) => (flag.name(lang).into_owned(), Tone::Warn),
        None => (t!(lang, "visits.trusted").into_owned(), Tone::Good),
    };
    let mut text = visit.row.owner_name;
    for part in [first_line(&visit.result), next(visit.next_on, lang)].into_iter().flatten() {
        text.push_str(" · ");
        text.push_str(&part);
    }
    Entry {
        at,
        when: clock::brief(at, now),
        href: Some(format!("/visits/{}", visit.row.id)),
        title: title.into_owned(),
        text,
        tag: Some(tag),
    }
}

fn next(next_on: Option<String>, lang: Lang) -> Option<String> {
    next_on.map(|day| t!(lang, "visits.history.next", day = day).into_owned())
}

/// The beginning of a result: a timeline is for looking over.
fn first_line(result: &str) -> Option<String> {
    let line = result.lines().next().filter(|line| !line.is_empty())?;
    let short: String = line.chars().take(80).collect();
    Some(if short.len() < result.len() { format!("{short}…") } else { short })
}
