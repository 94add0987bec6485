//! The SQL of what shows many customers: lists by view, order and search, choices for a form, and the selection
//! that a campaign or another statement works on.

use crate::customers::rules::{Sort, View, quiet_since};
use crate::customers::store::{Choice, KIND, Row, WHOM};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, sql};
use crate::kernel::search::{self, Plan};

/// What a list asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub q: Option<&'a str>,
    pub view: View,
    pub sort: Sort,
    pub paging: Paging,
    pub now: Millis,
}

/// The condition on the owner. Over other people's rows it is only a filter (the `+` keeps the planners from
/// seeking each owner and sorting what they bring): the list's index is walked in its order. Where candidates are
/// found by their ids instead, any bound on the owner makes SQLite take the index that has the owner and the order
/// beside the id, which is all that is needed of most of them; by the bare id it would read every row.
fn within(scope: &Scope, plan: &Plan, query: Query) -> Query {
    if !scope.sees_others() {
        return scope.restrict(query, "x.owner_id");
    }
    let query = scope.restrict(query, "+x.owner_id");
    if plan.by_id() { query.push(" AND x.owner_id >= 0") } else { query }
}

/// The condition of a view; `owned` adds that on the owner.
fn in_view(view: View, now: Millis, scope: &Scope, query: Query, owned: impl Fn(&Scope, Query) -> Query) -> Query {
    match view {
        View::All => owned(scope, query),
        View::Mine => owned(&scope.mine(), query),
        View::Arrears => owned(scope, query.push(" AND x.arrears > 0")),
        View::Quiet => {
            let query = query.push(" AND COALESCE(x.last_contact_at, x.created_at) <= ").arg(quiet_since(now));
            owned(scope, query)
        }
    }
}

fn ordered(view: View, sort: Sort, query: Query) -> Query {
    match (view, sort) {
        (View::Arrears, Sort::Name | Sort::Contact) => query.push(" ORDER BY x.arrears DESC, x.id"),
        (View::Quiet, Sort::Name | Sort::Contact) | (View::All | View::Mine, Sort::Contact) => {
            query.push(" ORDER BY COALESCE(x.last_contact_at, x.created_at), x.id")
        }
        (View::All | View::Mine, Sort::Name) => query.push(" ORDER BY x.mnemonic, x.id"),
    }
}

pub async fn list(db: &Db, scope: &Scope, wanted: Wanted<'_>) -> Result<Listing<Row>, DbError> {
    let plan = search::plan(db, KIND, wanted.q).await?;
    if matches!(plan, Plan::Nothing) {
        return Ok(wanted.paging.cut(Vec::new()));
    }
    // Of candidates the page is chosen by what an index holds, and its own rows are read then; a list that is
    // walked in its order has the row at hand.
    let (chosen, page) = if plan.by_id() {
        ("x.id", ") AS p JOIN customers x ON x.id = p.id")
    } else {
        ("x.id, x.name, x.mnemonic, x.owner_id, x.arrears, x.last_contact_at, x.created_at", ") AS x")
    };
    let query = sql("SELECT x.id, x.name, u.name AS owner_name, x.arrears, x.last_contact_at, x.created_at, ")
        .push(WHOM)
        .push(" FROM (SELECT ")
        .push(chosen)
        .push(" FROM ");
    let query = plan.source(query).push("customers x WHERE x.deleted_at IS NULL");
    let query = in_view(wanted.view, wanted.now, scope, query, |scope, query| within(scope, &plan, query));
    let query = plan.filter(query, "x.id", "x.search_text");
    let query = ordered(wanted.view, wanted.sort, query)
        .push(" LIMIT ")
        .arg(wanted.paging.limit())
        .push(" OFFSET ")
        .arg(wanted.paging.offset())
        .push(page)
        .push(" JOIN users u ON u.id = x.owner_id");
    let query = ordered(wanted.view, wanted.sort, query);
    Ok(wanted.paging.cut(query.all(db).await?))
}

pub async fn choices(db: &Db, scope: &Scope, q: Option<&str>, limit: i64) -> Result<Vec<Choice>, DbError> {
    let plan = search::plan(db, KIND, q).await?;
    if matches!(plan, Plan::Nothing) {
        return Ok(Vec::new());
    }
    let query = plan
        .source(sql("SELECT x.id, x.name, x.address FROM (SELECT x.id FROM "))
        .push("customers x WHERE x.deleted_at IS NULL");
    let query = plan.filter(within(scope, &plan, query), "x.id", "x.search_text");
    let sort = if matches!(plan, Plan::All) { Sort::Contact } else { Sort::Name };
    let query = ordered(View::All, sort, query).push(" LIMIT ").arg(limit.clamp(1, 200));
    ordered(View::All, sort, query.push(") AS p JOIN customers x ON x.id = p.id")).all(db).await
}

/// The customers of a view and a search, for statements over all of them.
#[derive(Clone, Debug)]
pub struct Selection {
    plan: Plan,
    view: View,
    now: Millis,
}

pub async fn selection(on: impl Into<On<'_>>, view: View, q: Option<&str>, now: Millis) -> Result<Selection, DbError> {
    let plan = search::plan(on, KIND, q).await?;
    Ok(Selection { plan, view, now })
}

impl Selection {
    /// Whether no customer has what is looked for.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self.plan, Plan::Nothing)
    }

    /// Whether so many may have what is looked for that a list is walked in its order instead.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        match self.plan {
            Plan::All | Plan::Many(_) => true,
            Plan::Few(_) | Plan::Nothing => false,
        }
    }

    /// For a wide one: narrows a list whose rows join customers, whose columns are `id` and `text`.
    #[must_use]
    pub fn matching(&self, query: Query, id: &'static str, text: &'static str) -> Query {
        self.plan.filter(query, id, text)
    }

    /// Appends the select of their ids in `scope`.
    #[must_use]
    pub fn ids(&self, query: Query, scope: &Scope) -> Query {
        let query = self.plan.source(query.push("SELECT x.id FROM ")).push("customers x WHERE x.deleted_at IS NULL");
        let query = in_view(self.view, self.now, scope, query, |scope, query| scope.restrict(query, "x.owner_id"));
        self.plan.filter(query, "x.id", "x.search_text")
    }
}

/// Appends the select of the numbers of selected customers.
pub fn numbers_of(query: Query, selection: &Selection, scope: &Scope) -> Query {
    selection.ids(query.push("SELECT ph.digits FROM phones ph WHERE ph.customer_id IN ("), scope).push(")")
}
