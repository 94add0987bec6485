//! Charts as SVG made on the server. Each has a title, a data table with the same figures, and marks that
//! lead to their rows.

mod area;
mod bars;
mod pie;

use maud::{Markup, html};

use crate::kernel::i18n::{Lang, t};

/// One figure of a chart.
#[derive(Clone, Debug)]
pub struct Mark {
    /// What it is the figure of.
    pub label: String,
    /// Its size; negative counts as nothing in the drawing.
    pub value: i64,
    /// The figure as people read it.
    pub text: String,
    /// The rows behind it.
    pub href: Option<String>,
}

/// How the figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChartKind {
    /// Upright columns, for months and days.
    Column,
    /// Lying bars, for rankings with names.
    Bar,
    /// A line through the figures.
    Line,
    /// A line with its ground filled.
    Area,
    /// Shares of a whole.
    Pie,
}

impl ChartKind {
    /// Every kind, for the gallery and for choosing.
    pub const ALL: [ChartKind; 5] =
        [ChartKind::Column, ChartKind::Bar, ChartKind::Line, ChartKind::Area, ChartKind::Pie];
}

/// A chart of `marks` under `title`; `label` heads the first column of its data table, `value` the second.
pub fn chart(lang: Lang, kind: ChartKind, title: &str, label: &str, value: &str, marks: &[Mark]) -> Markup {
    let drawing = match kind {
        ChartKind::Column => bars::columns(title, marks),
        ChartKind::Bar => bars::bars(title, marks),
        ChartKind::Line => area::line(title, marks, false),
        ChartKind::Area => area::line(title, marks, true),
        ChartKind::Pie => pie::pie(title, marks),
    };
    html! {
        figure.card.chart {
            figcaption.ch { h2 { (title) } }
            // Many marks make the drawing wider than the screen; it is scrolled, also by keyboard.
            div.draw tabindex="0" role="region" aria-label=(title) { (drawing) }
            details {
                summary { (t!(lang, "ui.data")) }
                div.data {
                    table.plain {
                        caption { (title) }
                        thead { tr { th scope="col" { (label) } th.r scope="col" { (value) } } }
                        tbody {
                            @for mark in marks {
                                tr {
                                    td { @if let Some(href) = &mark.href { a href=(href) { (mark.label) } } @else { (mark.label) } }
                                    td.r { (mark.text) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Marks nearer to each other than this have short labels and no figures of their own.
const DENSE: i64 = 40;

/// A drawing `width` × `height` with its marks. `dense` marks have every second label left out in large type.
fn canvas(title: &str, width: i64, height: i64, dense: bool, body: Markup) -> Markup {
    html! {
        svg.dense[dense] viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="group" aria-label=(title) { (body) }
    }
}

/// A mark: its `shapes` link to its rows and carry its full name; its `words`, which may be cut short, are
/// for the eye only.
fn linked(mark: &Mark, shapes: Markup, words: Markup) -> Markup {
    let name = format!("{} {}", mark.label, mark.text);
    html! {
        g {
            @if let Some(href) = &mark.href { a href=(href) aria-label=(name) { (shapes) } }
            @else { g role="img" aria-label=(name) { (shapes) } }
            (words)
        }
    }
}

/// The largest figure, at least 1 so that it can divide.
fn largest(marks: &[Mark]) -> i64 {
    marks.iter().map(|mark| mark.value).max().unwrap_or(1).max(1)
}

/// `value` on a scale where `top` is `length`.
fn scaled(value: i64, top: i64, length: i64) -> i64 {
    let product = i128::from(value.max(0)) * i128::from(length) / i128::from(top.max(1));
    i64::try_from(product).unwrap_or(length)
}

/// A label short enough for `most` characters.
fn short(label: &str, most: usize) -> String {
    if label.chars().count() <= most {
        return label.to_owned();
    }
    label.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The width of a drawing with `marks` side by side: that of a phone, more when they would get too narrow
/// to be hit.
fn width_for(marks: usize) -> i64 {
    i64::try_from(marks).unwrap_or(0).saturating_mul(28).max(326)
}

#[cfg(test)]
mod tests {
    use super::{scaled, short};

    #[test]
    fn drawings_survive_any_figure() {
        assert_eq!(scaled(i64::MAX, i64::MAX, 100), 100);
        assert_eq!(scaled(-5, 0, 100), 0);
        assert_eq!(scaled(1, 3, 100), 33);
    }

    #[test]
    fn labels_are_cut_by_characters() {
        assert_eq!(short("高效氯氟氰菊酯", 4), "高效氯…");
        assert_eq!(short("除草", 4), "除草");
    }
}
