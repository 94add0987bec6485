//! What the customer's card itself has to say on its timeline: that it was entered.

use crate::customers::Customer;
use crate::kernel::clock::{self, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::ui::icon::Icon;
use crate::ui::timeline::Entry;

/// The entry of the card.
#[must_use]
pub fn entry(customer: &Customer, lang: Lang, now: Millis) -> Entry {
    Entry {
        at: customer.created_at,
        when: clock::brief(customer.created_at, now),
        href: None,
        title: t!(lang, "customers.entered").into_owned(),
        text: customer.name.clone(),
        tag: None,
        icon: Some(Icon::Customers),
    }
}
