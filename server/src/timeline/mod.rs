//! Timeline 往来: the page of one customer, which gathers what every feature knows of it. Downstream of all.
//!
//! Tables: none
//! Events: none
//! Uses: customers, contacts, documents, visits, tasks, sms, calls

mod pages;
mod view;

use futures_util::future::{BoxFuture, try_join, try_join_all};

use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError};
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
pub struct Asked<'a> {
    /// Who looks: what they may not view is left out.
    pub actor: &'a Actor,
    /// The customer.
    pub customer: Id,
    /// The language of the entries.
    pub lang: Lang,
    /// The moment of looking.
    pub now: Millis,
}

type History<'a> = (Module, BoxFuture<'a, Result<Vec<Entry>, DbError>>);

/// The `limit` newest entries of every feature that the looker may view.
pub async fn recent(db: &Db, asked: Asked<'_>, limit: i64) -> Result<Vec<Entry>, DbError> {
    let Asked { actor, customer, lang, now } = asked;
    let scope: &Scope = &actor.scope();
    // One line for each feature that has something to tell.
    let histories: Vec<History<'_>> = vec![
        (Module::Customers, Box::pin(customers::history(db, scope, customer, lang, now, limit))),
        (Module::Visits, Box::pin(visits::history(db, scope, customer, lang, now, limit))),
        (Module::Tasks, Box::pin(tasks::history(db, scope, customer, lang, now, limit))),
        (Module::Sms, Box::pin(sms::history(db, scope, customer, lang, now, limit))),
        (Module::Calls, Box::pin(calls::history(db, scope, customer, lang, now, limit))),
    ];
    let may = |module: Module| Gate::view(module).admits(&actor.rights);
    let allowed = histories.into_iter().filter(|(module, _)| may(*module)).map(|(_, history)| history);
    // Documents of every kind are one statement.
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| may(kind.module())).collect();
    let (mut lists, heads) =
        try_join(try_join_all(allowed), documents::history(db, scope, customer, &kinds, limit)).await?;
    lists.push(heads.iter().map(|head| dispatch::entry(lang, head, now)).collect());
    Ok(newest(lists, limit))
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
        };
        let merged = newest(vec![vec![entry(5), entry(1)], vec![], vec![entry(4), entry(3), entry(2)]], 3);
        assert_eq!(merged.iter().map(|entry| entry.at).collect::<Vec<_>>(), [5, 4, 3]);
    }
}
