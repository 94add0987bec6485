//! When an order needs approval, by whom, and what the decision does.

use maud::Markup;

use crate::approvals::{self, Ask, Asked};
use crate::events::{self, Event, Outcome};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::{self, DAY, Millis};
use crate::kernel::db::{DbError, On, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::stock::{self, Shortage, Wanted};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::{orders, products};

use super::credit::{Credit, overdue_before};
use super::rules::{State, under_floor};
use super::store::{self, Buyer, Line, Order};
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
pub(super) fn reasons(total: Fen, over: Fen, credit: &Credit, lines: &[Line]) -> Vec<Reason> {
    let holds = |reason: &Reason| match reason {
        Reason::Amount => total > over,
        Reason::Credit => credit.exceeded(),
        Reason::Overdue => credit.overdue > Fen::ZERO,
        Reason::Floor => lines.iter().any(|line| under_floor(line.price, line.ratio, line.floor_price)),
    };
    Reason::ALL.into_iter().filter(holds).collect()
}

/// The credit of an order's customer, this order counted.
pub(super) async fn credit(
    on: impl Into<On<'_>>,
    buyer: &Buyer,
    order: Id,
    total: Fen,
    counted: bool,
    now: Millis,
) -> Result<Credit, DbError> {
    let before = overdue_before(clock::day(now), buyer.credit_days).to_string();
    let weight = store::exposure(on, buyer.id, order, &before).await?;
    // Once in force the order itself is part of the arrears.
    let arrears = if counted { buyer.arrears - total } else { buyer.arrears };
    Ok(Credit::of(buyer.credit_limit, arrears, weight.waiting, total, weight.overdue))
}

/// What a submission led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Submitted {
    /// It waits for approval.
    Waits,
    /// It is in force.
    InForce,
}

/// Submits a draft: the checks, then approval or force, all in one transaction.
pub(super) async fn submit(tx: &mut Tx, cx: &Cx, order: &Order, lines: &[Line], note: String) -> Result<Submitted> {
    let buyer = store::buyer_locked(tx, order.customer_id).await?.ok_or(AppError::NotFound)?;
    let over = store::approval_over(&mut *tx).await?;
    let credit = credit(&mut *tx, &buyer, order.id, order.total, false, cx.now).await?;
    let reasons = reasons(order.total, over, &credit, lines);
    if reasons.is_empty() {
        come_into_force(tx, cx.now, order, lines, cx.lang).await?;
        return Ok(Submitted::InForce);
    }
    let requester = cx.actor().id;
    let Some(approver) = approvals::manager_of(&mut *tx, requester).await? else {
        return Err(AppError::Refused(t!(cx.lang, "orders.no_approver").into_owned()));
    };
    store::set_state(tx, order.id, State::Approving, cx.now).await?;
    let ask = Ask {
        kind: orders::KIND,
        document: order.id,
        requester,
        title: format!("{} {}", order.number, order.customer),
        amount: Some(order.total),
        reason: reasons.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(","),
        note,
        approvers: vec![approver],
    };
    approvals::open(tx, cx.now, &ask).await?;
    Ok(Submitted::Waits)
}

/// What an order draws from stock.
fn wanted(lines: &[Line]) -> Vec<Wanted> {
    lines
        .iter()
        .filter(|line| line.tracked)
        .map(|line| Wanted { product: line.product_id, name: line.name.clone(), quantity: line.base_quantity() })
        .collect()
}

/// Reserves the stock, charges the customer, and says so. Where stock is short nothing of the transaction
/// may remain, and the refusal names what is missing.
async fn come_into_force(tx: &mut Tx, now: Millis, order: &Order, lines: &[Line], lang: Lang) -> Result<()> {
    let wanted = wanted(lines);
    if !wanted.is_empty() {
        let house =
            order.warehouse_id.ok_or_else(|| AppError::Refused(t!(lang, "orders.no_warehouse").into_owned()))?;
        if let Err(short) = stock::reserve(tx, order.id, house, &wanted).await? {
            return Err(AppError::Refused(Shortage::words(&short, lang)));
        }
    }
    store::set_state(tx, order.id, State::Active, now).await?;
    store::charge(tx, order.customer_id, order.total, now).await?;
    events::raise(tx, now, Event::OrderApproved { order: order.id }).await
}

/// What the decision on an order's approval does, inside the decision's transaction.
///
/// # Errors
/// [`AppError::Refused`] where the stock has gone meanwhile; then the decision is undone too.
pub async fn decided(tx: &mut Tx, now: Millis, order: Id, outcome: Outcome, by: Id) -> Result<()> {
    let order = store::find_decided(tx, order).await?.ok_or(AppError::NotFound)?;
    let lang = Lang::from_code(&store::lang_of(&mut *tx, by).await?).unwrap_or_default();
    if order.state() != State::Approving {
        return Err(AppError::Refused(t!(lang, "orders.not_approving").into_owned()));
    }
    let state = match outcome {
        Outcome::Approved => {
            let lines = store::lines(&mut *tx, order.id).await?;
            come_into_force(tx, now, &order, &lines, lang).await?;
            State::Active
        }
        Outcome::Rejected => {
            store::set_state(tx, order.id, State::Rejected, now).await?;
            events::raise(tx, now, Event::OrderRefused { order: order.id }).await?;
            State::Rejected
        }
        Outcome::Withdrawn => {
            store::set_state(tx, order.id, State::Draft, now).await?;
            events::raise(tx, now, Event::OrderRefused { order: order.id }).await?;
            State::Draft
        }
    };
    let author = Author { user: Some(by), origin: "approval".to_owned(), at: now };
    let changes = Changes::new().moved("state", State::Approving.code(), state.code());
    audit::record(tx, &author, Action::Decide, orders::KIND, order.id, changes).await?;
    Ok(())
}

/// Undoes an order in force: gives the stock back and takes the charge away.
pub(super) async fn undo(tx: &mut Tx, order: &Order) -> Result<(), DbError> {
    stock::release(tx, order.id).await?;
    store::charge(tx, order.customer_id, -order.total, order.decided_at.unwrap_or(order.created_at)).await
}

/// The days over which a department's usual margin is taken.
const USUAL: Millis = 90 * DAY;

/// Everything that decides about an order.
#[derive(Debug)]
pub(super) struct Weighed {
    pub credit: Credit,
    pub over: Fen,
    pub reasons: Vec<Reason>,
    /// By product: available base units in the order's warehouse.
    pub available: std::collections::BTreeMap<Id, crate::kernel::money::Milli>,
    pub last: std::collections::BTreeMap<Id, store::LastPrice>,
}

/// Weighs an order that the caller already may see.
pub(super) async fn weigh(cx: &Cx, order: &Order, lines: &[Line]) -> Result<Weighed> {
    let db = &cx.office.db;
    let buyer = store::buyer_of(db, order).await?.ok_or(AppError::NotFound)?;
    let counted = matches!(order.state(), State::Active | State::Closed);
    let credit = credit(db, &buyer, order.id, order.total, counted, cx.now).await?;
    let over = store::approval_over(db).await?;
    let ids: Vec<Id> = lines.iter().map(|line| line.product_id).collect();
    let available = match order.warehouse_id {
        Some(house) => stock::availability(db, house, &ids).await?,
        None => Default::default(),
    };
    let last = store::last_prices(db, order.customer_id, &ids, Some(order.id)).await?;
    Ok(Weighed { reasons: reasons(order.total, over, &credit, lines), credit, over, available, last })
}

/// The approval card's facts.
///
/// # Errors
/// [`AppError::NotFound`] when the order is gone.
pub async fn facts(cx: &Cx, asked: &Asked) -> Result<Markup> {
    let db = &cx.office.db;
    let order = store::find_asked(db, asked).await?.ok_or(AppError::NotFound)?;
    let lines = store::lines(db, order.id).await?;
    let weighed = weigh(cx, &order, &lines).await?;
    // Why it was asked is what was true then; the figures are those of now.
    let asked_for = approvals::of_document(db, orders::KIND, order.id).await?;
    let reasons = asked_for.first().map_or_else(|| weighed.reasons.clone(), |first| Reason::listed(&first.reason));
    let usual = if products::sees_cost(cx) {
        Some(store::department_turnover(db, order.owner_id, &clock::iso_day(cx.now - USUAL)).await?)
    } else {
        None
    };
    let visible = store::find(db, &cx.scope(), order.id).await?.is_some();
    Ok(view::facts(cx, &order, &lines, &weighed, &reasons, usual.as_ref(), visible))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Credit, Fen, Id, Line, Reason, reasons};
    use crate::kernel::money::Milli;

    fn line(price: i64) -> Line {
        Line {
            product_id: Id(1),
            name: String::new(),
            pack_spec: String::new(),
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

    #[test]
    fn exactly_the_amount_needs_nobody() {
        let free = credit(0, 0, 1_000_000, 0);
        assert_eq!(reasons(Fen(1_000_000), Fen(1_000_000), &free, &[line(25_200)]), []);
        assert_eq!(reasons(Fen(1_000_001), Fen(1_000_000), &free, &[line(25_200)]), [Reason::Amount]);
    }

    #[test]
    fn credit_overdue_and_floor_each_ask() {
        let over = Fen(1_000_000);
        assert_eq!(reasons(Fen(500), over, &credit(1_000, 501, 500, 0), &[line(25_200)]), [Reason::Credit]);
        assert_eq!(reasons(Fen(500), over, &credit(1_000, 500, 500, 0), &[line(25_200)]), []);
        assert_eq!(reasons(Fen(500), over, &credit(1_000, 0, 500, 1), &[line(25_200)]), [Reason::Overdue]);
        assert_eq!(reasons(Fen(500), over, &credit(0, 0, 500, 0), &[line(25_199)]), [Reason::Floor]);
        assert_eq!(Reason::listed("floor,amount"), [Reason::Amount, Reason::Floor]);
    }
}
