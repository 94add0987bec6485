//! Pages' building blocks. They know no feature: what they show is handed in, finished.
//!
//! `gallery` shows each of them in each of its states.

pub mod assets;
pub mod button;
pub mod card;
pub mod cell;
pub mod chart;
pub mod dialog;
pub mod empty;
pub mod form;
pub mod gallery;
pub mod icon;
pub mod layout;
pub mod list;
pub mod meter;
pub mod offline;
pub mod paper;
pub mod photo;
pub mod records;
#[cfg(test)]
mod samples;
pub mod scripts;
pub mod state;
pub mod strip;
pub mod style;
pub mod table;
pub mod tag;
pub mod talk;
pub mod thumb;
pub mod timeline;

pub use button::link_button;
pub use card::{card, full_card};
pub use cell::{cell, entry, link_cell, plain_cell, split_cell, text_cell};
pub use empty::empty;
pub use gallery::gallery;
pub use icon::Icon;
pub use list::{pager, search_bar, segmented, sorting};
pub use meter::{meter, money, progress};
pub use offline::outbox_page;
pub use records::{Column, Record, Sorting, Width, records};
pub use state::Standing;
pub use strip::{Act, StripItem, acts, strip};
pub use tag::{Tone, tag};
pub use thumb::{thumb, thumb_cell};
