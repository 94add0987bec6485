//! Real processes, killed.

mod crash;
pub mod process;
