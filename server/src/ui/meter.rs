//! Quantities shown as lengths, and amounts shown large.

use maud::{Markup, Render, html};

/// A level of something limited, such as credit used. `label` names it; above nine tenths it turns red.
pub fn meter(value: i64, max: i64, label: &str) -> Markup {
    let max = max.max(1);
    html! { meter min="0" max=(max) value=(value.clamp(0, max)) high=(max - max / 10) optimum="0" aria-label=(label) { (percent(value, max)) "%" } }
}

/// How far a long work has come: `done` of `total`. `label` names it, `note` says what it is doing.
pub fn progress(done: i64, total: i64, label: &str, note: impl Render) -> Markup {
    let total = total.max(1);
    html! {
        div.cell { div.g {
            (label) " " b.num { (percent(done, total)) "%" }
            progress max=(total) value=(done.clamp(0, total)) aria-label=(label) { (percent(done, total)) "%" }
            p { (note) }
        } }
    }
}

/// The amount that a page is about, in fen, set large.
pub fn money(fen: i64) -> Markup {
    html! { p.money { small { "¥" } (yuan(fen)) } }
}

/// An amount in fen as people read it: `12,800.00`.
#[must_use]
pub fn yuan(fen: i64) -> String {
    let digits = (fen.unsigned_abs() / 100).to_string();
    let mut whole = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            whole.push(',');
        }
        whole.push(digit);
    }
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{whole}.{:02}", fen.unsigned_abs() % 100)
}

fn percent(value: i64, max: i64) -> i64 {
    value.saturating_mul(100).checked_div(max).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::yuan;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        assert_eq!(yuan(1_280_000), "12,800.00");
        assert_eq!(yuan(-5), "-0.05");
        assert_eq!(yuan(99_999), "999.99");
    }
}
