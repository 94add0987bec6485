//! The request and the answer: listening, routes, forms, writes and the page of each error.

/// Client addresses and configured proxies.
pub mod caller;
/// Compression of pages.
pub mod compress;
/// One request: who asks, for what, in which language.
pub mod cx;
/// The one error type of handlers, and the page each becomes.
pub mod error;
/// What was typed, read field by field.
pub mod form;
/// Connections and what they may cost.
pub mod listen;
/// Two people change one record.
pub mod merge;
/// Registration of devices for web push.
pub mod push;
/// The gated route table.
pub mod routes;
/// One write: transaction, op_id, audit, answer.
pub mod write;

use crate::ui::layout::TabItem;

/// The form that the end of a session interrupted.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// Its fields, sealed for its writer. `None` where there was nothing to keep or it cannot be kept.
    pub sealed: Option<String>,
    /// Whether something was filled in.
    pub filled: bool,
    /// Whether files were chosen, which cannot be kept.
    pub files: bool,
}

/// The pages that the product gives to the web layer.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    /// The bottom tab bar for a person.
    pub tabs: fn(&cx::Cx) -> Vec<TabItem>,
    /// The sign-in page in place of a page that an ended session interrupted.
    pub sign_in: fn(&cx::Guest, &Interrupted) -> String,
}
