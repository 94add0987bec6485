//! Numbers that are not written to (不发名单): opt-outs 退订, by reply or by hand, and the blacklist 黑名单. The
//! opt-outs are also told to every box, which honours them at the moment of sending while we are away.

use fieldline_protocol::messages::{OptoutCommand, OptoutEvent};
use fieldline_protocol::optout::{Wish, wish};
use fieldline_protocol::topics::CommandKind;
use poem::Response;
use poem::http::StatusCode;

use crate::gateways;
use crate::kernel::Office;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::cx::Cx;
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::error::{AppError, Result, html};
use crate::kernel::form::Form;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::paging::{Listing, Paging};
use crate::kernel::phone::Phone;
use crate::sms::limits::{Block, Class};
use crate::sms::settings_view;

/// Numbers in one command: the message stays under 10 kB.
const PIECE: i64 = 500;

/// A number that is not written to.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Blocked {
    /// Its row.
    pub id: Id,
    /// The number.
    pub digits: String,
    kind: String,
    /// What somebody noted.
    pub note: String,
    /// Since when.
    pub at: Millis,
    /// Who entered it.
    pub by_name: Option<String>,
    /// The words by which the receiver opted out.
    pub words: Option<String>,
}

impl Blocked {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> Block {
        Block::of(&self.kind)
    }
}

const BLOCKED: &str = "SELECT b.id, b.digits, b.kind, b.note, b.at, u.name AS by_name, i.text AS words FROM sms_blocks b \
     LEFT JOIN users u ON u.id = b.by_id LEFT JOIN sms_inbox i ON i.id = b.inbox_id WHERE b.ended_at IS NULL";

#[derive(sqlx_macros::FromRow)]
struct Kind {
    kind: String,
}

/// What stands against writing to a number, if anything does.
///
/// # Errors
/// What the database says.
pub async fn against(on: impl Into<On<'_>>, digits: &str, class: Class) -> Result<Option<Block>, DbError> {
    let kinds: Vec<Kind> = sql("SELECT kind FROM sms_blocks WHERE digits = $1 AND ended_at IS NULL ORDER BY kind")
        .bind(digits)
        .all(on)
        .await?;
    Ok(kinds.iter().map(|row| Block::of(&row.kind)).find(|block| block.stops(class)))
}

async fn insert(
    tx: &mut Tx,
    digits: &str,
    kind: Block,
    note: &str,
    (inbox, by): (Option<Id>, Option<Id>),
    at: Millis,
) -> Result<Id, DbError> {
    sql("INSERT INTO sms_blocks (id, digits, kind, note, inbox_id, by_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (digits, kind) DO UPDATE SET note = excluded.note, inbox_id = excluded.inbox_id, by_id = excluded.by_id, \
         at = excluded.at, ended_at = NULL RETURNING id")
    .bind(Id::new())
    .bind(digits)
    .bind(kind.code())
    .bind(note)
    .bind(inbox)
    .bind(by)
    .bind(at)
    .one::<Found>(tx)
    .await
    .map(|found| found.id)
}

#[derive(sqlx_macros::FromRow)]
struct Found {
    id: Id,
}

/// A message came in: where it is a word that opts out or in again, it holds from now on.
///
/// # Errors
/// What the database says.
pub async fn heard(tx: &mut Tx, inbox: Id, digits: &str, text: &str, at: Millis) -> Result<(), DbError> {
    let Some((wish, word)) = wish(text) else { return Ok(()) };
    let author = Author { user: None, origin: "sms_inbox".to_owned(), at };
    match wish {
        Wish::Out => {
            let id = insert(tx, digits, Block::OptOut, "", (Some(inbox), None), at).await?;
            let changes = Changes::new().set("kind", Block::OptOut.code()).set("inbox_id", inbox.to_string());
            audit::record(tx, &author, Action::Create, "sms_block", id, changes).await
        }
        Wish::In => opt_in(tx, &author, digits, word).await,
    }
}

/// Ends the opt-out of a number, if it stands.
async fn opt_in(tx: &mut Tx, author: &Author, digits: &str, word: &str) -> Result<(), DbError> {
    let ended: Option<Found> = sql("UPDATE sms_blocks SET ended_at = $2 WHERE digits = $1 AND kind = 'optout' \
         AND ended_at IS NULL RETURNING id")
    .bind(digits)
    .bind(author.at)
    .optional(&mut *tx)
    .await?;
    let Some(Found { id }) = ended else { return Ok(()) };
    let changes = Changes::new().moved("ended_at", serde_json::Value::Null, author.at).set("word", word);
    audit::record(tx, author, Action::Edit, "sms_block", id, changes).await
}

/// A box honoured a word that came to it; here it is kept too, whoever hears of it first: the reply itself
/// comes as another event.
///
/// # Errors
/// What the database says.
pub async fn opted_out(tx: &mut Tx, at: Millis, event: &OptoutEvent) -> Result<()> {
    let Some(phone) = Phone::parse(&event.number) else { return Ok(()) };
    let author = Author { user: None, origin: "box".to_owned(), at };
    if !event.out {
        return Ok(opt_in(tx, &author, phone.digits(), &event.word).await?);
    }
    let standing: Option<Found> =
        sql("SELECT id FROM sms_blocks WHERE digits = $1 AND kind = 'optout' AND ended_at IS NULL")
            .bind(phone.digits())
            .optional(&mut *tx)
            .await?;
    if standing.is_none() {
        let id = insert(tx, phone.digits(), Block::OptOut, "", (None, None), at).await?;
        let changes = Changes::new().set("kind", Block::OptOut.code()).set("word", event.word.as_str());
        audit::record(tx, &author, Action::Create, "sms_block", id, changes).await?;
    }
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Told {
    id: Id,
    digits: String,
    ended_at: Option<Millis>,
}

/// Tells a box who opted out, and whose opt-out ended. Saying it twice does no harm.
///
/// # Errors
/// What the database says.
pub async fn tell(office: &Office, gateway: Id) -> Result<()> {
    let mut after = Id(0);
    loop {
        let rows: Vec<Told> =
            sql("SELECT id, digits, ended_at FROM sms_blocks WHERE kind = 'optout' AND id > $1 ORDER BY id LIMIT $2")
                .bind(after)
                .bind(PIECE)
                .all(&office.db)
                .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let (ended, standing): (Vec<&Told>, Vec<&Told>) = rows.iter().partition(|row| row.ended_at.is_some());
        publish(office, gateway, &standing, &ended).await?;
    }
}

/// Tells every box that is there about one number.
async fn tell_all(office: &Office, digits: &str) -> Result<()> {
    let row: Option<Told> = sql("SELECT id, digits, ended_at FROM sms_blocks WHERE kind = 'optout' AND digits = $1")
        .bind(digits)
        .optional(&office.db)
        .await?;
    let Some(row) = row else { return Ok(()) };
    for gateway in gateways::online(&office.db).await? {
        let row = std::slice::from_ref(&&row).to_vec();
        match row.iter().all(|row| row.ended_at.is_some()) {
            true => publish(office, gateway, &[], &row).await?,
            false => publish(office, gateway, &row, &[]).await?,
        }
    }
    Ok(())
}

/// After a reply came in: where it opted out or in again, the boxes hear of it.
///
/// # Errors
/// What the database says.
pub async fn tell_heard(office: &Office, digits: &str, text: &str) -> Result<()> {
    if wish(text).is_some() { tell_all(office, digits).await } else { Ok(()) }
}

async fn publish(office: &Office, gateway: Id, add: &[&Told], remove: &[&Told]) -> Result<()> {
    let numbers = |rows: &[&Told]| -> Vec<String> {
        rows.iter().filter_map(|row| Phone::parse(&row.digits)).map(|phone| phone.international()).collect()
    };
    let command = OptoutCommand { id: uuid::Uuid::now_v7(), add: numbers(add), remove: numbers(remove) };
    let body = serde_json::to_string(&command).map_err(anyhow::Error::from)?;
    let mut tx = office.db.begin().await?;
    let sent = gateways::command(office, &mut tx, gateway, CommandKind::Optout, body, office.clock.now()).await?;
    tx.commit().await?;
    if let Some(outgoing) = sent
        && !outgoing.publish(office)
    {
        tracing::debug!(%gateway, "no way to the broker; the box hears the opt-outs when it is back");
    }
    Ok(())
}

async fn listed(db: &Db, q: Option<&str>, paging: Paging) -> Result<Listing<Blocked>, DbError> {
    let query = match q {
        Some(q) => {
            let digits: String = q.chars().filter(char::is_ascii_digit).collect();
            sql(BLOCKED).push(" AND b.digits LIKE ").arg(format!("%{digits}%"))
        }
        None => sql(BLOCKED),
    };
    let rows = query
        .push(" ORDER BY b.at DESC, b.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// `GET /sms/blocks`
pub async fn list(cx: Cx) -> Result<Response> {
    let found = listed(&cx.office.db, cx.query("q"), cx.paging()).await?;
    let form: Form = cx.blank();
    Ok(html(settings_view::blocks(&cx, &found, &form)))
}

/// `POST /sms/blocks`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let digits = form.required("digits", &t!(cx.lang, "sms.number"), 40);
    let kind = form.choice("kind", &t!(cx.lang, "sms.block_kind"), Block::from_code);
    let note = form.text("note", &t!(cx.lang, "sms.block_note"), 100);
    let phone = Phone::parse(&digits);
    if phone.is_none() && form.error("digits").is_none() {
        form.wrong("digits", t!(cx.lang, "sms.refused_number"));
    }
    let (Some(phone), Some(kind), true) = (phone, kind, form.is_right()) else {
        let found = listed(&cx.office.db, None, cx.paging()).await?;
        let mut response = html(settings_view::blocks(&cx, &found, &form));
        response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        return Ok(response);
    };
    let mut write = cx.write(&form).await?;
    let id = insert(&mut write.tx, phone.digits(), kind, &note, (None, Some(cx.actor().id)), cx.now).await?;
    let changes = Changes::new().set("kind", kind.code()).set("note", note);
    write.audit(Action::Create, "sms_block", id, changes).await?;
    let response = write.finish("/sms/blocks?done=saved").await?;
    tell_all(&cx.office, phone.digits()).await?;
    Ok(response)
}

/// `POST /sms/blocks/:id/ending`: the number may be written to again.
pub async fn end(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let found: Option<Blocked> = sql(BLOCKED).push(" AND b.id = ").arg(id).optional(&mut write.tx).await?;
    let found = found.ok_or(AppError::NotFound)?;
    sql("UPDATE sms_blocks SET ended_at = $2 WHERE id = $1").bind(id).bind(cx.now).run(&mut write.tx).await?;
    write
        .audit(Action::Edit, "sms_block", id, Changes::new().moved("ended_at", serde_json::Value::Null, cx.now))
        .await?;
    let response = write.finish("/sms/blocks?done=done").await?;
    tell_all(&cx.office, &found.digits).await?;
    Ok(response)
}
