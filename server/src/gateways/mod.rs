//! Gateways 网关: the boxes with the modems. Claiming and revoking, their health, and the two-way traffic
//! with them: signed commands out, events in.
//!
//! Tables: gateways, gateway_events, gateway_failures, gateway_commands, gateway_lines; rows gateway_… of settings.
//! Events: none; what a box says goes through `reactions`.
//! Uses: clock_check.

mod ahead;
mod alerts;
mod claim;
mod commands;
mod events;
mod failures;
mod health;
mod hear;
mod keys;
mod lines;
mod logs;
mod notices;
mod pages;
mod settings;
mod store;
mod trouble;
mod update;
mod view;

use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::topics::{CommandKind, Topic};

pub use claim::{broker_now, claim_directly, welcome};
pub use commands::answered;
pub use events::FromBox;
pub use fieldline_protocol::messages::Claim;
pub use hear::hear;
pub use notices::{Notice, notices};
pub use store::{Connected, connected};

use crate::kernel::access::{CompanyKey, Gate};
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{Db, DbError, On, Tx};
use crate::kernel::id::Id;
use crate::kernel::mqtt::PasswordHash;
use crate::kernel::{HookFuture, Kernel, Office};
use crate::modules::Module;
use crate::web::error::Result;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/gateways", Gate::view(Module::Gateways), pages::list);
    routes.get("/gateways/new", Gate::create(Module::Gateways), pages::new);
    routes.post("/gateways", Gate::create(Module::Gateways), pages::create);
    routes.public_post("/gateways/claim", claim::claim);
    routes.get("/gateways/alerts", Gate::edit(Module::Settings), alerts::show);
    routes.post("/gateways/alerts", Gate::edit(Module::Settings), alerts::update);
    routes.get("/gateways/:id", Gate::view(Module::Gateways), pages::show);
    routes.post("/gateways/:id", Gate::edit(Module::Gateways), pages::update);
    routes.post("/gateways/:id/code", Gate::edit(Module::Gateways), pages::issue_code);
    routes.post("/gateways/:id/balance", Gate::view(Module::Gateways), pages::ask_balance);
    routes.get("/gateways/:id/settings", Gate::edit(Module::Gateways), settings::show);
    routes.post("/gateways/:id/settings", Gate::edit(Module::Gateways), settings::update);
    routes.get("/gateways/:id/lines", Gate::edit(Module::Gateways), lines::show);
    routes.post("/gateways/:id/lines", Gate::edit(Module::Gateways), lines::update);
    routes.get("/gateways/:id/logs", Gate::edit(Module::Gateways), logs::show);
    routes.post("/gateways/:id/logs", Gate::edit(Module::Gateways), logs::ask);
    routes.get("/gateways/:id/update", Gate::edit(Module::Gateways), update::show);
    routes.post("/gateways/:id/update", Gate::edit(Module::Gateways), update::send);
    routes.post("/gateways/:id/failures/:failure", Gate::edit(Module::Gateways), failures::settle);
    routes.post("/gateways/:id/revocation", Gate::edit(Module::Gateways), pages::revoke);
}

/// At start: tells the wire who is a box, before anybody connects, and makes the key.
///
/// # Errors
/// What the database or the key file says.
pub async fn open(office: &Office) -> anyhow::Result<()> {
    keys::signer(office)?;
    store::all_offline(&office.db).await?;
    for (name, hash) in store::credentials(&office.db).await? {
        if let Some(hash) = PasswordHash::parse(&hash) {
            office.wire.admit(&name, hash);
        }
    }
    Ok(())
}

/// A command ready to travel: publish it after the commit.
#[derive(Debug)]
pub struct Outgoing {
    wire_name: String,
    topic: String,
    payload: Vec<u8>,
}

impl Outgoing {
    /// Hands it to the broker; `false` when that cannot be done now and it must be offered again.
    #[must_use]
    pub fn publish(self, office: &Kernel) -> bool {
        office.wire.publish(&self.wire_name, &self.topic, self.payload)
    }
}

/// How often old events and commands are thrown away.
pub const SWEEP: Duration = Duration::from_secs(3600);
/// How long an event is known as processed: longer than the oldest backup that a server is restored from.
const EVENTS: Millis = 180 * DAY;
/// How long commands and answers of the network are kept.
const COMMANDS: Millis = 365 * DAY;

/// Throws away what is older than its time.
#[must_use]
pub fn sweep<'a>(office: &'a Office, _: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        // A clock that jumped ahead makes everything old.
        if office.clock.hold().is_some() {
            return Ok(());
        }
        let now = office.clock.now();
        let gone = store::sweep(&office.db, now - EVENTS, now - COMMANDS).await?;
        if gone > 0 {
            tracing::info!(gone, "old events and commands of boxes were swept out");
        }
        Ok(())
    })
}

/// How long a signed command is obeyed. Offering it again signs it anew.
const COMMAND_LIFE: Millis = DAY;

/// Numbers and signs a command for a box; `None` when the box is not in use.
///
/// # Errors
/// What the database or the key file says.
pub async fn command(
    office: &Kernel,
    tx: &mut Tx,
    gateway: Id,
    kind: CommandKind,
    body: String,
    now: Millis,
) -> Result<Option<Outgoing>> {
    let Some(found) = store::to_change(tx, gateway).await?.filter(|gateway| gateway.state == "active") else {
        return Ok(None);
    };
    let seq = u64::try_from(store::next_command(tx, gateway).await?).unwrap_or_default();
    let topic = Topic::Command(kind).to_string();
    let signed = keys::signer(office)?.sign(&found.wire_name, &topic, seq, now + COMMAND_LIFE, body);
    let payload = serde_json::to_vec(&signed).map_err(anyhow::Error::from)?;
    Ok(Some(Outgoing { wire_name: found.wire_name, topic, payload }))
}

/// Holds the boxes in use until the commit. What a box says holds the box first and the message after it; whoever
/// gives a message to a box does the same.
pub async fn hold(tx: &mut Tx) -> Result<(), DbError> {
    store::hold(tx).await
}

/// The box to send by: `wanted` if it can, else the first whose modem is in the network, else the first that
/// is there.
pub async fn choose(tx: &mut Tx, wanted: Option<Id>) -> Result<Option<Id>, DbError> {
    let ready = store::ready(&mut *tx).await?;
    let works = |gateway: &&store::Gateway| health::modems(&gateway.modems).values().any(health::works);
    let sticky = ready.iter().find(|gateway| Some(gateway.id) == wanted);
    Ok(sticky.or_else(|| ready.iter().find(works)).or_else(|| ready.first()).map(|gateway| gateway.id))
}

/// Whether a box is connected now.
pub async fn any_online(db: &Db) -> Result<bool, DbError> {
    store::any_online(db).await
}

/// The boxes in use, connected or not.
pub async fn active(tx: &mut Tx) -> Result<Vec<Id>, DbError> {
    store::active(tx).await
}

/// The boxes that are connected since before `since`.
pub async fn online_since(db: &Db, since: Millis) -> Result<Vec<Id>, DbError> {
    store::online_since(db, since).await
}

/// The boxes that are connected now.
pub async fn online(on: impl Into<On<'_>>) -> Result<Vec<Id>, DbError> {
    Ok(store::ready(on).await?.into_iter().map(|gateway| gateway.id).collect())
}
