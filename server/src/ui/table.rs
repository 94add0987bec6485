//! Tables: real ones on a wide screen, one card a row on a phone.

use maud::{Markup, html};

/// A column.
#[derive(Clone, Debug)]
pub struct Column<L = String> {
    /// Its heading.
    pub label: L,
    /// Whether it holds figures, which are set to the right.
    pub numeric: bool,
    /// Where a click on the heading sorts by it.
    pub sort: Option<String>,
}

impl<L> Column<L> {
    /// A column of words headed `label`.
    pub fn text(label: L) -> Column<L> {
        Column { label, numeric: false, sort: None }
    }

    /// A column of figures headed `label`.
    pub fn number(label: L) -> Column<L> {
        Column { label, numeric: true, sort: None }
    }

    /// Sorts by this column through `href`.
    #[must_use]
    pub fn sort(mut self, href: impl Into<String>) -> Column<L> {
        self.sort = Some(href.into());
        self
    }
}

/// A table. `caption` names it (seen by screen readers), `rows` hold one cell per column; `foot` is a row of
/// totals. Put links into the first cell of a row.
pub fn table<L: AsRef<str>>(
    caption: &str,
    columns: &[Column<L>],
    rows: &[Vec<Markup>],
    foot: Option<&[Markup]>,
) -> Markup {
    // Roles are written out: a phone shows rows as blocks, and browsers drop a table's own roles then.
    html! {
        table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for column in columns {
                        th role="columnheader" scope="col" class=[column.numeric.then_some("r")] {
                            @if let Some(href) = &column.sort { a href=(href) { (column.label.as_ref()) } } @else { (column.label.as_ref()) }
                        }
                    }
                }
            }
            tbody role="rowgroup" { @for row in rows { (line(columns, row)) } }
            @if let Some(foot) = foot { tfoot role="rowgroup" { (line(columns, foot)) } }
        }
    }
}

fn line<L: AsRef<str>>(columns: &[Column<L>], row: &[Markup]) -> Markup {
    html! {
        tr role="row" {
            @for (column, value) in columns.iter().zip(row) {
                td role="cell" class=[column.numeric.then_some("r")] data-label=(column.label.as_ref()) { (value) }
            }
        }
    }
}
