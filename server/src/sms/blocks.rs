//! Numbers that are not written to (不发名单): opt-outs 退订, by reply or by hand, and the blacklist 黑名单.

use poem::Response;

use crate::customers::Sought;
use crate::kernel::access::Scope;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::sms::limits::{Block, Class};
use crate::sms::{optouts, settings_view};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html};
use crate::web::form::Form;

/// A number that is not written to.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Blocked {
    /// Its row.
    pub id: Id,
    /// The number.
    pub digits: String,
    /// Why.
    pub kind: Block,
    /// What somebody noted.
    pub note: String,
    /// Since when.
    pub at: Millis,
    /// It was read in doubt, and nobody has looked at it.
    pub uncertain: bool,
    /// Who entered it.
    pub by_name: Option<String>,
    /// The words by which the receiver opted out.
    pub words: Option<String>,
}

const BLOCKED: &str = "SELECT b.id, b.digits, b.kind, b.note, b.at, b.uncertain, u.name AS by_name, i.text AS words FROM sms_blocks b \
     LEFT JOIN users u ON u.id = b.by_id LEFT JOIN sms_inbox i ON i.id = b.inbox_id WHERE b.ended_at IS NULL";

/// What stands against writing to a number, if anything does.
pub async fn against(on: impl Into<On<'_>>, digits: &str, class: Class) -> Result<Option<Block>, DbError> {
    let kinds: Vec<Block> = sql("SELECT kind FROM sms_blocks WHERE digits = $1 AND ended_at IS NULL ORDER BY kind")
        .bind(digits)
        .all_scalars(on)
        .await?;
    Ok(kinds.into_iter().find(|block| block.stops(class)))
}

/// A number's block of one kind, standing or ended.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct OfKind {
    /// Its row.
    pub id: Id,
    /// The reply that is its proof.
    pub inbox_id: Option<Id>,
    /// Who entered it.
    pub by_id: Option<Id>,
    /// Whether it was read in doubt.
    pub uncertain: bool,
    /// Since when.
    pub at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
}

/// A number's block of one kind.
pub async fn of_kind(on: impl Into<On<'_>>, digits: &str, kind: Block) -> Result<Option<OfKind>, DbError> {
    sql("SELECT id, inbox_id, by_id, uncertain, at, ended_at FROM sms_blocks WHERE digits = $1 AND kind = $2")
        .bind(digits)
        .bind(kind.code())
        .optional(on)
        .await
}

/// What a new block needs.
#[derive(Debug)]
pub struct NewBlock<'a> {
    pub digits: &'a str,
    pub kind: Block,
    pub note: &'a str,
    pub inbox: Option<Id>,
    pub by: Option<Id>,
    pub uncertain: bool,
    pub at: Millis,
}

/// Blocks a number; one that ended stands again.
pub async fn insert(tx: &mut Tx, new: &NewBlock<'_>) -> Result<Id, DbError> {
    sql("INSERT INTO sms_blocks (id, digits, kind, note, inbox_id, by_id, uncertain, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (digits, kind) DO UPDATE SET note = excluded.note, inbox_id = excluded.inbox_id, by_id = excluded.by_id, \
         uncertain = excluded.uncertain, at = excluded.at, ended_at = NULL RETURNING id")
    .bind(Id::new())
    .bind(new.digits)
    .bind(new.kind.code())
    .bind(new.note)
    .bind(new.inbox)
    .bind(new.by)
    .bind(new.uncertain)
    .bind(new.at)
    .scalar(tx)
    .await
}

/// The number may be written to again.
pub async fn set_ended(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE sms_blocks SET ended_at = $2, uncertain = FALSE WHERE id = $1")
        .bind(id)
        .bind(at)
        .run(tx)
        .await
        .map(|_| ())
}

/// A person has looked at a doubtful one: it stands.
pub async fn set_certain(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    sql("UPDATE sms_blocks SET uncertain = FALSE WHERE id = $1").bind(id).run(tx).await.map(|_| ())
}

async fn listed(db: &Db, scope: &Scope, sought: &Sought, paging: Paging) -> Result<Listing<Blocked>, DbError> {
    // What a person has to look at stands first.
    let rows = sought
        .by_number(sql(BLOCKED), "b.digits", scope)
        .push(" ORDER BY CASE WHEN b.uncertain = TRUE THEN 0 ELSE 1 END, b.at DESC, b.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// `GET /sms/blocks`
pub async fn list(cx: Cx) -> Result<Response> {
    let sought = Sought::of(&cx.office.db, cx.query("q"), cx.now).await?;
    let found = listed(&cx.office.db, &cx.scope(), &sought, cx.paging()).await?;
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
        let found = listed(&cx.office.db, &cx.scope(), &Sought::Everything, cx.paging()).await?;
        return Ok(form_html(settings_view::blocks(&cx, &found, &form), &form));
    };
    let mut write = cx.write(&form).await?;
    let new = NewBlock {
        digits: phone.digits(),
        kind,
        note: &note,
        inbox: None,
        by: Some(cx.actor().id),
        uncertain: false,
        at: cx.now,
    };
    let id = insert(&mut write.tx, &new).await?;
    write
        .audit(Action::Create, "sms_block", id, Changes::new().set("kind", kind.code()).set("note", note.as_str()))
        .await?;
    told(&mut write.tx, id, kind, cx.now).await?;
    write.finish("/sms/blocks?done=saved").await
}

/// Boxes know opt-outs; the blacklist stops messages before they leave the server.
async fn told(tx: &mut Tx, id: Id, kind: Block, now: Millis) -> Result<()> {
    match kind {
        Block::OptOut => optouts::changed(tx, id, now).await,
        Block::Blacklist => Ok(()),
    }
}

/// A block that stands.
async fn standing(tx: &mut Tx, id: Id) -> Result<Blocked> {
    let found: Option<Blocked> = sql(BLOCKED).push(" AND b.id = ").arg(id).optional(tx).await?;
    found.ok_or(AppError::NotFound)
}

/// `POST /sms/blocks/:id/ending`: the number may be written to again.
pub async fn end(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let found = standing(&mut write.tx, id).await?;
    set_ended(&mut write.tx, id, cx.now).await?;
    write
        .audit(Action::Edit, "sms_block", id, Changes::new().moved("ended_at", serde_json::Value::Null, cx.now))
        .await?;
    told(&mut write.tx, id, found.kind, cx.now).await?;
    write.finish("/sms/blocks?done=done").await
}

/// `POST /sms/blocks/:id/confirmation`: a doubtful reply was an opt-out.
pub async fn confirm(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let found = standing(&mut write.tx, id).await?;
    set_certain(&mut write.tx, id).await?;
    write.audit(Action::Edit, "sms_block", id, Changes::new().moved("uncertain", found.uncertain, false)).await?;
    write.finish("/sms/blocks?done=done").await
}
