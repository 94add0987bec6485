//! Rows that are held: by a foreign session, which must not stop the company, and by many writers at once, who must
//! not wait for each other in a circle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fieldline_protocol::messages::CancelCommand;
use server::testing::kernel::id::Id;
use sqlx::{Connection, PgConnection};

use super::sms::{newest, write};
use super::sums;
use crate::support::app::{App, Engine, TODAY, on};
use crate::support::client::Client;
use crate::support::seed::Goods;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

/// Longer than a write may wait, in all.
const HELD: Duration = Duration::from_secs(10);
/// A write waits for a connection and then for the row, three seconds each, and a busy machine adds to it.
const BOUND: Duration = Duration::from_secs(8);

/// A session of somebody else that holds a customer's row until it is dropped.
async fn hold(app: &App, customer: Id) -> PgConnection {
    let mut foreign = PgConnection::connect(app.config().database_url.as_deref().unwrap()).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut foreign).await.unwrap();
    sqlx::query("SELECT id FROM customers WHERE id = $1 FOR UPDATE")
        .bind(customer.0)
        .fetch_one(&mut foreign)
        .await
        .unwrap();
    foreign
}

fn payment<'a>(customer: &'a str, op: &'a str) -> [(&'a str, &'a str); 5] {
    [("op_id", op), ("customer_id", customer), ("amount", "1.00"), ("method", "cash"), ("paid_on", TODAY)]
}

async fn a_held_row_stops_neither_readers_nor_other_writers(app: App) {
    let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
    let other = seed::customer(&app, app.people.rep2, "临朐惠民农资").await;
    let (clerk, rep) = (app.session_of(app.people.clerk1).await, app.session_of(app.people.rep2).await);
    rep.get("/customers").await.expect(200);
    let foreign = hold(&app, customer).await;
    let begun = Instant::now();
    let waiting: Vec<_> = (0..12)
        .map(|n| {
            let clerk = clerk.clone();
            tokio::spawn(async move {
                let answer = clerk.post("/payments", &payment(&customer.to_string(), &format!("held-{n}"))).await;
                (answer, begun.elapsed())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(3) {
        for page in ["/customers", "/", "/orders", "/tasks"] {
            let asked = Instant::now();
            rep.get(page).await.expect(200);
            slowest = slowest.max(asked.elapsed());
        }
    }
    let asked = Instant::now();
    rep.post("/payments", &payment(&other.to_string(), "another-customer")).await.location();
    let written = asked.elapsed();
    assert!(slowest < Duration::from_secs(1), "a page waited {slowest:?} for a row that it does not read");
    assert!(written < Duration::from_secs(4), "another customer's payment waited {written:?}");
    for one in waiting {
        let (answer, took) = one.await.unwrap();
        assert!(took < BOUND, "it waited {took:?}");
        assert!(answer.headers.contains_key("retry-after"));
        answer.expect(503);
    }
    assert!(begun.elapsed() < HELD, "the foreign session is still there");
    assert_eq!(app.number("SELECT count(*) AS n FROM documents WHERE kind = 'payment'").await, 1);
    foreign.close().await.unwrap();
    clerk.post("/payments", &payment(&customer.to_string(), "held-0")).await.location();
    println!("slowest read {slowest:?}, another customer's write {written:?}");
}

#[test]
fn one_held_row_does_not_stop_the_company() {
    on(Engine::Postgres, a_held_row_stops_neither_readers_nor_other_writers);
}

/// Two rows that two sessions hold crosswise: the database undoes one of them, and nobody hears of it.
async fn the_victim_of_a_deadlock_is_made_again(app: App) {
    let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
    let goods = seed::goods(&app).await;
    let rep = app.session_of(app.people.rep1).await;
    let order = order(&rep, customer, &goods, "1").await.unwrap();
    // The foreign session takes the order, then the customer: against the server's order.
    let mut foreign = PgConnection::connect(app.config().database_url.as_deref().unwrap()).await.unwrap();
    sqlx::raw_sql("SET deadlock_timeout = '30s'; BEGIN; SELECT id FROM documents FOR UPDATE")
        .execute(&mut foreign)
        .await
        .unwrap();
    let submitting = tokio::spawn({
        let (rep, path) = (rep.clone(), format!("/orders/{order}/submission"));
        async move { rep.post(&path, &[("op_id", "crosswise"), ("version", "1")]).await }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    // Ends when our side, whose own time-out of a second is over first, was undone.
    sqlx::raw_sql("SELECT id FROM customers FOR UPDATE; COMMIT").execute(&mut foreign).await.unwrap();
    submitting.await.unwrap().location();
    assert_eq!(app.number("SELECT count(*) AS n FROM documents WHERE kind = 'order' AND state = 'active'").await, 1);
    foreign.close().await.unwrap();
}

#[test]
fn a_write_that_was_undone_in_favour_of_another_is_made_again() {
    on(Engine::Postgres, the_victim_of_a_deadlock_is_made_again);
}

/// Sessions of this database that wait for a row.
const WAITING: &str = "SELECT count(*) AS n FROM pg_stat_activity \
                       WHERE wait_event_type = 'Lock' AND datname = current_database()";

/// A message that a box is asked for, while a foreign session takes the message, then the box: against the server's
/// order. It holds the message for so long, beginning when the reaction waits for it.
async fn the_reaction_that_lost_its_lock_is_made_again(app: App, held: Duration) {
    let here = TestBox::connect(&app).await;
    let rep = app.sign_in("rep1").await;
    let path = newest(&rep, &write(&rep, "/sms/new", "13805362417", "货到了").await.location()).await;
    here.take_sms().await;
    until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 1).await;
    rep.submit(&rep.get(&path).await.form(&format!("{path}/recall")), &[]).await.location();
    let first: CancelCommand = here.command("cmd/cancel").await;
    app.settle().await;
    let mut foreign = PgConnection::connect(app.config().database_url.as_deref().unwrap()).await.unwrap();
    sqlx::raw_sql("SET deadlock_timeout = '30s'; BEGIN; SELECT id FROM sms_messages FOR UPDATE")
        .execute(&mut foreign)
        .await
        .unwrap();
    app.execute("UPDATE events SET state = 'pending', attempts = 0, due_at = 0 WHERE kind = 'sms_recalled'")
        .await
        .unwrap();
    app.office.alarm.ring();
    until(&app, WAITING, 1).await;
    tokio::time::sleep(held).await;
    // Where the server still waits, it is undone here: its own time-out of a second is over first.
    sqlx::raw_sql("SELECT id FROM gateways FOR UPDATE; COMMIT").execute(&mut foreign).await.unwrap();
    let again: CancelCommand = here.command("cmd/cancel").await;
    assert_eq!((again.id, again.sms), (first.id, first.sms));
    foreign.close().await.unwrap();
}

async fn crosswise(app: App) {
    the_reaction_that_lost_its_lock_is_made_again(app, Duration::ZERO).await;
}

async fn too_long(app: App) {
    the_reaction_that_lost_its_lock_is_made_again(app, HELD / 2).await;
}

#[test]
fn a_reaction_that_was_undone_in_favour_of_another_write_is_made_again() {
    on(Engine::Postgres, crosswise);
}

#[test]
fn a_reaction_that_waited_too_long_for_a_row_is_made_again() {
    on(Engine::Postgres, too_long);
}

/// Plans, and other days for plans, for two customers of one person.
async fn plan(app: App, place: u32, customers: [Id; 2], until: Instant) {
    let rep = app.session_of(app.people.rep1).await;
    for round in place.. {
        if Instant::now() > until {
            return;
        }
        let day = format!("2026-12-{:02}", 1 + round % 28);
        let (first, second) = (customers[0].to_string(), customers[1].to_string());
        let (key, mut fields) = (op(), vec![("planned_on", day.as_str()), ("customer", second.as_str())]);
        fields.push(("op_id", key.as_str()));
        let answer = match round % 3 {
            0 => {
                fields.push(("customer", first.as_str()));
                rep.post("/visits", &fields).await
            }
            1 => rep.post("/visits", &fields).await,
            _ => {
                let visits = rep.get(&format!("/visits?day={day}")).await.records("/visits");
                let Some(visit) = visits.get(usize::try_from(place).unwrap() % visits.len().max(1)) else { continue };
                let form = rep.get(visit).await.forms().into_iter().find(|form| form.action.ends_with("/plan"));
                let Some(form) = form else { continue };
                let other = format!("2026-12-{:02}", 1 + (round + 7) % 28);
                rep.submit(&form, &[("planned_on", &other)]).await
            }
        };
        seen(&answer.path, answer.status);
    }
}

static OPS: AtomicU32 = AtomicU32::new(0);

fn op() -> String {
    format!("mixed-{}", OPS.fetch_add(1, Ordering::Relaxed))
}

/// A new draft of so many bottles.
async fn order(rep: &Client, customer: Id, goods: &Goods, bottles: &str) -> Option<String> {
    let (op, customer, warehouse, product) =
        (op(), customer.to_string(), goods.warehouse.to_string(), goods.bottles.to_string());
    let fields = [
        ("op_id", op.as_str()),
        ("customer_id", &customer),
        ("warehouse_id", &warehouse),
        ("product_id_0", &product),
        ("quantity_0", bottles),
        ("unit_0", "瓶"),
        ("price_0", "100"),
    ];
    let answer = rep.post("/orders", &fields).await;
    seen(&answer.path, answer.status);
    (answer.status == 303).then(|| answer.new_id())
}

/// Asserts that PostgreSQL rolled back no write because of a deadlock.
async fn no_deadlock(app: &App) {
    if app.engine == Engine::Postgres {
        // The database counts a deadlock a moment after it.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let deadlocks = "SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(app.number(deadlocks).await, 0, "everybody holds rows in one order");
    }
}

/// Nobody is shown a fault or sent away: what a rule refuses is told with a 4xx.
#[track_caller]
fn seen(path: &str, status: u16) {
    assert!(status < 500, "{path}: {status}");
}

/// One session's share: a mix of everything that moves the customer's debt and the product's stock.
async fn mix(app: App, place: u32, customer: Id, goods: Goods, until: Instant, enough: Arc<AtomicU32>) -> u32 {
    let (rep, manager, clerk) = (
        app.session_of(app.people.rep1).await,
        app.session_of(app.people.manager1).await,
        app.session_of(app.people.clerk1).await,
    );
    let mut done = 0;
    for round in place.. {
        // A busy machine gets the time that it needs to do enough.
        if Instant::now() > until && (enough.load(Ordering::Relaxed) > 60 || Instant::now() > until + HELD * 3) {
            break;
        }
        let key = op();
        let answer = match round % 6 {
            // In force at once, or in approval: above ten thousand yuan somebody is asked.
            0 | 1 => {
                let bottles = if round % 2 == 0 { "3" } else { "101" };
                let Some(id) = order(&rep, customer, &goods, bottles).await else { continue };
                rep.post(&format!("/orders/{id}/submission"), &[("op_id", &key), ("version", "1")]).await
            }
            2 => {
                let cards = manager.get("/approvals").await.records("/approvals");
                let Some(card) = cards.get(usize::try_from(place).unwrap() % cards.len().max(1)) else { continue };
                let decision = if round % 12 == 2 { "reject" } else { "approve" };
                let fields = [("op_id", key.as_str()), ("decision", decision), ("comment", "好")];
                manager.post(&format!("{card}/decision"), &fields).await
            }
            3 => clerk.post("/payments", &payment(&customer.to_string(), &key)).await,
            4 => {
                let orders = manager.get("/orders?view=active").await.records("/orders");
                let Some(path) = orders.get(usize::try_from(place).unwrap() % orders.len().max(1)) else { continue };
                let page = manager.get(path).await;
                seen(&page.path, page.status);
                let form = page.forms().into_iter().find(|form| form.action.ends_with("/cancellation"));
                let Some(form) = form else { continue };
                manager.submit(&form, &[("op_id", &key)]).await
            }
            _ => {
                let (product, warehouse) = (goods.bottles.to_string(), goods.warehouse.to_string());
                let kind = if round % 2 == 0 { "in" } else { "out" };
                let fields = [
                    ("op_id", key.as_str()),
                    ("kind", kind),
                    ("product_id", &product),
                    ("warehouse_id", &warehouse),
                    ("quantity", "7"),
                ];
                clerk.post("/stock/moves", &fields).await
            }
        };
        seen(&answer.path, answer.status);
        if answer.status == 303 {
            done += 1;
            enough.fetch_add(1, Ordering::Relaxed);
        }
    }
    done
}

both_engines! {
    async fn plans_that_come_together_wait_in_one_order_and_no_day_has_two(app: App) {
        let customers = [
            seed::customer(&app, app.people.rep1, "潍坊丰源农资").await,
            seed::customer(&app, app.people.rep1, "临朐惠民农资").await,
        ];
        let until = Instant::now() + Duration::from_secs(4);
        let sessions: Vec<_> = (0..6).map(|place| tokio::spawn(plan(app.clone(), place, customers, until))).collect();
        for session in sessions {
            session.await.unwrap();
        }
        no_deadlock(&app).await;
        assert!(app.number("SELECT count(*) AS n FROM visits").await > 20);
        let twice = "SELECT count(*) AS n FROM (SELECT customer_id FROM visits WHERE deleted_at IS NULL \
            GROUP BY customer_id, planned_on HAVING count(*) > 1) AS t";
        assert_eq!(app.number(twice).await, 0);
    }

    async fn orders_decisions_payments_cancellations_and_moves_mix_without_a_fault_and_every_sum_holds(app: App) {
        let goods = seed::goods(&app).await;
        let customer = seed::buyer(&app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 100_000_000).await;
        app.execute("UPDATE stock_balances SET on_hand = 900000000").await.unwrap();
        sums::open_stock(&app).await;
        let until = Instant::now() + Duration::from_secs(5);
        let enough = Arc::new(AtomicU32::new(0));
        let sessions: Vec<_> = (0..8).map(|place| tokio::spawn(mix(app.clone(), place, customer, goods, until, Arc::clone(&enough)))).collect();
        let mut done = 0;
        for session in sessions {
            done += session.await.unwrap();
        }
        no_deadlock(&app).await;
        assert!(done > 20, "too little was done to say anything: {done}");
        let charged = app.number("SELECT CAST(COALESCE(sum(amount), 0) AS BIGINT) AS n FROM documents WHERE kind = 'order' AND state = 'active'").await;
        let paid = app.number("SELECT CAST(COALESCE(sum(amount), 0) AS BIGINT) AS n FROM documents WHERE kind = 'payment'").await;
        assert!(charged > 0 && paid > 0, "charged {charged}, paid {paid}");
        sums::hold(&app, "eight sessions").await;
        println!("{done} writes of {}, charged {charged}, paid {paid}", OPS.load(Ordering::Relaxed));
    }
}
