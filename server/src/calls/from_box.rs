//! What a box says about the telephone, inside the transaction that notes the box's event.

use fieldline_protocol::messages::{CallEvent, CallPhase};

use crate::calls::rules::{GRACE, LONGEST_RING, State};
use crate::calls::store::{self, Known, NewCall};
use crate::calls::{close, shown};
use crate::events::{self, Event};
use crate::kernel::audit::Author;
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{DAY, MINUTE, Millis};
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::web::error::Result;
use crate::{customers, tasks, users};

/// A ringing that is told later than this is history: the box was offline. It is kept and it pops up nowhere.
const STALE: Millis = 2 * MINUTE;

/// What an event says of the caller.
struct Caller {
    digits: String,
    name: String,
    withheld: bool,
    owner: Option<Id>,
    customer: Option<Id>,
    contact: Option<Id>,
}

fn clean(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect::<String>().trim().to_owned()
}

/// Who calls, as far as the event tells. A customer whose owner is locked is the superior's.
async fn caller(tx: &mut Tx, event: &CallEvent) -> Result<Caller> {
    let number = clean(event.number.as_deref().unwrap_or_default(), 40);
    let digits = Phone::parse(&number).map_or(number, |phone| phone.digits().to_owned());
    let callers = if digits.is_empty() { Vec::new() } else { customers::by_phone(&mut *tx, &digits).await? };
    let known = callers.first();
    let owner = match known {
        Some(known) => users::acting_for(&mut *tx, known.owner_id).await?,
        None => None,
    };
    Ok(Caller {
        digits,
        name: clean(event.name.as_deref().unwrap_or_default(), 60),
        withheld: event.withheld,
        owner,
        customer: known.map(|known| known.customer_id),
        contact: known.and_then(|known| known.contact_id),
    })
}

/// `evt/call`
pub async fn heard(tx: &mut Tx, gateway: Id, now: Millis, event: &CallEvent) -> Result<()> {
    let caller = caller(tx, event).await?;
    let line = clean(&event.line, 40);
    // The box's clock tells when it rang, unless it is plainly wrong.
    let at = if (now - event.head.ts).abs() < DAY { event.head.ts.min(now) } else { now };
    let (wire_name, boot) = (event.call.to_string(), event.head.boot.to_string());
    let known = store::on_box(tx, gateway, &wire_name).await?;
    let (mut call, new) = match known {
        Some(known) => (known, false),
        None => {
            let new = NewCall {
                gateway,
                call: &wire_name,
                line: &line,
                owner: caller.owner,
                customer: caller.customer,
                contact: caller.contact,
                digits: &caller.digits,
                name: &caller.name,
                withheld: caller.withheld,
                boot: &boot,
                started_at: at,
            };
            let id = store::insert(tx, &new).await?;
            (beginning(id, &caller), true)
        }
    };
    let learned = !new && learn(tx, &mut call, &caller).await?;
    let state = call.state;
    match event.phase {
        CallPhase::Ringing | CallPhase::Identified => {
            if new {
                // Its end may never be told: the box can lose its power while it rings.
                let due = (at + LONGEST_RING).max(now + GRACE);
                events::raise_later(tx, now, due, Event::CallRangOut { call: call.id }).await?;
            }
            // A number or a name that came later raises the popup again.
            if (new || learned) && now - at < STALE && state == State::Ringing {
                events::raise(tx, now, Event::CallRinging { call: call.id }).await?;
            }
            Ok(())
        }
        CallPhase::Answered => answered(tx, &call, state, at, now).await,
        CallPhase::Ended => close(tx, call.id, state, at, now).await,
    }
}

fn beginning(id: Id, caller: &Caller) -> Known {
    Known {
        id,
        state: State::Ringing,
        owner_id: caller.owner,
        customer_id: caller.customer,
        contact_id: caller.contact,
        digits: caller.digits.clone(),
        name: caller.name.clone(),
        withheld: caller.withheld,
    }
}

/// Takes what a later event of the same call tells and the call did not know: exchanges send number and name in
/// any order. What is known stays. Returns whether there was something.
async fn learn(tx: &mut Tx, call: &mut Known, caller: &Caller) -> Result<bool> {
    let number = call.digits.is_empty() && !caller.digits.is_empty();
    let name = call.name.is_empty() && !caller.name.is_empty();
    let withheld = caller.withheld && !call.withheld && call.digits.is_empty() && !number;
    if number {
        call.digits.clone_from(&caller.digits);
        // Somebody may have been given the call meanwhile.
        call.owner_id = call.owner_id.or(caller.owner);
        call.customer_id = caller.customer;
        call.contact_id = caller.contact;
        call.withheld = false;
    }
    if name {
        call.name.clone_from(&caller.name);
    }
    if withheld {
        call.withheld = true;
    }
    if number || name || withheld {
        store::identify(tx, call).await?;
    }
    Ok(number || name || withheld)
}

/// A GSM line can tell that it was answered: then earlier missed calls of this caller are settled too, and so are
/// the tasks that they made.
async fn answered(tx: &mut Tx, call: &Known, state: State, at: Millis, now: Millis) -> Result<()> {
    if state.is_open() {
        store::set_state(tx, call.id, State::Answered, None, at).await?;
    }
    let mut settled = store::waiting_of(tx, &call.digits, call.customer_id).await?;
    if !settled.is_empty() {
        store::settle(tx, &settled, None, at).await?;
    }
    // The call's own task too, where its answer is told after it was taken for missed.
    settled.push(call.id);
    let author = Author { user: None, origin: "calls".to_owned(), at: now };
    let feedback = t!(Lang::Zh, "calls.called_and_answered", number = shown(&call.digits));
    tasks::finish_callbacks(tx, &author, call.customer_id, &settled, &feedback).await?;
    Ok(customers::heard_from(tx, call.customer_id, at).await?)
}
