//! A coloured word.
use maud::{Markup, html};
/// What a tag's colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Warn,
    Bad,
    Info,
    Plain,
}
pub fn tag(text: &str, _tone: Tone) -> Markup {
    html! { span.tag { (text) } }
}
