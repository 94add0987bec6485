//! Ways of paying, and how a payment is spread.

use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::orders::Unpaid;

/// How a customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// 现金
    Cash,
    /// 转账
    Transfer,
    /// 微信
    Wechat,
    /// 支票
    Cheque,
}

impl Method {
    /// Every way.
    pub const ALL: [Method; 4] = [Method::Transfer, Method::Wechat, Method::Cash, Method::Cheque];

    /// The stored word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Method::Cash => "cash",
            Method::Transfer => "transfer",
            Method::Wechat => "wechat",
            Method::Cheque => "cheque",
        }
    }

    /// The way of a stored word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.code() == code)
    }
}

/// The way's name.
pub(super) fn method_name(lang: Lang, code: &str) -> String {
    match Method::from_code(code) {
        Some(Method::Cash) => t!(lang, "payments.cash"),
        Some(Method::Transfer) => t!(lang, "payments.transfer"),
        Some(Method::Wechat) => t!(lang, "payments.wechat"),
        Some(Method::Cheque) => t!(lang, "payments.cheque"),
        None => code.to_owned().into(),
    }
    .into_owned()
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
        Unpaid { id: Id(id), number: String::new(), ordered_on: String::new(), total: Fen(total), paid: Fen(paid) }
    }

    #[test]
    fn the_oldest_order_is_paid_first() {
        let orders = [unpaid(1, 1000, 400), unpaid(2, 500, 0)];
        assert_eq!(spread(Fen(700), &orders), (vec![(Id(1), Fen(600)), (Id(2), Fen(100))], Fen(0)));
        assert_eq!(spread(Fen(600), &orders), (vec![(Id(1), Fen(600))], Fen(0)));
        assert_eq!(spread(Fen(2000), &orders), (vec![(Id(1), Fen(600)), (Id(2), Fen(500))], Fen(900)));
    }
}
