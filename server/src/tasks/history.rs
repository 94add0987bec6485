//! Tasks as lines of a customer's timeline.

use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::tasks::rules::{Kind, State};
use crate::tasks::store::{self, TaskRow};
use crate::ui::tag::Tone;
use crate::ui::timeline::Entry;

/// A customer's tasks, newest first.
pub async fn history(
    db: &Db,
    scope: &Scope,
    customer: Id,
    lang: Lang,
    now: Millis,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let tasks = store::of_customer(db, scope, customer, limit).await?;
    Ok(tasks.into_iter().map(|task| entry(task, lang, now)).collect())
}

fn entry(task: TaskRow, lang: Lang, now: Millis) -> Entry {
    let (state, kind) = (task.state(), task.kind());
    let tag = match (state, kind) {
        (State::Open, Kind::Callback) => (t!(lang, "tasks.to_call_back"), Tone::Bad),
        (State::Open, Kind::Todo) => (state.name(lang), Tone::Warn),
        (State::Done | State::Confirmed, _) => (state.name(lang), Tone::Plain),
    };
    let text = if task.feedback.is_empty() {
        task.owner_name
    } else {
        let short: String = task.feedback.lines().next().unwrap_or_default().chars().take(80).collect();
        format!("{} · {short}", task.owner_name)
    };
    let at = task.done_at.unwrap_or(task.created_at);
    Entry {
        at,
        when: clock::brief(at, now),
        href: Some(format!("/tasks/{}", task.id)),
        title: task.title,
        text,
        tag: Some((tag.0.into_owned(), tag.1)),
    }
}
