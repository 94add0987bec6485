//! Ways of paying, and how a payment is spread.

use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::orders::Unpaid;

words! {
    /// How a customer pays.
    pub enum Method {
        /// 转账
        Transfer = "transfer" => "payments.transfer",
        /// 微信
        Wechat = "wechat" => "payments.wechat",
        /// 现金
        Cash = "cash" => "payments.cash",
        /// 支票
        Cheque = "cheque" => "payments.cheque",
    }
}

/// How `amount` would be spread: the oldest order first; what is left over comes last.
pub(super) fn spread(amount: Fen, unpaid: &[Unpaid]) -> (Vec<(Id, Fen)>, Fen) {
    let mut left = amount;
    let mut parts = Vec::new();
    for order in unpaid {
        let part = order.rest().min(left);
        if part <= Fen::ZERO {
            break;
        }
        parts.push((order.id, part));
        left = left - part;
    }
    (parts, left)
}

#[cfg(test)]
mod tests {
    use super::{Fen, Id, Unpaid, spread};

    fn unpaid(id: i64, total: i64, paid: i64) -> Unpaid {
        Unpaid { id: Id(id), number: String::new(), day: String::new(), total: Fen(total), paid: Fen(paid) }
    }

    #[test]
    fn the_oldest_order_is_paid_first() {
        let orders = [unpaid(1, 1000, 400), unpaid(2, 500, 0)];
        assert_eq!(spread(Fen(700), &orders), (vec![(Id(1), Fen(600)), (Id(2), Fen(100))], Fen(0)));
        assert_eq!(spread(Fen(600), &orders), (vec![(Id(1), Fen(600))], Fen(0)));
        assert_eq!(spread(Fen(2000), &orders), (vec![(Id(1), Fen(600)), (Id(2), Fen(500))], Fen(900)));
    }
}
