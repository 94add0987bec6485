//! What a box says about the telephone, inside the transaction that notes the box's event.

use fieldline_protocol::messages::{CallEvent, CallPhase};

use crate::calls::rules::State;
use crate::calls::settings;
use crate::calls::store::{self, NewCall};
use crate::customers;
use crate::events::{self, Event};
use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::db::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::phone::Phone;

/// A ringing that is told later than this is history: the box was offline. It is kept and it pops up nowhere.
const STALE: Millis = 2 * MINUTE;

/// `evt/call`
///
/// # Errors
/// What the database says.
pub async fn heard(tx: &mut Tx, gateway: Id, now: Millis, event: &CallEvent) -> Result<()> {
    let clean = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    let number = event.number.as_deref().map(|number| clean(number, 40)).unwrap_or_default();
    let digits = Phone::parse(&number).map_or(number, |phone| phone.digits().to_owned());
    let callers = if digits.is_empty() { Vec::new() } else { customers::by_phone(&mut *tx, &digits).await? };
    let caller = callers.first();
    let name = clean(event.name.as_deref().unwrap_or_default(), 60);
    let line = clean(&event.line, 40);
    // The box's clock tells when it rang, unless it is plainly wrong.
    let at = if (now - event.head.ts).abs() < crate::kernel::clock::DAY { event.head.ts.min(now) } else { now };
    let wire_name = event.call.to_string();
    let new = NewCall {
        gateway,
        call: &wire_name,
        line: &line,
        owner: caller.map(|caller| caller.owner_id),
        customer: caller.map(|caller| caller.customer_id),
        contact: caller.and_then(|caller| caller.contact_id),
        digits: &digits,
        name: &name,
        withheld: event.withheld,
        started_at: at,
    };
    let known = store::on_box(tx, gateway, &wire_name).await?;
    let fresh = now - at < STALE;
    match (event.phase, known) {
        (CallPhase::Ringing, None) => {
            let id = store::insert(tx, &new).await?;
            if fresh {
                events::raise(tx, now, Event::CallRinging { call: id }).await?;
            }
            Ok(())
        }
        (CallPhase::Ringing | CallPhase::Identified, Some(known)) => {
            if known.digits.is_empty() && !digits.is_empty() {
                store::identify(tx, known.id, &new).await?;
                if fresh {
                    // It pops up again, now with a face.
                    events::raise(tx, now, Event::CallRinging { call: known.id }).await?;
                }
            }
            Ok(())
        }
        (phase, known) => {
            // The beginning was lost with a box's older store: the end still makes a row.
            let (id, state) = match known {
                Some(known) => (known.id, State::of(&known.state)),
                None => (store::insert(tx, &new).await?, State::Ringing),
            };
            match phase {
                CallPhase::Answered => answered(tx, id, state, &digits, &new, at).await,
                CallPhase::Ended => ended(tx, id, state, at, now).await,
                CallPhase::Ringing | CallPhase::Identified => Ok(()),
            }
        }
    }
}

/// A GSM line can tell that it was answered: then earlier missed calls of this caller are settled too.
async fn answered(tx: &mut Tx, id: Id, state: State, digits: &str, new: &NewCall<'_>, at: Millis) -> Result<()> {
    if state.is_open() {
        store::set_state(tx, id, State::Answered, None, at).await?;
    }
    let waiting = store::waiting_of(tx, digits, new.customer).await?;
    if !waiting.is_empty() {
        store::settle(tx, &waiting, None, at).await?;
    }
    Ok(customers::heard_from(tx, new.customer, at).await?)
}

async fn ended(tx: &mut Tx, id: Id, state: State, at: Millis, now: Millis) -> Result<()> {
    store::end(tx, id, at).await?;
    events::raise(tx, now, Event::CallEnded { call: id }).await?;
    if matches!(state, State::Ringing | State::Ended) {
        let patience = settings::load(&mut *tx).await?.patience;
        events::raise_later(tx, now, now + patience, Event::CallUnanswered { call: id }).await?;
    }
    Ok(())
}
