//! What a customer may still buy on credit.

use chrono::NaiveDate;

use crate::kernel::money::Fen;

/// Credit before and after an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credit {
    /// The limit; zero means that none is set.
    pub limit: Fen,
    /// Arrears and other orders that wait for approval.
    pub before: Fen,
    /// The same with this order.
    pub after: Fen,
    /// Unpaid past its days.
    pub overdue: Fen,
}

impl Credit {
    /// Credit of a customer with `arrears` and `waiting` in other orders, for an order of `total`.
    pub fn of(limit: Fen, arrears: Fen, waiting: Fen, total: Fen, overdue: Fen) -> Credit {
        let before = arrears + waiting;
        Credit { limit, before, after: before + total, overdue }
    }

    /// Whether this order takes the customer over the limit.
    pub fn exceeded(&self) -> bool {
        self.limit > Fen::ZERO && self.after > self.limit
    }

    /// How much of the limit is used, in whole percent.
    pub fn percent(&self, used: Fen) -> Option<i64> {
        if self.limit <= Fen::ZERO {
            return None;
        }
        i64::try_from(i128::from(used.0) * 100 / i128::from(self.limit.0)).ok()
    }
}

/// The last order day that is overdue on `today` with `days` of credit.
pub(super) fn overdue_before(today: NaiveDate, days: i64) -> NaiveDate {
    let days = u64::try_from(days).unwrap_or(0);
    today.checked_sub_days(chrono::Days::new(days)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Credit, Fen, NaiveDate, overdue_before};

    #[test]
    fn the_order_itself_counts() {
        let credit = Credit::of(Fen(4_000_000), Fen(1_860_000), Fen(0), Fen(1_280_000), Fen(0));
        assert!(!credit.exceeded());
        assert_eq!(credit.percent(credit.after), Some(78));
        let waiting = Credit::of(Fen(4_000_000), Fen(1_860_000), Fen(1_000_000), Fen(1_280_000), Fen(0));
        assert!(waiting.exceeded());
        assert!(!Credit::of(Fen(0), Fen(5), Fen(5), Fen(5), Fen(0)).exceeded());
    }

    #[test]
    fn credit_days_are_counted_from_the_order() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(overdue_before(day("2026-11-23"), 30), day("2026-10-24"));
        assert_eq!(overdue_before(day("2026-11-23"), -1), day("2026-11-23"));
    }
}
