//! 节日与生日祝福: birthdays and festivals that are greeted year after year, each by a campaign of its day.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use crate::campaigns::audience::sieve;
use crate::campaigns::calendar;
use crate::campaigns::rules::{Audience, State};
use crate::campaigns::store::{self, Draft};
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::{self, MINUTE, Millis};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::kernel::{HookFuture, Office};
use crate::web::error::Result;
use crate::{sms, users};

/// How often is looked whether an occasion is due.
pub const CELEBRATE: Duration = Duration::from_secs(5);

words! {
    /// When an occasion returns.
    pub enum Kind {
        /// On each person's birthday.
        Birthday = "birthday" => "campaigns.kind_birthday",
        /// On a day of the lunar calendar.
        Lunar = "lunar" => "campaigns.kind_lunar",
        /// On a day of the solar calendar.
        Solar = "solar" => "campaigns.kind_solar",
    }
}

words! {
    /// What came of an occasion's day.
    pub enum Outcome {
        /// A campaign was sent.
        Sent = "sent" => "campaigns.run_sent",
        /// The day was skipped.
        Skipped = "skipped" => "campaigns.run_skipped",
        /// There was nobody to greet.
        Nobody = "nobody" => "campaigns.run_nobody",
    }
}

/// An occasion.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Occasion {
    pub id: Id,
    pub owner_id: Id,
    pub name: String,
    pub kind: Kind,
    pub month: i64,
    pub day: i64,
    pub text: String,
    pub minute: i64,
    pub enabled: bool,
    pub version: i64,
    /// The last run's day and what came of it.
    pub last_day: Option<String>,
    pub last_outcome: Option<Outcome>,
    pub last_campaign: Option<Id>,
}

impl Occasion {
    pub fn is_birthday(&self) -> bool {
        self.kind == Kind::Birthday
    }

    /// Whether it is kept on this day. Birthdays are every day's.
    pub fn falls_on(&self, day: NaiveDate) -> bool {
        let number = |value: i64| u32::try_from(value).unwrap_or_default();
        self.is_birthday() || calendar::falls_on(self.kind == Kind::Lunar, number(self.month), number(self.day), day)
    }
}

const OCCASION: &str = "SELECT o.id, o.owner_id, o.name, o.kind, o.month, o.day, o.text, o.minute, o.enabled, o.version, \
     r.day AS last_day, r.outcome AS last_outcome, r.campaign_id AS last_campaign FROM occasions o \
     LEFT JOIN occasion_runs r ON r.occasion_id = o.id AND r.day = (SELECT max(x.day) FROM occasion_runs x WHERE x.occasion_id = o.id) \
     WHERE ";

pub async fn list(db: &Db) -> Result<Vec<Occasion>, DbError> {
    sql(OCCASION).push("1 = 1 ORDER BY o.id LIMIT 200").all(db).await
}

pub async fn find(db: &Db, id: Id) -> Result<Option<Occasion>, DbError> {
    sql(OCCASION).push("o.id = ").arg(id).optional(db).await
}

/// What a form says of an occasion.
#[derive(Clone, Debug)]
pub struct NewOccasion {
    pub name: String,
    pub kind: Kind,
    pub month: i64,
    pub day: i64,
    pub text: String,
    pub minute: i64,
    pub enabled: bool,
}

pub async fn insert(tx: &mut Tx, owner: Id, new: &NewOccasion, now: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO occasions (id, owner_id, name, kind, month, day, text, minute, enabled, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(id)
    .bind(owner)
    .bind(&new.name)
    .bind(new.kind.code())
    .bind(new.month)
    .bind(new.day)
    .bind(&new.text)
    .bind(new.minute)
    .bind(new.enabled)
    .bind(now)
    .run(tx)
    .await?;
    Ok(id)
}

/// Saves an occasion that still has the version that was shown; returns whether it had.
pub async fn update(tx: &mut Tx, id: Id, version: i64, new: &NewOccasion) -> Result<bool, DbError> {
    let changed =
        sql("UPDATE occasions SET name = $3, kind = $4, month = $5, day = $6, text = $7, minute = $8, enabled = $9, \
         version = version + 1 WHERE id = $1 AND version = $2")
        .bind(id)
        .bind(version)
        .bind(&new.name)
        .bind(new.kind.code())
        .bind(new.month)
        .bind(new.day)
        .bind(&new.text)
        .bind(new.minute)
        .bind(new.enabled)
        .run(tx)
        .await?;
    Ok(changed > 0)
}

/// Notes the run of a day; [`DbError::Duplicate`] when there was one.
async fn note_run(
    tx: &mut Tx,
    id: Id,
    day: NaiveDate,
    outcome: Outcome,
    campaign: Option<Id>,
    now: Millis,
) -> Result<(), DbError> {
    sql("INSERT INTO occasion_runs (occasion_id, day, outcome, campaign_id, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(day.to_string())
        .bind(outcome.code())
        .bind(campaign)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// Greets who is to be greeted today: once a day for each occasion, after its hour, and never for days that are
/// past. After a jump of the clock nothing goes out until a person has looked at it.
pub fn celebrate<'a>(office: &'a Office, key: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let now = office.clock.now();
        let today = clock::day(now);
        if office.clock.hold().is_some() {
            return Ok(());
        }
        let minute = (now - clock::start_of(today)) / MINUTE;
        let word = today.to_string();
        for occasion in list(&office.db).await? {
            let ran = occasion.last_day.as_deref().is_some_and(|last| last >= word.as_str());
            if !occasion.enabled || ran || minute < occasion.minute || !occasion.falls_on(today) {
                continue;
            }
            if !run(office, key, &occasion, today, now).await? {
                skip(office, &occasion, today, Outcome::Nobody, now).await?;
            }
        }
        Ok(())
    })
}

async fn skip(office: &Office, occasion: &Occasion, day: NaiveDate, outcome: Outcome, now: Millis) -> Result<()> {
    let mut tx = office.db.begin().await?;
    note_run(&mut tx, occasion.id, day, outcome, None, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes today's campaign of an occasion; `false` when it would reach nobody.
async fn run(office: &Office, key: &Arc<CompanyKey>, occasion: &Occasion, day: NaiveDate, now: Millis) -> Result<bool> {
    let scope = Scope::company(key);
    let settings = sms::settings(&office.db).await?;
    let draft = Draft {
        name: format!("{} {day}", occasion.name),
        text: occasion.text.clone(),
        product: String::new(),
        audience: if occasion.is_birthday() { Audience::Birthday } else { Audience::All },
        region_id: None,
        view: day.to_string(),
        q: String::new(),
    };
    let mut tx = office.db.begin().await?;
    let owner = users::acting_for(&mut tx, occasion.owner_id).await?.unwrap_or(occasion.owner_id);
    let id = store::insert(&mut tx, owner, &draft, now).await?;
    note_run(&mut tx, occasion.id, day, Outcome::Sent, Some(id), now).await?;
    let Some(campaign) = store::to_change(&mut tx, &scope, id).await? else { return Ok(false) };
    sieve(&office.db, &campaign, &scope, &settings, now).await?.write_down(&mut tx).await?;
    store::begin(&mut tx, id, None).await?;
    let reached = store::to_change(&mut tx, &scope, id).await?.map_or(0, |campaign| campaign.total);
    if reached == 0 {
        return Ok(false);
    }
    store::set_state(&mut tx, id, State::Running, None).await?;
    let author = Author { user: None, origin: "occasion".to_owned(), at: now };
    let changes = Changes::new().set("occasion_id", occasion.id.to_string()).set("total", reached);
    audit::record(&mut tx, &author, Action::Create, "campaign", id, changes).await?;
    tx.commit().await?;
    Ok(true)
}
