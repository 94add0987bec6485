//! Money in integer fen (分) of CNY and quantities in integer thousandths of the base unit.
//!
//! Rounding is half-up, away from zero, and happens in one place: [`Fen::times`].

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

use crate::kernel::china::width::half;

/// The largest amount a form accepts: 99,999,999,999.99 yuan. Sums of 10,000 of them still fit.
pub const LARGEST: Fen = Fen(9_999_999_999_999);

/// An amount of money in fen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx_macros::Type, Serialize, Deserialize,
)]
#[sqlx(transparent)]
pub struct Fen(pub i64);

/// A quantity in thousandths of a unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx_macros::Type, Serialize, Deserialize,
)]
#[sqlx(transparent)]
pub struct Milli(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Price × quantity, rounded half-up to the fen; saturates far above [`LARGEST`].
    #[must_use]
    pub fn times(self, quantity: Milli) -> Fen {
        let product = i128::from(self.0) * i128::from(quantity.0);
        let rounded = (product.abs() + 500) / 1000 * product.signum();
        Fen(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Reads `12800`, `12,800.5`, `￥12 800.50`: at most two decimals, not negative, at most [`LARGEST`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Fen> {
        decimal(text, 2).map(Fen).filter(|fen| *fen <= LARGEST)
    }

    /// `12800.50`, as a form field holds it.
    #[must_use]
    pub fn plain(self) -> String {
        format!("{}{}.{:02}", sign(self.0), self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

impl Milli {
    /// The largest quantity a form accepts: 99,999,999.999 units.
    pub const LARGEST: Milli = Milli(99_999_999_999);

    /// Reads a quantity with at most three decimals, greater than zero, at most [`Milli::LARGEST`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Milli> {
        decimal(text, 3).map(Milli).filter(|milli| milli.0 > 0 && *milli <= Milli::LARGEST)
    }

    /// This quantity of a unit that holds `ratio` base units, in base units; `None` past 63 bits.
    #[must_use]
    pub fn in_base(self, ratio: Milli) -> Option<Milli> {
        let product = i128::from(self.0) * i128::from(ratio.0);
        i64::try_from((product + 500) / 1000).ok().map(Milli)
    }
}

fn sign(value: i64) -> &'static str {
    if value < 0 { "-" } else { "" }
}

/// A non-negative decimal with at most `places` places, in units of the last place.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let text: String = text
        .chars()
        .map(half)
        .filter(|c| !matches!(c, ' ' | ',' | '¥' | '￥'))
        // A Chinese keyboard's point is the full stop.
        .map(|c| if c == '。' { '.' } else { c })
        .collect();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || fraction.len() > places || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12,800.00`; the currency sign is the page's.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fen = self.0.unsigned_abs();
        write!(f, "{}{}.{:02}", sign(self.0), grouped(fen / 100), fen % 100)
    }
}

/// `20`, `0.2`, `1,000.125`.
impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milli = self.0.unsigned_abs();
        write!(f, "{}{}", sign(self.0), grouped(milli / 1000))?;
        match format!("{:03}", milli % 1000).trim_end_matches('0') {
            "" => Ok(()),
            fraction => write!(f, ".{fraction}"),
        }
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = *self + other;
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.saturating_sub(other.0))
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(self.0.saturating_neg())
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fen, Milli};

    #[test]
    fn half_a_fen_rounds_up_and_away_from_zero() {
        assert_eq!(Fen(101).times(Milli(500)), Fen(51));
        assert_eq!(Fen(-101).times(Milli(500)), Fen(-51));
        assert_eq!(Fen(1_820_000).times(Milli(200)), Fen(364_000));
        assert_eq!(Fen(i64::MAX).times(Milli(i64::MAX)), Fen(i64::MAX));
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (text, fen) in [("12800", 1_280_000), ("12,800.5", 1_280_050), ("￥ １２．３０", 1_230), ("0", 0)] {
            assert_eq!(Fen::parse(text), Some(Fen(fen)), "{text}");
        }
        for text in ["", "-1", "1.234", "abc", "1e9", "99999999999999999999", "100000000000", "."] {
            assert_eq!(Fen::parse(text), None, "{text}");
        }
    }

    #[test]
    fn quantities_show_no_idle_decimals() {
        assert_eq!(Milli(200).to_string(), "0.2");
        assert_eq!(Milli(1_000_125).to_string(), "1,000.125");
        assert_eq!(Milli(20_000).to_string(), "20");
        assert_eq!(Fen(-123_456_789).to_string(), "-1,234,567.89");
        assert_eq!(Milli::parse("0"), None);
        assert_eq!(Milli::parse("-5"), None);
    }

    #[test]
    fn units_convert_into_base_units() {
        assert_eq!(Milli(2_000).in_base(Milli(20_000)), Some(Milli(40_000)));
        assert_eq!(Milli(i64::MAX).in_base(Milli(i64::MAX)), None);
    }
}
