//! Fieldline server: the map. Each module says in its own header what it is for.

rust_i18n::i18n!("src", fallback = "zh-CN");

/// Boot in order; mounts every feature's routes.
mod app;
/// Compiled-in files, the outbox page, the gallery.
mod assets;
/// Environment and arguments, parsed once.
mod config;
/// The demo company and its simulated box.
mod demo;
/// Which module knows a kind of document: one match over the kinds.
mod dispatch;
/// Everything that happens: one enum.
mod events;
/// What every feature stands on: routes, access, database, forms, events, time and money.
mod kernel;
/// The kinds of documents: one enum.
mod kinds;
/// What connections, requests and bodies may cost.
mod limits;
/// The list of migrations.
mod migrations;
/// The modules: names, icons, rights.
mod modules;
/// Who hears which event.
mod reactions;
/// Pages' building blocks: layout, lists, forms, charts; they know no feature.
mod ui;
/// The request and the answer.
mod web;

/// Staff, sign-in, own settings.
mod users;

/// Who is asked about a document and what they said.
mod approvals;
/// Customers: whom we sell to, whose they are, how to find them.
mod customers;
/// What is sold, in which units, at which prices.
mod products;
/// What lies in which warehouse and what is promised.
mod stock;

/// The people at a customer.
mod contacts;

/// The page of one customer, gathering what every feature knows of it.
mod timeline;

/// What a jump of the server's clock made due goes on after a look at it.
mod clock_check;
/// The first page: what waits today.
mod workbench;

/// Tasks: for oneself, for others, and calls to return.
mod tasks;

/// From the rep's draft to the order in force.
mod orders;
/// What customers paid, and on which orders.
mod payments;
/// What is offered to a customer, at which prices and until when.
mod quotes;
/// Visits: planned, checked in with evidence, checked out with a result.
mod visits;

/// What all kinds of documents share: header, list, change, flow, recycle bin.
mod documents;
/// Lines of products, and their one editor.
mod lines;
/// Goods receipts, issues, transfers and counts.
mod stock_documents;

/// Who called, and what is to be returned.
mod calls;
/// One message to many contacts.
mod campaigns;
/// Approvals asked and answered by SMS.
mod decisions;
/// Gateways: the boxes with the modems, claimed and revoked here.
mod gateways;
/// Who is calling now, on every open page; and the stream to open pages.
mod popup;
/// Messages out and in, conversations, templates.
mod sms;

/// What tests use.
#[doc(hidden)]
pub mod testing;

pub use app::run;
pub use config::Cli;
pub use kernel::{durable::close_to_others, quiet::panicked};
