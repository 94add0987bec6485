//! Modems and caller-ID lines. `port` touches the serial line; `lines`, `urc`, `said`, `call`, `caller`,
//! `cusd`, `refusal`, `vendors` and `limits` are pure; `driver` is the dialogue, `setup` and `sim` make a modem ready,
//! `work` is what a modem's task does with it, beside `sending`, `incoming`, `storages`, `ussd` and `recovery`.

pub mod call;
pub mod caller;
pub mod cusd;
pub mod driver;
pub mod health;
mod incoming;
pub mod limits;
pub mod line;
pub mod lines;
pub mod port;
pub mod probe;
mod recovery;
pub mod refusal;
pub mod said;
mod sending;
pub mod setup;
pub mod sim;
mod storages;
pub mod urc;
pub mod ussd;
pub mod vendors;
pub mod work;
