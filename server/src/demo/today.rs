//! What stands on the first pages: rep1's visits of today, an order that waits for manager1, a missed call,
//! messages, tasks.

use super::company::Company;
use super::customers::Shop;
use super::goods::Goods;
use super::load::{Loader, row};
use super::rng::Rng;
use super::year::{self, Book, Line, Order, Pace};
use crate::customers::heard_from;
use crate::kernel::access::{Role, Scope};
use crate::kernel::audit::Author;
use crate::kernel::clock::{self, DAY, HOUR, MINUTE, Millis};
use crate::kernel::db::{Arg, DbError};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::tasks::{self, Kind, NewTask, Priority};
use crate::visits::{self, NewVisit};
use crate::web::error::Result;

/// A wall-clock time of today, or shortly before now where that is still to come.
fn so_far(pace: Pace, now: Millis, hour: i64, minute: i64, back: i64) -> Millis {
    (pace.today + hour * HOUR + minute * MINUTE).min(now - back * MINUTE).max(pace.today)
}

/// Adds today's visits that are over and the order that waits; returns the visits that are planned. `shops` are the first
/// customers.
pub(super) fn plan(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    shops: &mut [Shop],
    goods: &Goods,
    pace: Pace,
    now: Millis,
    book: &mut Book,
) -> Vec<Ahead> {
    let mut ahead = Vec::new();
    let mut each: Vec<(usize, i64)> = Vec::new();
    for (place, shop) in shops.iter_mut().enumerate() {
        match place {
            2 => {
                let at = so_far(pace, now, 9, 10, 75);
                let (visit, row) = year::visit(load, rng, shop, at, 32);
                book.visits.push(row);
                // 20 箱 at a price below the list's, 10 箱, 0.2 吨: 12,800 yuan.
                let lines = [(0, true, Milli(20_000), 95), (1, true, Milli(10_000), 100), (2, false, Milli(200), 100)]
                    .into_iter()
                    .filter_map(|(good, large, quantity, percent)| {
                        Line::of(goods, good, large, quantity, shop.level, at, percent)
                    })
                    .map(|line| line.asking(25_200))
                    .collect();
                let mut order = Order::of(load, shop, goods, so_far(pace, now, 10, 2, 40), "approving", lines);
                order.visit = Some(visit);
                order.note = "老客户备货，下月 5 日前付清";
                book.orders.push(order);
            }
            5 => {
                let at = so_far(pace, now, 10, 25, 35);
                book.visits.push(year::visit(load, rng, shop, at, 26).1);
            }
            0 | 1 | 3 | 4 => ahead.push(Ahead::of(rng, shop)),
            6 => {}
            _ => {
                // The others have a day before them too: four visits at most.
                if each.iter().all(|(owner, _)| *owner != shop.owner) {
                    each.push((shop.owner, 0));
                }
                let count = each.iter_mut().find(|(owner, _)| *owner == shop.owner).map(|(_, count)| count);
                if let Some(count) = count.filter(|count| **count < 4 && shop.owner != 0) {
                    *count += 1;
                    ahead.push(Ahead::of(rng, shop));
                }
            }
        }
    }
    ahead
}

/// A visit that is planned for today.
#[derive(Debug)]
pub(super) struct Ahead {
    owner: Id,
    customer: Id,
    purpose: &'static str,
}

impl Ahead {
    fn of(rng: &mut Rng, shop: &Shop) -> Ahead {
        Ahead { owner: shop.owner_id, customer: shop.id, purpose: year::purpose(rng) }
    }
}

/// Plans today's visits as a person does.
pub(super) async fn visits(load: &mut Loader<'_>, ahead: &[Ahead], pace: Pace) -> Result<usize> {
    let (planned_on, at) = (clock::day(pace.today), pace.today - 6 * HOUR);
    for Ahead { owner, customer, purpose } in ahead {
        let (owner, customer) = (*owner, *customer);
        visits::create(load.tx().await?, &NewVisit { owner, customer, planned_on, purpose, at }).await?;
    }
    Ok(ahead.len())
}

/// Writes calls, messages and tasks around the first customers and their `orders`.
pub(super) async fn write(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    company: &Company,
    shops: &[Shop],
    orders: &[Order],
    pace: Pace,
    now: Millis,
) -> Result<()> {
    let founded = pace.today - 300 * DAY;
    let gateway = load.id(founded);
    // Its messages and calls stay readable after it was replaced by the one that runs now.
    let info = "{}";
    load.insert(
        "INSERT INTO gateways (id, name, box, state, online, info, modems, created_at) VALUES",
        vec![row![gateway, "办公室网关（已更换）", "office-first", "revoked", false, info, info, founded]],
    )
    .await?;
    let missed = calls(load, rng, gateway, shops, pace, now).await?;
    messages(load, rng, gateway, shops, orders, pace).await?;
    tasks(load, company, shops, missed, pace, now).await
}

/// Writes the calls of some weeks and returns the one that was missed.
async fn calls(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    gateway: Id,
    shops: &[Shop],
    pace: Pace,
    now: Millis,
) -> Result<Option<Id>, DbError> {
    let mut rows: Vec<Vec<Arg>> = Vec::new();
    let mut missed = None;
    for (place, shop) in shops.iter().enumerate().take(7) {
        let Some((digits, name)) = shop.main() else { continue };
        for ago in [3, 11, 19] {
            let at = pace.today - (ago + i64::try_from(place).unwrap_or(0)) * DAY + rng.between(9 * HOUR, 17 * HOUR);
            let state = if rng.chance(75) { "answered" } else { "called_back" };
            let by = Some(shop.owner_id);
            rows.push(call(load, gateway, shop, (digits, name), state, at, by));
            heard_from(load.tx().await?, Some(shop.id), at).await?;
        }
        if place == 1 {
            let at = so_far(pace, now, 10, 26, 20);
            let row = call(load, gateway, shop, (digits, name), "missed", at, None);
            missed = Some(load.id(at));
            rows.push(
                row.into_iter()
                    .enumerate()
                    .map(|(column, value)| match (column, missed) {
                        (0, Some(id)) => Arg::from(id),
                        _ => value,
                    })
                    .collect(),
            );
        }
    }
    load.insert(
        "INSERT INTO calls (id, gateway_id, call, line, owner_id, customer_id, contact_id, digits, name, boot, state, started_at, ended_at, \
         answered_by, settled_at) VALUES",
        rows,
    )
    .await?;
    Ok(missed)
}

/// The run of the first box.
const RUN: &str = "first";

fn call(
    load: &mut Loader<'_>,
    gateway: Id,
    shop: &Shop,
    (digits, name): (&str, &str),
    state: &str,
    at: Millis,
    by: Option<Id>,
) -> Vec<Arg> {
    let id = load.id(at);
    let owner = Some(shop.owner_id);
    let ended = at + 24_000;
    // Some call back at once, some after the next visit.
    let settled = match state {
        "answered" => Some(ended),
        "called_back" => Some(ended + 7 * MINUTE + at.rem_euclid(90 * MINUTE)),
        _ => None,
    };
    row![
        id,
        gateway,
        id.to_string(),
        "line0",
        owner,
        Some(shop.id),
        shop.main_id(),
        digits,
        name,
        RUN,
        state,
        at,
        Some(ended),
        by,
        settled,
    ]
}

/// Writes a confirmation for each order of the last weeks, and some answers.
async fn messages(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    gateway: Id,
    shops: &[Shop],
    orders: &[Order],
    pace: Pace,
) -> Result<(), DbError> {
    let (mut sent, mut inbox, mut threads) = (Vec::new(), Vec::new(), Vec::new());
    for shop in shops.iter().take(7) {
        let Some((digits, name)) = shop.main().filter(|(digits, _)| digits.starts_with('1')) else { continue };
        let owner = Some(shop.owner_id);
        let mut last: Option<(Millis, String, bool)> = None;
        let confirmed = orders.iter().filter(|order| order.customer() == shop.id && order.is_in_force());
        for order in confirmed.filter(|order| order.at > pace.today - 60 * DAY) {
            let at = order.at + 41 * MINUTE;
            let text = format!(
                "【丰农农资】{name}您好，您的订单{}已确认，金额{}元，我们会尽快安排发货。",
                order.number(),
                order.total()
            );
            let wire = wire_id(rng, at);
            let parts = if text.chars().count() > 70 { 2 } else { 1 };
            sent.push(row![
                load.id(at),
                wire,
                Some(gateway),
                shop.owner_id,
                Some(shop.id),
                "order",
                Some(order.id),
                digits,
                &text,
                parts,
                "delivered",
                at,
                Some(at + 900),
                Some(at + 4_200),
                Some(at + 7_500),
            ]);
            last = Some((at, text, false));
            if rng.chance(60) {
                let at = at + rng.between(3, 90) * MINUTE;
                let text =
                    rng.word(&["收到，谢谢", "好的，周四前能到吗？", "收到。发票一起带来", "知道了，货到再联系"]);
                let read = Some(at + HOUR);
                inbox.push(row![load.id(at), gateway, owner, Some(shop.id), digits, text, at, read]);
                heard_from(load.tx().await?, Some(shop.id), at).await?;
                last = Some((at, text.to_owned(), true));
            }
        }
        if let Some((at, text, inbound)) = last {
            threads.push(row![load.id(at), digits, owner, Some(shop.id), at, text, inbound, 0]);
        }
    }
    load.insert(
        "INSERT INTO sms_messages (id, wire_id, gateway_id, owner_id, customer_id, cause_kind, cause_id, digits, text, parts, \
         state, created_at, offered_at, sent_at, delivered_at) VALUES",
        sent,
    )
    .await?;
    load.insert(
        "INSERT INTO sms_inbox (id, gateway_id, owner_id, customer_id, digits, text, received_at, read_at) VALUES",
        inbox,
    )
    .await?;
    load.insert(
        "INSERT INTO sms_threads (id, digits, owner_id, customer_id, last_at, last_text, last_inbound, unread) VALUES",
        threads,
    )
    .await
}

/// A UUIDv7 of that time.
fn wire_id(rng: &mut Rng, at: Millis) -> String {
    let wide = rng.wide().to_be_bytes();
    let mut tail = [0u8; 10];
    for (to, from) in tail.iter_mut().zip(wide) {
        *to = from;
    }
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(at).unwrap_or(0), &tail).into_uuid().to_string()
}

/// Gives tasks as a manager and the system do; those of the days before are done.
async fn tasks(
    load: &mut Loader<'_>,
    company: &Company,
    shops: &[Shop],
    missed: Option<Id>,
    pace: Pace,
    now: Millis,
) -> Result<()> {
    let Some(rep) = company.reps.first().copied() else { return Ok(()) };
    let made = pace.today - 8 * HOUR;
    let hour = |days: i64, hour: i64| pace.today + days * DAY + hour * HOUR;
    let mut all = vec![
        (rep.id, rep.manager, shops.get(3), "回访李建国（青州兴农），确认秋季备货", hour(0, 14), false),
        (rep.id, rep.id, shops.get(5), "把新价目表送到高密田园农资", hour(1, 17), false),
        (rep.id, rep.manager, shops.get(4), "催收安丘金穗上月货款", hour(2, 12), false),
        (rep.id, rep.manager, shops.first(), "给昌乐丰源送 2 箱试用样品", hour(-2, 16), true),
        (company.clerk, rep.manager, None, "核对本月客户对账单", hour(3, 18), false),
    ];
    for (place, other) in company.reps.iter().enumerate().skip(1) {
        let shop = shops.iter().find(|shop| shop.owner == place);
        all.push((other.id, other.manager, shop, "回访老客户，了解库存和同行价格", hour(1, 17), false));
        all.push((other.id, other.manager, shop, "提交上周拜访小结", hour(-3, 18), true));
    }
    let tx = load.tx().await?;
    for (owner, giver, shop, title, due, done) in all {
        let at = if done { due - 2 * DAY } else { made };
        let new = NewTask {
            owner,
            giver: Some(giver),
            customer: shop.map(|shop| shop.id),
            kind: Kind::Todo,
            cause: None,
            title,
            note: "",
            priority: Priority::Normal,
            due_at: Some(due),
            at,
        };
        let task = tasks::create(tx, &new).await?;
        if done {
            let author = Author { user: Some(owner), origin: "demo".to_owned(), at: due };
            let scope = Scope::of(Role::Rep, owner, "");
            if tasks::finish(tx, &author, &scope, (task, 1), owner, "已办").await?.is_err() {
                return Err(anyhow::anyhow!("a task of the demo company cannot be done").into());
            }
        }
    }
    if let (Some(missed), Some(shop)) = (missed, shops.get(1)) {
        let at = so_far(pace, now, 10, 27, 18);
        let new = NewTask {
            owner: rep.id,
            giver: None,
            customer: Some(shop.id),
            kind: Kind::Callback,
            cause: Some(("call", missed)),
            title: "回拨 138 0536 2417（临朐惠民农资 张卫东）",
            note: "",
            priority: Priority::High,
            due_at: Some(at + HOUR),
            at,
        };
        tasks::create(tx, &new).await?;
    }
    Ok(())
}
