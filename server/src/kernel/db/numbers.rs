//! Numbers of documents such as `DD20261123-017`: counted by day and kind, given out in the transaction that
//! makes the document, so that an undone document leaves no gap.

use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx, sql};

/// The next number of a kind of document. `prefix` is the kind, as it stands on paper.
pub async fn next(tx: &mut Tx, prefix: &'static str, now: Millis) -> Result<String, DbError> {
    let day = clock::day(now).format("%Y%m%d").to_string();
    sql("INSERT INTO document_numbers (kind, day, last) VALUES ($1, $2, 1) \
         ON CONFLICT (kind, day) DO UPDATE SET last = document_numbers.last + 1")
    .bind(prefix)
    .bind(&day)
    .run(tx)
    .await?;
    let last: i64 = sql("SELECT last FROM document_numbers WHERE kind = $1 AND day = $2")
        .bind(prefix)
        .bind(&day)
        .scalar(tx)
        .await?;
    Ok(format!("{prefix}{day}-{last:03}"))
}
