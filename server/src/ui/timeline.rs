//! What happened, newest first.
use crate::ui::tag::{Tone, tag};
use maud::{Markup, html};
/// A line of the timeline. `at` is UTC milliseconds, by which entries of several features are merged.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: i64,
    pub when: String,
    pub href: Option<String>,
    pub title: String,
    pub text: String,
    pub tag: Option<(String, Tone)>,
}
pub fn timeline(entries: &[Entry]) -> Markup {
    html! { ul.tl { @for e in entries { li { (e.title) @if let Some((t, tone)) = &e.tag { (tag(t, *tone)) } p { (e.when) " · " (e.text) } } } } }
}
