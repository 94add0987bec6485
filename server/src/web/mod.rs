//! The request and the answer: listening, connections and what they may cost.

mod connections;
mod framing;
mod guard;
mod open_files;
mod service;
mod watched;

/// Accepts connections and serves them.
pub mod listen;
