//! Lines and areas.

use std::fmt::Write;

use maud::{Markup, html};

use super::{DENSE, Mark, canvas, largest, linked, scaled, short, width_for};

const TALL: i64 = 118;
const FOOT: i64 = 144;

pub(super) fn line(title: &str, marks: &[Mark], filled: bool) -> Markup {
    let (width, count) = (width_for(marks.len()), i64::try_from(marks.len()).unwrap_or(1).max(1));
    let (step, top) = (width / count, largest(marks));
    let points: Vec<(&Mark, i64, i64)> = marks
        .iter()
        .zip((0_i64..).map(|place| place * step + step / 2))
        .map(|(mark, x)| (mark, x, FOOT - scaled(mark.value, top, TALL)))
        .collect();
    let path = points.iter().fold(String::new(), |mut path, (_, x, y)| {
        // Writing into a String cannot fail.
        let _ = write!(path, "{x},{y} ");
        path
    });
    let ends = points.first().zip(points.last()).map(|((_, first, _), (_, last, _))| (*first, *last));
    canvas(
        title,
        width,
        FOOT + 26,
        step < DENSE,
        html! {
            line.axis x1="0" y1=(FOOT) x2=(width) y2=(FOOT) {}
            @if let (true, Some((first, last))) = (filled, ends) {
                polygon.fill points=(format!("{first},{FOOT} {path}{last},{FOOT}")) {}
            }
            polyline.line points=(path.trim_end()) {}
            @for (mark, x, y) in &points {
                (linked(mark, html! {
                    rect.hit x=(x - step / 2) y="0" width=(step) height=(FOOT + 26) {}
                    circle.m cx=(x) cy=(y) r="4" {}
                }, html! {
                    @if step >= 50 { text.v aria-hidden="true" x=(x) y=(y - 10) { (mark.text) } }
                    text aria-hidden="true" x=(x) y=(FOOT + 20) { (short(&mark.label, if step < DENSE { 3 } else { 5 })) }
                }))
            }
        },
    )
}
