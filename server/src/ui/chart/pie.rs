//! Shares of a whole: a ring with its key beside it.

use std::f64::consts::TAU;

use maud::{Markup, html};

use super::{Mark, canvas, linked, scaled, short};

/// Colours that the style sheet has; more marks take them again from the start.
const COLOURS: usize = 6;
const CENTRE: f64 = 75.0;
const RADIUS: f64 = 56.0;
const ROW: i64 = 30;

pub(super) fn pie(title: &str, marks: &[Mark]) -> Markup {
    let total = marks.iter().fold(0_i64, |sum, mark| sum.saturating_add(mark.value.max(0))).max(1);
    let mut from = 0_i64;
    let arcs: Vec<(&Mark, usize, String, i64)> = marks
        .iter()
        .enumerate()
        .map(|(place, mark)| {
            let start = from;
            from = from.saturating_add(mark.value.max(0));
            (mark, (place + 1) % COLOURS, arc(share(start, total), share(from, total)), scaled(mark.value, total, 100))
        })
        .collect();
    let height = i64::try_from(marks.len()).unwrap_or(0).saturating_mul(ROW).max(150);
    canvas(
        title,
        326,
        height,
        false,
        html! {
            @for ((mark, colour, path, percent), y) in arcs.iter().zip((0_i64..).map(|place| place * ROW)) {
                (linked(mark, html! {
                    rect.hit x="160" y=(y) width="166" height=(ROW) {}
                    path class={ "arc c" (colour) } d=(path) {}
                    rect class={ "c" (colour) } x="162" y=(y + 9) width="12" height="12" rx="3" {}
                }, html! {
                    text.s aria-hidden="true" x="182" y=(y + 20) { (short(&mark.label, 6)) }
                    text.e aria-hidden="true" x="326" y=(y + 20) { (percent) "%" }
                }))
            }
        },
    )
}

/// A part of the turn, from 0 to 1. Figures past 2⁵³ lose their last digits, which nobody sees in a ring.
fn share(part: i64, total: i64) -> f64 {
    part as f64 / total as f64
}

/// The stroke from one part of the turn to another, clockwise from the top.
fn arc(from: f64, to: f64) -> String {
    // A whole turn would start where it ends and so draw nothing.
    let to = to.min(from + 0.9999);
    let point = |part: f64| (CENTRE + RADIUS * (part * TAU).sin(), CENTRE - RADIUS * (part * TAU).cos());
    let ((x1, y1), (x2, y2)) = (point(from), point(to));
    let large = u8::from(to - from > 0.5);
    format!("M{x1:.1} {y1:.1}A{RADIUS} {RADIUS} 0 {large} 1 {x2:.1} {y2:.1}")
}
