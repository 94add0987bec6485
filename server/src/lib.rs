//! Fieldline server: the map. Each module says in its own header what it is for.

rust_i18n::i18n!("src", fallback = "zh-CN");

/// Boot in order; mounts every feature's routes.
pub mod app;
/// Compiled-in files, the outbox page, the gallery.
pub mod assets;
/// Environment and arguments, parsed once.
pub mod config;
/// The demo company and its simulated box.
pub mod demo;
/// Which module knows a kind of document: one match over the kinds.
pub mod dispatch;
/// Everything that happens: one enum.
pub mod events;
/// What every feature stands on: routes, access, database, forms, events, time and money.
pub mod kernel;
/// The kinds of documents: one enum.
pub mod kinds;
/// What connections, requests and bodies may cost.
pub mod limits;
/// The list of migrations.
pub mod migrations;
/// The modules: names, icons, rights.
pub mod modules;
/// The address for a phone, printed at the start.
mod open_on_phone;
/// Who hears which event.
pub mod reactions;
/// Pages' building blocks: layout, lists, forms, charts; they know no feature.
pub mod ui;
/// The request and the answer.
pub mod web;

/// Staff, sign-in, own settings.
pub mod users;

/// Who is asked about a document and what they said.
pub mod approvals;
/// Customers: whom we sell to, whose they are, how to find them.
pub mod customers;
/// What is sold, in which units, at which prices.
pub mod products;
/// What lies in which warehouse and what is promised.
pub mod stock;

/// The people at a customer.
pub mod contacts;

/// The page of one customer, gathering what every feature knows of it.
pub mod timeline;

/// What a jump of the server's clock made due goes on after a look at it.
pub mod clock_check;
/// The first page: what waits today.
pub mod workbench;

/// Tasks: for oneself, for others, and calls to return.
pub mod tasks;

/// From the rep's draft to the order in force.
pub mod orders;
/// What customers paid, and on which orders.
pub mod payments;
/// What is offered to a customer, at which prices and until when.
pub mod quotes;
/// Visits: planned, checked in with evidence, checked out with a result.
pub mod visits;

/// What all kinds of documents share: header, list, change, flow, recycle bin.
pub mod documents;
/// Lines of products, and their one editor.
pub mod lines;
/// Goods receipts, issues, transfers and counts.
pub mod stock_documents;

/// Who called, and what is to be returned.
pub mod calls;
/// One message to many contacts.
pub mod campaigns;
/// Approvals asked and answered by SMS.
pub mod decisions;
/// Gateways: the boxes with the modems, claimed and revoked here.
pub mod gateways;
/// Who is calling now, on every open page; and the stream to open pages.
pub mod popup;
/// Messages out and in, conversations, templates.
pub mod sms;
