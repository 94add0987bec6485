//! Modems and caller-ID lines. `port` touches the serial line; `lines`, `urc`, `call`, `refusal`, `vendors`,
//! `limits` and `ussd` are pure; `driver` is the dialogue, `work` what a modem's task
//! does with it, beside `sending` and `incoming`.

pub mod call;
pub mod driver;
pub mod health;
mod incoming;
pub mod limits;
pub mod line;
pub mod lines;
pub mod port;
pub mod probe;
pub mod refusal;
mod sending;
pub mod setup;
pub mod urc;
pub mod ussd;
pub mod vendors;
pub mod work;
