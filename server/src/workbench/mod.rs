//! The first page: what waits today.
use crate::kernel::auth::Actor;
use crate::kernel::badges::BadgeCounts;
use crate::kernel::db::DbError;
use crate::kernel::routes::Routes;
use crate::kernel::{HookFuture, Kernel};

/// Addresses.
pub fn routes(_routes: &mut Routes) {}

/// What waits for a person.
pub fn count<'a>(_kernel: &'a Kernel, _actor: &'a Actor) -> HookFuture<'a, Result<BadgeCounts, DbError>> {
    Box::pin(async move { Ok(BadgeCounts::default()) })
}
