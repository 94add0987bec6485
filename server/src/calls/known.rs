//! What earlier calls learn when somebody enters their number as a customer's.

use crate::calls::rules::State;
use crate::calls::store::{self, Call};
use crate::customers;
use crate::events::NumbersKnown;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::tasks;
use crate::web::error::Result;

/// Calls of the customer's numbers that belonged to nobody are the customer's. The call during which the customer was
/// entered was answered by whoever entered it.
pub async fn numbers_known(tx: &mut Tx, at: Millis, known: &NumbersKnown) -> Result<()> {
    for number in customers::numbers(&mut *tx, known.customer).await? {
        if let Some(caller) = customers::by_phone(&mut *tx, &number.digits).await?.first() {
            store::link(tx, &number.digits, caller.customer_id, caller.contact_id, caller.owner_id).await?;
        }
    }
    let Some(call) = known.call else { return Ok(()) };
    // Only a call of this customer's number, whatever the form said.
    let Some(call) = store::of_customer(tx, call, known.customer).await? else { return Ok(()) };
    if call.state.is_open() {
        let author = Author { user: Some(known.by), origin: "calls".to_owned(), at };
        took(tx, &author, &call, known.by, &t!(Lang::Zh, "calls.feedback_answered")).await?;
    }
    Ok(())
}

/// Somebody took a call: it and what this caller waits for are settled. Returns whose counts changed.
pub async fn took(tx: &mut Tx, author: &Author, call: &Call, by: Id, feedback: &str) -> Result<Vec<Id>> {
    store::set_state(tx, call.id, State::Answered, Some(by), author.at).await?;
    let mut settled = store::waiting_of(tx, &call.digits, call.customer_id).await?;
    store::settle(tx, &settled, Some(by), author.at).await?;
    customers::heard_from(tx, call.customer_id, call.started_at).await?;
    // The call's own task too, where it was missed for a moment.
    settled.push(call.id);
    let mut told: Vec<Id> = call.owner_id.into_iter().collect();
    told.extend(tasks::finish_callbacks(tx, author, call.customer_id, &settled, feedback).await?);
    let changes = Changes::new().moved("state", call.state.code(), State::Answered.code());
    audit::record(tx, author, Action::Edit, "call", call.id, changes).await?;
    Ok(told)
}
