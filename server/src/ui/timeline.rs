//! A list of what happened, newest first, and of what is still to come.

use maud::{Markup, Render, html};

use crate::ui::icon::Icon;

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
    /// In place of the dot.
    pub icon: Option<Icon>,
}

impl TimelineItem {
    /// An entry that happened: `title` and `detail`.
    pub fn new(title: impl Render, detail: impl Render) -> TimelineItem {
        TimelineItem { title: title.render(), detail: detail.render(), href: None, moment: Moment::Done, icon: None }
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
    /// Its state, or what is odd about it, in a word.
    pub tag: Option<Markup>,
    /// What kind of thing it is; a dot where all are of one kind.
    pub icon: Option<Icon>,
}

impl From<&Entry> for TimelineItem {
    fn from(entry: &Entry) -> TimelineItem {
        let title = html! { (entry.title) @if let Some(tag) = &entry.tag { " " (tag) } };
        let detail = html! { (entry.when) @if !entry.text.is_empty() { " · " (entry.text) } };
        TimelineItem { title, detail, href: entry.href.clone(), moment: Moment::Done, icon: entry.icon }
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
                li class=[item.icon.map_or(class, |_| Some("k"))] {
                    @if let Some(icon) = item.icon { (icon.markup()) }
                    @if let Some(href) = &item.href { a href=(href) { (item.title) } } @else { (item.title) }
                    p { (item.detail) }
                }
            }
        }
    }
}
