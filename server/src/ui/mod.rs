//! Pages building blocks; they know no feature.
#![allow(missing_docs)]
pub mod components;
pub mod form;
pub mod icon;
pub mod layout;
pub mod tag;
pub mod timeline;
