//! Real processes: killed, fed with bombs, and looked at from outside.

mod bombs;
mod crash;
mod files;
pub mod process;
