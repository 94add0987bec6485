//! Cells: the rows of a card. Label left, value right; the whole row is the target when it leads on.

use maud::{Markup, Render, html};

/// A row: `label` left, `value` right.
pub fn cell(label: impl Render, value: impl Render) -> Markup {
    html! { div.cell { div.g { (label) } div.v { (value) } } }
}

/// A row with long text under its label, such as a note or an address.
pub fn text_cell(label: impl Render, text: impl Render) -> Markup {
    html! { div.cell { div.g { small { (label) } p.pre { (text) } } } }
}

/// A row with free content left and right; leads nowhere.
pub fn plain_cell(main: Markup, side: Markup) -> Markup {
    html! { div.cell { div.g { (main) } div.v { (side) } } }
}

/// A row that leads to `href`: `main` left, `side` right (may be empty).
pub fn link_cell(href: impl AsRef<str>, main: Markup, side: Markup) -> Markup {
    html! { a.cell href=(href.as_ref()) { div.g { (main) } div.v { (side) } } }
}

/// A row that leads to `href`, with one more target behind it, such as a button that dials.
pub fn split_cell(href: impl AsRef<str>, main: Markup, side: Markup, act: Markup) -> Markup {
    html! { div.split { (link_cell(href, main, side)) (act) } }
}

/// The left side of a list row: a `name` and its `tags` on one line, one line of `detail` below. What does not
/// fit ends in an ellipsis: the page behind the row has it all.
pub fn entry(name: impl Render, tags: Markup, detail: impl Render) -> Markup {
    html! { div.n { b { (name) } (tags) } p { (detail) } }
}

/// As [`entry`], with the `time` at the end of the first line, as conversations have it.
pub fn timed_entry(name: impl Render, tags: Markup, time: impl Render, detail: impl Render) -> Markup {
    html! { div.n { b { (name) } (tags) small { (time) } } p { (detail) } }
}

/// The left side of a row about a person: `name`, `role`, and a `number` below.
pub fn person(name: impl Render, role: impl Render, number: impl Render) -> Markup {
    html! { b { (name) } " " small { (role) } p.num { (number) } }
}

/// A number for the right side: strong figure over a small `note` (may be empty).
pub fn figure(number: impl Render, note: &str) -> Markup {
    html! { b.num { (number) } @if !note.is_empty() { small.d { (note) } } }
}

/// An amount or count with its unit, which stay on one line.
pub fn counted(number: impl std::fmt::Display, unit: &str) -> Markup {
    html! { span.nb { b.num { (number) } " " (unit) } }
}
