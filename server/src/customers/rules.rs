//! The closed sets of a customer's card, and what counts as quiet.

use crate::kernel::clock::{DAY, Millis};
use crate::kernel::words::words;

words! {
    /// What a customer is in law.
    pub enum Class {
        /// 企业
        Company = "company" => "customers.class_company",
        /// 个人
        Person = "person" => "customers.class_person",
        /// 供应商
        Supplier = "supplier" => "customers.class_supplier",
    }
}
words! {
    /// What a customer does with our goods.
    pub enum Kind {
        /// 零售商
        Retailer = "retailer" => "customers.kind_retailer",
        /// 经销商
        Dealer = "dealer" => "customers.kind_dealer",
        /// 合作社
        Cooperative = "cooperative" => "customers.kind_cooperative",
        /// 种植大户
        Grower = "grower" => "customers.kind_grower",
        /// 生产厂家
        Factory = "factory" => "customers.kind_factory",
    }
}
words! {
    /// How much a customer matters.
    pub enum Level {
        /// 甲级
        A = "a" => "customers.level_a",
        /// 乙级
        B = "b" => "customers.level_b",
        /// 丙级
        C = "c" => "customers.level_c",
    }
}
words! {
    /// How warm the prospect is 热度.
    pub enum Heat {
        /// 无
        None = "none" => "customers.heat_none",
        /// 低
        Low = "low" => "customers.heat_low",
        /// 中
        Middle = "middle" => "customers.heat_middle",
        /// 高
        High = "high" => "customers.heat_high",
    }
}
words! {
    /// How a customer pays.
    pub enum Settlement {
        /// 赊销
        Credit = "credit" => "customers.settlement_credit",
        /// 现款
        Cash = "cash" => "customers.settlement_cash",
        /// 预付款
        Prepaid = "prepaid" => "customers.settlement_prepaid",
    }
}
words! {
    /// The views of the list.
    pub enum View {
        /// Everything in scope.
        All = "all" => "customers.view_all",
        /// My own.
        Mine = "mine" => "customers.view_mine",
        /// Who owes.
        Arrears = "arrears" => "customers.view_arrears",
        /// Not contacted for 30 days.
        Quiet = "quiet" => "customers.view_quiet",
    }
}
words! {
    /// The orders of the list.
    pub enum Sort {
        /// Last contact first.
        Recent = "recent" => "customers.sort_recent",
        /// By mnemonic.
        Name = "name" => "customers.sort_name",
        /// Longest without contact first.
        Contact = "contact" => "customers.sort_contact",
    }
}

impl Sort {
    /// The order of a list for which none is chosen: whom one dealt with last, and what was searched by name.
    #[must_use]
    pub fn usual(q: Option<&str>) -> Sort {
        if q.is_some() { Sort::Name } else { Sort::Recent }
    }
}

/// The last moment of contact at which a customer is called quiet now.
#[must_use]
pub fn quiet_since(now: Millis) -> Millis {
    now - super::QUIET_DAYS * DAY
}

/// Whole days since the last contact, where that makes the customer quiet.
#[must_use]
pub fn quiet_days(last_contact_at: Option<Millis>, created_at: Millis, now: Millis) -> Option<i64> {
    let days = (now - last_contact_at.unwrap_or(created_at)) / DAY;
    (days >= super::QUIET_DAYS).then_some(days)
}

/// Days of credit as typed.
#[must_use]
pub fn credit_days(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok().filter(|days| (0..=3650).contains(days))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{DAY, Heat, credit_days, quiet_days};

    #[test]
    fn quiet_begins_with_the_thirtieth_day() {
        let now = 1_795_363_200_000;
        assert_eq!(quiet_days(Some(now - 29 * DAY), 0, now), None);
        assert_eq!(quiet_days(Some(now - 30 * DAY), 0, now), Some(30));
        assert_eq!(quiet_days(None, now - 41 * DAY, now), Some(41));
    }

    #[test]
    fn words_and_days_are_read_back() {
        assert!(Heat::ALL.iter().all(|heat| Heat::from_code(heat.code()) == Some(*heat)));
        assert_eq!(Heat::from_code("hot"), None);
        assert_eq!(credit_days(" 45 "), Some(45));
        for text in ["-1", "3651", "1.5", "abc", "99999999999999999999"] {
            assert_eq!(credit_days(text), None, "{text}");
        }
    }
}
