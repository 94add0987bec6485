//! Documents 单据: what orders, payments and all other kinds share. A document is a row of `documents` (the header)
//! and a row of its kind's own table with the same id (the body); kinds with products have rows in `document_lines`.
//!
//! A new kind, for example quotes:
//! 1. `kinds.rs`: a variant of `Kind`; the compiler then asks for its prefix, module, icon and addresses.
//! 2. `migrations/`: `CREATE TABLE quotes (id BIGINT PRIMARY KEY REFERENCES documents (id), valid_until TEXT, …)` with
//!    the kind's own columns only. Number, owner, customer, state, day, amount, note and times are in the header.
//! 3. `quotes/mod.rs`: `pub struct Quote;` and `impl Document for Quote`: `Body` (derives `FromRow`), `COLUMNS` and
//!    `JOINS` that read it beside the header (`d`), and `LIST`, the texts and segments of its list. What the defaults
//!    of the trait do not fit is overridden: `reasons` (why it needs approval), `in_force` (reserve, charge, book),
//!    `undo`, `facts` (approval card), `tag` and `entry` (list and timeline).
//! 4. `routes()`: `documents::list_route::<Quote>(routes)`, and `documents::flow_routes::<Quote>(routes)` for
//!    submission, withdrawal and cancellation, `documents::bin_routes::<Quote>(routes)` for the recycle bin; then its own
//!    form and page.
//! 5. Its pages: a new document is inserted by `documents::insert` after `customers::hold`; an existing one is changed
//!    through `documents::begin`, which holds the rows in the one order and answers `Begun::Crossed` where the form was
//!    opened on another version. Product lines are read, checked and shown by `lines::editor`.
//! 6. `dispatch.rs`: one arm in each `match` that the compiler names; `text.yml` with the texts in both languages.
//!
//! Rows are held in this order: approval, customer, documents by id, products and stock by product, counters.
//!
//! Tables: documents
//! Events: none
//! Uses: approvals, customers; owners are joined in

mod bin;
mod change;
mod flow;
mod history;
mod list;
mod number;
mod store;
mod trail;
mod view;

use std::borrow::Cow;
use std::future::Future;

use maud::Markup;
use poem::Response;

use crate::approvals::DocumentAccess;
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, On, Record, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::kinds::Kind;
use crate::ui::state::Standing;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
use crate::web::routes::Routes;

pub use bin::names_customer;
pub use change::{Begun, begin};
pub use flow::{changed_meanwhile, decided, submit_for};
pub use history::{history, made_of, related};
pub use list::newest;
pub use store::{NewHead, amount_since, insert, last_of_customer, set_content, set_title};
pub use trail::note;
pub use view::{SUBMISSION, choose_customer, flow_acts, related_card, row};

/// The longest note on a document, and to its approver.
pub const NOTE: usize = 500;

words! {
    /// Where a document stands. The states are the same for every kind.
    pub enum State {
        /// 草稿: the only state in which its content changes.
        Draft = "draft",
        /// 审批中: locked.
        Approving = "approving",
        /// 执行中: in force.
        Active = "active",
        /// 已驳回
        Rejected = "rejected",
        /// 结束
        Closed = "closed",
        /// 意外终止
        Cancelled = "cancelled",
    }
}

impl State {
    /// Whether it has effects: reserved, charged, booked.
    #[must_use]
    pub fn in_force(self) -> bool {
        matches!(self, State::Active | State::Closed)
    }

    /// Whether nothing has been decided.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Approving)
    }

    /// Its word and colour for documents of a kind: what is in force is said in the kind's own word.
    #[must_use]
    pub fn standing(self, kind: Kind) -> Standing {
        match (self, kind) {
            (State::Draft, _) => Standing::Draft,
            (State::Approving, _) => Standing::Approving,
            (State::Rejected, _) => Standing::Rejected,
            (State::Cancelled, Kind::Payment) => Standing::Reversed,
            (State::Cancelled, _) => Standing::Cancelled,
            (State::Active, Kind::Order) => Standing::Active,
            (State::Active, Kind::Quote) => Standing::InForce,
            (State::Active | State::Closed, Kind::Payment) => Standing::Booked,
            (State::Closed, Kind::Order | Kind::Quote) => Standing::Done,
            (State::Active, Kind::GoodsReceipt | Kind::GoodsIssue | Kind::StockTransfer | Kind::StockCount) => {
                Standing::Posted
            }
            (State::Closed, Kind::GoodsReceipt | Kind::GoodsIssue | Kind::StockTransfer | Kind::StockCount) => {
                Standing::Reversed
            }
        }
    }
}

/// The header of a document, with the names that pages show.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Head {
    /// The document.
    pub id: Id,
    /// Its kind.
    pub kind: Kind,
    /// DD20261123-017
    pub number: String,
    /// Whose it is.
    pub owner_id: Id,
    /// Their name.
    pub owner: String,
    /// The customer, where the kind has one. It never changes.
    pub customer_id: Option<Id>,
    /// The customer's name, or empty.
    pub customer: String,
    /// The visit that it was written on.
    pub visit_id: Option<Id>,
    /// The document that it was made from.
    pub source_kind: Option<Kind>,
    /// The id of that.
    pub source_id: Option<Id>,
    /// Where it stands.
    pub state: State,
    /// Its date, `YYYY-MM-DD`.
    pub day: String,
    /// What lists show beside the number, in the kind's own words or codes; may be empty.
    pub title: String,
    /// What it comes to; `None` for kinds without money.
    pub amount: Option<Fen>,
    /// What its writer noted.
    pub note: String,
    /// For edits that cross.
    pub version: i64,
    /// When it was made.
    pub created_at: Millis,
    /// When it was submitted.
    pub submitted_at: Option<Millis>,
    /// When it came into force or was refused.
    pub decided_at: Option<Millis>,
}

impl Head {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> String {
        self.kind.address(self.id)
    }

    /// What it comes to; zero for kinds without money.
    #[must_use]
    pub fn total(&self) -> Fen {
        self.amount.unwrap_or_default()
    }

    /// The version that its form sends. A form that comes back keeps the version it was opened on, so that a search for
    /// products in between does not hide a change by somebody else. After a conflict (`crossed`) it gets the newest.
    #[must_use]
    pub fn shown_version(&self, typed: &Form, crossed: bool) -> i64 {
        if crossed { self.version } else { typed.version_on(self.version) }
    }

    /// Its state in the word and colour of its kind.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.state.standing(self.kind)
    }

    /// The words that refuse a change in this state.
    #[must_use]
    pub fn locked(&self, lang: Lang) -> AppError {
        let (kind, state) = (self.kind.name(lang), self.standing().name(lang));
        AppError::Refused(t!(lang, "documents.locked", kind = kind, number = self.number, state = state).into_owned())
    }
}

/// A document as it is stored: header and body, read in one statement.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Full<B> {
    /// What all kinds share.
    #[sqlx(flatten)]
    pub head: Head,
    /// What only this kind has.
    #[sqlx(flatten)]
    pub body: B,
}

/// The texts and segments of a kind's list, as keys of `text.yml`.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The name of the act that makes one.
    pub new: &'static str,
    /// What the search bar says.
    pub search: &'static str,
    /// What an empty list says.
    pub none: &'static str,
    /// The states that have a segment of their own.
    pub segments: &'static [State],
}

/// A kind of document. The header of this module says how one is added.
pub trait Document: Sized + Send + Sync + 'static {
    /// Which kind it is.
    const KIND: Kind;
    /// Its own columns, read beside the header.
    type Body: Record + Sync + std::fmt::Debug;
    /// `, o.paid, …`: the columns of `Body`. `d` is the header, `c` the customer, `u` the owner.
    const COLUMNS: &'static str;
    /// ` JOIN orders o ON o.id = d.id`: where they come from.
    const JOINS: &'static str;
    /// Its list.
    const LIST: List;
    /// Whether its documents have a customer.
    const HAS_CUSTOMER: bool = true;
    /// Whether submitting one may ask an approver; then it is submitted with a note.
    const NEEDS_APPROVAL: bool = true;
    /// The page that its list stands below.
    const ABOVE: &'static str = "/";

    /// Why it needs approval, as codes that the kind puts into words; none means that it comes into force at once.
    /// Refuses what cannot be submitted. The rows are held.
    fn reasons(
        tx: &mut Tx,
        document: &Full<Self::Body>,
        now: Millis,
        lang: Lang,
    ) -> impl Future<Output = Result<Vec<&'static str>>> + Send {
        let _ = (tx, document, now, lang);
        async { Ok(Vec::new()) }
    }

    /// What happens when it comes into force, inside that transaction. A refusal undoes the decision too.
    fn in_force(
        tx: &mut Tx,
        document: &Full<Self::Body>,
        now: Millis,
        lang: Lang,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (tx, document, now, lang);
        async { Ok(()) }
    }

    /// Takes back what [`Document::in_force`] did, before it is cancelled.
    fn undo(tx: &mut Tx, document: &Full<Self::Body>, lang: Lang) -> impl Future<Output = Result<()>> + Send {
        let _ = (tx, document, lang);
        async { Ok(()) }
    }

    /// The answer to a submission that is refused: the document's own page, where the kind has one for this.
    fn refused(cx: &Cx, document: &Full<Self::Body>, why: String) -> impl Future<Output = Result<Response>> + Send {
        let _ = (cx, document);
        async { Err(AppError::Refused(why)) }
    }

    /// What decides about it, for the approval's card. `seen` says whether the reader may open the document.
    fn facts(cx: &Cx, document: &Full<Self::Body>, seen: bool) -> impl Future<Output = Result<Markup>> + Send {
        async move { Ok(view::facts(cx.lang, &document.head, seen)) }
    }

    /// The title of its list.
    fn list_title(lang: Lang) -> Cow<'static, str> {
        Self::KIND.module().title(lang)
    }

    /// The words that refuse a change in this state.
    fn locked(head: &Head, lang: Lang) -> AppError {
        head.locked(lang)
    }

    /// What stands below the amount in a list.
    fn tag(lang: Lang, head: &Head, now: Millis) -> Markup {
        let _ = now;
        head.standing().tag(lang)
    }

    /// Its entry in the customer's timeline.
    fn entry(lang: Lang, head: &Head, now: Millis) -> Entry {
        let at = head.submitted_at.unwrap_or(head.created_at);
        Entry {
            at,
            when: clock::brief(at, now),
            href: Some(head.address()),
            title: t!(lang, "documents.entry", kind = head.kind.name(lang), number = head.number).into_owned(),
            text: head.amount.map(|amount| format!("¥{amount}")).unwrap_or_default(),
            tag: Some(head.standing().tag(lang)),
            icon: Some(head.kind.icon()),
        }
    }
}

/// 10,000.00 yuan.
const APPROVAL_OVER: Fen = Fen(1_000_000);

/// Above this total a sale needs approval: the setting `order_approval_over`, as a kind's columns read it.
#[must_use]
pub fn approval_over(setting: Option<&str>) -> Fen {
    setting.and_then(|value| value.parse().ok()).map_or(APPROVAL_OVER, Fen)
}

/// The address of the kind's list.
pub fn list_route<D: Document>(routes: &mut Routes) {
    routes.get(D::KIND.paths().list, Gate::view(D::KIND.module()), list::page::<D>);
}

/// The addresses of submission, withdrawal and cancellation.
pub fn flow_routes<D: Document>(routes: &mut Routes) {
    let (paths, gate) = (D::KIND.paths(), Gate::edit(D::KIND.module()));
    routes.post(paths.submission, gate, flow::submit::<D>);
    routes.post(paths.withdrawal, gate, flow::withdraw::<D>);
    routes.post(paths.cancellation, gate, flow::cancel::<D>);
}

/// The addresses of the recycle bin, for kinds that begin as drafts.
pub fn bin_routes<D: Document>(routes: &mut Routes) {
    let (paths, gate) = (D::KIND.paths(), Gate::delete(D::KIND.module()));
    routes.get(paths.bin, gate, bin::page::<D>);
    routes.post(paths.deletion, gate, bin::delete::<D>);
    routes.post(paths.restoration, gate, bin::restore::<D>);
}

/// A document that the reader sees.
///
/// # Errors
/// [`AppError::NotFound`] outside the scope.
pub async fn seen<D: Document>(cx: &Cx, id: Id) -> Result<Full<D::Body>> {
    find::<D>(&cx.office.db, &cx.scope(), id).await?.ok_or(AppError::NotFound)
}

/// A document in `scope`.
pub async fn find<D: Document>(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Full<D::Body>>, DbError> {
    store::find::<D>(on, Some(scope), id).await
}

/// The facts of a document for the card of its approval.
///
/// # Errors
/// [`AppError::NotFound`] when the document is gone.
pub async fn facts<D: Document>(cx: &Cx, asked: &DocumentAccess) -> Result<Markup> {
    let db = &cx.office.db;
    let document = store::find::<D>(db, None, asked.document()).await?.ok_or(AppError::NotFound)?;
    let seen = store::is_in_scope(db, &cx.scope(), document.head.id).await?;
    D::facts(cx, &document, seen).await
}
