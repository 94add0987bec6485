//! The small square at the start of a row: the first character of a name on a colour derived from the name.

use maud::{Markup, html};

use crate::ui::tag::Tone;

/// The square for `name`. Screen readers skip it, since the name stands beside it.
pub fn thumb(name: &str) -> Markup {
    // Goods begin with their strength: the first letter tells them apart, where there is one.
    let letter = name.chars().find(|c| c.is_alphabetic()).or_else(|| name.chars().find(|c| c.is_alphanumeric()));
    html! { span class={ "th " (tint(name).class()) } aria-hidden="true" { @if let Some(letter) = letter { (letter) } } }
}

/// A row that leads to `href`, with the square of `name` before it.
pub fn thumb_cell(href: impl AsRef<str>, name: &str, main: Markup, side: Markup) -> Markup {
    html! { a.cell href=(href.as_ref()) { (thumb(name)) div.g { (main) } div.v { (side) } } }
}

/// Names spread evenly over the tints; red is left to what is wrong.
fn tint(name: &str) -> Tone {
    const TINTS: [Tone; 4] = [Tone::Good, Tone::Info, Tone::Warn, Tone::Plain];
    let sum = name.chars().fold(7_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(u32::from(c)));
    TINTS.into_iter().cycle().nth(sum as usize % 4).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{thumb, tint};

    #[test]
    fn a_name_keeps_its_tint_and_shows_its_first_character() {
        assert_eq!(tint("昌乐县丰源农资"), tint("昌乐县丰源农资"));
        assert!(thumb("“丰源”农资").0.contains(">丰<"));
        assert!(thumb("0.01%芸苔素内酯").0.contains(">芸<"));
        assert!(thumb("138 0536 2417").0.contains(">1<"));
        assert!(thumb("").0.ends_with("></span>"));
        let spread: std::collections::HashSet<_> = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"].map(tint).into();
        assert!(spread.len() > 2);
    }
}
