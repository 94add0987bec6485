//! The box: SMS and caller ID between a GSM modem, a telephone line and the server.
//! The agent never knows a customer; the server never speaks AT.

pub mod about;
pub mod agent;
pub mod clock;
pub mod config;
pub mod convert;
pub mod fuzz;
pub mod logs;
pub mod modem;
pub mod mqtt;
pub mod outbox;
pub mod parent;
pub mod pdu;
pub mod simulator;
pub mod supervisor;
pub mod systemd;
pub mod text;
mod trust_ca;
pub mod update;
pub mod upkeep;
