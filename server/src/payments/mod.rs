//! Payments 回款.
use crate::kernel::routes::Routes;
/// Addresses.
pub fn routes(_routes: &mut Routes) {}
