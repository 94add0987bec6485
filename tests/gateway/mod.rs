//! The box: the real agent against the simulated modem, as processes.

mod crash;
mod dialogue;
mod faults;
mod pair;
mod peers;
mod scene;
mod shell;
mod soak;
