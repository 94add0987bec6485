//! The request and the answer: listening, connections and what they may cost.

/// Accepts connections and serves them.
pub mod listen;
