//! The list of a kind: one statement and one page for all kinds.

use poem::Response;

use super::number;
use super::store::{BESIDES, COLUMNS, FROM, heads};
use super::{Document, Head, State, view};
use crate::customers::{self, Selection};
use crate::kernel::access::{Newest, Scope};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::{Listing, Paging, Way};
use crate::kernel::db::{Db, DbError, Query, sql};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::kinds::Kind;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{Result, html};

/// The header table as [`Scope::newest`] walks it.
pub const NARROW: Newest = Newest { table: "documents", live: "deleted_at IS NULL", owner: "d.owner_id", id: "d.id" };

/// What a list asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListQuery<'a> {
    pub state: Option<State>,
    pub q: &'a str,
    pub customer: Option<Id>,
    pub sort: Sort,
    pub way: Way,
    pub paging: Paging,
    pub now: Millis,
}

const NEWEST_FIRST: &str = " ORDER BY d.id DESC";

impl ListQuery<'_> {
    fn order(&self) -> &'static str {
        match (self.sort, self.way) {
            _ if !self.sorts() => NEWEST_FIRST,
            (Sort::Number, Way::Down) => NEWEST_FIRST,
            (Sort::Number, Way::Up) => " ORDER BY d.id",
            (Sort::Amount, Way::Down) => " ORDER BY COALESCE(d.amount, 0) DESC, d.id DESC",
            (Sort::Amount, Way::Up) => " ORDER BY COALESCE(d.amount, 0), d.id",
        }
    }

    /// Whether the list is sorted as one wishes: all documents are by an index, those of a customer since they are few.
    pub(super) fn sorts(&self) -> bool {
        self.q.is_empty() && (self.state.is_none() || self.customer.is_some())
    }
}

words! {
    /// What a list is sorted by.
    pub(super) enum Sort {
        /// The number, which is the order in which they were written.
        Number = "number",
        /// The amount.
        Amount = "amount",
    }
}

pub(super) async fn page<D: Document>(cx: Cx) -> Result<Response> {
    let q = cx.query("q").unwrap_or_default();
    let state = cx.query("view").and_then(State::from_code).filter(|state| D::LIST.segments.contains(state));
    let customer = cx.query_id("customer")?;
    let sort = cx.query("sort").and_then(Sort::from_code).filter(|_| D::HAS_CUSTOMER).unwrap_or(Sort::Number);
    let way = Way::from_query(cx.query("dir")).unwrap_or(Way::Down);
    let wanted = ListQuery { state, q, customer, sort, way, paging: cx.paging(), now: cx.now };
    let found = list(&cx.office.db, &cx.scope(), D::KIND, wanted).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, D::list_title(cx.lang)).back(D::ABOVE).tabs();
    let page = page.header_action(view::add_link::<D>(&cx, customer));
    Ok(html(page.render(view::list::<D>(&cx, wanted, &found))))
}

pub(super) async fn list(db: &Db, scope: &Scope, kind: Kind, wanted: ListQuery<'_>) -> Result<Listing<Head>, DbError> {
    let ListQuery { state, q, customer, paging, .. } = wanted;
    if !q.is_empty() {
        return search(db, scope, kind, wanted).await;
    }
    let query = in_view(heads(kind), state, customer);
    let order = wanted.order();
    // A customer's documents are few.
    let query = match customer {
        Some(_) => scope.restrict(query, BESIDES),
        // An index is walked in its order; over other people's documents the owner is only a filter.
        None if order != NEWEST_FIRST => {
            scope.restrict(query, if scope.sees_others() { BESIDES } else { "d.owner_id" })
        }
        None => {
            let kind = ("kind", kind.code());
            match state {
                Some(state) => scope.newest(query, NARROW, &[kind, ("state", state.code())], paging),
                None => scope.newest(query, NARROW, &[kind], paging),
            }
        }
    };
    let query = query.push(order).push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset());
    Ok(paging.cut(query.all(db).await?))
}

/// The newest documents of a kind in a state, for other pages.
pub async fn newest(db: &Db, scope: &Scope, kind: Kind, state: State, most: i64) -> Result<Vec<Head>, DbError> {
    let only = [("kind", kind.code()), ("state", state.code())];
    let query = scope.newest(in_view(heads(kind), Some(state), None), NARROW, &only, Paging { page: 1 });
    query.push(" ORDER BY d.id DESC LIMIT ").arg(most).all(db).await
}

fn in_view(query: Query, state: Option<State>, customer: Option<Id>) -> Query {
    let query = match state {
        Some(state) => query.push(" AND d.state = '").push(state.code()).push("'"),
        None => query,
    };
    match customer {
        Some(customer) => query.push(" AND d.customer_id = ").arg(customer),
        None => query,
    }
}

/// Documents whose number or customer matches what was typed. Each way of searching reads its own newest rows from an
/// index, and the page is taken from all of them.
async fn search(db: &Db, scope: &Scope, kind: Kind, wanted: ListQuery<'_>) -> Result<Listing<Head>, DbError> {
    let ListQuery { state, q, customer, paging, now, .. } = wanted;
    let named = customers::selection(db, customers::View::All, Some(q), now).await?;
    let sought = number::parse(q, kind.prefix(), clock::day(now));
    let narrow = |query: Query, owner: &'static str| {
        let query = query.push(" WHERE d.deleted_at IS NULL AND d.kind = '").push(kind.code()).push("'");
        scope.restrict(in_view(query, state, customer), owner)
    };
    let newest = |query: Query, order: &'static str| {
        query.push(order).push(" DESC LIMIT ").arg(paging.offset() + paging.limit()).push(") AS found")
    };
    // Matches nothing, so that each way can be appended alike.
    let mut query =
        sql("SELECT ").push(COLUMNS).push(FROM).push(" WHERE d.id IN (SELECT d.id FROM documents d WHERE 1 = 0");
    if !named.is_nothing() {
        query = newest(by_customer(query.push(UNION), &named, scope, narrow), " ORDER BY d.id");
    }
    for prefix in &sought.begins {
        let numbers = narrow(query.push(UNION).push("documents d"), BESIDES).push(" AND d.number >= ").arg(prefix);
        // The numbers of a day are in the order of the documents.
        query = newest(numbers.push(" AND d.number < ").arg(number::behind(prefix)), " ORDER BY d.number");
    }
    if let Some((sequence, end)) = &sought.sequence {
        let numbers = narrow(query.push(UNION).push("documents d"), BESIDES).push(" AND d.sequence = ").arg(*sequence);
        let ending = if end.is_empty() { numbers } else { numbers.push(" AND d.number LIKE ").arg(format!("%{end}")) };
        query = newest(ending, " ORDER BY d.id");
    }
    let query = query.push(") ORDER BY d.id DESC LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset());
    Ok(paging.cut(query.all(db).await?))
}

const UNION: &str = " UNION SELECT id FROM (SELECT d.id FROM ";

fn by_customer(query: Query, named: &Selection, scope: &Scope, narrow: impl Fn(Query, &'static str) -> Query) -> Query {
    if named.is_wide() {
        // Many customers match: the newest documents are read, and the customer of each is checked.
        let query = narrow(query.push("documents d JOIN customers x ON x.id = d.customer_id"), "d.owner_id");
        named.matching(query, "x.id", "x.mnemonic", "x.search_text").push(" AND x.deleted_at IS NULL")
    } else {
        // Few: CROSS JOIN, so that SQLite begins with them and goes to the documents of each.
        let query = named.ids(query.push("("), scope).push(") AS few CROSS JOIN documents d");
        narrow(query, BESIDES).push(" AND d.customer_id = few.id")
    }
}
