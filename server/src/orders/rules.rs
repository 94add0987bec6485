//! Margins of an order.

use crate::kernel::money::Fen;

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
    use super::{Fen, margin, percent};

    #[test]
    fn margins_read_as_percent() {
        assert_eq!(margin(Fen(1_000_000), Fen(858_000)).map(percent), Some("14.2%".to_owned()));
        assert_eq!(margin(Fen(1000), Fen(1055)).map(percent), Some("-5.5%".to_owned()));
        assert_eq!(margin(Fen(0), Fen(10)), None);
    }
}
