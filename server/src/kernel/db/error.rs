//! What a statement or a commit can fail with, in words that may stand in a log: kinds, codes and names of
//! tables, never a value of a row.

use sqlx::error::DatabaseError;

/// What a statement or a commit can fail with.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique key exists already: the caller turns this into a field error or a conflict.
    #[error("the key exists already")]
    Duplicate,
    /// Locked, full or out of reach: nothing was written and a later try may succeed.
    #[error("the database cannot be written now: {0}")]
    Unavailable(String),
    /// Two writes waited for each other and the database undid this one: the same write may be made again at once.
    #[error("undone in favour of another write: {0}")]
    Undone(String),
    /// A fault of ours.
    #[error("{}", described(.0))]
    Sqlx(sqlx::Error),
}

// sqlx's errors are open-ended: what is not named here is a fault of ours.
#[allow(clippy::wildcard_enum_match_arm)]
impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> DbError {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => DbError::Duplicate,
            sqlx::Error::Database(database) if is_undone(database.code().as_deref()) => {
                DbError::Undone(described(&error))
            }
            sqlx::Error::Database(database) if is_passing(database.code().as_deref()) => {
                DbError::Unavailable(described(&error))
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => DbError::Unavailable(described(&error)),
            _ => DbError::Sqlx(error),
        }
    }
}

/// PostgreSQL's serialization failure and deadlock.
fn is_undone(code: Option<&str>) -> bool {
    matches!(code, Some("40001" | "40P01"))
}

/// SQLite's BUSY 5, LOCKED 6, IOERR 10 and FULL 13 (primary code in the low byte), and PostgreSQL's classes
/// 08 (connection), 40 (rollback), 53 (resources), 57 (intervention, statement time-out), its lock time-out 55P03
/// and the end of an idle transaction 25P03.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 10 | 13),
        Ok(_) | Err(_) => {
            ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)) || matches!(code, "55P03" | "25P03")
        }
    }
}

/// The longest description of an error in a log.
const LONGEST: usize = 200;

// See above.
#[allow(clippy::wildcard_enum_match_arm)]
fn described(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => of_database(database.as_ref()),
        sqlx::Error::ColumnDecode { index, .. } => format!("the column {index} cannot be read"),
        sqlx::Error::Decode(_) => "a value cannot be read".to_owned(),
        sqlx::Error::Encode(_) => "a value cannot be written".to_owned(),
        // Its text may hold the address with its password.
        sqlx::Error::Configuration(_) => "the database's address cannot be used".to_owned(),
        other => other.to_string().chars().take(LONGEST).collect(),
    }
}

/// PostgreSQL's classes 22 (data) and 23 (constraints) put values of the row into the message.
fn of_database(error: &dyn DatabaseError) -> String {
    let code = error.code().unwrap_or_default();
    let place = [error.table(), error.constraint()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if code.len() == 5 && (code.starts_with("22") || code.starts_with("23")) {
        return format!("{code} {place}").trim_end().to_owned();
    }
    let message: String = error.message().chars().take(LONGEST).collect();
    if code.is_empty() { message } else { format!("{code} {message}") }
}

#[cfg(test)]
mod tests {
    use super::{is_passing, is_undone};

    #[test]
    fn what_passes_by_itself_is_told_from_faults() {
        for code in ["5", "517", "13", "55P03", "25P03", "57014", "57P01", "53300", "08006", "40P01"] {
            assert!(is_passing(Some(code)), "{code}");
        }
        for code in ["1", "19", "23505", "22P02", "42601", "25006"] {
            assert!(!is_passing(Some(code)), "{code}");
        }
        assert!(is_undone(Some("40001")) && is_undone(Some("40P01")) && !is_undone(Some("55P03")));
        assert!(!is_passing(None) && !is_undone(None));
    }
}
