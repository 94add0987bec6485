//! What the customer's card itself has to say on its timeline: that it was entered.

use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::timeline::Entry;

/// The entry of the card.
pub async fn history(
    db: &Db,
    scope: &Scope,
    customer: Id,
    lang: Lang,
    now: Millis,
    _limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let Some(customer) = super::find(db, scope, customer).await? else { return Ok(Vec::new()) };
    Ok(vec![Entry {
        at: customer.created_at,
        when: clock::brief(customer.created_at, now),
        href: None,
        title: t!(lang, "customers.entered").into_owned(),
        text: customer.name,
        tag: None,
    }])
}
