//! What reaches open pages and devices without being asked for.

/// Counts of what waits for a person.
pub mod badges;
/// Web push.
pub mod push;
/// Streams to open pages.
pub mod sse;
