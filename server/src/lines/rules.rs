//! Sums of a line.

use crate::kernel::money::{Fen, LARGEST, Milli};

/// What a line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// Price × quantity.
    pub amount: Fen,
    /// Cost of what leaves the warehouse.
    pub cost: Fen,
}

/// A line's sums; `None` when they leave the range of money.
pub(super) fn sums(price: Fen, quantity: Milli, ratio: Milli, cost_price: Fen) -> Option<Sums> {
    let amount = price.times(quantity);
    let cost = cost_price.times(quantity.in_base(ratio)?);
    (amount <= LARGEST && cost <= LARGEST).then_some(Sums { amount, cost })
}

/// Whether the price of one unit of `ratio` base units lies under the floor of a base unit.
#[must_use]
pub fn under_floor(price: Fen, ratio: Milli, floor_price: Fen) -> bool {
    price < floor_price.times(ratio)
}

/// The price of a unit of `own` base units, for a unit of `ratio` base units.
pub(super) fn in_unit(price: Fen, own: Milli, ratio: Milli) -> Fen {
    let own = i128::from(own.0).max(1);
    let price = (i128::from(price.0) * i128::from(ratio.0) + own / 2) / own;
    Fen(i64::try_from(price).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Fen, Milli, Sums, in_unit, sums, under_floor};

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
    fn a_price_is_compared_in_the_same_unit() {
        assert_eq!(in_unit(Fen(160_000), Milli(20_000), Milli(1_000)), Fen(8_000));
        assert_eq!(in_unit(Fen(8_000), Milli(1_000), Milli(20_000)), Fen(160_000));
    }
}
