//! What the tests stand on: a real server on a port of its own, people in it, a client, PostgreSQL.

pub mod app;
pub mod bombs;
pub mod client;
pub mod gateway;
pub mod live;
pub mod mosquitto;
pub mod people;
pub mod pictures;
pub mod postgres;
pub mod raw;
pub mod scene;
pub mod seed;
pub mod sources;
pub mod statements;
pub mod wire;

/// How long a test waits for what must come. Nothing is measured by it: it only ends a test that would hang, and is
/// long, since a shared machine may stop a process for many seconds.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Writes each test once and runs it on both databases: `sqlite::name` and `postgres::name`.
macro_rules! both_engines {
    ($($(#[$note:meta])* async fn $name:ident($app:ident: $kind:ty) $body:block)+) => {
        $($(#[$note])* async fn $name($app: $kind) $body)+
        mod sqlite {
            $(#[test] fn $name() { $crate::support::app::on($crate::support::app::Engine::Sqlite, super::$name); })+
        }
        mod postgres {
            $(#[test] fn $name() { $crate::support::app::on($crate::support::app::Engine::Postgres, super::$name); })+
        }
    };
}
pub(crate) use both_engines;
