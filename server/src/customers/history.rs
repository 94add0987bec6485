//! What a customer adds to the statement that gathers its page: its numbers, and the entry that it was made.

use crate::customers::{Customer, Number};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::icon::Icon;
use crate::ui::timeline::Entry;

/// The entry of the card.
#[must_use]
pub fn entry(customer: &Customer, lang: Lang, now: Millis) -> Entry {
    Entry {
        at: customer.created_at,
        when: clock::brief(customer.created_at, now),
        href: None,
        title: t!(lang, "customers.entered").into_owned(),
        text: customer.name.clone(),
        tag: None,
        icon: Some(Icon::Customers),
    }
}

/// The word of a number's row.
const NUMBER: &str = "number";

/// Appends the select of the numbers of a customer and its contacts.
#[must_use]
pub fn number_rows(query: Query, customer: Id) -> Query {
    query
        .push("SELECT '")
        .push(NUMBER)
        .push(
            "' AS what, p.id, CAST(0 AS BIGINT) AS at, CAST(NULL AS BIGINT) AS ended_at, '' AS person, p.shown AS title, \
             p.digits AS text, '' AS state, COALESCE(CAST(p.contact_id AS TEXT), '') AS more FROM phones p \
             WHERE p.customer_id = ",
        )
        .arg(customer)
        .push(" ORDER BY p.id")
}

/// Takes the numbers out of gathered rows, in the order in which they were entered.
#[must_use]
pub fn numbers_among(rows: &mut Vec<Gathered>) -> Vec<Number> {
    let mut found: Vec<Gathered> = rows.extract_if(.., |row| row.what == NUMBER).collect();
    found.sort_by_key(|row| row.id);
    let number =
        |row: Gathered| Number { contact_id: row.more.parse().ok().map(Id), digits: row.text, shown: row.title };
    found.into_iter().map(number).collect()
}
