//! When an order needs approval, and what its coming into force does.

use maud::Markup;

use crate::approvals;
use crate::customers;
use crate::documents::{self, Full, Head};
use crate::events::{self, Event};
use crate::kernel::clock::{self, DAY, Millis};
use crate::kernel::db::{On, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::kinds::Kind;
use crate::lines::{self, Discount, Line, Weighed, under_floor};
use crate::products;
use crate::stock::{self, Demand, Shortage};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

use super::Body;
use super::credit::{Credit, overdue_before};
use super::store;
use super::view;

words! {
    /// Why an order needs approval.
    pub enum Reason {
        /// The total is over the rule's amount.
        Amount = "amount",
        /// The customer would be over the credit limit.
        Credit = "credit",
        /// The customer has not paid in time.
        Overdue = "overdue",
        /// A price is under the floor.
        Floor = "floor",
    }
}

/// The rule: which reasons hold for an order. None means that it comes into force at once.
pub(super) fn reasons<'a>(
    total: Fen,
    over: Fen,
    credit: &Credit,
    discount: Discount,
    lines: impl Iterator<Item = &'a Line> + Clone,
) -> Vec<Reason> {
    let holds = |reason: &Reason| match reason {
        Reason::Amount => total > over,
        Reason::Credit => credit.exceeded(),
        Reason::Overdue => credit.overdue > Fen::ZERO,
        Reason::Floor => lines.clone().any(|line| under_floor(discount.of(line.price), line.ratio, line.floor_price)),
    };
    Reason::ALL.into_iter().filter(holds).collect()
}

impl Body {
    /// Above this total an order needs approval.
    pub(super) fn over(&self) -> Fen {
        documents::approval_over(self.approval_over.as_deref())
    }
}

/// An order always has a customer.
pub(super) fn customer_of(head: &Head) -> Result<Id> {
    head.customer_id.ok_or(AppError::NotFound)
}

/// The credit of an order's customer, this order counted.
async fn credit(on: impl Into<On<'_>>, order: &Full<Body>, now: Millis) -> Result<Credit> {
    let Full { head, body } = order;
    let before = overdue_before(clock::day(now), body.credit_days).to_string();
    let weight = store::exposure(on, customer_of(head)?, Some(head.id), &before).await?;
    // The arrears include an order that is in force.
    let arrears = if head.state.in_force() { body.arrears - head.total() } else { body.arrears };
    Ok(Credit::of(body.credit_limit, arrears, weight.waiting, head.total(), weight.overdue))
}

/// What a customer in the reader's scope may still buy on credit, where a limit is set.
pub(super) async fn credit_left(cx: &Cx, customer: Id) -> Result<Option<Fen>> {
    let db = &cx.office.db;
    let Some(buyer) = customers::find(db, &cx.scope(), customer).await? else { return Ok(None) };
    if buyer.credit_limit <= Fen::ZERO {
        return Ok(None);
    }
    let weight = store::exposure(db, customer, None, "").await?;
    Ok(Some(buyer.credit_limit - buyer.arrears - weight.waiting))
}

/// Why an order that is being submitted needs approval.
pub(super) async fn asked(tx: &mut Tx, order: &Full<Body>, now: Millis, lang: Lang) -> Result<Vec<&'static str>> {
    let lines = lines::of_document(&mut *tx, order.head.id).await?;
    if lines.is_empty() {
        return Err(AppError::Refused(t!(lang, "lines.none").into_owned()));
    }
    let credit = credit(&mut *tx, order, now).await?;
    let reasons = reasons(order.head.total(), order.body.over(), &credit, order.body.discount, lines.iter());
    Ok(reasons.into_iter().map(Reason::code).collect())
}

/// Reserves the stock, charges the customer, and says so. Where stock is short nothing of the transaction
/// may remain, and the refusal names what is missing.
pub(super) async fn come_into_force(tx: &mut Tx, order: &Full<Body>, now: Millis, lang: Lang) -> Result<()> {
    let lines = lines::of_document(&mut *tx, order.head.id).await?;
    let wanted: Vec<Demand> = lines
        .into_iter()
        .filter(|line| line.tracked)
        .map(|line| Demand { product: line.product_id, quantity: line.base_quantity(), name: line.name })
        .collect();
    if !wanted.is_empty() {
        let warehouse =
            order.body.warehouse_id.ok_or_else(|| AppError::Refused(t!(lang, "orders.no_warehouse").into_owned()))?;
        if let Err(short) = stock::reserve(tx, order.head.id, warehouse, &wanted).await? {
            return Err(AppError::Refused(Shortage::words(&short, lang)));
        }
    }
    store::charge(tx, customer_of(&order.head)?, order.head.total(), now).await?;
    events::raise(tx, now, Event::OrderApproved { order: order.head.id }).await
}

/// Undoes an order in force: gives the stock back and takes the charge away.
pub(super) async fn undo(tx: &mut Tx, order: &Full<Body>, lang: Lang) -> Result<()> {
    let Full { head, body } = order;
    if body.paid > Fen::ZERO {
        return Err(AppError::Refused(t!(lang, "orders.has_payments").into_owned()));
    }
    stock::release(tx, head.id).await?;
    let at = head.decided_at.unwrap_or(head.created_at);
    Ok(store::charge(tx, customer_of(head)?, -head.total(), at).await?)
}

/// The days over which a department's usual margin is taken.
const USUAL: Millis = 90 * DAY;

/// Everything that decides about an order.
#[derive(Debug)]
pub(super) struct Weighing {
    pub credit: Credit,
    pub reasons: Vec<Reason>,
}

/// Weighs an order that the caller already may see.
pub(super) async fn weigh(cx: &Cx, order: &Full<Body>, lines: &[Weighed]) -> Result<Weighing> {
    let credit = credit(&cx.office.db, order, cx.now).await?;
    let lines = lines.iter().map(|weighed| &weighed.line);
    Ok(Weighing {
        reasons: reasons(order.head.total(), order.body.over(), &credit, order.body.discount, lines),
        credit,
    })
}

/// The approval card's facts.
pub(super) async fn facts(cx: &Cx, order: &Full<Body>, seen: bool) -> Result<Markup> {
    let db = &cx.office.db;
    let lines = lines::weighed(db, order.head.id, order.body.warehouse_id).await?;
    let weighing = weigh(cx, order, &lines).await?;
    // Why it was asked is what was true then; the figures are those of now.
    let asked_for = approvals::of_document(db, Kind::Order, order.head.id).await?;
    let reasons = asked_for.first().map_or_else(|| weighing.reasons.clone(), |first| Reason::listed(&first.reason));
    let usual = if products::sees_cost(cx) {
        Some(store::department_turnover(db, order.head.owner_id, &clock::iso_day(cx.now - USUAL)).await?)
    } else {
        None
    };
    Ok(view::facts(cx, order, &lines, &weighing.credit, &reasons, usual.as_ref(), seen))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Credit, Discount, Fen, Id, Line, Reason, reasons};
    use crate::kernel::money::Milli;

    fn line(price: i64) -> Line {
        Line {
            product_id: Id(1),
            name: String::new(),
            tracked: true,
            floor_price: Fen(1_260),
            base_unit: "瓶".to_owned(),
            unit: "箱".to_owned(),
            ratio: Milli(20_000),
            quantity: Milli(1000),
            price: Fen(price),
            list_price: Fen(26_800),
            amount: Fen(price),
            cost: Fen(0),
        }
    }

    fn credit(limit: i64, arrears: i64, total: i64, overdue: i64) -> Credit {
        Credit::of(Fen(limit), Fen(arrears), Fen(0), Fen(total), Fen(overdue))
    }

    fn why(total: i64, credit: &Credit, price: i64) -> Vec<Reason> {
        reasons(Fen(total), Fen(1_000_000), credit, Discount::NONE, [line(price)].iter())
    }

    #[test]
    fn exactly_the_amount_needs_nobody() {
        let free = credit(0, 0, 1_000_000, 0);
        assert_eq!(why(1_000_000, &free, 25_200), []);
        assert_eq!(why(1_000_001, &free, 25_200), [Reason::Amount]);
    }

    #[test]
    fn credit_overdue_and_floor_each_ask() {
        assert_eq!(why(500, &credit(1_000, 501, 500, 0), 25_200), [Reason::Credit]);
        assert_eq!(why(500, &credit(1_000, 500, 500, 0), 25_200), []);
        assert_eq!(why(500, &credit(1_000, 0, 500, 1), 25_200), [Reason::Overdue]);
        assert_eq!(why(500, &credit(0, 0, 500, 0), 25_199), [Reason::Floor]);
        assert_eq!(Reason::listed("floor,amount"), [Reason::Amount, Reason::Floor]);
    }
}
