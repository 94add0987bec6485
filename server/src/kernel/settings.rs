//! What the company has set 设置: a row of `settings` for each value. A feature names its own settings, with its
//! folder's name in front, and says what holds where nothing is set.

use std::str::FromStr;

use crate::kernel::db::{DbError, On, Tx, sql};

/// The settings of one feature, as they were read.
#[derive(Debug)]
pub struct Stored(Vec<(String, String)>);

impl Stored {
    /// A value as text, if it is set.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A value of type `T`; `None` where nothing is set or the text is no `T`.
    #[must_use]
    pub fn value<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }
}

/// Reads the settings whose names begin with `feature` and an underscore.
pub async fn load(on: impl Into<On<'_>>, feature: &str) -> Result<Stored, DbError> {
    // A range and not LIKE: an index serves it whatever is bound. The grave accent follows the underscore.
    let rows = sql("SELECT name, value FROM settings WHERE name >= $1 AND name < $2 ORDER BY name")
        .bind(format!("{feature}_"))
        .bind(format!("{feature}`"))
        .all(on)
        .await?;
    Ok(Stored(rows))
}

/// Reads one setting; `None` where nothing is set or the text is no `T`.
pub async fn value<T: FromStr>(on: impl Into<On<'_>>, name: &'static str) -> Result<Option<T>, DbError> {
    let text: Option<String> = sql("SELECT value FROM settings WHERE name = $1").bind(name).optional_scalar(on).await?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Sets a value.
pub async fn set(tx: &mut Tx, name: &'static str, value: impl Into<String>) -> Result<(), DbError> {
    sql("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value.into())
        .run(tx)
        .await
        .map(|_| ())
}
