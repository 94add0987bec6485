//! Whole discount 整单折扣: the percentage of the sum of the lines that is asked. 95 is 九五折: five percent off.

use crate::kernel::db::Arg;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::{Fen, Milli};
use crate::web::form::Form;

/// The share of the sum that is charged, in thousandths: more than 0, at most 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct Discount(i64);

impl Discount {
    /// No discount: the whole sum.
    pub const NONE: Discount = Discount(1_000);

    /// Reads a percentage with at most one decimal, over 0 and up to 100.
    #[must_use]
    pub fn parse(text: &str) -> Option<Discount> {
        let percent = Milli::parse(text.trim().trim_end_matches(['%', '％']))?;
        (percent.0 <= 100_000 && percent.0 % 100 == 0).then_some(Discount(percent.0 / 100))
    }

    /// Reads the field `discount`; empty is none, nonsense is said in the form.
    pub fn read(form: &mut Form, lang: Lang) -> Discount {
        let typed = form.value("discount");
        let read = if typed.trim().is_empty() { Some(Discount::NONE) } else { Discount::parse(typed) };
        if read.is_none() {
            form.wrong("discount", t!(lang, "lines.discount_wrong"));
        }
        read.unwrap_or(Discount::NONE)
    }

    /// What is asked of an amount, to the fen.
    #[must_use]
    pub fn of(self, amount: Fen) -> Fen {
        amount.times(Milli(self.0))
    }

    /// The percentage, as a form holds it.
    #[must_use]
    pub fn percent(self) -> String {
        Milli(self.0 * 100).to_string()
    }
}

impl From<Discount> for Arg {
    fn from(discount: Discount) -> Arg {
        discount.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Discount, Fen};

    #[test]
    fn a_discount_is_a_percentage_with_one_decimal() {
        for (text, percent) in [("95", "95"), ("95.5", "95.5"), ("100", "100"), ("0.1", "0.1"), ("９５％", "95")] {
            assert_eq!(Discount::parse(text).map(Discount::percent).as_deref(), Some(percent), "{text}");
        }
        for text in ["", "0", "-1", "101", "100.1", "95.55", "abc", "1e1"] {
            assert_eq!(Discount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_total_is_rounded_once_to_the_fen() {
        assert_eq!(Discount(955).of(Fen(101)), Fen(96));
        assert_eq!(Discount(333).of(Fen(1_500)), Fen(500));
        assert_eq!(Discount::NONE.of(Fen(12_345)), Fen(12_345));
    }
}
