//! Timeline 往来: the page of one customer, which gathers what every feature knows of it. Downstream of all.
//!
//! Tables: none
//! Events: none
//! Uses: customers, contacts, documents, visits, tasks, sms, calls

mod pages;
mod view;

use tokio::try_join;

use crate::customers::{Customer, Number};
use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::gather::{self, Gathered};
use crate::kernel::db::{Db, DbError, Query};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::modules::Module;
use crate::ui::timeline::Entry;
use crate::web::routes::Routes;
use crate::{calls, customers, dispatch, documents, sms, tasks, visits};

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/customers/:id", Gate::view(Module::Customers), pages::show);
    routes.get("/customers/:id/timeline", Gate::view(Module::Customers), pages::timeline);
}

/// Whose past is asked for, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Who looks: what they may not view is left out.
    pub actor: &'a Actor,
    /// The customer.
    pub customer: &'a Customer,
    /// The language of the entries.
    pub lang: Lang,
    /// The moment of looking.
    pub now: Millis,
}

/// What one feature adds to the timeline: the select of its rows, their word, and the entry of a row.
struct Teller {
    module: Module,
    what: &'static str,
    select: fn(Query, &Scope, Id, i64) -> Query,
    entry: fn(Gathered, Lang, Millis) -> Entry,
}

/// One line for each feature whose rows come by the one statement.
const TELLERS: [Teller; 5] = [
    Teller { module: Module::Visits, what: "visit", select: visits::past, entry: visits::entry },
    Teller { module: Module::Tasks, what: "task", select: tasks::past, entry: tasks::entry },
    Teller { module: Module::Sms, what: "message", select: sms::past_messages, entry: sms::message_entry },
    Teller { module: Module::Sms, what: "reply", select: sms::past_replies, entry: sms::reply_entry },
    Teller { module: Module::Calls, what: "call", select: calls::past, entry: calls::entry },
];

/// The `limit` newest entries of every feature that the looker may view, and the numbers of the customer and its people:
/// a row more of the statement that gathers.
pub async fn recent(db: &Db, asked: Reading<'_>, limit: i64) -> Result<(Vec<Entry>, Vec<Number>), DbError> {
    let Reading { actor, customer, lang, now } = asked;
    let scope: &Scope = &actor.scope();
    let may = |module: Module| Gate::view(module).admits(&actor.rights);
    let selects = TELLERS.iter().filter(|teller| may(teller.module)).map(Some).chain([None]).map(|teller| {
        move |query: Query| match teller {
            Some(teller) => (teller.select)(query, scope, customer.id, limit),
            None => customers::number_rows(query, customer.id),
        }
    });
    let together = gather::joined(selects);
    let together = async {
        match together {
            Some(query) => query.all::<Gathered>(db).await,
            None => Ok(Vec::new()),
        }
    };
    // Documents of every kind are one statement.
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| may(kind.module())).collect();
    let (mut together, heads) = try_join!(together, documents::history(db, scope, customer.id, &kinds, limit))?;
    let numbers = customers::numbers_among(&mut together);
    let told = together.into_iter().filter_map(|past| {
        let teller = TELLERS.iter().find(|teller| teller.what == past.what)?;
        Some((teller.entry)(past, lang, now))
    });
    let entered = may(Module::Customers).then(|| customers::entry(customer, lang, now));
    let documents = heads.iter().map(|head| dispatch::entry(lang, head, now)).collect();
    Ok((newest(vec![entered.into_iter().collect(), told.collect(), documents], limit), numbers))
}

/// Merges lists by time, the newest first.
fn newest(lists: Vec<Vec<Entry>>, limit: i64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = lists.into_iter().flatten().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(usize::try_from(limit).unwrap_or_default());
    entries
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::newest;
    use crate::ui::timeline::Entry;

    #[test]
    fn the_newest_of_all_lists_come_first() {
        let entry = |at: i64| Entry {
            at,
            when: String::new(),
            href: None,
            title: at.to_string(),
            text: String::new(),
            tag: None,
            icon: None,
        };
        let merged = newest(vec![vec![entry(5), entry(1)], vec![], vec![entry(4), entry(3), entry(2)]], 3);
        assert_eq!(merged.iter().map(|entry| entry.at).collect::<Vec<_>>(), [5, 4, 3]);
    }
}
