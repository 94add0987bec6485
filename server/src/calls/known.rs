//! Links calls to a customer whose number is entered, and closes calls.

use crate::calls::rules::State;
use crate::calls::store::{self, Call};
use crate::customers::{self, Caller};
use crate::events::NumbersKnown;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::tasks;
use crate::web::error::Result;

/// Links the calls of numbers that belonged to no customer. The call during which the customer was entered was answered
/// by whoever entered it.
pub async fn numbers_known(tx: &mut Tx, at: Millis, known: &NumbersKnown, callers: &[(String, Caller)]) -> Result<()> {
    for (digits, caller) in callers {
        store::link(tx, digits, caller.customer_id, caller.contact_id, caller.owner_id).await?;
    }
    let Some(call) = known.call else { return Ok(()) };
    // The form names the call; only a call of this customer's number is accepted.
    let Some(call) = store::of_customer(tx, call, known.customer).await? else { return Ok(()) };
    if call.state.is_open() {
        let author = Author { user: Some(known.by), origin: "calls".to_owned(), at };
        let feedback = t!(Lang::Zh, "calls.feedback_answered");
        settle(tx, &author, &call, Settled { by: known.by, state: State::Answered, feedback: &feedback }).await?;
    }
    Ok(())
}

/// How an open call was settled.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// Who took the call or called back.
    pub by: Id,
    /// [`State::Answered`] or [`State::CalledBack`].
    pub state: State,
    /// The feedback of the call-back tasks that end with it.
    pub feedback: &'a str,
}

/// Settles a call, and with it the missed calls and call-back tasks of the same caller. Returns whose counts changed.
pub async fn settle(tx: &mut Tx, author: &Author, call: &Call, settled: Settled<'_>) -> Result<Vec<Id>> {
    let Settled { by, state, feedback } = settled;
    store::set_state(tx, call.id, state, Some(by), author.at).await?;
    let mut calls = store::waiting_of(tx, &call.digits, call.customer_id).await?;
    store::settle(tx, &calls, Some(by), author.at).await?;
    let spoken_at = if state == State::Answered { call.started_at } else { author.at };
    customers::heard_from(tx, call.customer_id, spoken_at).await?;
    // The task of the call itself too: the call may have counted as missed before.
    calls.push(call.id);
    let mut told: Vec<Id> = call.owner_id.into_iter().collect();
    told.extend(tasks::finish_callbacks(tx, author, call.customer_id, &calls, feedback).await?);
    let changes = Changes::new().moved("state", call.state.code(), state.code());
    audit::record(tx, author, Action::Edit, "call", call.id, changes).await?;
    Ok(told)
}
