//! What the product does, feature by feature, on both databases.

mod audit;
mod bad_input;
mod calls;
mod campaigns;
mod csrf;
mod customers;
mod decisions;
mod events;
mod foreign_records;
mod gateway_page;
mod gateways;
mod grouped_commits;
mod migrations;
mod occasions;
mod op_id;
mod orders;
mod popup;
mod products;
mod push;
mod sessions;
mod sign_in;
pub mod sms;
mod sms_rules;
mod tasks;
mod users;
mod visit_photos;
mod visits;
