//! What the server and the box must agree on: names of topics, shapes of messages, signatures of commands.
//!
//! Both ends tolerate fields they do not know, so either may be updated first.

pub mod messages;
pub mod optout;
pub mod settings;
pub mod signing;
pub mod topics;
