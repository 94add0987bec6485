//! A list of what happened, newest first, and of what is still to come.

use maud::{Markup, Render, html};

use crate::ui::tag::{Tone, tag};

/// Whether an entry of a timeline lies behind us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Happened: a filled dot.
    #[default]
    Done,
    /// Waiting: an open dot.
    Next,
    /// Went wrong: a red dot.
    Bad,
}

/// An entry of a timeline.
#[derive(Clone, Debug)]
pub struct TimelineItem {
    /// What happened, with its tags.
    pub title: Markup,
    /// When, by whom, and a line of content.
    pub detail: Markup,
    /// Where it can be opened.
    pub href: Option<String>,
    /// Behind us or to come.
    pub moment: Moment,
}

impl TimelineItem {
    /// An entry that happened: `title` and `detail`.
    pub fn new(title: impl Render, detail: impl Render) -> TimelineItem {
        TimelineItem { title: title.render(), detail: detail.render(), href: None, moment: Moment::Done }
    }

    /// Makes it lead to `href`.
    #[must_use]
    pub fn link(mut self, href: impl Into<String>) -> TimelineItem {
        self.href = Some(href.into());
        self
    }

    /// Sets whether it lies behind us.
    #[must_use]
    pub fn moment(mut self, moment: Moment) -> TimelineItem {
        self.moment = moment;
        self
    }
}

/// A dated entry that a feature contributes to a history gathered from several features.
#[derive(Clone, Debug)]
pub struct Entry {
    /// UTC milliseconds, by which entries of several features are merged.
    pub at: i64,
    /// The moment in words.
    pub when: String,
    /// Where it can be opened.
    pub href: Option<String>,
    /// What happened.
    pub title: String,
    /// A line of content.
    pub text: String,
    /// Its state in a word.
    pub tag: Option<(String, Tone)>,
}

impl From<&Entry> for TimelineItem {
    fn from(entry: &Entry) -> TimelineItem {
        let title = html! { (entry.title) @if let Some((word, tone)) = &entry.tag { " " (tag(word, *tone)) } };
        let detail = html! { (entry.when) @if !entry.text.is_empty() { " · " (entry.text) } };
        TimelineItem { title, detail, href: entry.href.clone(), moment: Moment::Done }
    }
}

impl From<&TimelineItem> for TimelineItem {
    fn from(item: &TimelineItem) -> TimelineItem {
        item.clone()
    }
}

/// A timeline of `items`, or of dated entries, in the order given.
pub fn timeline<'a, T>(items: &'a [T]) -> Markup
where
    TimelineItem: From<&'a T>,
{
    html! {
        ol.tl {
            @for item in items.iter().map(TimelineItem::from) {
                @let class = match item.moment { Moment::Done => None, Moment::Next => Some("n"), Moment::Bad => Some("x") };
                li class=[class] {
                    @if let Some(href) = &item.href { a href=(href) { (item.title) } } @else { (item.title) }
                    p { (item.detail) }
                }
            }
        }
    }
}
