//! What every feature stands on. It knows neither HTTP nor pages, and names no feature: what it must know of the
//! product is handed in once as [`Hooks`].

/// Roles, rights, scopes and sessions.
pub mod access;
/// Addresses of our own pages.
pub mod address;
/// Who changed what.
pub mod audit;
/// The outbox of events, jobs, and the tasks that run beside requests.
pub mod background;
/// The memory that request bodies take.
pub mod bodies;
/// Telephone numbers, places, widths of characters.
pub mod china;
/// Wall clock, steady clock, and what a jump does.
pub mod clock;
/// Keys, seals, password hashing.
pub mod crypto;
/// Both database engines behind one interface.
pub mod db;
/// Files that survive a loss of power.
pub mod durable;
/// Texts in two languages.
pub mod i18n;
/// Ids of records.
pub mod id;
/// What reaches open pages and devices.
pub mod live;
/// Pictures and files.
pub mod media;
/// What features remember between requests.
pub mod memory;
/// Money and quantities.
pub mod money;
/// The connection to the boxes.
pub mod mqtt;
/// One log line for many equal faults.
pub mod quiet;
/// Search by part of a name, pinyin or number.
pub mod search;
/// What the company has set.
pub mod settings;
/// Closed sets of words.
pub mod words;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::config::Config;
use access::auth::{Actor, Sessions};
use access::{RightsTable, Role};
use background::jobs::Alarm;
use bodies::Bodies;
use clock::Clock;
use crypto::seal::Seal;
use db::{Db, DbError};
use live::badges::{BadgeCounts, Badges};
use live::push::Push;
use live::sse::Hub;
use media::files::Files;
use media::uploads::Uploads;
use memory::Memory;
use mqtt::Wire;

/// A future that a hook returns.
pub type HookFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the product tells the kernel about itself.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// The rights of a role in every module.
    pub rights: fn(Role) -> RightsTable,
    /// Counts what waits for a person; called when the cached counts are stale.
    pub count: for<'a> fn(&'a Kernel, &'a Actor) -> HookFuture<'a, Result<BadgeCounts, DbError>>,
}

/// The running office: everything a request or a job may need.
#[derive(Debug)]
pub struct Kernel {
    /// What features remember between requests.
    pub memory: Memory,
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
    pub sessions: Sessions,
    /// What the product told us.
    pub hooks: Hooks,
}

/// Shared by every request.
pub type Office = Arc<Kernel>;
