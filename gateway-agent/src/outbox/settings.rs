//! What was set from afar (`cmd/config`), kept across starts; everything else has the protocol's default.

use std::collections::BTreeMap;

use fieldline_protocol::settings::{BadSetting, Setting};
use sqlx::SqlitePool;
use tokio::sync::watch;

use super::Outbox;

/// The settings in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Setting, String>);

impl Settings {
    /// A setting's value.
    #[must_use]
    pub fn text(&self, setting: Setting) -> &str {
        self.0.get(&setting).map_or_else(|| setting.default_value(), String::as_str)
    }

    /// A setting's value as a number; what is none was refused when it was set.
    #[must_use]
    pub fn number(&self, setting: Setting) -> i64 {
        self.text(setting).parse().unwrap_or_default()
    }

    /// All of them, by name, as the box's page shows them.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, String> {
        Setting::ALL.into_iter().map(|one| (one.word().to_owned(), self.text(one).to_owned())).collect()
    }

    /// Whether marketing is held at `now`: quiet hours, by the clock of China.
    #[must_use]
    pub fn quiet(&self, now: i64) -> bool {
        let (from, until) = (self.number(Setting::QuietFrom), self.number(Setting::QuietUntil));
        let minute = (now + 8 * 3_600_000).rem_euclid(86_400_000) / 60_000;
        if from <= until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }
}

pub(super) async fn load(pool: &SqlitePool) -> Result<Settings, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM settings").fetch_all(pool).await?;
    // A name of a newer agent is kept in the file and has no meaning here.
    Ok(Settings(rows.into_iter().filter_map(|(name, value)| Some((Setting::named(&name).ok()?, value))).collect()))
}

/// Why settings are not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotSet {
    /// Nothing of the command was set.
    #[error(transparent)]
    Bad(#[from] BadSetting),
    /// The disk.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

impl Outbox {
    /// The settings, and every change of them.
    #[must_use]
    pub fn settings(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// Sets all of these, or none.
    ///
    /// # Errors
    /// [`NotSet`].
    pub async fn set(&self, wanted: &BTreeMap<String, String>) -> Result<(), NotSet> {
        for (name, value) in wanted {
            Setting::named(name)?.check(value)?;
        }
        let mut tx = self.pool.begin().await?;
        for (name, value) in wanted {
            sqlx::query(
                "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        let settings = load(&self.pool).await?;
        self.settings.send_if_modified(|known| std::mem::replace(known, settings.clone()) != settings);
        self.ring();
        Ok(())
    }

    /// What was noted under a name, for what must outlive a restart and is no setting.
    pub async fn note(&self, name: &str) -> Result<Option<String>, sqlx::Error> {
        let found: Option<(String,)> =
            sqlx::query_as("SELECT value FROM notes WHERE name = $1").bind(name).fetch_optional(&self.pool).await?;
        Ok(found.map(|(value,)| value))
    }

    /// Notes something under a name.
    pub async fn set_note(&self, name: &str, value: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn marketing_is_quiet_from_nine_in_the_evening_to_eight() {
        let settings = Settings::default();
        // 2026-11-23 in China, at these hours.
        let at = |hour: i64| 1_795_363_200_000 / 86_400_000 * 86_400_000 + (hour - 8) * 3_600_000;
        for (hour, quiet) in [(7, true), (8, false), (12, false), (20, false), (21, true), (23, true)] {
            assert_eq!(settings.quiet(at(hour)), quiet, "{hour}");
        }
    }
}
