//! What a move does to a balance, and what is missing where a promise cannot be kept.

use std::collections::BTreeMap;

use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::kernel::words::words;

use super::Demand;

/// A product of which there is not enough, in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The product.
    pub product: Id,
    /// Its name.
    pub name: String,
    /// What is asked for.
    pub wanted: Milli,
    /// What there is.
    pub available: Milli,
}

impl Shortage {
    /// One sentence naming every shortage.
    #[must_use]
    pub fn words(shortages: &[Shortage], lang: Lang) -> String {
        let lines: Vec<String> = shortages
            .iter()
            .map(|short| {
                t!(
                    lang,
                    "stock.short_line",
                    product = short.name,
                    wanted = short.wanted,
                    available = short.available.max(Milli(0))
                )
                .into_owned()
            })
            .collect();
        t!(lang, "stock.short", lines = lines.join(&t!(lang, "stock.and"))).into_owned()
    }
}

/// Sums the wishes by product: two lines of one product draw on one balance.
pub(super) fn summed(wanted: &[Demand]) -> BTreeMap<Id, Demand> {
    let mut sums: BTreeMap<Id, Demand> = BTreeMap::new();
    for wish in wanted {
        sums.entry(wish.product)
            .and_modify(|sum| sum.quantity = Milli(sum.quantity.0.saturating_add(wish.quantity.0)))
            .or_insert_with(|| wish.clone());
    }
    sums
}

/// What is missing. `available` names what there is by product; a product without a balance has none.
pub(super) fn shortages(wanted: &BTreeMap<Id, Demand>, available: &BTreeMap<Id, Milli>) -> Vec<Shortage> {
    wanted
        .values()
        .filter_map(|wish| {
            let there = available.get(&wish.product).copied().unwrap_or_default();
            (there < wish.quantity).then(|| Shortage {
                product: wish.product,
                name: wish.name.clone(),
                wanted: wish.quantity,
                available: there,
            })
        })
        .collect()
}

words! {
    /// Kinds of move.
    pub enum Kind {
        /// 入库
        In = "in" => "stock.kind_in",
        /// 出库
        Out = "out" => "stock.kind_out",
        /// 盘点: the quantity is what was counted.
        Count = "count" => "stock.kind_count",
        /// 调拨: leaves one warehouse and comes into another; the quantity has a sign.
        Transfer = "transfer" => "stock.kind_transfer",
        /// 红冲: takes back what a document moved; the quantity has a sign.
        Reversal = "reversal" => "stock.kind_reversal",
    }
}

impl Kind {
    /// What is entered for one product, without a document.
    pub(super) const ENTERED: [Kind; 3] = [Kind::In, Kind::Out, Kind::Count];

    /// How a balance changes; `None` where it would leave the range of numbers.
    pub(super) fn change(self, on_hand: Milli, quantity: Milli) -> Option<Milli> {
        let change = match self {
            Kind::In | Kind::Transfer | Kind::Reversal => quantity.0,
            Kind::Out => -quantity.0,
            Kind::Count => quantity.0.checked_sub(on_hand.0)?,
        };
        on_hand.0.checked_add(change).map(|_| Milli(change))
    }
}

#[cfg(test)]
mod tests {
    use super::{Demand, Id, Kind, Milli, shortages, summed};

    #[test]
    fn two_lines_of_one_product_draw_on_one_balance() {
        let wish = |quantity| Demand { product: Id(1), name: "草甘膦".to_owned(), quantity: Milli(quantity) };
        let wanted = summed(&[wish(6000), wish(5000)]);
        let short = shortages(&wanted, &[(Id(1), Milli(10_000))].into());
        assert_eq!(short.iter().map(|s| (s.wanted, s.available)).collect::<Vec<_>>(), [(Milli(11_000), Milli(10_000))]);
        assert!(shortages(&wanted, &[(Id(1), Milli(11_000))].into()).is_empty());
        assert_eq!(shortages(&wanted, &[].into()).len(), 1);
    }

    #[test]
    fn a_count_sets_and_the_others_move() {
        assert_eq!(Kind::In.change(Milli(5), Milli(3)), Some(Milli(3)));
        assert_eq!(Kind::Out.change(Milli(5), Milli(3)), Some(Milli(-3)));
        assert_eq!(Kind::Count.change(Milli(5), Milli(3)), Some(Milli(-2)));
        assert_eq!(Kind::Transfer.change(Milli(5), Milli(-3)), Some(Milli(-3)));
        assert_eq!(Kind::Reversal.change(Milli(i64::MAX), Milli(1)), None);
    }
}
