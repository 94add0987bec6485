//! States and sums of an order.

use crate::kernel::money::{Fen, LARGEST, Milli};
use crate::kernel::words::words;

words! {
    /// Where an order stands.
    pub enum State {
        /// 草稿
        Draft = "draft" => "orders.state_draft",
        /// 审批中: locked.
        Approving = "approving" => "orders.state_approving",
        /// 执行中: in force, its stock reserved.
        Active = "active" => "orders.state_active",
        /// 已驳回
        Rejected = "rejected" => "orders.state_rejected",
        /// 结束
        Closed = "closed" => "orders.state_closed",
        /// 意外终止
        Cancelled = "cancelled" => "orders.state_cancelled",
    }
}

impl State {
    /// Only a draft may be changed: an order is locked while it is in approval and after it.
    #[must_use]
    pub fn may_change(self) -> bool {
        self == State::Draft
    }
}

/// What a line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// Price × quantity.
    pub amount: Fen,
    /// Cost of what leaves the house.
    pub cost: Fen,
}

/// A line's sums; `None` when they leave the range of money.
pub(super) fn sums(price: Fen, quantity: Milli, ratio: Milli, cost_price: Fen) -> Option<Sums> {
    let amount = price.times(quantity);
    let cost = cost_price.times(quantity.in_base(ratio)?);
    (amount <= LARGEST && cost <= LARGEST).then_some(Sums { amount, cost })
}

/// Whether the price of one unit of `ratio` base units lies under the floor of a base unit.
pub(super) fn under_floor(price: Fen, ratio: Milli, floor_price: Fen) -> bool {
    price < floor_price.times(ratio)
}

/// Gross margin in tenths of a percent; `None` where nothing is sold.
pub(super) fn margin(total: Fen, cost: Fen) -> Option<i64> {
    if total.0 <= 0 {
        return None;
    }
    let permille = i128::from(total.0 - cost.0) * 1000 / i128::from(total.0);
    i64::try_from(permille).ok()
}

/// `14.2%`
pub(super) fn percent(permille: i64) -> String {
    let sign = if permille < 0 { "-" } else { "" };
    format!("{sign}{}.{}%", permille.unsigned_abs() / 10, permille.unsigned_abs() % 10)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Fen, Milli, Sums, margin, percent, sums, under_floor};

    #[test]
    fn a_line_in_tons_costs_what_its_kilograms_cost() {
        // 0.2 吨 at 18,200 a ton; a base unit of 1 kg costs 15.60.
        let line = sums(Fen(1_820_000), Milli(200), Milli(1_000_000), Fen(1_560));
        assert_eq!(line, Some(Sums { amount: Fen(364_000), cost: Fen(312_000) }));
        assert_eq!(sums(Fen(9_999_999_999_999), Milli(99_999_999_999), Milli(1000), Fen(0)), None);
    }

    #[test]
    fn the_floor_is_of_a_base_unit() {
        assert!(under_floor(Fen(25_199), Milli(20_000), Fen(1_260)));
        assert!(!under_floor(Fen(25_200), Milli(20_000), Fen(1_260)));
    }

    #[test]
    fn margins_read_as_percent() {
        assert_eq!(margin(Fen(1_000_000), Fen(858_000)).map(percent), Some("14.2%".to_owned()));
        assert_eq!(margin(Fen(1000), Fen(1055)).map(percent), Some("-5.5%".to_owned()));
        assert_eq!(margin(Fen(0), Fen(10)), None);
    }
}
