//! The demo company's past is written in bulk. It must be what the product's own functions would have written.

use std::collections::BTreeSet;

use server::testing::kernel::db::{Db, sql};

use super::orders::{decide, order, submit};
use super::sums;
use crate::support::app::{App, Engine, TODAY, demo, on};
use crate::support::scene::Scene;

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
