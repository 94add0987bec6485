//! What is particular to China: telephone numbers, places, coordinates and full-width characters.

/// WGS-84 and GCJ-02.
pub mod geo;
/// Where a number is from.
pub mod origin;
/// Telephone numbers.
pub mod phone;
/// Full-width characters.
pub mod width;
