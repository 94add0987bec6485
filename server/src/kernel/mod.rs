//! What every feature stands on. It names no feature: what it must know of the product (rights, menu,
//! sign-in page) is handed in once as [`Hooks`].

pub mod access;
pub mod address;
pub mod audit;
pub mod auth;
pub mod badges;
pub mod bodies;
pub mod caller;
pub mod clock;
pub mod clock_watch;
pub mod compress;
pub mod cx;
pub mod db;
pub mod durable;
pub mod error;
pub mod files;
pub mod form;
pub mod geo;
pub mod hashing;
pub mod hex;
pub mod housekeeping;
pub mod i18n;
pub mod id;
pub mod images;
pub mod jobs;
pub mod jumps;
pub mod like;
pub mod merge;
pub mod money;
pub mod mqtt;
pub mod numbers;
pub mod origin;
pub mod outbox;
pub mod paging;
pub mod phone;
pub mod push;
pub mod quiet;
pub mod routes;
pub mod seal;
pub mod search;
pub mod sse;
pub mod supervise;
pub mod uploads;
pub mod width;
pub mod words;
pub mod write;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::config::Config;
use access::{RightsTable, Role};
use badges::{BadgeCounts, Badges};
use bodies::Bodies;
use clock::Clock;
use cx::{Cx, Guest};
use db::{Db, DbError};
use files::Files;
use jobs::Alarm;
use mqtt::Wire;
use push::Push;
use seal::Seal;
use sse::Hub;
use uploads::Uploads;

use crate::ui::layout::TabItem;

/// A future that a hook returns.
pub type HookFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the product tells the kernel about itself.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// The rights of a role in every module.
    pub rights: fn(Role) -> RightsTable,
    /// The bottom tab bar for a person.
    pub tabs: fn(&Cx) -> Vec<TabItem>,
    /// Counts what waits for a person; called when the cached counts are stale.
    pub count: for<'a> fn(&'a Kernel, &'a auth::Actor) -> HookFuture<'a, Result<BadgeCounts, DbError>>,
    /// The sign-in page, with the sealed form that an expired session interrupted.
    pub sign_in: fn(&Guest, Option<String>) -> String,
}

/// The running office: everything a request or a job may need.
#[derive(Debug)]
pub struct Kernel {
    /// Settings, parsed once.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Open pages.
    pub hub: Hub,
    /// Stored files.
    pub files: Files,
    /// Files on their way in.
    pub uploads: Uploads,
    /// The memory of request bodies.
    pub bodies: Bodies,
    /// What waits for whom.
    pub badges: Badges,
    /// Wakes the jobs after a commit.
    pub alarm: Alarm,
    /// The wire to the boxes.
    pub wire: Wire,
    /// Web push.
    pub push: Push,
    /// The server's own secret.
    pub seal: Seal,
    /// Who is signed in.
    pub sessions: auth::Sessions,
    /// What the product told us.
    pub hooks: Hooks,
}

/// Shared by every request.
pub type Office = Arc<Kernel>;
