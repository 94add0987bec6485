//! What somebody looks for in a list of telephone numbers: digits of a number, or a customer's name. For the lists
//! of messages, calls and blocked numbers.

use crate::customers::Selection;
use crate::customers::rules::View;
use crate::customers::store;
use crate::kernel::access::Scope;
use crate::kernel::china::width::half;
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError, Query};

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Sought {
    /// Nothing in particular.
    Everything,
    /// Digits in a row, and the text as it was typed: senders can be words.
    Number(String),
    /// Customers found as on their own list.
    Name(Selection),
}

impl Sought {
    /// Reads what was typed: digits with the marks that people put between them, or a name.
    pub async fn of(db: &Db, typed: Option<&str>, now: Millis) -> Result<Sought, DbError> {
        let typed: String = typed.unwrap_or_default().trim().chars().map(half).collect();
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(Sought::Everything);
        }
        let between = |c: char| c.is_whitespace() || matches!(c, '-' | '+' | '(' | ')' | '.');
        if typed.chars().all(|c| c.is_ascii_digit() || between(c)) {
            return Ok(Sought::Number(typed.chars().filter(char::is_ascii_digit).collect()));
        }
        Ok(Sought::Name(store::selection(db, View::All, Some(typed), now).await?))
    }

    fn number(digits: &str, query: Query, column: &'static str) -> Query {
        if digits.is_empty() {
            return query.push(" AND 1 = 0");
        }
        // Numbers are stored in national form.
        let national = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86")).unwrap_or(digits);
        let query = query.push(" AND (").push(column).push(" LIKE ").arg(format!("%{digits}%"));
        let query = if national.is_empty() || national == digits {
            query
        } else {
            query.push(" OR ").push(column).push(" LIKE ").arg(format!("{national}%"))
        };
        query.push(")")
    }

    /// Narrows a list that has a column of numbers and one of customers.
    #[must_use]
    pub fn by_customer(&self, query: Query, digits: &'static str, customer: &'static str, scope: &Scope) -> Query {
        match self {
            Sought::Everything => query,
            Sought::Number(number) => Sought::number(number, query, digits),
            Sought::Name(selection) => selection.ids(query.push(" AND ").push(customer).push(" IN ("), scope).push(")"),
        }
    }

    /// Narrows a list that has a column of numbers only.
    #[must_use]
    pub fn by_number(&self, query: Query, digits: &'static str, scope: &Scope) -> Query {
        match self {
            Sought::Everything => query,
            Sought::Number(number) => Sought::number(number, query, digits),
            Sought::Name(selection) => {
                store::numbers_of(query.push(" AND ").push(digits).push(" IN ("), selection, scope).push(")")
            }
        }
    }
}
