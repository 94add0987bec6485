//! Real processes: killed, fed with bombs, and looked at from outside.

mod bombs;
mod crash;
mod files;
mod floods;
pub mod process;
