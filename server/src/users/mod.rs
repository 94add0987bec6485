//! Staff.
use crate::kernel::cx::Guest;
use crate::kernel::routes::Routes;
/// Addresses.
pub fn routes(_routes: &mut Routes) {}
/// Sign-in page.
#[must_use]
pub fn sign_in_page(_guest: &Guest, _sealed: Option<String>) -> String {
    String::new()
}
