//! Real processes, killed.

mod crash;
mod floods;
pub mod process;
