//! The kinds of documents. Approvals, the operation log, events, messages and files know a document by one of these:
//! a kind that a `match` forgets does not compile, and a word in the database that is none of them is an error.

use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::modules::Module;
use crate::ui::icon::Icon;

words! {
    /// A kind of document. Its word stands in columns, in the operation log and in events.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Kind {
        /// Quote 报价.
        Quote = "quote" => "documents.kind_quote",
        /// Order 订单.
        Order = "order" => "documents.kind_order",
        /// Payment 回款.
        Payment = "payment" => "documents.kind_payment",
        /// Goods receipt 入库.
        GoodsReceipt = "goods_receipt" => "documents.kind_goods_receipt",
        /// Goods issue 出库.
        GoodsIssue = "goods_issue" => "documents.kind_goods_issue",
        /// Stock transfer 调拨.
        StockTransfer = "stock_transfer" => "documents.kind_stock_transfer",
        /// Stock count 盘点.
        StockCount = "stock_count" => "documents.kind_stock_count",
    }
}

/// The addresses of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Paths {
    /// The list; a POST makes a document.
    pub list: &'static str,
    /// The empty form.
    pub new: &'static str,
    /// One document.
    pub one: &'static str,
    /// Its form.
    pub edit: &'static str,
    /// Its lines.
    pub lines: &'static str,
    /// Submitting it.
    pub submission: &'static str,
    /// Taking the submission back.
    pub withdrawal: &'static str,
    /// Ending it before its time.
    pub cancellation: &'static str,
    /// The document that takes it back.
    pub correction: &'static str,
    /// The recycle bin.
    pub bin: &'static str,
    /// Moving a draft into the recycle bin.
    pub deletion: &'static str,
    /// Taking it out again.
    pub restoration: &'static str,
}

macro_rules! paths {
    ($noun:literal) => {
        &Paths {
            list: concat!("/", $noun),
            new: concat!("/", $noun, "/new"),
            one: concat!("/", $noun, "/:id"),
            edit: concat!("/", $noun, "/:id/edit"),
            lines: concat!("/", $noun, "/:id/lines"),
            submission: concat!("/", $noun, "/:id/submission"),
            withdrawal: concat!("/", $noun, "/:id/withdrawal"),
            cancellation: concat!("/", $noun, "/:id/cancellation"),
            correction: concat!("/", $noun, "/:id/correction"),
            bin: concat!("/", $noun, "/bin"),
            deletion: concat!("/", $noun, "/:id/deletion"),
            restoration: concat!("/", $noun, "/:id/restoration"),
        }
    };
}

impl Kind {
    /// What stands before its numbers.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Kind::Quote => "BJ",
            Kind::Order => "DD",
            Kind::Payment => "SK",
            Kind::GoodsReceipt => "RK",
            Kind::GoodsIssue => "CK",
            Kind::StockTransfer => "DB",
            Kind::StockCount => "PD",
        }
    }

    /// The module whose rights count.
    #[must_use]
    pub fn module(self) -> Module {
        match self {
            Kind::Quote => Module::Quotes,
            Kind::Order => Module::Orders,
            Kind::Payment => Module::Payments,
            Kind::GoodsReceipt | Kind::GoodsIssue | Kind::StockTransfer | Kind::StockCount => Module::Stock,
        }
    }

    /// Its icon.
    #[must_use]
    pub fn icon(self) -> Icon {
        match self {
            Kind::Quote => Icon::Quote,
            Kind::Order => Icon::Order,
            Kind::Payment => Icon::Payment,
            Kind::GoodsReceipt | Kind::GoodsIssue | Kind::StockTransfer | Kind::StockCount => Icon::Stock,
        }
    }

    /// Its addresses.
    #[must_use]
    pub fn paths(self) -> &'static Paths {
        match self {
            Kind::Quote => paths!("quotes"),
            Kind::Order => paths!("orders"),
            Kind::Payment => paths!("payments"),
            Kind::GoodsReceipt => paths!("goods-receipts"),
            Kind::GoodsIssue => paths!("goods-issues"),
            Kind::StockTransfer => paths!("stock-transfers"),
            Kind::StockCount => paths!("stock-counts"),
        }
    }

    /// The address of one document.
    #[must_use]
    pub fn address(self, id: Id) -> String {
        format!("{}/{id}", self.paths().list)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Kind;

    #[test]
    fn the_word_in_an_event_is_the_word_in_a_column() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
    }

    #[test]
    fn no_two_kinds_share_a_prefix_or_an_address() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            for other in Kind::ALL.into_iter().skip(place + 1) {
                assert!(kind.prefix() != other.prefix() && kind.paths().list != other.paths().list);
            }
        }
    }
}
