//! Visits 拜访: planned for a day, checked in on the spot with evidence, checked out with a result.
//!
//! Tables: visits, visit_photos
//! Events: none
//! Uses: customers, documents, users

mod check_in;
mod history;
mod marks;
mod pages;
mod photos;
mod plan;
mod rules;
mod stops;
mod store;
mod view;
mod write_up;

pub use history::{entry, past};
pub use rules::State;
pub use stops::{Odd, Stop, odd, stops};
pub use store::{NewVisit, TeamRow, awaits, count_today, create, find, team_day};

use crate::kernel::access::Gate;
use crate::modules::Module;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/visits", Gate::view(Module::Visits), pages::list);
    routes.get("/visits/new", Gate::create(Module::Visits), plan::new);
    routes.post("/visits", Gate::create(Module::Visits), plan::create);
    routes.get("/visits/:id", Gate::view(Module::Visits), pages::show);
    routes.post("/visits/:id/plan", Gate::edit(Module::Visits), plan::replan);
    routes.post("/visits/:id/deletion", Gate::delete(Module::Visits), plan::delete);
    routes.post("/visits/:id/check-in", Gate::edit(Module::Visits), check_in::check_in);
    routes.post("/visits/:id/photos", Gate::edit(Module::Visits), photos::add);
    routes.get("/visits/:id/photos/:photo", Gate::view(Module::Visits), photos::full);
    routes.get("/visits/:id/photos/:photo/view", Gate::view(Module::Visits), photos::show);
    routes.get("/visits/:id/photos/:photo/thumb", Gate::view(Module::Visits), photos::thumb);
    routes.get("/visits/:id/result", Gate::edit(Module::Visits), write_up::edit);
    routes.post("/visits/:id/result", Gate::edit(Module::Visits), write_up::result);
    routes.post("/visits/:id/check-out", Gate::edit(Module::Visits), write_up::check_out);
}
