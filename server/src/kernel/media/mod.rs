//! Pictures and files that people upload.

/// Stored files.
pub mod files;
/// Decoding, scaling and marking pictures.
pub mod images;
/// Files on their way in.
pub mod uploads;
