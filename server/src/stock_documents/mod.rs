//! Stock documents 库存单据: goods receipt 入库, goods issue 出库, stock transfer 调拨 and stock count 盘点. The header's
//! title names the warehouses. What is posted never changes; a document of the same kind with the opposite moves takes
//! it back (红冲), once, and its source is the first.
//!
//! Tables: stock_documents
//! Events: none
//! Uses: documents, lines, stock

mod correction;
mod form;
mod pages;
mod store;
mod view;

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::documents::{self, Document, Full, List, NewHead, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::kinds::Kind;
use crate::lines::{self, NewLine};
use crate::stock::{self, Entry, Posting};
use crate::web::error::{AppError, Result};
use crate::web::routes::Routes;

/// What a document does to stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// 入库
    Receive,
    /// 出库
    Issue,
    /// 调拨
    Transfer,
    /// 盘点
    Count,
}

/// What the four kinds differ in.
pub trait Effect: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
    /// What it does.
    const ACT: Act;
    /// The name of the act that makes one.
    const NEW: &'static str;
}

macro_rules! effects {
    ($($(#[$doc:meta])* $name:ident = $effect:ident { $act:ident, $new:literal })+) => { $(
        $(#[$doc])*
        pub type $name = StockDocument<$effect>;
        /// See the alias.
        #[derive(Debug)]
        pub enum $effect {}
        impl Effect for $effect {
            const KIND: Kind = Kind::$name;
            const ACT: Act = Act::$act;
            const NEW: &'static str = $new;
        }
    )+ };
}

effects! {
    /// Goods receipt 入库.
    GoodsReceipt = Receiving { Receive, "stock_documents.new_receipt" }
    /// Goods issue 出库.
    GoodsIssue = Issuing { Issue, "stock_documents.new_issue" }
    /// Stock transfer 调拨.
    StockTransfer = Transferring { Transfer, "stock_documents.new_transfer" }
    /// Stock count 盘点.
    StockCount = Counting { Count, "stock_documents.new_count" }
}

/// A kind of stock document.
#[derive(Debug)]
pub struct StockDocument<E>(PhantomData<E>);

/// The columns of stock documents alone.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Body {
    warehouse_id: Id,
    warehouse: String,
    to_warehouse_id: Option<Id>,
    to_warehouse: Option<String>,
    /// The document that takes this one back.
    correction_id: Option<Id>,
    correction: Option<String>,
    /// The number of the document that this one takes back.
    corrects: Option<String>,
}

impl<E: Effect> Document for StockDocument<E> {
    const KIND: Kind = E::KIND;
    type Body = Body;
    const COLUMNS: &'static str = ", s.warehouse_id, w.name AS warehouse, s.to_warehouse_id, v.name AS to_warehouse, \
         x.id AS correction_id, x.number AS correction, y.number AS corrects";
    const JOINS: &'static str = " JOIN stock_documents s ON s.id = d.id JOIN warehouses w ON w.id = s.warehouse_id \
         LEFT JOIN warehouses v ON v.id = s.to_warehouse_id \
         LEFT JOIN documents x ON x.source_id = d.id AND x.kind = d.kind LEFT JOIN documents y ON y.id = d.source_id";
    const LIST: List = List {
        new: E::NEW,
        search: "stock_documents.search",
        none: "stock_documents.none",
        segments: &[State::Draft, State::Active, State::Closed],
    };
    const HAS_CUSTOMER: bool = false;
    const ABOVE: &'static str = "/stock";

    fn list_title(lang: Lang) -> Cow<'static, str> {
        E::KIND.name(lang)
    }

    async fn in_force(tx: &mut Tx, document: &Full<Body>, now: Millis, lang: Lang) -> Result<()> {
        let Full { head, body } = document;
        let lines = lines::of_document(&mut *tx, head.id).await?;
        if lines.is_empty() {
            return Err(AppError::Refused(t!(lang, "lines.none").into_owned()));
        }
        let mut entries = Vec::new();
        for line in lines {
            let (product, quantity) = (line.product_id, line.base_quantity());
            let mut enter = |kind, warehouse, quantity| {
                entries.push(Entry { kind, product, name: line.name.clone(), warehouse, quantity });
            };
            match E::ACT {
                Act::Receive => enter(stock::Kind::In, body.warehouse_id, quantity),
                Act::Issue => enter(stock::Kind::Out, body.warehouse_id, quantity),
                Act::Count => enter(stock::Kind::Count, body.warehouse_id, quantity),
                Act::Transfer => {
                    let to = body.to_warehouse_id.ok_or(AppError::NotFound)?;
                    enter(stock::Kind::Transfer, body.warehouse_id, Milli(quantity.0.saturating_neg()));
                    enter(stock::Kind::Transfer, to, quantity);
                }
            }
        }
        let posting = Posting { document: head.id, number: head.number.clone(), user: head.owner_id, at: now };
        stock::post(tx, &posting, entries, lang).await
    }

    async fn undo(_: &mut Tx, document: &Full<Body>, lang: Lang) -> Result<()> {
        let number = &document.head.number;
        Err(AppError::Refused(t!(lang, "stock_documents.correct_instead", number = number).into_owned()))
    }
}

/// A stock document to be made.
#[derive(Clone, Debug)]
pub struct NewStockDocument {
    /// Whose it will be.
    pub owner: Id,
    /// The warehouse, and its name.
    pub warehouse: (Id, String),
    /// Where a transfer goes.
    pub to: Option<(Id, String)>,
    /// The document that it takes back; then it is posted at once, and its moves are entered by the caller.
    pub source: Option<Id>,
    /// What its writer notes.
    pub note: String,
    /// Its lines, each of another product; the products are held by the caller.
    pub lines: Vec<NewLine>,
}

impl NewStockDocument {
    fn title(&self) -> String {
        match &self.to {
            Some((_, to)) => format!("{} → {to}", self.warehouse.1),
            None => self.warehouse.1.clone(),
        }
    }
}

/// Makes a draft, or the document that takes another back.
///
/// # Returns
/// The id and the number.
pub async fn create<E: Effect>(tx: &mut Tx, author: &Author, new: &NewStockDocument) -> Result<(Id, String), DbError> {
    let head = NewHead {
        owner: new.owner,
        customer: None,
        visit: None,
        source: new.source.map(|id| (E::KIND, id)),
        state: if new.source.is_some() { State::Active } else { State::Draft },
        day: clock::iso_day(author.at),
        title: new.title(),
        amount: None,
        note: new.note.clone(),
    };
    let (id, number) = documents::insert(tx, E::KIND, &head, author.at).await?;
    store::insert(tx, id, new.warehouse.0, new.to.as_ref().map(|to| to.0)).await?;
    lines::insert(tx, id, None, &new.lines).await?;
    let changes = Changes::new()
        .set("number", number.clone())
        .set("warehouse", head.title)
        .set("lines", lines::noted(&new.lines));
    documents::note(tx, author, Action::Create, E::KIND, id, changes).await?;
    Ok((id, number))
}

/// Addresses.
pub fn routes(routes: &mut Routes) {
    of_kind::<Receiving>(routes);
    of_kind::<Issuing>(routes);
    of_kind::<Transferring>(routes);
    of_kind::<Counting>(routes);
}

fn of_kind<E: Effect>(routes: &mut Routes) {
    let (paths, module) = (E::KIND.paths(), E::KIND.module());
    documents::list_route::<StockDocument<E>>(routes);
    routes.get(paths.new, Gate::create(module), pages::new::<E>);
    routes.post(paths.list, Gate::create(module), pages::create::<E>);
    routes.get(paths.one, Gate::view(module), pages::show::<E>);
    routes.get(paths.edit, Gate::edit(module), pages::edit::<E>);
    routes.post(paths.lines, Gate::edit(module), pages::save::<E>);
    documents::flow_routes::<StockDocument<E>>(routes);
    documents::bin_routes::<StockDocument<E>>(routes);
    routes.post(paths.correction, Gate::create(module), correction::correct::<E>);
}
