//! Columns and bars.

use maud::{Markup, html};

use super::{DENSE, Mark, canvas, largest, linked, scaled, short, width_for};

/// Height of the tallest column, and where its foot stands.
const TALL: i64 = 118;
const FOOT: i64 = 144;

pub(super) fn columns(title: &str, marks: &[Mark]) -> Markup {
    let (width, count) = (width_for(marks.len()), i64::try_from(marks.len()).unwrap_or(1).max(1));
    let (step, top) = (width / count, largest(marks));
    let thick = (step * 3 / 5).min(44);
    // With many columns the figures would run into each other; the table below has them.
    let figures = step >= 50;
    canvas(
        title,
        width,
        FOOT + 26,
        step < DENSE,
        html! {
            line.axis x1="0" y1=(FOOT) x2=(width) y2=(FOOT) {}
            @for (mark, left) in marks.iter().zip((0_i64..).map(|place| place * step)) {
                @let high = scaled(mark.value, top, TALL).max(2);
                (linked(mark, html! {
                    rect.hit x=(left) y="0" width=(step) height=(FOOT + 26) {}
                    rect.m x=(left + (step - thick) / 2) y=(FOOT - high) width=(thick) height=(high) rx="3" {}
                }, html! {
                    @if figures { text.v aria-hidden="true" x=(left + step / 2) y=(FOOT - high - 6) { (mark.text) } }
                    text aria-hidden="true" x=(left + step / 2) y=(FOOT + 20) { (short(&mark.label, if step < DENSE { 3 } else { 5 })) }
                }))
            }
        },
    )
}

pub(super) fn bars(title: &str, marks: &[Mark]) -> Markup {
    let (width, row, top) = (326, 50, largest(marks));
    let height = i64::try_from(marks.len()).unwrap_or(0).saturating_mul(row).max(row);
    canvas(
        title,
        width,
        height,
        false,
        html! {
            @for (mark, y) in marks.iter().zip((0_i64..).map(|place| place * row)) {
                (linked(mark, html! {
                    rect.hit x="0" y=(y) width=(width) height=(row) {}
                    rect.rail x="0" y=(y + 29) width=(width) height="10" rx="5" {}
                    rect.m x="0" y=(y + 29) width=(scaled(mark.value, top, width).max(4)) height="10" rx="5" {}
                }, html! {
                    text.s aria-hidden="true" x="0" y=(y + 20) { (short(&mark.label, 12)) }
                    text.e aria-hidden="true" x=(width) y=(y + 20) { (mark.text) }
                }))
            }
        },
    )
}
