//! One SQL text with `$1` for both engines, its arguments, and running it.

mod places;

use std::borrow::Cow;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite, SqliteConnection, Transaction};

use super::{Db, DbError, Inner, Tx, sqlite_of};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
pub(super) use places::joined;
use places::without_names;

/// A row type of either engine; `#[derive(FromRow)]` is enough.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A bound value. Each kind carries its own NULL, so that PostgreSQL always knows the type.
#[derive(Clone, Debug)]
pub enum Arg {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `DOUBLE PRECISION`.
    Real(Option<f64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BOOLEAN`.
    Bool(bool),
}

impl Arg {
    /// PostgreSQL's text holds no NUL, SQLite's does; what somebody typed must mean the same in both.
    fn storable(self) -> Arg {
        match self {
            Arg::Text(Some(text)) if text.contains('\0') => Arg::Text(Some(text.replace('\0', "\u{fffd}"))),
            Arg::Text(text) => Arg::Text(text),
            Arg::Int(value) => Arg::Int(value),
            Arg::Real(value) => Arg::Real(value),
            Arg::Bool(value) => Arg::Bool(value),
        }
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Arg {
        Arg::Int(Some(value))
    }
}
impl From<Id> for Arg {
    fn from(value: Id) -> Arg {
        Arg::Int(Some(value.0))
    }
}
impl From<Fen> for Arg {
    fn from(value: Fen) -> Arg {
        Arg::Int(Some(value.0))
    }
}
impl From<Milli> for Arg {
    fn from(value: Milli) -> Arg {
        Arg::Int(Some(value.0))
    }
}
impl From<bool> for Arg {
    fn from(value: bool) -> Arg {
        Arg::Bool(value)
    }
}
impl From<f64> for Arg {
    fn from(value: f64) -> Arg {
        Arg::Real(Some(value))
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Arg {
        Arg::Text(Some(value.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Arg {
        Arg::Text(Some(value))
    }
}
impl From<&String> for Arg {
    fn from(value: &String) -> Arg {
        Arg::Text(Some(value.clone()))
    }
}
impl From<Cow<'_, str>> for Arg {
    fn from(value: Cow<'_, str>) -> Arg {
        Arg::Text(Some(value.into_owned()))
    }
}
impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Arg {
        Arg::Int(value)
    }
}
impl From<Option<Id>> for Arg {
    fn from(value: Option<Id>) -> Arg {
        Arg::Int(value.map(|id| id.0))
    }
}
impl From<Option<Fen>> for Arg {
    fn from(value: Option<Fen>) -> Arg {
        Arg::Int(value.map(|fen| fen.0))
    }
}
impl From<Option<f64>> for Arg {
    fn from(value: Option<f64>) -> Arg {
        Arg::Real(value)
    }
}
impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Arg {
        Arg::Text(value)
    }
}
impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Arg {
        Arg::Text(value.map(str::to_owned))
    }
}

/// Binds one argument to either driver's statement: their types have no common trait to write this for.
macro_rules! bound {
    ($query:ident, $arg:ident) => {
        match $arg {
            Arg::Int(value) => $query.bind(value),
            Arg::Real(value) => $query.bind(value),
            Arg::Text(value) => $query.bind(value),
            Arg::Bool(value) => $query.bind(value),
        }
    };
}

/// Where a statement runs: on the readers, or inside a write.
#[derive(Debug)]
pub enum On<'a> {
    /// Any reader.
    Db(&'a Db),
    /// The write in progress; it sees its own changes.
    Tx(&'a mut Tx),
}

impl On<'_> {
    fn note(&self, text: &str) {
        match self {
            On::Db(db) => db.statements().note(text),
            On::Tx(tx) => tx.statements.note(text),
        }
    }
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> On<'a> {
        On::Db(db)
    }
}
impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> On<'a> {
        On::Tx(tx)
    }
}
impl<'a> From<&'a mut On<'_>> for On<'a> {
    fn from(on: &'a mut On<'_>) -> On<'a> {
        match on {
            On::Db(db) => On::Db(db),
            On::Tx(tx) => On::Tx(tx),
        }
    }
}

/// A statement and its arguments.
#[derive(Clone, Debug)]
pub struct Query {
    text: Cow<'static, str>,
    args: Vec<Arg>,
}

/// Starts a statement. Its text is constant, so no value can be spelled into it.
#[must_use]
pub fn sql(text: &'static str) -> Query {
    Query { text: Cow::Borrowed(text), args: Vec::new() }
}

impl Query {
    /// Binds the next `$n` that the text already names.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Arg>) -> Query {
        self.args.push(value.into().storable());
        self
    }

    /// Appends constant text.
    #[must_use]
    pub fn push(mut self, text: &'static str) -> Query {
        self.text.to_mut().push_str(text);
        self
    }

    /// Appends a new `$n` and binds it.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Arg>) -> Query {
        self.args.push(value.into().storable());
        let place = format!("${}", self.args.len());
        self.text.to_mut().push_str(&place);
        self
    }

    /// Appends `(…, …)` with one `$n` for each value, for `IN`; an empty list matches nothing.
    #[must_use]
    pub fn args<T: Into<Arg>>(self, values: impl IntoIterator<Item = T>) -> Query {
        let mut query = self.push("(");
        let mut first = true;
        for value in values {
            query = if first { query } else { query.push(", ") }.arg(value);
            first = false;
        }
        if first { query.push("NULL)") } else { query.push(")") }
    }

    /// Appends `(…), (…)` with one `$n` for each value of each row, for an INSERT of many rows.
    #[must_use]
    pub fn values(mut self, rows: impl IntoIterator<Item = Vec<Arg>>) -> Query {
        let text = self.text.to_mut();
        let mut separator = " ";
        for row in rows {
            text.push_str(separator);
            separator = ", ";
            let mut opening = "($";
            for value in row {
                self.args.push(value);
                text.push_str(opening);
                text.push_str(&self.args.len().to_string());
                opening = ", $";
            }
            text.push(')');
        }
        self
    }

    /// The text as it will be sent, for the test that prepares every statement.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn on_sqlite<T: Record>(self) -> sqlx::query::QueryAs<'static, Sqlite, T, SqliteArguments> {
        self.args.into_iter().fold(sqlx::query_as(AssertSqlSafe(self.text)), |query, arg| bound!(query, arg))
    }

    fn on_postgres<T: Record>(self) -> sqlx::query::QueryAs<'static, Postgres, T, PgArguments> {
        self.args.into_iter().fold(sqlx::query_as(AssertSqlSafe(self.text)), |query, arg| bound!(query, arg))
    }

    /// Every row.
    pub async fn all<T: Record>(self, on: impl Into<On<'_>>) -> Result<Vec<T>, DbError> {
        let on = on.into();
        on.note(&self.text);
        Ok(match on {
            On::Db(Db::Sqlite { readers, .. }) => self.on_sqlite().fetch_all(readers).await?,
            On::Db(Db::Postgres { readers, .. }) => self.on_postgres().fetch_all(readers).await?,
            On::Tx(tx) => {
                tx.catch_up().await?;
                match &mut tx.inner {
                    Inner::Sqlite(seat) => self.on_sqlite().fetch_all(sqlite_of(seat)?).await?,
                    Inner::Postgres(tx) => self.on_postgres().fetch_all(&mut **tx).await?,
                }
            }
        })
    }

    /// The first row, if there is one.
    pub async fn optional<T: Record>(self, on: impl Into<On<'_>>) -> Result<Option<T>, DbError> {
        let on = on.into();
        on.note(&self.text);
        Ok(match on {
            On::Db(Db::Sqlite { readers, .. }) => self.on_sqlite().fetch_optional(readers).await?,
            On::Db(Db::Postgres { readers, .. }) => self.on_postgres().fetch_optional(readers).await?,
            On::Tx(tx) => {
                tx.catch_up().await?;
                match &mut tx.inner {
                    Inner::Sqlite(seat) => self.on_sqlite().fetch_optional(sqlite_of(seat)?).await?,
                    Inner::Postgres(tx) => self.on_postgres().fetch_optional(&mut **tx).await?,
                }
            }
        })
    }

    /// The one row that must be there, such as that of an aggregate.
    ///
    /// # Errors
    /// What the database says; no row is a fault.
    pub async fn one<T: Record>(self, on: impl Into<On<'_>>) -> Result<T, DbError> {
        self.optional(on).await?.ok_or(DbError::Sqlx(sqlx::Error::RowNotFound))
    }

    /// The one column of every row.
    pub async fn all_scalars<T>(self, on: impl Into<On<'_>>) -> Result<Vec<T>, DbError>
    where
        (T,): Record,
    {
        Ok(self.all::<(T,)>(on).await?.into_iter().map(|(value,)| value).collect())
    }

    /// The one column of the first row, if there is a row.
    pub async fn optional_scalar<T>(self, on: impl Into<On<'_>>) -> Result<Option<T>, DbError>
    where
        (T,): Record,
    {
        Ok(self.optional::<(T,)>(on).await?.map(|(value,)| value))
    }

    /// The one column of the one row that must be there, such as a count.
    pub async fn scalar<T>(self, on: impl Into<On<'_>>) -> Result<T, DbError>
    where
        (T,): Record,
    {
        Ok(self.one::<(T,)>(on).await?.0)
    }

    /// Runs a statement that returns nothing.
    ///
    /// # Errors
    /// What the database says; [`DbError::Duplicate`] for a key that exists.
    ///
    /// # Returns
    /// How many rows it changed.
    pub async fn run(self, tx: &mut Tx) -> Result<u64, DbError> {
        tx.statements.note(&self.text);
        tx.catch_up().await?;
        match &mut tx.inner {
            Inner::Sqlite(seat) => self.run_on_sqlite(sqlite_of(seat)?).await,
            Inner::Postgres(transaction) => self.run_on_postgres(transaction).await,
        }
    }

    /// Puts a statement off that returns nothing and whose failure may show as late as the commit. On SQLite
    /// those that stand together go to the connection's thread as one: what such a way costs is more than
    /// what the statement does there.
    pub fn later(self, tx: &mut Tx) {
        tx.statements.note(&self.text);
        tx.later.push(self);
    }

    pub(super) async fn run_on_sqlite(self, connection: &mut SqliteConnection) -> Result<u64, DbError> {
        let text = match without_names(&self.text, self.args.len()) {
            Some(text) => Cow::Owned(text),
            None => self.text,
        };
        let query = sqlx::query::<Sqlite>(AssertSqlSafe(text));
        let query = self.args.into_iter().fold(query, |query, arg| bound!(query, arg));
        Ok(query.execute(connection).await?.rows_affected())
    }

    pub(super) async fn run_on_postgres(self, tx: &mut Transaction<'static, Postgres>) -> Result<u64, DbError> {
        let query = sqlx::query::<Postgres>(AssertSqlSafe(self.text));
        let query = self.args.into_iter().fold(query, |query, arg| bound!(query, arg));
        Ok(query.execute(&mut **tx).await?.rows_affected())
    }
}
