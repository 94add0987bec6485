//! From our outbox to a box: offered, and offered again until the box says that it is safe in its own
//! queue. Never to a second box, and the box drops repeats by id, so a message is never sent twice by this.

use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::messages::{Class as WireClass, Policy, SmsCommand};
use fieldline_protocol::topics::CommandKind;

use crate::events::{self, Event};
use crate::gateways;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::id::Id;
use crate::kernel::{HookFuture, Office};
use crate::sms::limits::{Block, Class};
use crate::sms::rules::State;
use crate::sms::{blocks, optouts, recall, settings, store};
use crate::web::error::Result;

/// A message that was offered and not answered is offered again after this.
const AGAIN: Millis = 30_000;
/// How often the outbox is looked through.
pub const LOOK: Duration = Duration::from_secs(10);
/// Messages offered in one go.
const MOST: i64 = 100;
/// A message that could not be sent within this time is about something else by then.
const LIFE: Millis = DAY;

/// Offers one message to a box, if it waits for one and one is there.
pub async fn offer(office: &Office, scope: &Scope, id: Id) -> Result<()> {
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    gateways::hold(&mut tx).await?;
    let Some(message) = store::message_to_change(&mut tx, scope, id).await? else { return Ok(()) };
    let gateway = match (message.state, message.gateway_id) {
        // One that is wanted back is not pressed upon the box.
        (State::Offered, Some(_)) if !message.recall.is_empty() => return Ok(()),
        (State::Offered, Some(gateway)) => Some(gateway),
        (State::Waiting, _) if office.clock.is_due(message.created_at + LIFE) => {
            return end(tx, id, State::Expired, "", now).await;
        }
        (State::Waiting, _) => {
            let rules = settings::load(&mut tx).await?;
            let held = rules.quiet.holds(now) || office.clock.hold().is_some();
            if message.class == Class::Marketing && held {
                return Ok(());
            }
            // It was allowed when it was written; the receiver may have opted out since.
            if let Some(block) = blocks::against(&mut tx, &message.digits, message.class).await? {
                return end(tx, id, stopped(block), block.code(), now).await;
            }
            let wanted = store::last_box(&mut tx, &message.digits).await?;
            let chosen = with_room(&mut tx, wanted, rules.caps.gateway, now).await?;
            if let Some(gateway) = chosen {
                store::count_given(&mut tx, gateway, now).await?;
            }
            chosen
        }
        _ => return Ok(()),
    };
    let (Some(gateway), Some(phone)) = (gateway, Phone::parse(&message.digits)) else { return Ok(()) };
    let Ok(wire_id) = message.wire_id.parse() else { return Ok(()) };
    let command = SmsCommand {
        id: wire_id,
        to: phone.international(),
        text: message.text.clone(),
        modem: "auto".to_owned(),
        validity_s: u32::try_from(LIFE / 1000).ok(),
        not_before: None,
        expires: Some(message.created_at + LIFE),
        report: true,
        policy: Policy::AtMostOnce,
        class: match message.class {
            Class::Service | Class::Staff => WireClass::Service,
            Class::Marketing => WireClass::Marketing,
        },
    };
    let body = serde_json::to_string(&command).map_err(anyhow::Error::from)?;
    let Some(outgoing) = gateways::command(office, &mut tx, gateway, CommandKind::Sms, body, now).await? else {
        return Ok(());
    };
    store::set_offered(&mut tx, id, gateway, now).await?;
    tx.commit().await?;
    // Published after the commit: were it the other way round, a box could have a message that we would
    // offer to another.
    if !outgoing.publish(office) {
        tracing::debug!(sms = %id, "no way to the broker; the message will be offered again");
    }
    Ok(())
}

/// The state of a message that may not be sent any more. An opt-out leaves nothing for a person to settle.
fn stopped(block: Block) -> State {
    match block {
        Block::OptOut => State::Dropped,
        Block::Blacklist => State::Refused,
    }
}

/// The box to send by among those that have not sent their fill today.
async fn with_room(tx: &mut Tx, wanted: Option<Id>, cap: i64, now: Millis) -> Result<Option<Id>, DbError> {
    let Some(chosen) = gateways::choose(tx, wanted).await? else { return Ok(None) };
    if store::given_today(tx, chosen, now).await? < cap {
        return Ok(Some(chosen));
    }
    for other in gateways::online(&mut *tx).await? {
        if store::given_today(tx, other, now).await? < cap {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Ends a message that no box has.
async fn end(mut tx: Tx, id: Id, state: State, error: &str, now: Millis) -> Result<()> {
    store::set_state(&mut tx, id, state, error, now).await?;
    events::raise(&mut tx, now, Event::SmsMoved { sms: id }).await?;
    tx.commit().await?;
    Ok(())
}

/// A box is there: what it was offered and has not answered, and what waits.
pub async fn box_came_online(office: &Office, scope: &Scope, gateway: Id) -> Result<()> {
    // Who opted out while it was away comes first: what is offered next may be to them.
    optouts::tell(office, gateway).await?;
    let mut ids = store::offered_to(&office.db, gateway, MOST).await?;
    let marketing = marketing_may_go(office).await?;
    ids.extend(store::to_offer(&office.db, 0, marketing, MOST).await?);
    for id in ids {
        offer(office, scope, id).await?;
    }
    Ok(())
}

/// Outside quiet hours, as far as the clock can be trusted.
async fn marketing_may_go(office: &Office) -> Result<bool> {
    let quiet = settings::load(&office.db).await?.quiet.holds(office.clock.now());
    Ok(!quiet && office.clock.hold().is_none())
}

/// Looks through the outbox: what waits, and what a box has not answered for a while.
pub fn look<'a>(office: &'a Office, key: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let scope = Scope::company(key);
        if !gateways::any_online(&office.db).await? {
            return Ok(());
        }
        let now = office.clock.now();
        optouts::tell_again(office).await?;
        for id in recall::unanswered(&office.db, now).await? {
            recall::ask_back(office, &scope, id).await?;
        }
        let marketing = marketing_may_go(office).await?;
        for id in store::to_offer(&office.db, now - AGAIN, marketing, MOST).await? {
            offer(office, &scope, id).await?;
        }
        Ok(())
    })
}
