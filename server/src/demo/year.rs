//! A year of one customer: visits, orders, approvals, payments; and writing a batch of such years.
//!
//! Long because: one year of one customer is a story whose parts draw on each other's numbers.

use std::collections::{BTreeMap, HashMap};

use super::customers::Shop;
use super::goods::{Good, Goods};
use super::load::{Loader, row};
use super::rng::Rng;
use crate::kernel::clock::{self, DAY, HOUR, MINUTE, Millis};
use crate::kernel::db::{Arg, DbError};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};

/// Above this an order waits for the manager.
const APPROVAL_OVER: Fen = Fen(1_000_000);

const PURPOSES: [&str; 7] = ["例行拜访", "新品推广", "催收货款", "库存盘点", "技术指导", "订单确认", "客情维护"];
const RESULTS: [&str; 12] = [
    "货架缺 30%苯甲·丙环唑，下次带货",
    "客户对新品感兴趣，要两箱试销",
    "库存还够两周，月底再补货",
    "同行在做促销，需要活动支持",
    "店主不在，和店员核对了库存",
    "约好下周二对账付款",
    "陈列位置调整到门口，效果不错",
    "小麦赤霉病防治用药需求大，推荐 43%戊唑醇",
    "大棚蔬菜白粉虱严重，推荐 22%噻虫·高氯氟",
    "反映上批包装有破损，已拍照带回",
    "玉米除草剂开始走量，补了货",
    "一切正常，感谢及时送货",
];

/// A line of an order.
#[derive(Clone, Debug)]
pub(super) struct Line {
    good: usize,
    product: Id,
    unit: &'static str,
    ratio: Milli,
    quantity: Milli,
    price: Fen,
    list_price: Fen,
    cost: Fen,
}

impl Line {
    /// A line of `quantity` units; `percent` is what is asked of the list price, never below the floor.
    pub fn of(
        goods: &Goods,
        place: usize,
        large: bool,
        quantity: Milli,
        level: usize,
        at: Millis,
        percent: i64,
    ) -> Option<Line> {
        let good = goods.list.get(place)?;
        let (unit, ratio) = good.larger.filter(|_| large).unwrap_or((good.base, Milli(1_000)));
        let list_price = goods.price(good, level, at).times(ratio);
        let asked = Fen(list_price.0 * percent / 100 / 100 * 100);
        let price = if percent == 100 { list_price } else { asked.max(good.floor.times(ratio)) };
        let cost = good.cost.times(quantity.in_base(ratio)?);
        Some(Line { good: place, product: good.id, unit, ratio, quantity, price, list_price, cost })
    }

    /// The same line at another price where the list says 268.00, as the first customer bargained.
    pub fn asking(mut self, price: i64) -> Line {
        if self.list_price == Fen(26_800) {
            self.price = Fen(price);
        }
        self
    }

    fn amount(&self) -> Fen {
        self.price.times(self.quantity)
    }

    fn base(&self) -> Milli {
        self.quantity.in_base(self.ratio).unwrap_or_default()
    }
}

/// An order of the past, or of today.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub id: Id,
    pub visit: Option<Id>,
    pub at: Millis,
    pub state: &'static str,
    pub lines: Vec<Line>,
    pub note: &'static str,
    /// What sent it to the manager.
    pub reason: &'static str,
    owner: Id,
    manager: Id,
    customer: Id,
    customer_name: String,
    level: Option<Id>,
    warehouse: usize,
    paid: Fen,
    number: String,
}

impl Order {
    /// An order of a customer.
    pub fn of(
        load: &mut Loader<'_>,
        shop: &Shop,
        goods: &Goods,
        at: Millis,
        state: &'static str,
        lines: Vec<Line>,
    ) -> Order {
        let mut order = Order {
            id: load.id(at),
            visit: None,
            at,
            state,
            lines,
            note: "",
            reason: "",
            owner: shop.owner_id,
            manager: shop.manager,
            customer: shop.id,
            customer_name: shop.name.clone(),
            level: goods.levels.get(shop.level).copied(),
            warehouse: shop.warehouse,
            paid: Fen::ZERO,
            number: String::new(),
        };
        if order.total() > APPROVAL_OVER && state != "draft" {
            order.reason = "amount";
        }
        order
    }

    /// Whose order it is.
    pub fn customer(&self) -> Id {
        self.customer
    }

    /// Its number; empty until it is written.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether it was agreed and not undone.
    pub fn is_in_force(&self) -> bool {
        matches!(self.state, "active" | "closed")
    }

    /// The sum of its lines.
    pub fn total(&self) -> Fen {
        self.lines.iter().map(Line::amount).sum()
    }
}

#[derive(Debug)]
struct Payment {
    id: Id,
    owner: Id,
    customer: Id,
    at: Millis,
    amount: Fen,
    method: &'static str,
    parts: Vec<(Id, Fen)>,
}

/// What a batch of years consists of, until it is written.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub visits: Vec<Vec<Arg>>,
    pub orders: Vec<Order>,
    payments: Vec<Payment>,
}

/// What is summed up over all batches: numbers given out, goods gone and goods promised.
#[derive(Debug, Default)]
pub(super) struct Sums {
    numbers: HashMap<(&'static str, i64), i64>,
    gone: BTreeMap<(i64, usize, usize), i64>,
    promised: BTreeMap<(usize, usize), i64>,
    pub visits: usize,
    pub orders: usize,
    pub payments: usize,
}

impl Sums {
    fn number(&mut self, kind: &'static str, at: Millis) -> String {
        let last = self.numbers.entry((kind, (at + 8 * HOUR) / DAY)).or_insert(0);
        *last += 1;
        format!("{kind}{}-{last:03}", clock::day(at).format("%Y%m%d"))
    }
}

/// How busy the year was, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The first millisecond of today in China.
    pub today: Millis,
    /// Events for a customer are multiplied by this.
    pub times: i64,
    /// The most visits without an order that a customer had.
    pub visits: i64,
}

/// A moment of working hours some days ago; Sundays count as the Saturday before.
fn workday(rng: &mut Rng, today: Millis, ago: i64) -> Millis {
    let start = today - ago * DAY;
    // 1 January 1970 was a Thursday.
    let sunday = ((start + 8 * HOUR) / DAY + 4) % 7 == 0;
    start - if sunday { DAY } else { 0 } + rng.between(8 * HOUR, 17 * HOUR)
}

/// Some days of the last `span`, latest last.
fn days(rng: &mut Rng, most: i64, span: i64) -> Vec<i64> {
    let count = rng.between(0, most.max(1));
    let mut days: Vec<i64> = (0..count).map(|_| rng.between(1, span.max(1))).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.dedup();
    days
}

/// Columns of a document.
const HEADS: &str = "INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, visit_id, state, day, title, amount, \
     note, submitted_at, decided_at, created_at, updated_at) VALUES";

/// The sequence within the day of a number.
fn sequence(number: &str) -> i64 {
    number.rsplit_once('-').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0)
}

/// Columns of a visit; see [`visit`].
pub(super) const VISITS: &str = "INSERT INTO visits (id, owner_id, customer_id, planned_on, state, purpose, checked_in_at, in_lat, in_lng, \
     in_accuracy, in_fix_at, in_distance, out_reason, checked_out_at, result, next_on, flags, created_at, updated_at) VALUES";

/// What a visit is for.
pub(super) fn purpose(rng: &mut Rng) -> &'static str {
    rng.word(&PURPOSES)
}

/// A visit that was planned and has not begun.
pub(super) fn planned(load: &mut Loader<'_>, rng: &mut Rng, shop: &Shop, day: Millis, made: Millis) -> Vec<Arg> {
    let none = (None::<i64>, None::<f64>);
    row![
        load.id(made),
        shop.owner_id,
        shop.id,
        clock::iso_day(day),
        "planned",
        rng.word(&PURPOSES),
        none.0,
        none.1,
        none.1,
        none.1,
        none.0,
        none.0,
        "",
        none.0,
        "",
        None::<String>,
        "",
        made,
        made,
    ]
}

/// A visit from check-in to check-out.
pub(super) fn visit(load: &mut Loader<'_>, rng: &mut Rng, shop: &mut Shop, at: Millis, minutes: i64) -> (Id, Vec<Arg>) {
    let id = load.id(at);
    let out = at + minutes * MINUTE;
    let (near, far) = (rng.between(4, 80), rng.chance(2));
    let fix = !rng.chance(5);
    let metres = if far { near * 40 } else { near };
    // A hundred-thousandth of a degree is about a metre.
    let shift = f64::from(i32::try_from(metres).unwrap_or(0)) * 0.000_009;
    let next = rng.chance(40).then(|| clock::iso_day(at + rng.between(7, 21) * DAY));
    shop.last_contact_at = shop.last_contact_at.max(Some(out));
    let flags = match (fix, far) {
        (false, _) => "no_fix",
        (true, true) => "far",
        (true, false) => "",
    };
    let real = |value: f64| fix.then_some(value);
    let visit = row![
        id,
        shop.owner_id,
        shop.id,
        clock::iso_day(at),
        "done",
        rng.word(&PURPOSES),
        Some(at),
        real(shop.point.0 + shift),
        real(shop.point.1),
        real(f64::from(i32::try_from(rng.between(6, 48)).unwrap_or(10))),
        fix.then_some(at - rng.between(1_000, 20_000)),
        fix.then_some(metres),
        if fix && far { "客户在仓库，不在店里" } else { "" },
        Some(out),
        rng.word(&RESULTS),
        next,
        flags,
        at - DAY,
        out,
    ];
    (id, visit)
}

fn lines(rng: &mut Rng, goods: &Goods, level: usize, at: Millis) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..rng.between(1, 4) {
        let place = rng.below(goods.list.len());
        let Some(good) = goods.list.get(place) else { continue };
        if lines.iter().any(|line| line.good == place) || (good.bulk && !rng.chance(30)) {
            continue;
        }
        let large = good.larger.is_some() && (good.bulk || rng.chance(85));
        let quantity = quantity(rng, goods, good, large, level, at);
        let percent = if rng.chance(75) { 100 } else { rng.between(95, 99) };
        lines.extend(Line::of(goods, place, large, quantity, level, at, percent));
    }
    if lines.is_empty() {
        lines.extend(Line::of(goods, 0, true, Milli(5_000), level, at, 100));
    }
    lines
}

/// As much as is worth some thousand yuan.
fn quantity(rng: &mut Rng, goods: &Goods, good: &Good, large: bool, level: usize, at: Millis) -> Milli {
    let ratio = good.larger.filter(|_| large).map_or(Milli(1_000), |(_, ratio)| ratio);
    let price = goods.price(good, level, at).times(ratio).0.max(1);
    let count = (rng.between(60_000, 480_000) / price).max(1);
    // People order fives and tens.
    Milli(if count > 12 { count / 5 * 5 } else { count } * 1000)
}

/// Lives through a customer's year.
pub(super) fn live(load: &mut Loader<'_>, rng: &mut Rng, shop: &mut Shop, goods: &Goods, pace: Pace, book: &mut Book) {
    let span = ((pace.today - shop.since) / DAY).clamp(2, 365);
    let mut days_of_orders = days(rng, 5 * pace.times, span);
    if shop.owed.is_some() {
        // Enough on credit lately, and nothing of it overdue.
        days_of_orders.retain(|ago| *ago > 60);
        days_of_orders.extend([24, 21, 17, 12, 8]);
    }
    let mut unpaid: Vec<Order> = Vec::new();
    for ago in days_of_orders {
        let at = workday(rng, pace.today, ago);
        let lines = lines(rng, goods, shop.level, at);
        let recent = ago < 10 && shop.owed.is_none();
        let state = match rng.between(0, 99) {
            _ if shop.owed.is_some() => "active",
            0..=5 if recent => "draft",
            6..=8 => "cancelled",
            9..=11 => "rejected",
            _ => "active",
        };
        let mut order = Order::of(load, shop, goods, at, state, lines);
        if state == "rejected" && order.reason.is_empty() {
            order.reason = "floor";
        }
        if rng.chance(40) {
            let minutes = rng.between(25, 70);
            let (id, visit) = visit(load, rng, shop, at - 20 * MINUTE, minutes);
            order.visit = Some(id);
            book.visits.push(visit);
        }
        if state != "active" {
            book.orders.push(order);
            continue;
        }
        shop.purchases += order.total();
        shop.last_order_at = Some(at + MINUTE);
        unpaid.push(order);
        let paid_at = at + rng.between(4, 28) * DAY;
        if shop.owed.is_none() && rng.chance(82) && paid_at < pace.today {
            pay(load, rng, shop, &mut unpaid, paid_at, None, book);
        }
    }
    if let Some(owed) = shop.owed {
        let all: Fen = unpaid.iter().map(Order::total).sum();
        pay(load, rng, shop, &mut unpaid, pace.today - 5 * DAY, Some(all - owed), book);
    } else if !unpaid.is_empty() && rng.chance(35) {
        let half = Fen(unpaid.first().map_or(0, |order| order.total().0) / 2 / 10_000 * 10_000);
        let latest = unpaid.iter().map(|order| order.at).max().unwrap_or(pace.today);
        let at = (latest + rng.between(1, 5) * DAY).min(pace.today - 2 * HOUR);
        pay(load, rng, shop, &mut unpaid, at, Some(half), book);
    }
    shop.arrears = unpaid.iter().map(|order| order.total() - order.paid).sum();
    book.orders.append(&mut unpaid);
    for ago in days(rng, pace.visits, span) {
        let at = workday(rng, pace.today, ago);
        if rng.chance(4) {
            book.visits.push(planned(load, rng, shop, at, at - 2 * DAY));
        } else {
            let minutes = rng.between(12, 55);
            let (_, visit) = visit(load, rng, shop, at, minutes);
            book.visits.push(visit);
        }
    }
    if rng.chance(4) {
        let day = pace.today + rng.between(1, 7) * DAY;
        book.visits.push(planned(load, rng, shop, day, pace.today - 10 * HOUR));
        shop.next_contact_on = Some(clock::iso_day(day));
    } else if rng.chance(30) {
        shop.next_contact_on = Some(clock::iso_day(pace.today + rng.between(-4, 20) * DAY));
    }
}

/// Pays the oldest orders: all that is open, or a given amount. What is paid in full leaves `unpaid`.
fn pay(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    shop: &Shop,
    unpaid: &mut Vec<Order>,
    at: Millis,
    amount: Option<Fen>,
    book: &mut Book,
) {
    let open: Fen = unpaid.iter().map(|order| order.total() - order.paid).sum();
    let amount = amount.unwrap_or(open).min(open);
    if amount <= Fen::ZERO {
        return;
    }
    let mut rest = amount;
    let mut parts = Vec::new();
    for order in unpaid.iter_mut() {
        let part = rest.min(order.total() - order.paid);
        if part > Fen::ZERO {
            order.paid += part;
            rest = rest - part;
            parts.push((order.id, part));
        }
    }
    let method = rng.word(&["transfer", "transfer", "wechat", "wechat", "cash", "cheque"]);
    book.payments.push(Payment { id: load.id(at), owner: shop.owner_id, customer: shop.id, at, amount, method, parts });
    for mut order in unpaid.extract_if(.., |order| order.paid == order.total()) {
        order.state = "closed";
        book.orders.push(order);
    }
}

/// Writes a batch of years and returns its orders. The customers must be there.
pub(super) async fn write(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    goods: &Goods,
    book: Book,
    sums: &mut Sums,
) -> Result<Vec<Order>, DbError> {
    let Book { visits, mut orders, mut payments } = book;
    sums.visits += visits.len();
    sums.orders += orders.len();
    sums.payments += payments.len();
    load.insert(VISITS, visits).await?;
    orders.sort_by_key(|order| (order.at, order.id));
    for order in &mut orders {
        order.number = sums.number("DD", order.at);
    }
    write_orders(load, goods, &orders, sums).await?;
    write_approvals(load, rng, &orders).await?;
    payments.sort_by_key(|payment| (payment.at, payment.id));
    let (mut heads, mut rows, mut matches) = (Vec::new(), Vec::new(), Vec::new());
    for payment in payments {
        let number = sums.number("SK", payment.at);
        let (owner, customer, at) = (payment.owner, payment.customer, payment.at);
        heads.push(row![
            payment.id,
            "payment",
            &number,
            sequence(&number),
            owner,
            customer,
            None::<Id>,
            "active",
            clock::iso_day(at),
            payment.method,
            payment.amount,
            "",
            Some(at),
            Some(at),
            at,
            at,
        ]);
        rows.push(row![payment.id, payment.method]);
        matches.extend(payment.parts.into_iter().map(|(order, part)| row![payment.id, order, part]));
    }
    load.insert(HEADS, heads).await?;
    load.insert("INSERT INTO payments (id, method) VALUES", rows).await?;
    load.insert("INSERT INTO payment_matches (payment_id, order_id, amount) VALUES", matches).await?;
    Ok(orders)
}

async fn write_orders(load: &mut Loader<'_>, goods: &Goods, orders: &[Order], sums: &mut Sums) -> Result<(), DbError> {
    let (mut heads, mut rows, mut lines, mut promises) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for order in orders {
        let submitted = (order.state != "draft").then_some(order.at);
        let decided = match order.state {
            "draft" | "approving" => None,
            _ => Some(order.at + if order.reason.is_empty() { 0 } else { 40 * MINUTE }),
        };
        let warehouse = goods.warehouses.get(order.warehouse).copied();
        let cost: Fen = order.lines.iter().map(|line| line.cost).sum();
        heads.push(row![
            order.id,
            "order",
            &order.number,
            sequence(&order.number),
            order.owner,
            order.customer,
            order.visit,
            order.state,
            clock::iso_day(order.at),
            "",
            order.total(),
            order.note,
            submitted,
            decided,
            order.at,
            decided.unwrap_or(order.at),
        ]);
        rows.push(row![order.id, order.level, warehouse, cost, order.paid]);
        let mut wanted: BTreeMap<usize, i64> = BTreeMap::new();
        for (position, line) in (0i64..).zip(&order.lines) {
            lines.push(row![
                load.id(order.at),
                order.id,
                order.customer,
                position,
                line.product,
                line.unit,
                line.ratio,
                line.quantity,
                line.price,
                line.list_price,
                line.amount(),
                line.cost,
            ]);
            *wanted.entry(line.good).or_default() += line.base().0;
        }
        for (good, quantity) in wanted {
            match order.state {
                "closed" => {
                    let day = (order.at + 8 * HOUR) / DAY + 1;
                    *sums.gone.entry((day, good, order.warehouse)).or_default() += quantity;
                }
                "active" => {
                    *sums.promised.entry((good, order.warehouse)).or_default() += quantity;
                    let product = goods.list.get(good).map(|good| good.id);
                    promises.push(row![load.id(order.at), order.id, product, warehouse, quantity]);
                }
                _ => {}
            }
        }
    }
    load.insert(HEADS, heads).await?;
    load.insert("INSERT INTO orders (id, price_level_id, warehouse_id, cost, paid) VALUES", rows).await?;
    load.insert(
        "INSERT INTO document_lines (id, document_id, customer_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost) \
         VALUES",
        lines,
    )
    .await?;
    load.insert("INSERT INTO stock_reservations (id, order_id, product_id, warehouse_id, quantity) VALUES", promises)
        .await
}

async fn write_approvals(load: &mut Loader<'_>, rng: &mut Rng, orders: &[Order]) -> Result<(), DbError> {
    let (mut rows, mut steps) = (Vec::new(), Vec::new());
    for order in orders.iter().filter(|order| !order.reason.is_empty()) {
        let (state, comment) = match order.state {
            "approving" => ("open", ""),
            "rejected" => ("rejected", rng.word(&["价格太低，重新报", "先把上月货款结清", "该品种缺货，换货再报"])),
            _ => ("approved", rng.word(&["同意", "", "同意，注意回款", ""])),
        };
        let id = load.id(order.at);
        let decided = (state != "open").then_some(order.at + 40 * MINUTE);
        let title = format!("{} {}", order.number, order.customer_name);
        let total = Some(order.total());
        rows.push(row![
            id,
            "order",
            order.id,
            order.owner,
            title,
            total,
            order.reason,
            order.note,
            state,
            order.at,
            decided,
        ]);
        steps.push(row![load.id(order.at), id, 0, order.manager, state, comment, Some(order.at), decided]);
    }
    load.insert(
        "INSERT INTO approvals (id, document_kind, document_id, requester_id, title, amount, reason, note, state, created_at, \
         decided_at) VALUES",
        rows,
    )
    .await?;
    load.insert(
        "INSERT INTO approval_steps (id, approval_id, position, approver_id, state, comment, opened_at, decided_at) VALUES",
        steps,
    )
    .await
}

/// Writes what the whole year leaves behind: the numbers given out, the stock and how it came to be.
pub(super) async fn close(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    goods: &Goods,
    clerk: Id,
    pace: Pace,
    sums: Sums,
) -> Result<(), DbError> {
    let mut numbers: Vec<((&str, i64), i64)> = sums.numbers.into_iter().collect();
    numbers.sort_unstable();
    let numbers: Vec<Vec<Arg>> = numbers
        .into_iter()
        .map(|((kind, day), last)| row![kind, clock::day(day * DAY).format("%Y%m%d").to_string(), last])
        .collect();
    load.insert("INSERT INTO document_numbers (kind, day, last) VALUES", numbers).await?;
    // What leaves in a month comes in before it, so that no balance is ever negative.
    let mut moves: Vec<(Millis, &str, usize, usize, i64, &str)> = Vec::new();
    let mut arrivals: BTreeMap<(i64, usize, usize), i64> = BTreeMap::new();
    let mut balances: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for place in 0..goods.list.len() {
        for warehouse in 0..goods.warehouses.len() {
            let promised = sums.promised.get(&(place, warehouse)).copied().unwrap_or(0);
            // The last few products are nearly sold out, so that a shortage can be seen.
            let spare = if place % 20 == 19 { rng.between(0, 3) * 1000 } else { rng.between(200, 900) * 1000 };
            let bulk = goods.list.get(place).is_some_and(|good| good.bulk);
            let opening = promised + if bulk { spare / 100 } else { spare };
            balances.insert((place, warehouse), opening);
            moves.push((pace.today - 370 * DAY, "in", place, warehouse, opening, "期初入库"));
        }
    }
    for ((day, place, warehouse), quantity) in sums.gone {
        *arrivals.entry((day / 30, place, warehouse)).or_default() += quantity;
        moves.push((day * DAY, "out", place, warehouse, -quantity, "订单发货"));
    }
    for ((month, place, warehouse), quantity) in arrivals {
        moves.push((month * 30 * DAY - 6 * HOUR, "in", place, warehouse, quantity, "采购入库"));
    }
    moves.sort_unstable();
    let product = |place: usize| goods.list.get(place).map(|good| good.id);
    let warehouse = |place: usize| goods.warehouses.get(place).copied();
    let moves: Vec<Vec<Arg>> = moves
        .into_iter()
        .map(|(at, kind, place, at_warehouse, quantity, note)| {
            // A move of a day that is not over has happened just now.
            let at = at.min(pace.today);
            row![load.id(at), at, kind, product(place), warehouse(at_warehouse), quantity, Some(clerk), note]
        })
        .collect();
    load.insert(
        "INSERT INTO stock_moves (id, at, kind, product_id, warehouse_id, quantity, user_id, note) VALUES",
        moves,
    )
    .await?;
    let balances: Vec<Vec<Arg>> = balances
        .into_iter()
        .map(|((place, at_warehouse), on_hand)| {
            let promised = sums.promised.get(&(place, at_warehouse)).copied().unwrap_or(0);
            row![product(place), warehouse(at_warehouse), on_hand, promised]
        })
        .collect();
    load.insert("INSERT INTO stock_balances (product_id, warehouse_id, on_hand, reserved) VALUES", balances).await
}
