//! The SQL of campaigns, who was picked, and where each recipient stands.

use crate::campaigns::rules::{Audience, Reason, Stage, State};
use crate::customers;
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::id::Id;

/// A campaign.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Campaign {
    pub id: Id,
    pub owner: String,
    /// Who made it; their cap holds.
    pub owner_id: Id,
    pub name: String,
    pub text: String,
    pub product: String,
    pub audience: Audience,
    pub region_id: Option<Id>,
    pub view: String,
    pub q: String,
    pub state: State,
    pub starts_at: Option<Millis>,
    pub held: String,
    pub total: i64,
    pub excluded: i64,
    pub queued: i64,
    pub sent: i64,
    pub delivered: i64,
    pub failed: i64,
    pub unknown: i64,
    pub created_at: Millis,
    pub version: i64,
}

impl Campaign {
    /// The view of the customers' list that is meant; `None` for a word that is none of them.
    pub fn list_view(&self) -> Option<customers::View> {
        list_view(&self.view)
    }

    /// Recipients about whom nothing more is to be done.
    pub fn finished(&self) -> i64 {
        self.sent + self.delivered + self.failed + self.unknown
    }

    /// Recipients whose turn has not come.
    pub fn pending(&self) -> i64 {
        (self.total - self.finished() - self.queued).max(0)
    }

    /// How many stand at each stage, in the order of a page.
    pub fn counters(&self) -> Counters {
        [
            (Stage::Pending, self.pending()),
            (Stage::Queued, self.queued),
            (Stage::Sent, self.sent),
            (Stage::Delivered, self.delivered),
            (Stage::Failed, self.failed),
            (Stage::Unknown, self.unknown),
            (Stage::Excluded, self.excluded),
        ]
    }

    /// Where those of a stage are listed.
    pub fn address_of(&self, stage: Stage) -> String {
        format!("/campaigns/{}/recipients?view={}", self.id, stage.code())
    }
}

/// The view of a word; no word is the whole list.
pub fn list_view(word: &str) -> Option<customers::View> {
    if word.is_empty() { Some(customers::View::All) } else { customers::View::from_code(word) }
}

/// How many stand at each stage.
pub type Counters = [(Stage, i64); 7];

const CAMPAIGN: &str = "SELECT g.id, u.name AS owner, g.owner_id, g.name, g.text, g.product, g.audience, g.region_id, g.view, g.q, \
     g.state, g.starts_at, g.held, g.total, g.excluded, g.queued, g.sent, g.delivered, g.failed, g.unknown, g.created_at, \
     g.version FROM campaigns g JOIN users u ON u.id = g.owner_id WHERE ";

/// What a form says of a campaign.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: String,
    pub text: String,
    pub product: String,
    pub audience: Audience,
    pub region_id: Option<Id>,
    pub view: String,
    pub q: String,
}

pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Campaign>, DbError> {
    scope.restrict(sql(CAMPAIGN).push("g.id = ").arg(id), "g.owner_id").optional(on).await
}

/// A campaign about to be changed.
pub async fn to_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Campaign>, DbError> {
    // A campaign is locked after the day's counters, by everybody in this order.
    tx.in_turn("sms_days").await?;
    find(tx, scope, id).await
}

pub async fn list(db: &Db, scope: &Scope, paging: Paging) -> Result<Listing<Campaign>, DbError> {
    let rows = scope
        .restrict(sql(CAMPAIGN).push("1 = 1"), "g.owner_id")
        .push(" ORDER BY g.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// Those that are to be fed, and those whose messages are still on their way.
pub async fn open(db: &Db) -> Result<Vec<Campaign>, DbError> {
    sql(CAMPAIGN).push("g.state = 'running' OR g.queued > 0 ORDER BY g.id LIMIT 200").all(db).await
}

pub async fn insert(tx: &mut Tx, owner: Id, draft: &Draft, now: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO campaigns (id, owner_id, name, text, product, audience, region_id, view, q, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10)")
    .bind(id)
    .bind(owner)
    .bind(&draft.name)
    .bind(&draft.text)
    .bind(&draft.product)
    .bind(draft.audience.code())
    .bind(draft.region_id)
    .bind(&draft.view)
    .bind(&draft.q)
    .bind(now)
    .run(tx)
    .await?;
    Ok(id)
}

pub async fn update(tx: &mut Tx, id: Id, draft: &Draft) -> Result<(), DbError> {
    sql("UPDATE campaigns SET name = $2, text = $3, product = $4, audience = $5, region_id = $6, view = $7, q = $8, \
         version = version + 1 WHERE id = $1")
    .bind(id)
    .bind(&draft.name)
    .bind(&draft.text)
    .bind(&draft.product)
    .bind(draft.audience.code())
    .bind(draft.region_id)
    .bind(&draft.view)
    .bind(&draft.q)
    .run(tx)
    .await
    .map(|_| ())
}

pub async fn set_state(tx: &mut Tx, id: Id, state: State, ended_at: Option<Millis>) -> Result<(), DbError> {
    sql("UPDATE campaigns SET state = $2, ended_at = $3, held = '', version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(state.code())
        .bind(ended_at)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn set_held(tx: &mut Tx, id: Id, why: &str) -> Result<(), DbError> {
    sql("UPDATE campaigns SET held = $2 WHERE id = $1").bind(id).bind(why).run(tx).await.map(|_| ())
}

/// Sets the counters of a campaign whose recipients have just been written down, and its time.
pub async fn begin(tx: &mut Tx, id: Id, starts_at: Option<Millis>) -> Result<(), DbError> {
    sql("UPDATE campaigns SET starts_at = $2, \
         total = (SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = $1 AND r.state = 'pending'), \
         excluded = (SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = $1 AND r.state = 'excluded') WHERE id = $1")
    .bind(id)
    .bind(starts_at)
    .run(tx)
    .await
    .map(|_| ())
}

/// A recipient whose turn has come.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct Recipient {
    pub contact_id: Id,
    pub customer_id: Id,
    pub owner_id: Id,
    pub digits: String,
}

pub async fn pending(tx: &mut Tx, campaign: Id, most: i64) -> Result<Vec<Recipient>, DbError> {
    sql("SELECT contact_id, customer_id, owner_id, digits FROM campaign_recipients \
         WHERE campaign_id = $1 AND state = 'pending' ORDER BY contact_id LIMIT $2")
    .bind(campaign)
    .bind(most)
    .all(tx)
    .await
}

/// The recipient's message is made.
pub async fn queue(tx: &mut Tx, campaign: Id, contact: Id, message: Id) -> Result<(), DbError> {
    sql("UPDATE campaign_recipients SET state = 'queued', message_id = $3 WHERE campaign_id = $1 AND contact_id = $2")
        .bind(campaign)
        .bind(contact)
        .bind(message)
        .run(&mut *tx)
        .await?;
    sql("UPDATE campaigns SET queued = queued + 1, held = '' WHERE id = $1").bind(campaign).run(tx).await.map(|_| ())
}

/// The recipient is left out after all.
pub async fn exclude(tx: &mut Tx, campaign: Id, contact: Id, reason: Reason) -> Result<(), DbError> {
    sql("UPDATE campaign_recipients SET state = 'excluded', reason = $3 WHERE campaign_id = $1 AND contact_id = $2")
        .bind(campaign)
        .bind(contact)
        .bind(reason.code())
        .run(&mut *tx)
        .await?;
    sql("UPDATE campaigns SET total = total - 1, excluded = excluded + 1 WHERE id = $1")
        .bind(campaign)
        .run(tx)
        .await
        .map(|_| ())
}

#[derive(Debug, sqlx_macros::FromRow)]
struct Stands {
    campaign_id: Id,
    contact_id: Id,
    state: Stage,
}

fn column(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Queued => Some("queued"),
        Stage::Sent => Some("sent"),
        Stage::Delivered => Some("delivered"),
        Stage::Failed => Some("failed"),
        Stage::Unknown => Some("unknown"),
        Stage::Excluded | Stage::Pending => None,
    }
}

/// A message moved: its recipient and the campaign's counters move with it. Messages of no campaign change
/// nothing.
pub async fn follow(tx: &mut Tx, message: Id, stage: Stage) -> Result<(), DbError> {
    let lock = tx.for_update();
    let stands: Option<Stands> =
        sql("SELECT campaign_id, contact_id, state FROM campaign_recipients WHERE message_id = $1")
            .bind(message)
            .push(lock)
            .optional(&mut *tx)
            .await?;
    let Some(stands) = stands.filter(|stands| stands.state != stage) else { return Ok(()) };
    let (Some(from), Some(to)) = (column(stands.state), column(stage)) else { return Ok(()) };
    sql("UPDATE campaign_recipients SET state = $3 WHERE campaign_id = $1 AND contact_id = $2")
        .bind(stands.campaign_id)
        .bind(stands.contact_id)
        .bind(stage.code())
        .run(&mut *tx)
        .await?;
    sql("UPDATE campaigns SET ")
        .push(from)
        .push(" = ")
        .push(from)
        .push(" - 1, ")
        .push(to)
        .push(" = ")
        .push(to)
        .push(" + 1 WHERE id = ")
        .arg(stands.campaign_id)
        .run(tx)
        .await
        .map(|_| ())
}

/// A message was taken back: its recipient waits as before it was made. It is counted for the day's caps all
/// the same, which errs on the careful side.
pub async fn put_back(tx: &mut Tx, message: Id) -> Result<(), DbError> {
    let lock = tx.for_update();
    let stands: Option<Stands> =
        sql("SELECT campaign_id, contact_id, state FROM campaign_recipients WHERE message_id = $1")
            .bind(message)
            .push(lock)
            .optional(&mut *tx)
            .await?;
    let Some(stands) = stands else { return Ok(()) };
    let Some(from) = column(stands.state) else { return Ok(()) };
    sql("UPDATE campaign_recipients SET state = 'pending', message_id = NULL WHERE campaign_id = $1 AND contact_id = $2")
        .bind(stands.campaign_id)
        .bind(stands.contact_id)
        .run(&mut *tx)
        .await?;
    sql("UPDATE campaigns SET ")
        .push(from)
        .push(" = ")
        .push(from)
        .push(" - 1 WHERE id = ")
        .arg(stands.campaign_id)
        .run(tx)
        .await
        .map(|_| ())
}

/// The messages of a campaign that are on their way.
pub async fn on_the_way(tx: &mut Tx, campaign: Id) -> Result<Vec<Id>, DbError> {
    sql("SELECT message_id FROM campaign_recipients WHERE campaign_id = $1 AND state = 'queued' \
         AND message_id IS NOT NULL ORDER BY message_id LIMIT 500")
    .bind(campaign)
    .all_scalars(tx)
    .await
}

/// A recipient in the list.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct RecipientRow {
    pub name: String,
    pub customer: String,
    pub digits: String,
    pub reason: String,
    pub message_id: Option<Id>,
}

/// The recipients of a campaign that the caller already may see.
pub async fn recipients(db: &Db, campaign: Id, stage: Stage, paging: Paging) -> Result<Listing<RecipientRow>, DbError> {
    let rows = sql("SELECT k.name, c.name AS customer, r.digits, r.reason, r.message_id \
         FROM campaign_recipients r JOIN contacts k ON k.id = r.contact_id JOIN customers c ON c.id = r.customer_id \
         WHERE r.campaign_id = $1 AND r.state = $2 ORDER BY r.contact_id LIMIT $3 OFFSET $4")
    .bind(campaign)
    .bind(stage.code())
    .bind(paging.limit())
    .bind(paging.offset())
    .all(db)
    .await?;
    Ok(paging.cut(rows))
}

/// Adds or takes away a picked contact.
pub async fn pick(tx: &mut Tx, campaign: Id, contact: Id, picked: bool) -> Result<(), DbError> {
    let query = if picked {
        sql(
            "INSERT INTO campaign_picks (campaign_id, contact_id) VALUES ($1, $2) ON CONFLICT (campaign_id, contact_id) DO NOTHING",
        )
    } else {
        sql("DELETE FROM campaign_picks WHERE campaign_id = $1 AND contact_id = $2")
    };
    query.bind(campaign).bind(contact).run(tx).await.map(|_| ())
}

/// The picked contacts, the first 500.
pub async fn picked(db: &Db, campaign: Id) -> Result<Vec<Id>, DbError> {
    sql("SELECT contact_id FROM campaign_picks WHERE campaign_id = $1 ORDER BY contact_id LIMIT 500")
        .bind(campaign)
        .all_scalars(db)
        .await
}
