//! One person's day as the first page shows it, by the statement that gathers that page.

use chrono::NaiveDate;

use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::visits::rules::{Flags, State};

/// A visit of the day.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The visit.
    pub id: Id,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's address.
    pub address: String,
    /// Where it stands.
    pub state: State,
    /// When it began.
    pub checked_in_at: Option<Millis>,
    /// When it ended.
    pub checked_out_at: Option<Millis>,
}

/// Appends the select of a person's visits of a day.
#[must_use]
pub fn stops(query: Query, scope: &Scope, user: Id, day: NaiveDate) -> Query {
    let query = query
        .push(
            "SELECT 'visit' AS what, v.id, COALESCE(v.checked_in_at, 0) AS at, v.checked_out_at AS ended_at, '' AS person, \
             c.name AS title, c.address AS text, v.state, v.planned_on AS more \
             FROM visits v JOIN customers c ON c.id = v.customer_id WHERE v.deleted_at IS NULL AND v.owner_id = ",
        )
        .arg(user)
        .push(" AND v.planned_on = ")
        .arg(day.to_string());
    scope.restrict(query, "v.owner_id").push(" ORDER BY v.id LIMIT 50")
}

/// A visit of the day whose evidence is odd.
#[derive(Clone, Debug)]
pub struct Odd {
    /// The visit.
    pub id: Id,
    /// Whose.
    pub rep: String,
    /// The customer's name.
    pub customer_name: String,
    /// What is odd.
    pub flags: Flags,
    /// When it began.
    pub at: Millis,
}

/// Appends the select of the visits of a day whose evidence is odd, the latest first.
#[must_use]
pub fn odd(query: Query, scope: &Scope, day: NaiveDate, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'odd visit' AS what, v.id, COALESCE(v.checked_in_at, 0) AS at, v.checked_out_at AS ended_at, u.name AS person, \
             c.name AS title, v.flags AS text, v.state, '' AS more FROM visits v JOIN users u ON u.id = v.owner_id \
             JOIN customers c ON c.id = v.customer_id WHERE v.deleted_at IS NULL AND v.flags <> '' AND v.planned_on = ",
        )
        .arg(day.to_string());
    scope.restrict(query, "v.owner_id").push(" ORDER BY v.id DESC LIMIT ").arg(limit)
}

impl Odd {
    /// Those among gathered rows.
    #[must_use]
    pub fn among(rows: &[Gathered]) -> Vec<Odd> {
        let odd = rows.iter().filter(|row| row.what == "odd visit");
        odd.map(|row| Odd {
            id: row.id,
            rep: row.person.clone(),
            customer_name: row.title.clone(),
            flags: Flags::parse(&row.text),
            at: row.at,
        })
        .collect()
    }

    /// What is odd, in words.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let words: Vec<_> = self.flags.iter().map(|flag| flag.name(lang)).collect();
        words.join(&t!(lang, "visits.flag_separator"))
    }
}

impl Stop {
    /// Those of a day among gathered rows: under way, then to come, then done, each in the order of checking in.
    #[must_use]
    pub fn among(rows: &[Gathered], today: NaiveDate) -> Vec<Stop> {
        let visits = rows.iter().filter(|row| row.what == "visit");
        let mut stops: Vec<Stop> = visits
            .map(|row| Stop {
                id: row.id,
                customer_name: row.title.clone(),
                address: row.text.clone(),
                state: State::of(&row.state, &row.more, today),
                checked_in_at: (row.at > 0).then_some(row.at),
                checked_out_at: row.ended_at,
            })
            .collect();
        let rank = |state: State| match state {
            State::Open => 0,
            State::Planned | State::Missed => 1,
            State::Done => 2,
        };
        stops.sort_by_key(|stop| (rank(stop.state), stop.checked_in_at.unwrap_or(Millis::MAX), stop.id));
        stops
    }
}
