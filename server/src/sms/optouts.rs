//! Opt-outs 退订: read from replies, told to every box, which honours them at the moment of sending while we are
//! away, and heard from boxes. What changes is noted with the boxes that have to hear of it, in one transaction; a
//! box is told until it acknowledges.

use fieldline_protocol::messages::{Ack, OptoutCommand, OptoutEvent};
use fieldline_protocol::optout::{REFUSAL, Reading, Wish, read};
use fieldline_protocol::topics::CommandKind;

use crate::events::{self, Event};
use crate::kernel::Office;
use crate::kernel::access::Scope;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::id::Id;
use crate::sms::blocks::{self, NewBlock};
use crate::sms::limits::Block;
use crate::sms::recall::{self, For};
use crate::sms::{rules, store};
use crate::web::error::Result;
use crate::{gateways, users};

/// Numbers in one command: the message stays under 10 kB.
const PIECE: i64 = 500;
/// A box that has come back tells what it heard meanwhile before it is told of endings.
const SETTLED: Millis = 5_000;
/// A box that has not acknowledged a telling is told again after this.
const AGAIN: Millis = 30_000;

/// When something at a box happened, by the box's clock unless that is plainly wrong.
pub fn happened_at(told: Millis, now: Millis) -> Millis {
    if (now - told).abs() < DAY { told.min(now) } else { now }
}

/// Whether a word from this number is a wish: of a member of staff a bare N refuses an approval.
async fn is_wish(tx: &mut Tx, digits: &str, word: &str) -> Result<bool, DbError> {
    Ok(word != REFUSAL || !users::is_staff_number(tx, digits).await?)
}

/// A message came in: where it opts out or in again, that holds from now on. `at` is when it was written.
pub async fn heard(tx: &mut Tx, inbox: Id, digits: &str, text: &str, at: Millis, now: Millis) -> Result<()> {
    let Some(reading) = read(text) else { return Ok(()) };
    // Only who can be written to opts out: advertisements of service numbers end with a way out of their own.
    if rules::recipient(digits).is_err() {
        return Ok(());
    }
    let author = Author { user: None, origin: "sms_inbox".to_owned(), at: now };
    if !is_wish(tx, digits, reading.word).await? {
        return let_be(tx, &author, digits).await;
    }
    match reading.wish {
        Wish::Out => opt_out(tx, &author, digits, (Some(inbox), reading), at).await,
        Wish::In => opt_in(tx, &author, digits, reading.word, at).await,
    }
}

/// Notes an opt-out. A reply in doubt changes nothing of one that is certain.
async fn opt_out(
    tx: &mut Tx,
    author: &Author,
    digits: &str,
    (inbox, reading): (Option<Id>, Reading),
    at: Millis,
) -> Result<()> {
    let before = blocks::of_kind(&mut *tx, digits, Block::OptOut).await?;
    let standing = before.filter(|before| before.ended_at.is_none());
    if let Some(standing) = &standing {
        // The box's own word may have come before the reply that it read.
        let proven = standing.inbox_id.is_some() || standing.by_id.is_some();
        if inbox.is_none() || (proven && !(standing.uncertain && reading.sure)) {
            return Ok(());
        }
    }
    let new = NewBlock {
        digits,
        kind: Block::OptOut,
        note: "",
        inbox,
        by: None,
        uncertain: !reading.sure,
        at: standing.map_or(at, |standing| standing.at.max(at)),
    };
    let id = blocks::insert(tx, &new).await?;
    let changes = Changes::new()
        .set("kind", Block::OptOut.code())
        .set("word", reading.word)
        .set("uncertain", new.uncertain)
        .set("inbox_id", inbox.map(|inbox| inbox.to_string()));
    audit::record(tx, author, Action::Create, "sms_block", id, changes).await?;
    changed(tx, id, author.at).await
}

/// Ends the opt-out of a number, if one stands that is older than the wish.
async fn opt_in(tx: &mut Tx, author: &Author, digits: &str, word: &str, at: Millis) -> Result<()> {
    let standing = blocks::of_kind(&mut *tx, digits, Block::OptOut).await?;
    let Some(standing) = standing.filter(|block| block.ended_at.is_none() && block.at <= at) else { return Ok(()) };
    blocks::set_ended(tx, standing.id, author.at).await?;
    let changes = Changes::new().moved("ended_at", serde_json::Value::Null, author.at).set("word", word);
    audit::record(tx, author, Action::Edit, "sms_block", standing.id, changes).await?;
    changed(tx, standing.id, author.at).await
}

/// The answer of a member of staff: the box, which knows no staff, may have taken it for a wish. It is told that it
/// is none, unless an opt-out stands for another reason.
async fn let_be(tx: &mut Tx, author: &Author, digits: &str) -> Result<()> {
    let before = blocks::of_kind(&mut *tx, digits, Block::OptOut).await?;
    let id = match before {
        Some(before) if before.ended_at.is_none() => return Ok(()),
        Some(before) => before.id,
        None => {
            let new = NewBlock {
                digits,
                kind: Block::OptOut,
                note: "",
                inbox: None,
                by: None,
                uncertain: false,
                at: author.at,
            };
            blocks::insert(tx, &new).await?
        }
    };
    blocks::set_ended(tx, id, author.at).await?;
    changed(tx, id, author.at).await
}

/// A box honoured a word that came to it; here it is kept too, whoever hears of it first: the reply itself comes as
/// another event.
pub async fn opted_out(tx: &mut Tx, now: Millis, event: &OptoutEvent) -> Result<()> {
    let Some(phone) = Phone::parse(&event.number) else { return Ok(()) };
    let author = Author { user: None, origin: "box".to_owned(), at: now };
    let at = happened_at(event.head.ts, now);
    let word: String = event.word.chars().filter(|c| !c.is_control()).take(20).collect();
    if !is_wish(tx, phone.digits(), &word).await? {
        return let_be(tx, &author, phone.digits()).await;
    }
    if event.out {
        let word = read(&word).map_or("", |reading| reading.word);
        opt_out(tx, &author, phone.digits(), (None, Reading { wish: Wish::Out, word, sure: true }), at).await
    } else {
        opt_in(tx, &author, phone.digits(), &word, at).await
    }
}

/// An opt-out began or ended: every box in use has to hear of it, now or when it is back.
pub async fn changed(tx: &mut Tx, block: Id, now: Millis) -> Result<()> {
    for gateway in gateways::active(tx).await? {
        sql("INSERT INTO sms_block_tellings (gateway_id, block_id) VALUES ($1, $2) \
             ON CONFLICT (gateway_id, block_id) DO UPDATE SET command_id = NULL, told_at = NULL")
        .bind(gateway)
        .bind(block)
        .run(&mut *tx)
        .await?;
    }
    events::raise(tx, now, Event::OptOutChanged { block }).await
}

#[derive(Clone, sqlx_macros::FromRow)]
struct Told {
    id: Id,
    digits: String,
    ended_at: Option<Millis>,
}

const TOLD: &str = "SELECT b.id, b.digits, b.ended_at FROM sms_blocks b WHERE b.kind = 'optout' ";

/// After [`Event::OptOutChanged`]: the boxes that are there are told, and marketing that waits for the number is
/// taken back, here and from the boxes. Safe to run twice.
pub async fn opt_out_changed(office: &Office, _: &Scope, block: Id) -> Result<()> {
    let row: Option<Told> = sql(TOLD).push("AND b.id = ").arg(block).optional(&office.db).await?;
    let Some(row) = row else { return Ok(()) };
    // Of an ending a box hears at once only if it was there before: one that came back meanwhile may have heard more.
    let there = match row.ended_at {
        Some(ended) => gateways::online_since(&office.db, ended).await?,
        None => gateways::online(&office.db).await?,
    };
    for gateway in there {
        publish(office, gateway, std::slice::from_ref(&row)).await?;
    }
    if row.ended_at.is_some() {
        return Ok(());
    }
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let waiting = store::marketing_on_the_way(&mut tx, &row.digits).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    for message in store::several_to_change(&mut tx, &waiting).await? {
        recall::recall(&mut tx, &message, For::OptOut, now).await?;
    }
    tx.commit().await?;
    office.alarm.ring();
    Ok(())
}

/// Tells a box that has come back who opted out: all of them, since it may have lost its store. Of endings it is
/// told later and once: what it heard itself meanwhile is newer.
pub async fn tell(office: &Office, gateway: Id) -> Result<()> {
    let mut after = Id(0);
    loop {
        let rows: Vec<Told> = sql(TOLD)
            .push("AND b.ended_at IS NULL AND b.id > ")
            .arg(after)
            .push(" ORDER BY b.id LIMIT ")
            .arg(PIECE)
            .all(&office.db)
            .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        publish(office, gateway, &rows).await?;
    }
}

/// Tells the boxes what they have not acknowledged, those that came back a moment ago excepted.
pub async fn tell_again(office: &Office) -> Result<()> {
    let now = office.clock.now();
    for gateway in gateways::online_since(&office.db, now - SETTLED).await? {
        let rows = untold(&office.db, gateway, now - AGAIN).await?;
        if !rows.is_empty() {
            publish(office, gateway, &rows).await?;
        }
    }
    Ok(())
}

async fn untold(db: &Db, gateway: Id, before: Millis) -> Result<Vec<Told>, DbError> {
    sql("SELECT b.id, b.digits, b.ended_at FROM sms_block_tellings w JOIN sms_blocks b ON b.id = w.block_id \
         WHERE w.gateway_id = $1 AND (w.told_at IS NULL OR w.told_at < $2) ORDER BY b.id LIMIT $3")
    .bind(gateway)
    .bind(before)
    .bind(PIECE)
    .all(db)
    .await
}

/// The box has committed what it was told.
pub async fn acknowledged(tx: &mut Tx, gateway: Id, ack: &Ack) -> Result<(), DbError> {
    sql("DELETE FROM sms_block_tellings WHERE gateway_id = $1 AND command_id = $2")
        .bind(gateway)
        .bind(ack.id.to_string())
        .run(tx)
        .await
        .map(|_| ())
}

/// Tells one box about numbers.
async fn publish(office: &Office, gateway: Id, rows: &[Told]) -> Result<()> {
    let numbers = |ended: bool| -> Vec<String> {
        rows.iter()
            .filter(|row| row.ended_at.is_some() == ended)
            .filter_map(|row| Phone::parse(&row.digits))
            .map(|phone| phone.international())
            .collect()
    };
    let command = OptoutCommand { id: uuid::Uuid::now_v7(), add: numbers(false), remove: numbers(true) };
    let body = serde_json::to_string(&command).map_err(anyhow::Error::from)?;
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let sent = gateways::command(office, &mut tx, gateway, CommandKind::Optout, body, now).await?;
    sql("UPDATE sms_block_tellings SET command_id = ")
        .arg(command.id.to_string())
        .push(", told_at = ")
        .arg(now)
        .push(" WHERE gateway_id = ")
        .arg(gateway)
        .push(" AND block_id IN ")
        .args(rows.iter().map(|row| row.id))
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    if let Some(outgoing) = sent
        && !outgoing.publish(office)
    {
        tracing::debug!(%gateway, "no way to the broker; the box is told of opt-outs again");
    }
    Ok(())
}

/// The opt-out of a number that a person has still to look at.
pub async fn doubtful(on: impl Into<On<'_>>, digits: &str) -> Result<Option<Id>, DbError> {
    let found = blocks::of_kind(on, digits, Block::OptOut).await?;
    Ok(found.filter(|block| block.uncertain && block.ended_at.is_none()).map(|block| block.id))
}

/// A person has looked at a doubtful reply: it opts out, or it does not.
pub async fn settle(tx: &mut Tx, block: Id, is_out: bool, now: Millis) -> Result<()> {
    if is_out {
        blocks::set_certain(tx, block).await?;
        Ok(())
    } else {
        blocks::set_ended(tx, block, now).await?;
        changed(tx, block, now).await
    }
}
