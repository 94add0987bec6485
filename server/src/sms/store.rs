//! The SQL of messages, replies, conversations and templates.
//!
//! Long because: messages, replies and conversations are counted together in each transaction.

use crate::customers::Sought;
use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::settings;
use crate::sms::Cause;
use crate::sms::limits::{Class, SentToday};
use crate::sms::rules::State;

/// A message that goes out.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Message {
    /// Its row.
    pub id: Id,
    /// The id on the wire.
    pub wire_id: String,
    /// The box that has it.
    pub gateway_id: Option<Id>,
    /// Whose it is.
    pub owner_id: Id,
    /// To whom, as far as known.
    pub customer_id: Option<Id>,
    /// To which number.
    pub digits: String,
    /// What it says.
    pub text: String,
    /// Messages that the operator counts.
    pub parts: i64,
    /// What it is for.
    pub class: Class,
    /// Where it is.
    pub state: State,
    /// Why it did not go.
    pub error: String,
    /// When it was written.
    pub created_at: Millis,
    /// When the network took it.
    pub sent_at: Option<Millis>,
    /// When the phone had it.
    pub delivered_at: Option<Millis>,
    /// Who wants it back, if anybody does.
    pub recall: String,
    /// The command that asks the box for it, while it has not answered.
    pub recall_id: Option<String>,
    /// Whether the box said that it is too late.
    pub recall_late: bool,
}

impl Message {
    /// The moment that its state tells of.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.delivered_at.or(self.sent_at).unwrap_or(self.created_at)
    }
}

const MESSAGE: &str = "SELECT m.id, m.wire_id, m.gateway_id, m.owner_id, m.customer_id, m.digits, m.text, m.parts, m.class, m.state, m.error, \
     m.created_at, m.sent_at, m.delivered_at, m.recall, m.recall_id, m.recall_late FROM sms_messages m WHERE ";

/// A message that came in.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Reply {
    /// Whose customer wrote.
    pub owner_id: Option<Id>,
    /// From which number.
    pub digits: String,
    /// What it says.
    pub text: String,
    /// When.
    pub received_at: Millis,
    /// Whether parts of it never came.
    pub incomplete: bool,
    /// Why the box could not decode it, or not all of it; empty where it could.
    pub unreadable: String,
    /// As it came, where it could not be decoded: hexadecimal, a line for each part.
    pub raw: String,
}

const REPLY: &str =
    "SELECT i.owner_id, i.digits, i.text, i.received_at, i.incomplete, i.unreadable, i.raw FROM sms_inbox i WHERE ";

/// A conversation.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Thread {
    /// Its row.
    pub id: Id,
    /// With which number.
    pub digits: String,
    /// Whose it is.
    pub owner_id: Option<Id>,
    /// With which customer.
    pub customer_id: Option<Id>,
    /// When something was said last.
    pub last_at: Millis,
    /// What.
    pub last_text: String,
    /// By the other side.
    pub last_inbound: bool,
    /// Replies nobody has looked at.
    pub unread: i64,
}

const THREADS: &str = "SELECT t.id, t.digits, t.owner_id, t.customer_id, t.last_at, t.last_text, t.last_inbound, t.unread, \
     c.name AS customer, CAST(CASE WHEN b.id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS doubtful \
     FROM sms_threads t LEFT JOIN customers c ON c.id = t.customer_id \
     LEFT JOIN sms_blocks b ON b.digits = t.digits AND b.kind = 'optout' AND b.ended_at IS NULL AND b.uncertain = TRUE WHERE 1 = 1";
const THREAD: &str = "SELECT t.id, t.digits, t.owner_id, t.customer_id, t.last_at, t.last_text, t.last_inbound, t.unread \
     FROM sms_threads t WHERE ";

/// A conversation in the list, with the name of the customer.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct ThreadRow {
    /// The conversation.
    #[sqlx(flatten)]
    pub thread: Thread,
    /// The customer's name.
    pub customer: Option<String>,
    /// 1 where a reply may be an opt-out and nobody has looked at it.
    pub doubtful: i64,
}

/// A template.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Template {
    /// Its row.
    pub id: Id,
    /// How people call it.
    pub name: String,
    /// With variables in braces.
    pub text: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Rises with every change.
    pub version: i64,
}

const TEMPLATE: &str = "SELECT id, name, text, enabled, version FROM sms_templates WHERE ";

/// What a new row needs.
#[derive(Debug)]
pub struct NewMessage<'a> {
    pub owner: Id,
    pub sender: Id,
    pub customer: Option<Id>,
    pub digits: &'a str,
    pub text: &'a str,
    pub parts: usize,
    pub class: Class,
    pub cause: Option<Cause>,
}

/// The message of a cause, if it was made already.
pub async fn of_cause(on: impl Into<On<'_>>, cause: Cause) -> Result<Option<Message>, DbError> {
    let (kind, cause) = cause.stored();
    sql(MESSAGE).push("m.cause_kind = $1 AND m.cause_id = $2").bind(kind).bind(cause).optional(on).await
}

pub async fn insert(tx: &mut Tx, new: &NewMessage<'_>, now: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    let cause = new.cause.map(Cause::stored);
    sql("INSERT INTO sms_messages (id, wire_id, owner_id, customer_id, cause_kind, cause_id, digits, text, parts, class, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11)")
    .bind(id)
    .bind(uuid::Uuid::now_v7().to_string())
    .bind(new.owner)
    .bind(new.customer)
    // A cause of nothing would make the unique key of (kind, id) hold one message; NULL ids never collide.
    .bind(cause.map_or("", |(kind, _)| kind))
    .bind(cause.map(|(_, cause)| cause))
    .bind(new.digits)
    .bind(new.text)
    .bind(i64::try_from(new.parts).unwrap_or(i64::MAX))
    .bind(new.class.code())
    .bind(now)
    .run(tx)
    .await?;
    count(tx, now, &counters(new.sender, new.digits, new.class)).await?;
    touch(tx, new.digits, Some(new.owner), new.customer, now, new.text, false).await?;
    Ok(id)
}

/// Moves a conversation to the top. A known owner and customer stay when a message comes without.
async fn touch(
    tx: &mut Tx,
    digits: &str,
    owner: Option<Id>,
    customer: Option<Id>,
    now: Millis,
    text: &str,
    inbound: bool,
) -> Result<(), DbError> {
    let line: String = text.chars().take(60).collect();
    sql("INSERT INTO sms_threads (id, digits, owner_id, customer_id, last_at, last_text, last_inbound, unread) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (digits) DO UPDATE SET owner_id = COALESCE(excluded.owner_id, sms_threads.owner_id), \
         customer_id = COALESCE(excluded.customer_id, sms_threads.customer_id), last_at = excluded.last_at, \
         last_text = excluded.last_text, last_inbound = excluded.last_inbound, unread = sms_threads.unread + excluded.unread")
    .bind(Id::new())
    .bind(digits)
    .bind(owner)
    .bind(customer)
    .bind(now)
    .bind(line)
    .bind(inbound)
    .bind(i64::from(inbound))
    .run(tx)
    .await?;
    Ok(())
}

/// What a reply's row needs.
#[derive(Debug)]
pub struct NewReply<'a> {
    pub gateway: Id,
    pub owner: Option<Id>,
    pub customer: Option<Id>,
    pub digits: &'a str,
    pub text: &'a str,
    pub incomplete: bool,
    pub unreadable: &'a str,
    pub raw: &'a str,
}

pub async fn insert_reply(tx: &mut Tx, new: &NewReply<'_>, now: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO sms_inbox (id, gateway_id, owner_id, customer_id, digits, text, received_at, incomplete, unreadable, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(id)
        .bind(new.gateway)
        .bind(new.owner)
        .bind(new.customer)
        .bind(new.digits)
        .bind(new.text)
        .bind(now)
        .bind(new.incomplete)
        .bind(new.unreadable)
        .bind(new.raw)
        .run(&mut *tx)
        .await?;
    touch(tx, new.digits, new.owner, new.customer, now, new.text, true).await?;
    Ok(id)
}

/// A message by its row.
pub async fn message(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Message>, DbError> {
    scope.restrict(sql(MESSAGE).push("m.id = $1").bind(id), "m.owner_id").optional(on).await
}

/// A message about to be changed.
pub async fn message_to_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Message>, DbError> {
    let lock = tx.for_update();
    scope.restrict(sql(MESSAGE).push("m.id = $1").bind(id), "m.owner_id").push(lock).optional(tx).await
}

/// A message by its id on the wire, about to be changed.
pub async fn by_wire_id(tx: &mut Tx, gateway: Id, wire_id: &str) -> Result<Option<Message>, DbError> {
    let lock = tx.for_update();
    sql(MESSAGE).push("m.wire_id = $1 AND m.gateway_id = $2").bind(wire_id).bind(gateway).push(lock).optional(tx).await
}

/// A message by the command that asks for it back, about to be changed.
pub async fn by_recall_id(tx: &mut Tx, gateway: Id, command: &str) -> Result<Option<Message>, DbError> {
    let lock = tx.for_update();
    sql(MESSAGE)
        .push("m.recall_id = $1 AND m.gateway_id = $2")
        .bind(command)
        .bind(gateway)
        .push(lock)
        .optional(tx)
        .await
}

/// Messages about to be changed, in the order of their ids.
pub async fn several_to_change(tx: &mut Tx, ids: &[Id]) -> Result<Vec<Message>, DbError> {
    let lock = tx.for_update();
    sql(MESSAGE).push("m.id IN ").args(ids.iter().copied()).push(" ORDER BY m.id").push(lock).all(tx).await
}

/// A reply by its row.
pub async fn reply(db: &Db, scope: &Scope, id: Id) -> Result<Option<Reply>, DbError> {
    scope.restrict(sql(REPLY).push("i.id = $1").bind(id), "i.owner_id").optional(db).await
}

pub async fn set_state(tx: &mut Tx, id: Id, state: State, error: &str, at: Millis) -> Result<(), DbError> {
    let query = sql("UPDATE sms_messages SET state = $2, error = $3").bind(id).bind(state.code()).bind(error);
    let query = match state {
        State::Sent => query.push(", sent_at = ").arg(at),
        State::Delivered => query.push(", delivered_at = ").arg(at),
        State::Offered => query.push(", offered_at = ").arg(at),
        State::Waiting
        | State::Queued
        | State::Sending
        | State::Undelivered
        | State::Expired
        | State::Failed
        | State::Unknown
        | State::Refused
        | State::Dropped => query,
    };
    query.push(" WHERE id = $1").run(tx).await.map(|_| ())
}

/// Gives a message to a box; from then on no other box gets it.
pub async fn set_offered(tx: &mut Tx, id: Id, gateway: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE sms_messages SET state = 'offered', gateway_id = $2, offered_at = $3 WHERE id = $1")
        .bind(id)
        .bind(gateway)
        .bind(at)
        .run(tx)
        .await
        .map(|_| ())
}

/// Counts one more message through a box.
pub async fn count_given(tx: &mut Tx, gateway: Id, now: Millis) -> Result<(), DbError> {
    count(tx, now, &[through_box(gateway)]).await
}

/// A person sends it once more: a new message on the wire, since the box would know the old one.
pub async fn set_waiting_again(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    sql("UPDATE sms_messages SET state = 'waiting', error = '', wire_id = $2, gateway_id = NULL, offered_at = NULL, sent_at = NULL, \
         delivered_at = NULL, recall = '', recall_id = NULL, recall_late = FALSE WHERE id = $1")
    .bind(id)
    .bind(uuid::Uuid::now_v7().to_string())
    .run(tx)
    .await
    .map(|_| ())
}

/// What a revoked box had been offered and never reported on: nobody knows any more. Which those are.
pub async fn lose_box(tx: &mut Tx, gateway: Id, why: &str) -> Result<Vec<Id>, DbError> {
    sql(
        "UPDATE sms_messages SET state = 'unknown', error = $2 WHERE gateway_id = $1 AND state IN ('offered', 'queued', 'sending') RETURNING id",
    )
    .bind(gateway)
    .bind(why)
    .all_scalars(tx)
    .await
}

/// Marketing to a number that has not left, here or at a box.
pub async fn marketing_on_the_way(tx: &mut Tx, digits: &str) -> Result<Vec<Id>, DbError> {
    sql("SELECT m.id FROM sms_messages m WHERE m.digits = $1 AND m.class = 'marketing' \
         AND m.state IN ('waiting', 'offered', 'queued') ORDER BY m.id LIMIT 500")
    .bind(digits)
    .all_scalars(tx)
    .await
}

/// Messages to offer: the waiting, and the offered that a box has not answered since `before`. The marketing
/// ones only where `marketing` says so.
pub async fn to_offer(db: &Db, before: Millis, marketing: bool, most: i64) -> Result<Vec<Id>, DbError> {
    let query = sql(
        "SELECT m.id FROM sms_messages m WHERE (m.state = 'waiting' OR (m.state = 'offered' AND m.offered_at < $1 AND m.recall = ''))",
    )
    .bind(before);
    let query = if marketing { query } else { query.push(" AND m.class <> 'marketing'") };
    query.push(" ORDER BY m.id LIMIT ").arg(most).all_scalars(db).await
}

/// Where a message stands.
pub async fn state_of(tx: &mut Tx, id: Id) -> Result<Option<State>, DbError> {
    sql("SELECT state FROM sms_messages WHERE id = $1").bind(id).optional_scalar(tx).await
}

/// Messages that a box was offered and has not answered, for when it comes back.
pub async fn offered_to(db: &Db, gateway: Id, most: i64) -> Result<Vec<Id>, DbError> {
    sql("SELECT m.id FROM sms_messages m WHERE m.state = 'offered' AND m.recall = '' AND m.gateway_id = $1 ORDER BY m.id LIMIT $2")
            .bind(gateway)
            .bind(most)
            .all_scalars(db)
            .await
}

/// The box that wrote to this number last, so that the customer sees one sender.
pub async fn last_box(tx: &mut Tx, digits: &str) -> Result<Option<Id>, DbError> {
    sql("SELECT gateway_id FROM sms_messages WHERE digits = $1 AND gateway_id IS NOT NULL ORDER BY id DESC LIMIT 1")
        .bind(digits)
        .optional_scalar(tx)
        .await
}

/// What is counted for the whole company.
const COMPANY: &str = "company";

/// Against what a message counts: by whom, to whom, and the company's. What is asked of staff and answered to them
/// counts for their number alone.
fn counters(sender: Id, digits: &str, class: Class) -> Vec<String> {
    match class {
        Class::Service => vec![format!("person:{sender}"), format!("to:{digits}"), COMPANY.to_owned()],
        Class::Marketing => vec![format!("campaign:{sender}"), format!("to:{digits}"), COMPANY.to_owned()],
        Class::Staff => vec![format!("staff:{digits}")],
    }
}

fn through_box(gateway: Id) -> String {
    format!("box:{gateway}")
}

/// Counts one more of the China day for each of `about`.
async fn count(tx: &mut Tx, now: Millis, about: &[String]) -> Result<(), DbError> {
    let day = clock::iso_day(now);
    let rows = about.iter().map(|about| vec![day.as_str().into(), about.into(), 1i64.into()]);
    sql("INSERT INTO sms_days (day, about, n) VALUES")
        .values(rows)
        .push(" ON CONFLICT (day, about) DO UPDATE SET n = sms_days.n + 1")
        .run(tx)
        .await
        .map(|_| ())
}

#[derive(sqlx_macros::FromRow)]
struct Counted {
    about: String,
    n: i64,
}

/// What was sent in this China day of what a message of this class counts against.
pub async fn sent_today(
    on: impl Into<On<'_>>,
    sender: Id,
    digits: &str,
    class: Class,
    now: Millis,
) -> Result<SentToday, DbError> {
    let rows: Vec<Counted> = sql("SELECT about, n FROM sms_days WHERE day = ")
        .arg(clock::iso_day(now))
        .push(" AND about IN ")
        .args(counters(sender, digits, class))
        .all(on)
        .await?;
    let of = |kinds: &[&str]| {
        rows.iter().filter(|row| kinds.iter().any(|kind| row.about.starts_with(kind))).map(|row| row.n).sum()
    };
    Ok(SentToday { sender: of(&["person:", "campaign:"]), recipient: of(&["to:", "staff:"]), company: of(&[COMPANY]) })
}

/// What a box was given in this China day.
pub async fn given_today(tx: &mut Tx, gateway: Id, now: Millis) -> Result<i64, DbError> {
    let row: Option<Counted> = sql("SELECT about, n FROM sms_days WHERE day = $1 AND about = $2")
        .bind(clock::iso_day(now))
        .bind(through_box(gateway))
        .optional(tx)
        .await?;
    Ok(row.map_or(0, |row| row.n))
}

/// The company's name for templates.
pub async fn company_name(on: impl Into<On<'_>>) -> Result<String, DbError> {
    let row: Option<String> = settings::value(on, "company").await?;
    Ok(row.unwrap_or_default())
}

/// Conversations, the newest first.
pub async fn threads(
    db: &Db,
    scope: &Scope,
    unread: bool,
    sought: &Sought,
    paging: Paging,
) -> Result<Listing<ThreadRow>, DbError> {
    let mut query = sql(THREADS);
    if unread {
        query = query.push(" AND t.unread > 0");
    }
    let query = sought.by_customer(query, "t.digits", "t.customer_id", scope);
    let rows = scope
        .restrict(query, "t.owner_id")
        .push(" ORDER BY t.last_at DESC, t.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// The newest conversations with unread replies.
pub async fn unread_threads(db: &Db, scope: &Scope, most: i64) -> Result<Vec<ThreadRow>, DbError> {
    let query = sql(THREADS).push(" AND t.unread > 0");
    scope.restrict(query, "t.owner_id").push(" ORDER BY t.last_at DESC, t.id DESC LIMIT ").arg(most).all(db).await
}

/// Whose conversation with a number is, whoever it is.
pub async fn owner_of_thread(tx: &mut Tx, digits: &str) -> Result<Option<Id>, DbError> {
    let row: Option<Option<Id>> =
        sql("SELECT owner_id FROM sms_threads WHERE digits = $1").bind(digits).optional_scalar(tx).await?;
    Ok(row.flatten())
}

/// Messages that no box could decode, the newest first.
pub async fn unreadable(db: &Db, scope: &Scope, most: i64) -> Result<Vec<Reply>, DbError> {
    let query = scope.restrict(sql(REPLY).push("i.unreadable <> ''"), "i.owner_id");
    latest(query, " ORDER BY i.id DESC LIMIT ", most).all(db).await
}

/// Links the conversation with a number that belonged to no customer. Its owner, if it has one, keeps it.
pub async fn link(tx: &mut Tx, digits: &str, customer: Id, owner: Id) -> Result<(), DbError> {
    let linked = sql("UPDATE sms_threads SET customer_id = $2, owner_id = COALESCE(owner_id, $3) WHERE digits = $1 AND customer_id IS NULL")
        .bind(digits)
        .bind(customer)
        .bind(owner)
        .run(tx)
        .await?;
    if linked == 0 {
        return Ok(());
    }
    sql("UPDATE sms_inbox SET customer_id = $2, owner_id = COALESCE(owner_id, $3) WHERE digits = $1 AND customer_id IS NULL")
        .bind(digits)
        .bind(customer)
        .bind(owner)
        .run(tx)
        .await
        .map(|_| ())
}

/// A conversation by its row.
pub async fn thread(db: &Db, scope: &Scope, id: Id) -> Result<Option<Thread>, DbError> {
    scope.restrict(sql(THREAD).push("t.id = $1").bind(id), "t.owner_id").optional(db).await
}

/// The conversation with a number.
pub async fn thread_with(on: impl Into<On<'_>>, scope: &Scope, digits: &str) -> Result<Option<Thread>, DbError> {
    scope.restrict(sql(THREAD).push("t.digits = $1").bind(digits), "t.owner_id").optional(on).await
}

/// The last messages to a number.
pub async fn messages_to(db: &Db, scope: &Scope, digits: &str, most: i64) -> Result<Vec<Message>, DbError> {
    let query = scope.restrict(sql(MESSAGE).push("m.digits = $1").bind(digits), "m.owner_id");
    latest(query, " ORDER BY m.id DESC LIMIT ", most).all(db).await
}

/// The last messages from a number.
pub async fn replies_from(db: &Db, scope: &Scope, digits: &str, most: i64) -> Result<Vec<Reply>, DbError> {
    let query = scope.restrict(sql(REPLY).push("i.digits = $1").bind(digits), "i.owner_id");
    latest(query, " ORDER BY i.id DESC LIMIT ", most).all(db).await
}

fn latest(query: Query, order: &'static str, most: i64) -> Query {
    query.push(order).arg(most)
}

/// Messages that a person has to look at, and those that wait long.
pub async fn unsent(db: &Db, scope: &Scope, waiting: bool, paging: Paging) -> Result<Listing<Message>, DbError> {
    let query = sql(MESSAGE).push(if waiting {
        "m.state IN ('waiting', 'offered', 'queued', 'sending')"
    } else {
        "m.state IN ('unknown', 'failed', 'refused', 'undelivered', 'expired')"
    });
    let rows = scope
        .restrict(query, "m.owner_id")
        .push(" ORDER BY m.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// Conversations with unread replies.
pub async fn unread(db: &Db, scope: &Scope) -> Result<i64, DbError> {
    let query = sql("SELECT CAST(count(*) AS BIGINT) AS n FROM sms_threads t WHERE t.unread > 0");
    scope.restrict(query, "t.owner_id").scalar(db).await
}

/// Conversations with unread replies that nobody owns: the clerks' work.
pub async fn unread_of_nobody(db: &Db) -> Result<i64, DbError> {
    let query =
        sql("SELECT CAST(count(*) AS BIGINT) AS n FROM sms_threads t WHERE t.unread > 0 AND t.owner_id IS NULL");
    query.scalar(db).await
}

/// Somebody looked at a conversation.
pub async fn mark_read(tx: &mut Tx, thread: &Thread, now: Millis) -> Result<(), DbError> {
    sql("UPDATE sms_threads SET unread = 0 WHERE id = $1").bind(thread.id).run(tx).await?;
    sql("UPDATE sms_inbox SET read_at = $2 WHERE digits = $1 AND read_at IS NULL")
        .bind(&thread.digits)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// Templates: the product's own first.
pub async fn templates(db: &Db) -> Result<Vec<Template>, DbError> {
    sql(TEMPLATE).push("1 = 1 ORDER BY CASE WHEN code LIKE 'own-%' THEN 1 ELSE 0 END, id LIMIT 200").all(db).await
}

pub async fn template(db: &Db, id: Id) -> Result<Option<Template>, DbError> {
    sql(TEMPLATE).push("id = $1").bind(id).optional(db).await
}

pub async fn template_to_change(tx: &mut Tx, id: Id) -> Result<Option<Template>, DbError> {
    let lock = tx.for_update();
    sql(TEMPLATE).push("id = $1").bind(id).push(lock).optional(tx).await
}

pub async fn template_of(on: impl Into<On<'_>>, code: &str) -> Result<Option<Template>, DbError> {
    sql(TEMPLATE).push("code = $1").bind(code).optional(on).await
}

pub async fn insert_template(tx: &mut Tx, name: &str, text: &str, enabled: bool, now: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO sms_templates (id, code, name, text, enabled, version, updated_at) VALUES ($1, $2, $3, $4, $5, 1, $6)")
        .bind(id)
        .bind(format!("own-{id}"))
        .bind(name)
        .bind(text)
        .bind(enabled)
        .bind(now)
        .run(tx)
        .await?;
    Ok(id)
}

pub async fn update_template(tx: &mut Tx, template: &Template, now: Millis) -> Result<(), DbError> {
    sql("UPDATE sms_templates SET name = $2, text = $3, enabled = $4, version = version + 1, updated_at = $5 WHERE id = $1")
        .bind(template.id)
        .bind(&template.name)
        .bind(&template.text)
        .bind(template.enabled)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}
