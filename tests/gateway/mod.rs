//! The box: the real agent against the simulated modem, as processes.

mod altered;
mod brokers;
mod crash;
mod pair;
mod remote;
