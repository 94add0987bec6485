//! Campaigns 短信群发: one text to many contacts, a few at a time, with a pause that means something; and the
//! greetings of birthdays and festivals, which make one by themselves.
//!
//! Tables: campaigns, campaign_picks, campaign_recipients, occasions, occasion_runs.
//! Events: none; it moves with SmsQueued and SmsMoved.
//! Uses: contacts, customers, sms, users

mod audience;
mod calendar;
mod feed;
mod occasion_pages;
mod occasions;
mod pages;
mod rules;
mod store;
mod view;

pub use feed::{LOOK, feed, moved};
pub use occasions::{CELEBRATE, celebrate};

use crate::kernel::access::Gate;
use crate::modules::Module;
use crate::web::routes::Routes;

/// Addresses. Writing to everybody at once is a decision: who may approve in the SMS center may do it. What
/// greets the whole company's customers by itself is kept by those who keep the templates.
pub fn routes(routes: &mut Routes) {
    let gate = || Gate::approve(Module::Sms);
    routes.get("/campaigns", gate(), pages::list);
    routes.get("/campaigns/new", gate(), pages::new);
    routes.post("/campaigns", gate(), pages::create);
    let company = || Gate::export(Module::Sms);
    routes.get("/campaigns/occasions", company(), occasion_pages::list);
    routes.get("/campaigns/occasions/new", company(), occasion_pages::new);
    routes.post("/campaigns/occasions", company(), occasion_pages::create);
    routes.get("/campaigns/occasions/:id", company(), occasion_pages::edit);
    routes.post("/campaigns/occasions/:id", company(), occasion_pages::update);
    routes.get("/campaigns/:id", gate(), pages::show);
    routes.get("/campaigns/:id/edit", gate(), pages::edit);
    routes.post("/campaigns/:id", gate(), pages::update);
    routes.get("/campaigns/:id/picks", gate(), pages::picks);
    routes.post("/campaigns/:id/picks", gate(), pages::pick);
    routes.get("/campaigns/:id/recipients", gate(), pages::recipients);
    routes.post("/campaigns/:id/release", gate(), pages::release);
    routes.post("/campaigns/:id/pause", gate(), pages::pause);
    routes.post("/campaigns/:id/resumption", gate(), pages::resume);
    routes.post("/campaigns/:id/cancellation", gate(), pages::cancel);
}
