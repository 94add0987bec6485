//! Keys, seals and password hashing.

/// The queue for the password hash function.
pub mod hashing;
/// Hexadecimal.
pub mod hex;
/// The server's own secret.
pub mod seal;
