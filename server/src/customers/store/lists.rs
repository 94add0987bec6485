//! The SQL of what shows many customers: lists by view, order and search, choices for a form, and the selection
//! that a campaign or another statement works on.

use crate::customers::rules::{Sort, View, quiet_since};
use crate::customers::store::{Choice, CustomerRow, KIND, WHOM};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, sql};
use crate::kernel::search::{self, Around, Own, Plan};

/// What a list asks for.
#[derive(Clone, Copy, Debug)]
pub struct ListQuery<'a> {
    pub q: Option<&'a str>,
    pub view: View,
    pub sort: Sort,
    pub paging: Paging,
    pub now: Millis,
}

/// The condition on the owner. Where an order is walked, over other people's rows it is only a filter: the `+` keeps
/// the planners from seeking each owner and sorting what they bring.
fn within(scope: &Scope, plan: &Plan, query: Query) -> Query {
    let column = if plan.by_pieces() {
        "t.owner_id"
    } else if plan.by_owner() || !scope.sees_others() {
        "x.owner_id"
    } else {
        "+x.owner_id"
    };
    scope.restrict(query, column)
}

/// The condition of a view, without that on the owner.
fn in_view(view: View, now: Millis, query: Query) -> Query {
    match view {
        View::All | View::Mine => query,
        View::Arrears => query.push(" AND x.arrears > 0"),
        View::Quiet => query.push(" AND COALESCE(x.last_contact_at, x.created_at) <= ").arg(quiet_since(now)),
    }
}

/// What a list is sorted by.
fn order(view: View, sort: Sort) -> &'static str {
    match (view, sort) {
        (View::Arrears, Sort::Name | Sort::Contact | Sort::Recent) => " ORDER BY x.arrears DESC, x.id",
        (View::Quiet, Sort::Name | Sort::Contact | Sort::Recent) | (View::All | View::Mine, Sort::Contact) => {
            " ORDER BY COALESCE(x.last_contact_at, x.created_at), x.id"
        }
        // The same index, read from its end.
        (View::All | View::Mine, Sort::Recent) => " ORDER BY COALESCE(x.last_contact_at, x.created_at) DESC, x.id DESC",
        (View::All | View::Mine, Sort::Name) => BY_NAME,
    }
}

/// The order of the pieces' rows.
const BY_NAME: &str = " ORDER BY x.mnemonic, x.id";

/// Chooses how a search over customers goes.
async fn planned(on: impl Into<On<'_>>, scope: &Scope, q: Option<&str>, order: &'static str) -> Result<Plan, DbError> {
    let own = (!scope.sees_all()).then(|| Own {
        reader: scope.name(),
        ids: |query: Query| {
            scope.restrict(query.push("SELECT x.id FROM customers x WHERE x.deleted_at IS NULL"), "x.owner_id")
        },
    });
    search::plan(on, Around { kind: KIND, in_order: order == BY_NAME, own }, q).await
}

/// Ends the inner select of a page: its order and its rows.
fn cut(query: Query, plan: &Plan, order: &'static str, limit: i64, offset: i64) -> Query {
    let order = if plan.by_pieces() && order == BY_NAME { " ORDER BY t.sort_key, t.record_id" } else { order };
    query.push(order).push(" LIMIT ").arg(limit).push(" OFFSET ").arg(offset)
}

pub async fn list(db: &Db, scope: &Scope, wanted: ListQuery<'_>) -> Result<Listing<CustomerRow>, DbError> {
    let order = order(wanted.view, wanted.sort);
    let mine = scope.mine();
    let scope = if wanted.view == View::Mine { &mine } else { scope };
    let plan = planned(db, scope, wanted.q, order).await?;
    if matches!(plan, Plan::Nothing) {
        return Ok(wanted.paging.cut(Vec::new()));
    }
    // What is sorted is chosen by what indexes hold, and the page's own rows are read then; what is walked in its order
    // has the row at hand.
    let walked = matches!(plan, Plan::All) || (plan.by_pieces() && order == BY_NAME);
    let (chosen, page) = if walked {
        ("x.id, x.name, x.mnemonic, x.owner_id, x.arrears, x.last_contact_at, x.created_at", ") AS x")
    } else {
        ("x.id", ") AS p JOIN customers x ON x.id = p.id")
    };
    let query = sql("SELECT x.id, x.name, u.name AS owner_name, x.arrears, x.last_contact_at, x.created_at, ")
        .push(WHOM)
        .push(" FROM (SELECT ")
        .push(chosen)
        .push(" FROM ");
    let query = plan.source(query).push("customers x WHERE x.deleted_at IS NULL");
    let query = within(scope, &plan, in_view(wanted.view, wanted.now, query));
    let query = plan.filter(query, "x.id", "x.mnemonic", "x.search_text");
    let query = cut(query, &plan, order, wanted.paging.limit(), wanted.paging.offset())
        .push(page)
        .push(" JOIN users u ON u.id = x.owner_id")
        .push(order);
    Ok(wanted.paging.cut(query.all(db).await?))
}

pub async fn choices(db: &Db, scope: &Scope, q: Option<&str>, limit: i64) -> Result<Vec<Choice>, DbError> {
    let plan = planned(db, scope, q, BY_NAME).await?;
    if matches!(plan, Plan::Nothing) {
        return Ok(Vec::new());
    }
    let order = order(View::All, if matches!(plan, Plan::All) { Sort::Contact } else { Sort::Name });
    let query = plan
        .source(sql("SELECT x.id, x.name, x.address FROM (SELECT x.id FROM "))
        .push("customers x WHERE x.deleted_at IS NULL");
    let query = plan.filter(within(scope, &plan, query), "x.id", "x.mnemonic", "x.search_text");
    cut(query, &plan, order, limit.clamp(1, 200), 0)
        .push(") AS p JOIN customers x ON x.id = p.id")
        .push(order)
        .all(db)
        .await
}

/// The customers of a view and a search, for statements over all of them.
#[derive(Clone, Debug)]
pub struct Selection {
    plan: Plan,
    view: View,
    now: Millis,
}

pub async fn selection(on: impl Into<On<'_>>, view: View, q: Option<&str>, now: Millis) -> Result<Selection, DbError> {
    // The owners are restricted later; each list has its own order.
    let around = Around { kind: KIND, in_order: false, own: None::<Own<fn(Query) -> Query>> };
    let plan = search::plan(on, around, q).await?;
    Ok(Selection { plan, view, now })
}

impl Selection {
    /// Whether no customer matches.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self.plan, Plan::Nothing)
    }

    /// Whether too many records may match to gather them: the list is read in its order instead.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        match self.plan {
            Plan::All | Plan::Rows { .. } => true,
            Plan::Pieces(_) | Plan::Nothing => false,
        }
    }

    /// For a wide one: narrows a list whose rows join customers, by their columns `id`, `mnemonic` and `search_text`.
    #[must_use]
    pub fn matching(&self, query: Query, id: &'static str, mnemonic: &'static str, text: &'static str) -> Query {
        self.plan.filter(query, id, mnemonic, text)
    }

    /// Appends the select of their ids in `scope`.
    #[must_use]
    pub fn ids(&self, query: Query, scope: &Scope) -> Query {
        let mine = scope.mine();
        let scope = if self.view == View::Mine { &mine } else { scope };
        let plan = self.plan.clone().gathering();
        let query = plan.source(query.push("SELECT x.id FROM ")).push("customers x WHERE x.deleted_at IS NULL");
        let query = in_view(self.view, self.now, query);
        let query = scope.restrict(query, if plan.by_pieces() { "t.owner_id" } else { "x.owner_id" });
        plan.filter(query, "x.id", "x.mnemonic", "x.search_text")
    }
}

/// Appends the select of the numbers of selected customers.
pub fn numbers_of(query: Query, selection: &Selection, scope: &Scope) -> Query {
    selection.ids(query.push("SELECT ph.digits FROM phones ph WHERE ph.customer_id IN ("), scope).push(")")
}
