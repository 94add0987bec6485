//! Stock documents 库存单据: goods receipt 入库, goods issue 出库, stock transfer 调拨 and stock count 盘点. The header's
//! title names the warehouses. What is posted never changes; a document of the same kind with the opposite moves takes
//! it back (红冲), once, and its source is the first.
//!
//! Tables: stock_documents
//! Events: none
//! Uses: documents, lines, stock

mod correction;
mod store;
mod view;

use std::borrow::Cow;
use std::marker::PhantomData;

use maud::Markup;
use serde_json::Value;

use crate::documents::{Document, Full, List, State};
use crate::kernel::access::Gate;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::kinds::Kind;
use crate::lines::editor::Prices;
use crate::lines::sheet::{self, Context, Sheet};
use crate::lines::{self, NewLine};
use crate::stock::{self, Entry, Posting};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
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

/// What a stock document says besides its lines: warehouses with their names.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The warehouse.
    pub warehouse: (Id, String),
    /// Where a transfer goes.
    pub to: Option<(Id, String)>,
}

impl<E: Effect> Sheet for StockDocument<E> {
    type Terms = Terms;
    const HAS_WAREHOUSE: bool = true;
    const IS_KEPT: bool = true;
    const CROSSED: &'static str = "stock_documents.crossed";

    fn prices(_: &Context) -> Prices {
        match E::ACT {
            Act::Count => Prices::Counted,
            Act::Receive | Act::Issue | Act::Transfer => Prices::None,
        }
    }

    async fn opened(cx: &Cx) -> Result<(Form, Option<Id>)> {
        let mut typed = cx.blank();
        // A transfer begins with two warehouses that differ.
        if let (Act::Transfer, Some(second)) = (E::ACT, stock::warehouses(&cx.office.db).await?.get(1)) {
            typed = typed.with("to_warehouse_id", second.id.to_string());
        }
        Ok((typed, None))
    }

    fn terms(body: &Body) -> Terms {
        let to = body.to_warehouse_id.zip(body.to_warehouse.clone());
        Terms { warehouse: (body.warehouse_id, body.warehouse.clone()), to }
    }

    fn fill(form: Form, terms: &Terms) -> Form {
        let form = form.with("warehouse_id", terms.warehouse.0.to_string());
        match &terms.to {
            Some((to, _)) => form.with("to_warehouse_id", to.to_string()),
            None => form,
        }
    }

    fn read(form: &mut Form, lines: &[NewLine], context: &Context) -> Option<Terms> {
        let lang = context.lang;
        // A count of a product in two lines would have two results.
        let twice = |(place, line): (usize, &NewLine)| lines.iter().take(place).any(|one| one.product == line.product);
        if lines.iter().enumerate().any(twice) {
            form.wrong("q", t!(lang, "stock_documents.twice"));
        }
        let chosen = |typed: &str| {
            let id = typed.parse::<Id>().ok()?;
            context.warehouses.iter().find(|known| known.id == id).map(|known| (known.id, known.name.clone()))
        };
        let warehouse = form.choice("warehouse_id", &t!(lang, "stock_documents.warehouse"), chosen);
        let to = match E::ACT {
            Act::Transfer => form.choice("to_warehouse_id", &t!(lang, "stock_documents.to"), chosen),
            Act::Receive | Act::Issue | Act::Count => None,
        };
        if to.is_some() && to == warehouse {
            form.wrong("to_warehouse_id", t!(lang, "stock_documents.same"));
        }
        Some(Terms { warehouse: warehouse?, to })
    }

    fn fields_above(context: &Context, typed: &Form, _: bool) -> Markup {
        view::warehouse_fields(context, typed, E::ACT)
    }

    fn shown(lang: Lang, document: &Full<Body>, _: Millis) -> Markup {
        view::warehouse_cells(lang, &document.body)
    }

    fn total(_: &Terms, _: Fen) -> Option<Fen> {
        None
    }

    fn title(terms: &Terms) -> String {
        match &terms.to {
            Some((_, to)) => format!("{} → {to}", terms.warehouse.1),
            None => terms.warehouse.1.clone(),
        }
    }

    fn noted(terms: &Terms) -> Vec<(&'static str, Value)> {
        vec![("warehouse", <Self as Sheet>::title(terms).into())]
    }

    async fn store(tx: &mut Tx, id: Id, terms: &Terms, _: Fen, is_new: bool) -> Result<(), DbError> {
        let (warehouse, to) = (terms.warehouse.0, terms.to.as_ref().map(|to| to.0));
        if is_new { store::insert(tx, id, warehouse, to).await } else { store::update(tx, id, warehouse, to).await }
    }
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
    sheet::form_routes::<StockDocument<E>>(routes);
    routes.get(paths.one, Gate::view(module), view::page::<E>);
    routes.post(paths.correction, Gate::create(module), correction::correct::<E>);
}
