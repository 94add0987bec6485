//! Photos of visits.

use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::id::Id;

/// A photo of a visit.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct PhotoRow {
    /// The photo.
    pub id: Id,
    /// When it came.
    pub taken_at: Millis,
    /// Name of the stored picture.
    pub file_hash: String,
    /// Name of the stored thumbnail.
    pub thumb_hash: String,
}

/// The photos of a visit in scope.
pub async fn photos(on: impl Into<On<'_>>, scope: &Scope, visit: Id) -> Result<Vec<PhotoRow>, DbError> {
    let query = sql(
        "SELECT p.id, p.taken_at, p.file_hash, p.thumb_hash FROM visit_photos p JOIN visits v ON v.id = p.visit_id \
         WHERE v.deleted_at IS NULL AND v.id = ",
    )
    .arg(visit);
    scope.restrict(query, "v.owner_id").push(" ORDER BY p.id LIMIT 50").all(on).await
}

/// A photo of a visit in scope.
pub async fn photo(on: impl Into<On<'_>>, scope: &Scope, visit: Id, photo: Id) -> Result<Option<PhotoRow>, DbError> {
    let query = sql(
        "SELECT p.id, p.taken_at, p.file_hash, p.thumb_hash FROM visit_photos p JOIN visits v ON v.id = p.visit_id \
         WHERE v.deleted_at IS NULL AND p.id = ",
    )
    .arg(photo)
    .push(" AND v.id = ")
    .arg(visit);
    scope.restrict(query, "v.owner_id").optional(on).await
}

/// A photo to be kept.
#[derive(Clone, Debug)]
pub struct NewPhoto<'a> {
    /// Of which visit.
    pub visit: Id,
    /// When it came.
    pub at: Millis,
    /// Hash of the upload.
    pub original: &'a str,
    /// Name of the stored picture.
    pub file: &'a str,
    /// Name of the stored thumbnail.
    pub thumb: &'a str,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
}

/// Keeps a photo.
pub async fn add_photo(tx: &mut Tx, new: &NewPhoto<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO visit_photos (id, visit_id, taken_at, original_hash, file_hash, thumb_hash, width, height, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(id)
    .bind(new.visit)
    .bind(new.at)
    .bind(new.original)
    .bind(new.file)
    .bind(new.thumb)
    .bind(new.width)
    .bind(new.height)
    .bind(new.at)
    .run(tx)
    .await?;
    Ok(id)
}

/// The visits for which the same picture was handed in before.
pub async fn visits_with(tx: &mut Tx, original: &str) -> Result<Vec<Id>, DbError> {
    sql("SELECT visit_id FROM visit_photos WHERE original_hash = $1 ORDER BY id LIMIT 20")
        .bind(original)
        .all_scalars(tx)
        .await
}
