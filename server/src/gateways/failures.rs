//! Events that could not be processed: set aside after some tries, so that they hold up none behind them, and shown
//! on the box's page with what came, until a person tries again or drops them.

use std::collections::HashMap;

use fieldline_protocol::topics::Topic;
use maud::{Markup, html};
use poem::Response;

use super::events::{FromBox, Head};
use super::hear::lock;
use super::store;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::mqtt::Incoming;
use crate::kernel::words::words;
use crate::kernel::{Kernel, Office};
use crate::reactions;
use crate::ui::card;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::tag::{Tone, tag};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

/// Times that an event may fail before it is set aside. The box offers it every ten seconds.
const TRIES: u32 = 3;
/// Events whose tries are counted at once; past it all are counted anew.
const COUNTED: usize = 1000;
/// Shown on a box's page.
const SHOWN: i64 = 20;

words! {
    /// Where a failed event stands.
    enum State {
        /// It waits for a person.
        Aside = "aside",
        /// It was tried again and succeeded.
        Done = "done",
        /// A person dropped it.
        Dropped = "dropped",
    }
}

/// How often an event failed, by box and id. A start of the process counts anew.
#[derive(Default)]
struct Tried(HashMap<(String, String), u32>);

fn tried(office: &Kernel, sender: &str, eid: &str) -> u32 {
    office.memory.with(|Tried(tried)| {
        if tried.len() >= COUNTED {
            tried.clear();
        }
        let times = tried.entry((sender.to_owned(), eid.to_owned())).or_default();
        *times = times.saturating_add(1);
        *times
    })
}

/// An event failed: `true` when it is set aside and can be acknowledged, at once or after its tries.
pub(super) async fn note(office: &Office, incoming: &Incoming, head: &Head, why: &str, at_once: bool) -> Result<bool> {
    if tried(office, &incoming.sender, &head.eid) < TRIES && !at_once {
        return Ok(false);
    }
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(false) };
    sql("INSERT INTO gateway_failures (id, gateway_id, eid, topic, payload, error, state, at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'aside', $7) ON CONFLICT (gateway_id, eid) DO NOTHING")
    .bind(Id::new())
    .bind(gateway.id)
    .bind(&head.eid)
    .bind(&incoming.topic)
    .bind(String::from_utf8_lossy(&incoming.payload))
    .bind(why.chars().take(500).collect::<String>())
    .bind(office.clock.now())
    .run(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// An event that waits for a person.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub(super) struct Failure {
    id: Id,
    topic: String,
    payload: String,
    error: String,
    at: Millis,
}

const FAILURE: &str = "SELECT f.id, f.topic, f.payload, f.error, f.at FROM gateway_failures f \
     WHERE f.state = 'aside' AND f.gateway_id = ";

/// Those of a box, the newest first.
pub(super) async fn of_box(db: &Db, gateway: Id) -> Result<Vec<Failure>, DbError> {
    sql(FAILURE).arg(gateway).push(" ORDER BY f.id DESC LIMIT ").arg(SHOWN).all(db).await
}

#[derive(sqlx_macros::FromRow)]
struct Count {
    gateway_id: Id,
    n: i64,
}

/// How many wait, by box.
pub(super) async fn counts(db: &Db) -> Result<Vec<(Id, i64)>, DbError> {
    let rows: Vec<Count> = sql("SELECT f.gateway_id, CAST(count(*) AS BIGINT) AS n FROM gateway_failures f \
         WHERE f.state = 'aside' GROUP BY f.gateway_id")
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.gateway_id, row.n)).collect())
}

async fn end(tx: &mut Tx, id: Id, state: State) -> Result<(), DbError> {
    sql("UPDATE gateway_failures SET state = $2 WHERE id = $1").bind(id).bind(state.code()).run(tx).await.map(|_| ())
}

impl Failure {
    fn event(&self) -> Option<FromBox> {
        FromBox::read(&Topic::parse(&self.topic)?, self.payload.as_bytes())
    }

    /// What kind of event it is, in words.
    fn kind(&self, lang: Lang) -> std::borrow::Cow<'static, str> {
        match Topic::parse(&self.topic) {
            Some(Topic::SmsEvent) => t!(lang, "gateways.event_sms"),
            Some(Topic::InboxEvent) => t!(lang, "gateways.event_inbox"),
            Some(Topic::CallEvent) => t!(lang, "gateways.event_call"),
            Some(Topic::UssdEvent) => t!(lang, "gateways.event_ussd"),
            Some(Topic::OptoutEvent) => t!(lang, "gateways.event_optout"),
            Some(
                Topic::Status
                | Topic::Info
                | Topic::ModemState(_)
                | Topic::Command(_)
                | Topic::Ack(_)
                | Topic::EventAck
                | Topic::Metrics
                | Topic::Log,
            )
            | None => self.topic.clone().into(),
        }
    }
}

/// `POST /gateways/:id/failures/:failure` with `outcome=retry|drop`.
pub(super) async fn settle(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let failure: Id = cx.param("failure").parse().map_err(|_| AppError::NotFound)?;
    let mut form = cx.form().await?;
    let again = form.choice("outcome", &t!(cx.lang, "gateways.outcome"), |word| match word {
        "retry" => Some(true),
        "drop" => Some(false),
        _ => None,
    });
    let Some(again) = again else { return Err(AppError::BadRequest("no such outcome")) };
    let mut write = cx.write(&form).await?;
    let lock = write.tx.for_update();
    let query = sql(FAILURE).arg(gateway.id).push(" AND f.id = ").arg(failure).push(lock);
    let found: Failure = query.optional(&mut write.tx).await?.ok_or(AppError::NotFound)?;
    let state = if again { State::Done } else { State::Dropped };
    if again {
        let Some(event) = found.event() else {
            return Err(AppError::Refused(t!(cx.lang, "gateways.event_unreadable").into_owned()));
        };
        match reactions::from_box(&mut write.tx, gateway.id, cx.now, &event).await {
            Ok(()) => {}
            Err(error @ (AppError::Unavailable(_) | AppError::Undone(_))) => return Err(error),
            Err(error) => {
                tracing::error!(%failure, "an event of a box failed again: {error:#}");
                return Err(AppError::Refused(t!(cx.lang, "gateways.event_fails").into_owned()));
            }
        }
    }
    end(&mut write.tx, failure, state).await?;
    write
        .audit(
            Action::Edit,
            "gateway_failure",
            failure,
            Changes::new().moved("state", State::Aside.code(), state.code()),
        )
        .await?;
    let response = write.finish(&format!("/gateways/{}?done=done", gateway.id)).await?;
    cx.office.alarm.ring();
    Ok(response)
}

/// On the page of their box.
pub(super) fn list(cx: &Cx, gateway: Id, failures: &[Failure]) -> Markup {
    let lang = cx.lang;
    let act = |failure: &Failure, outcome: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        let action = format!("/gateways/{gateway}/failures/{}", failure.id);
        let inside = html! {
            (fields::hidden("outcome", outcome))
            (fields::submit(label, kind))
        };
        fields::post(&action, &cx.op_id()).holding(inside)
    };
    html! {
        @if !failures.is_empty() {
            (card(Some(&t!(lang, "gateways.failures")), None, html! {
                div.cell { div.g { (t!(lang, "gateways.failures_text")) } }
                @for failure in failures {
                    div.cell { div.g {
                        b { (failure.kind(lang)) } " " (tag(t!(lang, "gateways.set_aside"), Tone::Bad)) " " small { (clock::brief(failure.at, cx.now)) }
                        p { (if failure.error == "unreadable" { t!(lang, "gateways.event_unreadable").into_owned() } else { failure.error.clone() }) }
                        p.pre { code { (failure.payload) } }
                    } }
                    (act(failure, "retry", t!(lang, "gateways.retry"), ButtonKind::Quiet))
                    (act(failure, "drop", t!(lang, "gateways.drop"), ButtonKind::Danger))
                }
            }))
        }
    }
}
