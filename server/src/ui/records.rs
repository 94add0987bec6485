//! A list of records: cells of two lines on a phone, a table with heads on a wide screen, from the same markup.

use maud::{Markup, Render, html};

use crate::kernel::address::address;
use crate::kernel::db::paging::Way;
use crate::ui::thumb::thumb;

/// How wide a column is. Widths are fixed, so that a list looks the same whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A share of what the others leave.
    Share,
    /// A short word, a date.
    Word,
    /// A number of a document, a phone number.
    Code,
    /// Figures, set to the right.
    Figure,
}

impl Width {
    fn class(self) -> Option<&'static str> {
        match self {
            Width::Share => None,
            Width::Word => Some("k"),
            Width::Code => Some("m"),
            Width::Figure => Some("r"),
        }
    }
}

/// The head of a column.
#[derive(Clone, Debug)]
pub struct Column {
    label: String,
    width: Width,
    href: Option<String>,
    sorted: Option<Way>,
    roomy: bool,
}

impl Column {
    /// A column under `label`.
    pub fn new(label: impl Into<String>, width: Width) -> Column {
        Column { label: label.into(), width, href: None, sorted: None, roomy: false }
    }

    /// A click on the head leads to `href`, which is the list sorted by this column.
    #[must_use]
    pub fn sort(mut self, href: impl Into<String>) -> Column {
        self.href = Some(href.into());
        self
    }

    /// Only where there is room: a column of [`Record::roomy`] or [`Record::wide`] details.
    #[must_use]
    pub fn roomy(mut self) -> Column {
        self.roomy = true;
        self
    }

    /// The list is sorted by this column already.
    #[must_use]
    pub fn sorted(mut self, way: Option<Way>) -> Column {
        self.sorted = way;
        self
    }
}

/// How the list at `path` is sorted; `query` is what else its address says.
#[derive(Clone, Copy, Debug)]
pub struct Sorting<'a> {
    /// The list.
    pub path: &'a str,
    /// Its query without the order and the page.
    pub query: &'a [(&'a str, &'a str)],
    /// The word of the column and its way.
    pub by: (&'a str, Way),
    /// The order of the list where its address names none.
    pub usual: (&'a str, Way),
}

impl<'a> Sorting<'a> {
    /// The head of the column `by`: a click sorts `first` that way, one more click the other way.
    pub fn head(&self, label: impl Into<String>, width: Width, by: &'a str, first: Way) -> Column {
        let chosen = (self.by.0 == by).then_some(self.by.1);
        let order = self.words((by, chosen.map_or(first, Way::other)));
        Column::new(label, width).sort(address(self.path, &[self.query, &order].concat())).sorted(chosen)
    }

    /// The list's query with its order, for its pager.
    #[must_use]
    pub fn query(&self) -> Vec<(&'a str, &'a str)> {
        [self.query, &self.words(self.by)].concat()
    }

    fn words(&self, order: (&'a str, Way)) -> [(&'static str, &'a str); 2] {
        let (by, way) = if order == self.usual { ("", "") } else { (order.0, order.1.code()) };
        [("sort", by), ("dir", way)]
    }
}

/// One record. Its parts are its columns in the order name, tags, time, details, side; each list gives all of its
/// records the same parts, empty where there is nothing to say.
#[derive(Clone, Debug)]
pub struct Record {
    href: String,
    thumb: Option<String>,
    name: Markup,
    tags: Option<Markup>,
    time: Option<Markup>,
    details: Vec<Detail>,
    side: Markup,
}

#[derive(Clone, Debug)]
struct Detail {
    text: Markup,
    place: Place,
}

/// Where a detail is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Everywhere,
    PhoneAndRoom,
    Room,
}

impl Place {
    fn class(self) -> Option<&'static str> {
        match self {
            Place::Everywhere => None,
            Place::PhoneAndRoom => Some("o"),
            Place::Room => Some("w"),
        }
    }
}

impl Record {
    /// The record behind `href`, called `name`.
    pub fn new(href: impl Into<String>, name: impl Render) -> Record {
        Record {
            href: href.into(),
            thumb: None,
            name: html! { (name) },
            tags: None,
            time: None,
            details: Vec::new(),
            side: Markup::default(),
        }
    }

    /// The square of `name` before it on a phone.
    #[must_use]
    pub fn thumb(mut self, name: impl Into<String>) -> Record {
        self.thumb = Some(name.into());
        self
    }

    /// Tags behind the name.
    #[must_use]
    pub fn tags(mut self, tags: Markup) -> Record {
        self.tags = Some(tags);
        self
    }

    /// The time at the end of the first line.
    #[must_use]
    pub fn time(mut self, time: impl Render) -> Record {
        self.time = Some(html! { (time) });
        self
    }

    /// A part of the second line.
    #[must_use]
    pub fn detail(mut self, text: impl Render) -> Record {
        self.details.push(Detail { text: html! { (text) }, place: Place::Everywhere });
        self
    }

    /// A part of the second line whose column is left out where there is no room for it.
    #[must_use]
    pub fn roomy(mut self, text: impl Render) -> Record {
        self.details.push(Detail { text: html! { (text) }, place: Place::PhoneAndRoom });
        self
    }

    /// A column that a phone does not have, and a wide screen where there is room.
    #[must_use]
    pub fn wide(mut self, text: impl Render) -> Record {
        self.details.push(Detail { text: html! { (text) }, place: Place::Room });
        self
    }

    /// What stands at the right: elements, each of them a column. `i` in them is for phones only.
    #[must_use]
    pub fn side(mut self, side: Markup) -> Record {
        self.side = side;
        self
    }

    fn details(&self) -> Markup {
        let mut first = true;
        html! {
            @for detail in &self.details {
                @let shown = detail.place != Place::Room && !detail.text.0.is_empty();
                @if shown && !std::mem::replace(&mut first, false) { i { " · " } }
                span class=[detail.place.class()] { (detail.text) }
            }
        }
    }
}

impl Render for Record {
    fn render(&self) -> Markup {
        html! {
            a.cell href=(self.href) {
                @if let Some(name) = &self.thumb { (thumb(name)) }
                div.g {
                    div.n {
                        b { (self.name) }
                        @if let Some(tags) = &self.tags { span.ts { (tags) } }
                        @if let Some(time) = &self.time { small { (time) } }
                    }
                    @if !self.details.is_empty() { p { (self.details()) } }
                }
                div.v { (self.side) }
            }
        }
    }
}

/// A record with one more target behind it on a phone, such as a button that dials.
pub fn split_record(record: &Record, act: Markup) -> Markup {
    html! { div.split { (record) (act) } }
}

/// The list.
pub fn records(columns: &[Column], rows: impl IntoIterator<Item = impl Render>) -> Markup {
    html! {
        section.card.full.list {
            div.hd {
                @for column in columns {
                    @let mark = column.sorted.map(|way| match way { Way::Up => " ↑", Way::Down => " ↓" });
                    @let class = [column.width.class(), column.roomy.then_some("o")].into_iter().flatten().collect::<Vec<_>>().join(" ");
                    @let class = Some(class).filter(|class| !class.is_empty());
                    @match &column.href {
                        Some(href) => a class=[&class] href=(href) aria-current=[mark.map(|_| "true")] { (column.label) (mark.unwrap_or_default()) },
                        None => span class=[&class] { (column.label) (mark.unwrap_or_default()) },
                    }
                }
            }
            @for row in rows { (row) }
        }
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::{Record, Sorting, Way, Width, records};

    #[test]
    fn a_head_sorts_and_turns_round_and_a_page_keeps_the_order() {
        let sorting = |by| Sorting { path: "/a", query: &[("q", "x")], by, usual: ("n", Way::Down) };
        let head = |by, column| {
            let none: [Record; 0] = [];
            records(&[sorting(by).head("N", Width::Figure, column, Way::Down)], none).0
        };
        assert!(
            head(("n", Way::Down), "n").contains(r#"href="/a?q=x&amp;sort=n&amp;dir=asc" aria-current="true">N ↓<"#)
        );
        assert!(head(("n", Way::Up), "n").contains(r#"href="/a?q=x" aria-current="true">N ↑<"#));
        assert!(head(("n", Way::Down), "m").contains(r#"href="/a?q=x&amp;sort=m&amp;dir=desc">N<"#));
        assert_eq!(sorting(("n", Way::Down)).query(), [("q", "x"), ("sort", ""), ("dir", "")]);
        assert_eq!(sorting(("n", Way::Up)).query(), [("q", "x"), ("sort", "n"), ("dir", "asc")]);
    }

    #[test]
    fn a_phone_reads_only_the_details_that_are_there() {
        let record = Record::new("/a", "甲").detail("").detail("乙").wide("丙").detail("丁");
        assert_eq!(
            record.details().0,
            "<span></span><span>乙</span><span class=\"w\">丙</span><i> · </i><span>丁</span>"
        );
        assert!(Record::new("/a", "甲").side(html! { b { "1" } }).details().0.is_empty());
    }
}
