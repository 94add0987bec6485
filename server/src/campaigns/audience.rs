//! Whom a campaign reaches and whom not, in one statement for a hundred thousand contacts: the dry preview
//! counts its rows, the release writes them down.

use crate::campaigns::calendar;
use crate::campaigns::rules::Audience;
use crate::campaigns::store::Campaign;
use crate::contacts;
use crate::customers::{self, Selection};
use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::sms::{self, Block, Settings};

/// How many fall under one reason; the reason of those who are reached is empty.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Tally {
    /// The stored word of a [`super::rules::Reason`], or empty.
    pub reason: String,
    /// How many.
    pub n: i64,
}

/// What must be known before the statement can be made.
#[derive(Debug)]
pub struct Sieve<'a> {
    campaign: &'a Campaign,
    scope: &'a Scope,
    settings: &'a Settings,
    selection: Option<Selection>,
}

/// Prepares the statement of a campaign for those that `scope` sees.
pub async fn sieve<'a>(
    on: impl Into<On<'_>>,
    campaign: &'a Campaign,
    scope: &'a Scope,
    settings: &'a Settings,
    now: Millis,
) -> Result<Sieve<'a>, DbError> {
    let selection = match campaign.audience {
        // A view that is none reaches nobody.
        Audience::View => match campaign.list_view() {
            Some(view) => {
                let q = (!campaign.q.is_empty()).then_some(campaign.q.as_str());
                Some(customers::selection(on, view, q, now).await?)
            }
            None => None,
        },
        Audience::All | Audience::Region | Audience::Picked | Audience::Birthday => None,
    };
    Ok(Sieve { campaign, scope, settings, selection })
}

impl Sieve<'_> {
    /// Appends the select: contact_id, customer_id, owner_id, digits, reason.
    fn rows(&self, query: Query) -> Query {
        let query = query.push(
            "SELECT p.contact_id, p.customer_id, p.owner_id, p.digits, CASE WHEN p.digits = '' THEN 'no_mobile' ",
        );
        let query = match self.settings.ranges.split_first() {
            Some((first, others)) => others
                .iter()
                .fold(query.push("WHEN NOT (p.digits LIKE ").arg(format!("{first}%")), |query, range| {
                    query.push(" OR p.digits LIKE ").arg(format!("{range}%"))
                })
                .push(") THEN 'range' "),
            None => query,
        };
        let query = sms::is_blocked(query.push("WHEN "), "p.digits", Block::Blacklist).push(" THEN 'blacklist' WHEN ");
        let query = sms::is_blocked(query, "p.digits", Block::OptOut).push(" THEN 'optout' ");
        let query =
            if self.settings.consent { query.push("WHEN p.sms_consent = FALSE THEN 'no_consent' ") } else { query };
        // Of those who share a number the one who agreed is written to.
        let query = query.push(
            "WHEN p.place > 1 THEN 'duplicate' ELSE '' END AS reason FROM (SELECT m.contact_id, m.customer_id, m.owner_id, \
             m.digits, m.sms_consent, row_number() OVER (PARTITION BY m.digits ORDER BY m.sms_consent DESC, m.contact_id) AS place FROM (",
        );
        self.narrowed(contacts::mobiles(query, self.scope)).push(") AS m) AS p")
    }

    fn narrowed(&self, query: Query) -> Query {
        match (self.campaign.audience, &self.selection) {
            (Audience::All, _) => query,
            (Audience::View, None) => query.push(" AND 1 = 0"),
            (Audience::Region, _) => customers::in_region(query.push(" AND "), "c.region_id", self.campaign.region_id),
            (Audience::View, Some(selection)) => selection.ids(query.push(" AND c.id IN ("), self.scope).push(")"),
            (Audience::Birthday, _) => match clock::parse_day(&self.campaign.view) {
                Some(day) => query
                    .push(" AND k.birthday <> '' AND ((k.birthday_lunar = FALSE AND substr(k.birthday, length(k.birthday) - 4) IN ")
                    .args(calendar::solar_birthdays(day))
                    .push(") OR (k.birthday_lunar = TRUE AND substr(k.birthday, length(k.birthday) - 4) IN ")
                    .args(calendar::lunar_birthdays(day))
                    .push("))"),
                None => query.push(" AND 1 = 0"),
            },
            (Audience::Picked, _) => query
                .push(" AND k.id IN (SELECT pk.contact_id FROM campaign_picks pk WHERE pk.campaign_id = ")
                .arg(self.campaign.id)
                .push(")"),
        }
    }

    /// How many are reached, and how many not, by reason.
    pub async fn tally(&self, db: &Db) -> Result<Vec<Tally>, DbError> {
        let query = self.rows(sql("SELECT x.reason, CAST(count(*) AS BIGINT) AS n FROM ("));
        query.push(") AS x GROUP BY x.reason ORDER BY x.reason").all(db).await
    }

    /// One contact who is reached, to show the text as it will read.
    pub async fn sample(&self, db: &Db) -> Result<Option<Id>, DbError> {
        let query = self.rows(sql("SELECT x.contact_id FROM ("));
        query.push(") AS x WHERE x.reason = '' LIMIT 1").optional_scalar(db).await
    }

    /// Writes every recipient down, the excluded with their reason.
    pub async fn write_down(&self, tx: &mut Tx) -> Result<(), DbError> {
        let query = sql(
            "INSERT INTO campaign_recipients (campaign_id, contact_id, customer_id, owner_id, digits, state, reason) \
             SELECT CAST($1 AS BIGINT), x.contact_id, x.customer_id, x.owner_id, x.digits, \
             CASE WHEN x.reason = '' THEN 'pending' ELSE 'excluded' END, x.reason FROM (",
        )
        .bind(self.campaign.id);
        self.rows(query).push(") AS x").run(tx).await.map(|_| ())
    }
}
