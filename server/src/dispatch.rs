//! Which module handles a kind of document, and which records refer to a customer or product. `documents`, `approvals`,
//! `customers` and `products` do not depend on modules downstream; they receive these functions at boot. A new kind needs
//! its arms here: without them this file does not compile.

use std::borrow::Cow;

use futures_util::future::BoxFuture;
use maud::Markup;

use crate::approvals::DocumentAccess;
use crate::customers::Used;
use crate::documents::{self, Document, Head};
use crate::events::Outcome;
use crate::kernel::HookFuture;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::orders::Order;
use crate::payments::Payment;
use crate::quotes::Quote;
use crate::sms;
use crate::stock_documents::{GoodsIssue, GoodsReceipt, StockCount, StockTransfer};
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::{lines, orders, quotes, tasks, visits};

/// The card's facts of a document that waits for approval.
#[must_use]
pub fn facts<'a>(cx: &'a Cx, asked: &'a DocumentAccess) -> HookFuture<'a, Result<Markup>> {
    Box::pin(async move {
        match asked.kind() {
            Kind::Quote => documents::facts::<Quote>(cx, asked).await,
            Kind::Order => documents::facts::<Order>(cx, asked).await,
            Kind::Payment => documents::facts::<Payment>(cx, asked).await,
            Kind::GoodsReceipt => documents::facts::<GoodsReceipt>(cx, asked).await,
            Kind::GoodsIssue => documents::facts::<GoodsIssue>(cx, asked).await,
            Kind::StockTransfer => documents::facts::<StockTransfer>(cx, asked).await,
            Kind::StockCount => documents::facts::<StockCount>(cx, asked).await,
        }
    })
}

/// Why a document needs approval, each reason in a word or two.
#[must_use]
pub fn reasons(lang: Lang, kind: Kind, codes: &str) -> Vec<Cow<'static, str>> {
    match kind {
        Kind::Quote => quotes::short_reasons(lang, codes),
        Kind::Order => orders::short_reasons(lang, codes),
        Kind::Payment | Kind::GoodsReceipt | Kind::GoodsIssue | Kind::StockTransfer | Kind::StockCount => Vec::new(),
    }
}

/// The decision on a document, inside its transaction.
///
/// # Errors
/// What the document's kind refuses; then the decision is undone.
pub fn decided(
    tx: &mut Tx,
    at: Millis,
    kind: Kind,
    document: Id,
    outcome: Outcome,
    by: Id,
) -> BoxFuture<'_, Result<()>> {
    // Boxed, since what a kind does may raise further events.
    match kind {
        Kind::Quote => Box::pin(documents::decided::<Quote>(tx, at, document, outcome, by)),
        Kind::Order => Box::pin(documents::decided::<Order>(tx, at, document, outcome, by)),
        Kind::Payment => Box::pin(documents::decided::<Payment>(tx, at, document, outcome, by)),
        Kind::GoodsReceipt => Box::pin(documents::decided::<GoodsReceipt>(tx, at, document, outcome, by)),
        Kind::GoodsIssue => Box::pin(documents::decided::<GoodsIssue>(tx, at, document, outcome, by)),
        Kind::StockTransfer => Box::pin(documents::decided::<StockTransfer>(tx, at, document, outcome, by)),
        Kind::StockCount => Box::pin(documents::decided::<StockCount>(tx, at, document, outcome, by)),
    }
}

/// A document in its customer's timeline.
#[must_use]
pub fn entry(lang: Lang, head: &Head, now: Millis) -> Entry {
    match head.kind {
        Kind::Quote => Quote::entry(lang, head, now),
        Kind::Order => Order::entry(lang, head, now),
        Kind::Payment => Payment::entry(lang, head, now),
        Kind::GoodsReceipt => GoodsReceipt::entry(lang, head, now),
        Kind::GoodsIssue => GoodsIssue::entry(lang, head, now),
        Kind::StockTransfer => StockTransfer::entry(lang, head, now),
        Kind::StockCount => StockCount::entry(lang, head, now),
    }
}

/// What modules downstream of a document have to say about it, newest first.
#[must_use]
pub fn told<'a>(cx: &'a Cx, kind: Kind, document: Id) -> HookFuture<'a, Result<Vec<Entry>>> {
    Box::pin(async move {
        let sent = sms::of_document(&cx.office.db, kind, document, cx.lang, cx.now).await?;
        Ok(sent.into_iter().collect())
    })
}

/// What refers to a customer that is about to be deleted. The customer is locked.
#[must_use]
pub fn customer_used(tx: &mut Tx, customer: Id) -> BoxFuture<'_, Result<Option<Used>, DbError>> {
    Box::pin(async move {
        if documents::names_customer(tx, customer).await? {
            return Ok(Some(Used::Documents));
        }
        let awaited = visits::awaits(tx, customer).await? || tasks::awaits(tx, customer).await?;
        Ok(awaited.then_some(Used::Awaited))
    })
}

/// Whether a document refers to a product whose base unit is about to change. The product is locked.
#[must_use]
pub fn product_used(tx: &mut Tx, product: Id) -> BoxFuture<'_, Result<bool, DbError>> {
    Box::pin(lines::names_product(tx, product))
}
