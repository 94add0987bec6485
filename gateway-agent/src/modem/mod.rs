//! The modem: 3GPP TS 27.005 and 27.007 spoken over a serial line. `port` alone touches the line; `lines`,
//! `urc` and `call` are pure.

pub mod call;
pub mod driver;
pub mod lines;
pub mod port;
pub mod urc;
