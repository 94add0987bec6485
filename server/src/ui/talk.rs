//! A conversation: bubbles in the order of time, ours at the right.

use maud::{Markup, html};

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The other side.
    Theirs,
    /// The company.
    Ours,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Bubble {
    side: Side,
    text: Markup,
    time: Option<String>,
    foot: Option<Markup>,
}

impl Bubble {
    /// What was said, and by whom.
    #[must_use]
    pub fn new(side: Side, text: Markup) -> Bubble {
        Bubble { side, text, time: None, foot: None }
    }

    /// Who said it.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// With the time above it.
    #[must_use]
    pub fn time(self, time: impl Into<String>) -> Bubble {
        Bubble { time: Some(time.into()), ..self }
    }

    /// With a line below it, such as its state.
    #[must_use]
    pub fn foot(self, foot: Markup) -> Bubble {
        Bubble { foot: Some(foot), ..self }
    }
}

/// The conversation, the newest below. Where scripts run the page shows its end, and `read` is posted with `op_id` once
/// somebody looks at it: a GET changes nothing, since browsers fetch ahead.
pub fn talk(bubbles: &[Bubble], read: Option<&str>, op_id: &str) -> Markup {
    html! {
        ol.talk.full data-talk=[read.or(Some(""))] data-op=(op_id) {
            @for bubble in bubbles {
                @if let Some(time) = &bubble.time { li.at { (time) } }
                li.b.me[bubble.side == Side::Ours] { (bubble.text) }
                @if let Some(foot) = &bubble.foot { li.st { (foot) } }
            }
        }
        span #end {}
    }
}
