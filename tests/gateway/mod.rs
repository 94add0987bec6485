//! The box: the real agent against the simulated modem, as processes.

mod crash;
mod pair;
