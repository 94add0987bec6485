//! Staff 员工 and departments 部门, signing in and out, own settings.
//!
//! Tables: departments, users, login_log (sessions belong to the kernel).
//! Events: CompanyFounded, PersonChanged
//! Uses: nothing.

mod captcha;
mod guesses;
mod machine;
mod own;
mod pages;
mod password;
mod sign_in;
mod store;
mod view;

pub use machine::restore;
pub use sign_in::sign_in_page;
pub use store::{
    Headcount, NewUser, Person, acting_for, find, headcount, hold, insert_department, insert_user, is_active,
    is_staff_number, names_with_role, people_in_scope,
};
pub use view::role_name;

use crate::kernel::access::Gate;
use crate::modules::Module;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.public_get("/login", sign_in::show);
    routes.public_post("/login", sign_in::submit);
    routes.public_get("/setup", sign_in::setup);
    routes.public_post("/setup", sign_in::set_up);
    routes.public_post("/language", own::language);
    routes.get("/me", Gate::SignedIn, own::show);
    routes.post("/me/look", Gate::SignedIn, own::look);
    routes.get("/me/password", Gate::SignedIn, password::edit);
    routes.post("/me/password", Gate::SignedIn, password::change);
    routes.post("/logout", Gate::SignedIn, own::sign_out);
    routes.get("/users", Gate::view(Module::Users), pages::list);
    routes.get("/users/new", Gate::create(Module::Users), pages::new);
    routes.post("/users", Gate::create(Module::Users), pages::create);
    routes.get("/users/:id", Gate::view(Module::Users), pages::show);
    routes.get("/users/:id/edit", Gate::edit(Module::Users), pages::edit);
    routes.post("/users/:id", Gate::edit(Module::Users), pages::update);
    routes.post("/departments", Gate::create(Module::Users), pages::create_department);
}
