//! The demo company's past is written in bulk. It must be what the product's own functions would have written.

use std::collections::BTreeSet;

use server::testing::kernel::db::{Db, sql};

use fieldline_protocol::messages::SmsState;
use serde_json::json;
use server::testing::kernel::clock::MINUTE;
use uuid::Uuid;

use super::orders::{decide, order, submit};
use super::{sms, sums};
use crate::support::app::{App, Engine, TODAY, demo, on};
use crate::support::gateway::connect_new;
use crate::support::scene::Scene;
use crate::support::seed;
use crate::support::wire::{TestBox, until};

/// What a day leaves besides sales: tables, and the rows of them that a visit, a task, a call and messages have.
const DAYS: [(&str, &str); 8] = [
    ("visits", "state = 'planned'"),
    ("visits", "state = 'done'"),
    ("stock_moves", "kind = 'in'"),
    ("stock_moves", "kind = 'out'"),
    ("tasks", "state = 'done'"),
    ("calls", "state = 'answered'"),
    ("sms_messages", "state = 'delivered'"),
    ("sms_inbox", "1 = 1"),
];

/// What a sale leaves: tables, and the rows of them that one order in force and its payment have.
const SALES: [(&str, &str); 9] = [
    ("documents", "kind = 'order' AND state IN ('active', 'closed')"),
    ("documents", "kind = 'payment'"),
    ("orders", "paid > 0"),
    ("document_lines", "document_id IN (SELECT id FROM orders)"),
    ("approvals", "document_kind = 'order' AND state = 'approved'"),
    ("approval_steps", "state = 'approved'"),
    ("payments", "1 = 1"),
    ("payment_matches", "1 = 1"),
    ("stock_reservations", "1 = 1"),
];

/// A statement that is put together here.
fn text(parts: &[&str]) -> &'static str {
    Box::leak(parts.concat().into_boxed_str())
}

/// The columns of some rows that say something in at least one of them.
async fn filled(db: &Db, table: &str, rows: &str) -> BTreeSet<String> {
    let columns = text(&["SELECT name FROM pragma_table_info('", table, "')"]);
    let mut filled = BTreeSet::new();
    for column in sql(columns).all_scalars::<String>(db).await.unwrap() {
        let some =
            text(&["SELECT count(*) FROM ", table, " WHERE ", rows, " AND COALESCE(", &column, ", '') NOT IN ('', 0)"]);
        if sql(some).scalar::<i64>(db).await.unwrap() > 0 {
            filled.insert(column);
        }
    }
    filled
}

/// An order that a manager approved, with its payment, made by people.
async fn sell(app: &App) {
    let Scene { goods, customer, rep, manager } = Scene::set(app).await;
    let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
    submit(&rep, &path).await.location();
    decide(&manager, "approve", "同意").await.location();
    let clerk = app.session_of(app.people.clerk1).await;
    let customer = customer.to_string();
    let fields =
        [("op_id", "paid"), ("customer_id", &customer), ("amount", "1000.00"), ("method", "cash"), ("paid_on", TODAY)];
    clerk.post("/payments", &fields).await.location();
}

/// A visit, a task that is done, a call that somebody took, a message and its reply, made by people and a box.
async fn live_a_day(app: &App) {
    let customer = seed::customer(app, app.people.rep1, "临朐惠民农资").await;
    seed::person(app, customer, "张卫东", "138 0536 2417").await;
    let (rep, manager) = (app.session_of(app.people.rep1).await, app.session_of(app.people.manager1).await);
    let customer = customer.to_string();
    for day in [TODAY, "2026-11-27"] {
        let fields = [("op_id", day), ("customer", &customer), ("planned_on", day), ("purpose", "对账")];
        rep.post("/visits", &fields).await.location();
    }
    let visit = rep.get("/visits").await.records("/visits").remove(0);
    let form = rep.get(&visit).await.form(&format!("{visit}/check-in"));
    let at = app.clock.now().to_string();
    rep.submit(&form, &[("lat", "36.7070"), ("lng", "119.1619"), ("accuracy", "12"), ("fix_at", &at)]).await.location();
    app.pass(25 * MINUTE);
    let form = rep.get(&visit).await.form(&format!("{visit}/check-out"));
    rep.submit(&form, &[("result", "下周补货"), ("next_on", "2026-12-01")]).await.location();

    let owner = app.people.rep1.to_string();
    let fields = [
        ("op_id", "given"),
        ("title", "送样品"),
        ("priority", "normal"),
        ("owner_id", &owner),
        ("customer_id", &customer),
        ("due_at", "2026-11-27T10:00"),
    ];
    manager.post("/tasks", &fields).await.location();
    let task = rep.get("/tasks").await.records("/tasks").remove(0);
    let form = rep.get(&task).await.form(&format!("{task}/completion"));
    rep.submit(&form, &[("feedback", "已送到")]).await.location();

    let here = TestBox::connect(app).await;
    sms::write(&rep, &format!("/sms/new?customer={customer}"), "13805362417", "明天上午送货").await.location();
    let command = here.take_sms().await;
    for state in [SmsState::Sending, SmsState::Sent, SmsState::Delivered] {
        here.report(app, command.id, state, None).await;
    }
    until(app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'delivered'", 1).await;
    here.inbox(app, "+8613805362417", "收到，谢谢", false).await;
    until(app, "SELECT count(*) AS n FROM sms_inbox", 1).await;
    let thread = rep.get("/sms").await.records("/sms").remove(0);
    let op = rep.get(&thread).await.attributes("[data-talk]", "data-op").remove(0);
    rep.post(&format!("{thread}/reading"), &[("op_id", &op)]).await.location();

    let (mut gateway, _) = connect_new(app, &app.session_of(app.people.admin).await, "前台").await;
    let call = Uuid::now_v7();
    gateway.call(call, "ringing", app.clock.now(), json!({ "number": "13805362417" })).await;
    gateway.call(call, "ended", app.clock.now(), json!({})).await;
    let clerk = app.session_of(app.people.clerk1).await;
    let call = clerk.get("/calls").await.links("/calls/0").into_iter().next().unwrap();
    let form = clerk.get(&call).await.form(&format!("{call}/answer"));
    clerk.submit(&form, &[]).await.location();
    app.settle().await;
}

#[test]
fn the_past_of_the_demo_company_fills_the_columns_that_a_real_day_fills() {
    on(Engine::Sqlite, async |app: App| {
        live_a_day(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let running = demo(Engine::Sqlite, folder.path(), 60).await;
        for (table, rows) in DAYS {
            let (real, made) =
                (filled(&app.office.db, table, rows).await, filled(&running.office.db, table, rows).await);
            let missing: Vec<_> = real.difference(&made).collect();
            assert!(missing.is_empty(), "{table} where {rows}: the demo leaves {missing:?} empty");
        }
        let db = &running.office.db;
        for (rule, exceptions) in [
            (
                "a visit that is over is dated by its check-in, and its customer was heard from then",
                "SELECT count(*) FROM visits v JOIN customers c ON c.id = v.customer_id WHERE v.state = 'done' \
                 AND (v.checked_out_at <= v.checked_in_at OR c.last_contact_at < v.checked_out_at)",
            ),
            (
                "a thread's last text is the last of its messages",
                "SELECT count(*) FROM sms_threads t WHERE t.last_at <> (SELECT max(at) FROM (SELECT created_at AS at, \
                 digits FROM sms_messages UNION ALL SELECT received_at AS at, digits FROM sms_inbox) m WHERE m.digits = t.digits)",
            ),
            (
                "a decided approval has a decided step",
                "SELECT count(*) FROM approvals a WHERE a.state <> 'open' AND NOT EXISTS (SELECT 1 FROM approval_steps s \
                 WHERE s.approval_id = a.id AND s.state = a.state AND s.decided_at = a.decided_at)",
            ),
            (
                "a call that was missed has its task",
                "SELECT count(*) FROM calls c WHERE c.state = 'missed' AND NOT EXISTS (SELECT 1 FROM tasks t \
                 WHERE t.cause_kind = 'call' AND t.cause_id = c.id AND t.state = 'open')",
            ),
        ] {
            assert_eq!(sql(exceptions).scalar::<i64>(db).await.unwrap(), 0, "{rule}");
        }
        running.stop().await;
    });
}

#[test]
fn the_past_of_the_demo_company_fills_the_columns_that_a_real_sale_fills() {
    on(Engine::Sqlite, async |app: App| {
        sell(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let running = demo(Engine::Sqlite, folder.path(), 60).await;
        sums::hold_in(&running.office.db, "the demo company was made").await;
        for (table, rows) in SALES {
            let (real, made) =
                (filled(&app.office.db, table, rows).await, filled(&running.office.db, table, rows).await);
            assert!(!real.is_empty(), "no {table} where {rows}");
            let missing: Vec<_> = real.difference(&made).collect();
            assert!(missing.is_empty(), "{table} where {rows}: the demo leaves {missing:?} empty");
        }
        running.stop().await;
    });
}
