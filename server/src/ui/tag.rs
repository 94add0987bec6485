//! The small coloured word beside a name that says its state.

use maud::{Markup, Render, html};

/// What a colour means. Colour never stands alone: the word says the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Done, in order.
    Good,
    /// Look at it soon.
    Warn,
    /// Wrong, overdue, missed.
    Bad,
    /// Worth knowing.
    Info,
    /// Neutral.
    #[default]
    Plain,
}

impl Tone {
    /// Every tone, for the gallery.
    pub const ALL: [Tone; 5] = [Tone::Good, Tone::Warn, Tone::Bad, Tone::Info, Tone::Plain];

    /// The CSS class that carries the colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info => "info",
            Tone::Plain => "plain",
        }
    }
}

/// A tag. `text` is a short word, `tone` its meaning.
pub fn tag(text: impl Render, tone: Tone) -> Markup {
    html! { span class={ "tag " (tone.class()) } { (text) } }
}
