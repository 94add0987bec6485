//! The SQL of boxes and of what was heard from them.

use crate::kernel::access::Scope;
use crate::kernel::background::housekeeping::sweep_by;
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::id::Id;

/// A box.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Gateway {
    /// Its row.
    pub id: Id,
    /// How people call it.
    pub name: String,
    /// Its name on the wire.
    #[sqlx(rename = "box")]
    pub wire_name: String,
    /// `new`, `active` or `revoked`.
    pub state: String,
    /// Until when its code can be used.
    pub claim_until: Option<Millis>,
    /// The highest event sequence below which everything was processed.
    pub event_seq: i64,
    /// Its run, as it said.
    pub boot: String,
    /// Whether it is connected.
    pub online: bool,
    /// When it was heard last.
    pub seen_at: Option<Millis>,
    /// JSON as reported.
    pub info: String,
    /// JSON as reported, by modem.
    pub modems: String,
}

const GATEWAY: &str = "SELECT g.id, g.name, g.box, g.state, g.claim_until, g.event_seq, g.boot, g.online, g.seen_at, g.info, g.modems \
     FROM gateways g WHERE ";

#[derive(sqlx_macros::FromRow)]
struct Credential {
    #[sqlx(rename = "box")]
    wire_name: String,
    password_hash: String,
}

/// The boxes that may connect: name and hash of the password.
pub async fn credentials(db: &Db) -> Result<Vec<(String, String)>, DbError> {
    let rows: Vec<Credential> =
        sql("SELECT g.box, g.password_hash FROM gateways g WHERE g.state = 'active'").all(db).await?;
    Ok(rows.into_iter().map(|row| (row.wire_name, row.password_hash)).collect())
}

/// Boxes, those in use first. A box belongs to nobody, so the scope does not narrow them; the gate does.
pub async fn list(db: &Db, _: &Scope) -> Result<Vec<Gateway>, DbError> {
    sql(GATEWAY)
        .push("1 = 1 ORDER BY CASE g.state WHEN 'active' THEN 0 WHEN 'new' THEN 1 ELSE 2 END, g.id LIMIT 200")
        .all(db)
        .await
}

pub async fn find(on: impl Into<On<'_>>, _: &Scope, id: Id) -> Result<Option<Gateway>, DbError> {
    sql(GATEWAY).push("g.id = $1").bind(id).optional(on).await
}

pub async fn to_change(tx: &mut Tx, id: Id) -> Result<Option<Gateway>, DbError> {
    let lock = tx.for_update();
    sql(GATEWAY).push("g.id = $1").bind(id).push(lock).optional(tx).await
}

/// Holds every box in use, in the order of their ids.
pub async fn hold(tx: &mut Tx) -> Result<(), DbError> {
    let lock = tx.for_update();
    sql("SELECT g.id FROM gateways g WHERE g.state = 'active' ORDER BY g.id").push(lock).all_scalars::<Id>(tx).await?;
    Ok(())
}

pub async fn by_wire_name_to_change(tx: &mut Tx, name: &str) -> Result<Option<Gateway>, DbError> {
    let lock = tx.for_update();
    sql(GATEWAY).push("g.box = $1").bind(name).push(lock).optional(tx).await
}

pub async fn by_wire_name(db: &Db, name: &str) -> Result<Option<Gateway>, DbError> {
    sql(GATEWAY).push("g.box = $1").bind(name).optional(db).await
}

/// The box that waits for this code.
pub async fn by_code(tx: &mut Tx, code_hash: &str) -> Result<Option<Gateway>, DbError> {
    let lock = tx.for_update();
    sql(GATEWAY).push("g.claim_code_hash = $1 AND g.state = 'new'").bind(code_hash).push(lock).optional(tx).await
}

pub async fn insert(
    tx: &mut Tx,
    name: &str,
    code_hash: Option<&str>,
    until: Option<Millis>,
    now: Millis,
) -> Result<(Id, String), DbError> {
    let id = Id::new();
    let wire_name = format!("b{id}");
    sql("INSERT INTO gateways (id, name, box, state, claim_code_hash, claim_until, created_at) VALUES ($1, $2, $3, 'new', $4, $5, $6)")
        .bind(id)
        .bind(name)
        .bind(&wire_name)
        .bind(code_hash)
        .bind(until)
        .bind(now)
        .run(tx)
        .await?;
    Ok((id, wire_name))
}

/// The code of a box that was never claimed is used up.
pub async fn forget_code(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    sql("UPDATE gateways SET claim_code_hash = NULL WHERE id = $1 AND state = 'new'").bind(id).run(tx).await.map(|_| ())
}

/// A new code for a box that was never claimed.
pub async fn set_code(tx: &mut Tx, id: Id, code_hash: &str, until: Millis) -> Result<(), DbError> {
    sql("UPDATE gateways SET claim_code_hash = $2, claim_until = $3 WHERE id = $1 AND state = 'new'")
        .bind(id)
        .bind(code_hash)
        .bind(until)
        .run(tx)
        .await
        .map(|_| ())
}

/// The code is used up and the box has its credential.
pub async fn activate(tx: &mut Tx, id: Id, password_hash: &str) -> Result<(), DbError> {
    sql("UPDATE gateways SET state = 'active', password_hash = $2, claim_code_hash = NULL, claim_until = NULL WHERE id = $1")
        .bind(id)
        .bind(password_hash)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn revoke(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    sql("UPDATE gateways SET state = 'revoked', password_hash = '', claim_code_hash = NULL, claim_until = NULL, online = FALSE WHERE id = $1")
        .bind(id)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn rename(tx: &mut Tx, id: Id, name: &str) -> Result<(), DbError> {
    sql("UPDATE gateways SET name = $2 WHERE id = $1").bind(id).bind(name).run(tx).await.map(|_| ())
}

pub async fn set_status(tx: &mut Tx, id: Id, online: bool, boot: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE gateways SET online = $2, boot = $3, seen_at = $4, online_at = CASE WHEN $2 = TRUE THEN $4 ELSE online_at END WHERE id = $1")
        .bind(id)
        .bind(online)
        .bind(boot)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn set_info(tx: &mut Tx, id: Id, info: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE gateways SET info = $2, seen_at = $3 WHERE id = $1")
        .bind(id)
        .bind(info)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn set_modems(tx: &mut Tx, id: Id, modems: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE gateways SET modems = $2, seen_at = $3 WHERE id = $1")
        .bind(id)
        .bind(modems)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// Nobody is connected when the server starts; retained words will say who is.
pub async fn all_offline(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("UPDATE gateways SET online = FALSE WHERE online = TRUE").run(&mut tx).await?;
    tx.commit().await
}

/// The next number of a command to this box.
pub async fn next_command(tx: &mut Tx, id: Id) -> Result<i64, DbError> {
    sql("UPDATE gateways SET command_seq = command_seq + 1 WHERE id = $1").bind(id).run(tx).await?;
    sql("SELECT command_seq FROM gateways WHERE id = $1").bind(id).scalar(tx).await
}

/// Notes an event; `false` when it was processed before.
pub async fn note_event(tx: &mut Tx, id: Id, eid: &str, now: Millis) -> Result<bool, DbError> {
    let new = sql(
        "INSERT INTO gateway_events (gateway_id, eid, at) VALUES ($1, $2, $3) ON CONFLICT (gateway_id, eid) DO NOTHING",
    )
    .bind(id)
    .bind(eid)
    .bind(now)
    .run(tx)
    .await?;
    Ok(new == 1)
}

/// Throws away what was noted of events and commands before these times; returns how many rows went.
pub async fn sweep(db: &Db, events: Millis, commands: Millis) -> Result<u64, DbError> {
    let gone = sweep_by(
        db,
        "DELETE FROM gateway_events WHERE (gateway_id, eid) IN (SELECT gateway_id, eid FROM gateway_events WHERE at < $1 LIMIT 500)",
        events,
    )
    .await?;
    let old = "DELETE FROM gateway_commands WHERE id IN (SELECT id FROM gateway_commands WHERE at < $1 LIMIT 500)";
    Ok(gone + sweep_by(db, old, commands).await?)
}

pub async fn set_event_seq(tx: &mut Tx, id: Id, seq: i64, now: Millis) -> Result<(), DbError> {
    sql("UPDATE gateways SET event_seq = $2, seen_at = $3 WHERE id = $1")
        .bind(id)
        .bind(seq)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// Boxes that can send now, the first claimed first.
pub async fn ready(on: impl Into<On<'_>>) -> Result<Vec<Gateway>, DbError> {
    sql(GATEWAY).push("g.state = 'active' AND g.online = TRUE ORDER BY g.id LIMIT 50").all(on).await
}

/// The boxes in use, connected or not.
pub async fn active(on: impl Into<On<'_>>) -> Result<Vec<Id>, DbError> {
    sql("SELECT g.id FROM gateways g WHERE g.state = 'active' ORDER BY g.id").all_scalars(on).await
}

/// The boxes that are connected since before `since`.
pub async fn online_since(db: &Db, since: Millis) -> Result<Vec<Id>, DbError> {
    sql("SELECT g.id FROM gateways g WHERE g.state = 'active' AND g.online = TRUE AND g.online_at <= $1 ORDER BY g.id")
        .bind(since)
        .all_scalars(db)
        .await
}

/// Whether a box is connected now.
/// How many boxes are in use, and how many of them are there now.
#[derive(Clone, Copy, Debug, sqlx_macros::FromRow)]
pub struct Connected {
    /// In use.
    pub known: i64,
    /// Connected.
    pub online: i64,
}

pub async fn connected(db: &Db) -> Result<Connected, DbError> {
    sql("SELECT CAST(count(*) AS BIGINT) AS known, CAST(COALESCE(sum(CASE WHEN online = TRUE THEN 1 ELSE 0 END), 0) AS BIGINT) AS online \
         FROM gateways WHERE state = 'active'")
    .one(db)
    .await
}

pub async fn any_online(db: &Db) -> Result<bool, DbError> {
    let query =
        sql("SELECT CAST(count(*) AS BIGINT) AS n FROM gateways g WHERE g.state = 'active' AND g.online = TRUE");
    Ok(query.scalar::<i64>(db).await? > 0)
}
