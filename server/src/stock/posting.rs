//! Posting: all stock moves of a document, or none.

use std::collections::BTreeMap;

use super::Shortage;
use super::rules::Kind;
use super::store::{Moved, NewMove, enter};
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::web::error::{AppError, Result};

/// The document that moves goods.
#[derive(Clone, Debug)]
pub struct Posting {
    /// The document.
    pub document: Id,
    /// Its number, which stands beside each move.
    pub number: String,
    /// Whose moves they are.
    pub user: Id,
    /// When.
    pub at: Millis,
}

/// The change of one product in one warehouse.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Entry {
    /// How.
    pub kind: Kind,
    /// The product.
    pub product: Id,
    /// Its name, for the words of a refusal.
    pub name: String,
    /// The warehouse.
    pub warehouse: Id,
    /// In base units.
    pub quantity: Milli,
}

/// Enters the moves of a document. The balances are held until the transaction ends.
///
/// # Errors
/// [`AppError::Refused`] with every shortage; then nothing of the transaction may remain.
pub async fn post(tx: &mut Tx, posting: &Posting, mut entries: Vec<Entry>, lang: Lang) -> Result<()> {
    // Rows are locked in one order everywhere, so that two documents with the same products cannot deadlock.
    entries.sort_by_key(|entry| (entry.product, entry.warehouse));
    let mut short = Vec::new();
    for entry in entries {
        let Entry { kind, product, name, warehouse, quantity } = entry;
        let (note, document) = (posting.number.clone(), Some(posting.document));
        let new = NewMove { kind, product, warehouse, quantity, note, document };
        match enter(tx, &new, posting.user, posting.at).await? {
            Moved::Done(..) => {}
            Moved::Short(available) => {
                let wanted = Milli(quantity.0.saturating_abs());
                short.push(Shortage { product, name, wanted, available });
            }
            Moved::TooMuch => {
                return Err(AppError::Refused(t!(lang, "stock.out_of_range", product = name).into_owned()));
            }
        }
    }
    if short.is_empty() { Ok(()) } else { Err(AppError::Refused(Shortage::words(&short, lang))) }
}

/// Enters the opposite of all that the document `first` moved.
///
/// # Errors
/// See [`post`].
pub async fn reverse(tx: &mut Tx, posting: &Posting, first: Id, lang: Lang) -> Result<()> {
    let entries: Vec<Entry> =
        sql("SELECT 'reversal' AS kind, m.product_id AS product, p.name, m.warehouse_id AS warehouse, -m.quantity AS quantity \
             FROM stock_moves m JOIN products p ON p.id = m.product_id WHERE m.quantity <> 0 AND m.document_id = $1")
        .bind(first)
        .all(&mut *tx)
        .await?;
    post(tx, posting, entries, lang).await
}

#[derive(sqlx_macros::FromRow)]
struct Changed {
    product_id: Id,
    quantity: Milli,
}

/// What a document changed in a warehouse, by product, in base units.
pub async fn changes_of(
    on: impl Into<On<'_>>,
    document: Id,
    warehouse: Id,
) -> std::result::Result<BTreeMap<Id, Milli>, DbError> {
    let rows: Vec<Changed> =
        sql("SELECT product_id, quantity FROM stock_moves WHERE document_id = $1 AND warehouse_id = $2")
            .bind(document)
            .bind(warehouse)
            .all(on)
            .await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.quantity)).collect())
}
