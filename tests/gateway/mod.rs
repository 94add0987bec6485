//! The box: the real agent against the simulated modem, as processes.

mod altered;
mod brokers;
mod cases;
mod codec;
mod crash;
mod dialogue;
mod faults;
mod pair;
mod peers;
mod remote;
mod scene;
mod shell;
mod soak;
