//! The move of orders and payments into the tables of all documents, with rows in the old tables.

use server::testing::kernel::db::{Db, Migration, migrate, sql};
use server::testing::migrations;

use crate::support::app::{App, Engine};
use crate::support::both_engines;

/// The migration that moves them.
const MOVE: &str = "202611261200_documents";

/// A database that is as old as the migration before it.
async fn old(app: &App) -> Db {
    let db = match (app.engine, &app.config().database_url) {
        (Engine::Postgres, Some(url)) => Db::postgres(url, 3).await.unwrap(),
        _ => Db::sqlite(&app.config().data.join("old.db")).await.unwrap(),
    };
    if app.engine == Engine::Postgres {
        // The same database, emptied.
        let url = app.config().database_url.clone().unwrap();
        let mut one = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
        sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut one).await.unwrap();
    }
    let before: Vec<Migration> = migrations::ALL.iter().copied().take_while(|one| one.name != MOVE).collect();
    assert_eq!(migrate(&db, &before).await.unwrap(), before.len());
    db
}

const ROWS: [&str; 14] = [
    "INSERT INTO departments (id, name, path) VALUES (1, '销售部', '/1/')",
    "INSERT INTO users (id, username, name, role, department_id, password_hash, created_at, updated_at) \
     VALUES (2, 'rep', '王芳', 'rep', 1, '', 1, 1)",
    "INSERT INTO customers (id, owner_id, name, arrears, created_at, updated_at) VALUES (3, 2, '丰源农资', 700, 1, 1)",
    "INSERT INTO price_levels (id, name, position) VALUES (4, '批发价', 1)",
    "INSERT INTO warehouses (id, name) VALUES (5, '一号库')",
    "INSERT INTO product_categories (id, name, path) VALUES (6, '制剂', '/6/')",
    "INSERT INTO products (id, category_id, code, name, base_unit, created_at, updated_at) VALUES (7, 6, 'P', '草铵膦', '瓶', 1, 1)",
    "INSERT INTO visits (id, owner_id, customer_id, planned_on, state, created_at, updated_at) VALUES (8, 2, 3, '2026-11-20', 'done', 1, 1)",
    "INSERT INTO orders (id, owner_id, customer_id, visit_id, number, state, ordered_on, price_level_id, warehouse_id, note, total, cost, \
     paid, submitted_at, decided_at, version, created_at, updated_at) \
     VALUES (20, 2, 3, 8, 'DD20261120-017', 'active', '2026-11-20', 4, 5, '急', 1000, 600, 300, 11, 12, 3, 10, 12)",
    "INSERT INTO orders (id, owner_id, customer_id, number, state, ordered_on, total, cost, created_at, updated_at, deleted_at) \
     VALUES (21, 2, 3, 'DD20261120-1018', 'draft', '2026-11-20', 50, 20, 13, 13, 14)",
    "INSERT INTO order_lines (id, order_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost) \
     VALUES (30, 20, 0, 7, '箱', 20000, 1000, 1000, 1100, 1000, 600)",
    "INSERT INTO payments (id, owner_id, customer_id, number, paid_on, amount, method, note, created_at) \
     VALUES (40, 2, 3, 'SK20261121-002', '2026-11-21', 400, 'wechat', '定金', 15)",
    "INSERT INTO payment_matches (payment_id, order_id, amount) VALUES (40, 20, 300)",
    "INSERT INTO approvals (id, document_kind, document_id, requester_id, title, amount, state, created_at) \
     VALUES (50, 'order', 20, 2, 'DD20261120-017 丰源农资', 1000, 'approved', 11)",
];

/// Every value of one statement, row by row.
async fn text(db: &Db, text: &'static str) -> Vec<String> {
    let rows: Vec<(String,)> = sql(text).all(db).await.unwrap();
    rows.into_iter().map(|(value,)| value).collect()
}

both_engines! {
    async fn orders_and_payments_of_an_older_version_become_documents(app: App) {
        let db = old(&app).await;
        let mut tx = db.begin().await.unwrap();
        for row in ROWS {
            sql(row).run(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        migrate(&db, migrations::ALL).await.unwrap();
        let heads = "SELECT d.id || ' ' || kind || ' ' || number || ' ' || sequence || ' ' || owner_id || ' ' || customer_id || ' ' || \
             COALESCE(CAST(visit_id AS TEXT), '-') || ' ' || state || ' ' || day || ' ' || title || ' ' || amount || ' ' || note || ' ' || \
             version || ' ' || COALESCE(CAST(submitted_at AS TEXT), '-') || ' ' || COALESCE(CAST(decided_at AS TEXT), '-') || ' ' || \
             created_at || ' ' || COALESCE(CAST(deleted_at AS TEXT), '-') AS s FROM documents d ORDER BY d.id";
        assert_eq!(text(&db, heads).await, [
            "20 order DD20261120-017 17 2 3 8 active 2026-11-20  1000 急 3 11 12 10 -",
            "21 order DD20261120-1018 1018 2 3 - draft 2026-11-20  50  1 - - 13 14",
            "40 payment SK20261121-002 2 2 3 - active 2026-11-21 wechat 400 定金 1 15 15 15 -",
        ]);
        let orders = "SELECT id || ' ' || COALESCE(CAST(price_level_id AS TEXT), '-') || ' ' || COALESCE(CAST(warehouse_id AS TEXT), '-') || ' ' || \
             cost || ' ' || paid AS s FROM orders ORDER BY id";
        assert_eq!(text(&db, orders).await, ["20 4 5 600 300", "21 - - 20 0"]);
        let lines = "SELECT id || ' ' || document_id || ' ' || customer_id || ' ' || product_id || ' ' || unit || ' ' || ratio || ' ' || quantity || ' ' || \
             price || ' ' || list_price || ' ' || amount || ' ' || cost AS s FROM document_lines";
        assert_eq!(text(&db, lines).await, ["30 20 3 7 箱 20000 1000 1000 1100 1000 600"]);
        assert_eq!(text(&db, "SELECT id || ' ' || method AS s FROM payments").await, ["40 wechat"]);
        assert_eq!(text(&db, "SELECT payment_id || ' ' || order_id || ' ' || amount AS s FROM payment_matches").await, ["40 20 300"]);
        // Foreign keys are still checked.
        let mut tx = db.begin().await.unwrap();
        let stray = sql("INSERT INTO payment_matches (payment_id, order_id, amount) VALUES (40, 999, 1)").run(&mut tx).await;
        assert!(stray.is_err(), "a match of no order was accepted");
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let twice = sql("INSERT INTO documents (id, kind, number, sequence, owner_id, state, day, created_at, updated_at) \
             VALUES (60, 'order', 'DD20261120-017', 17, 2, 'draft', '2026-11-20', 1, 1)").run(&mut tx).await;
        assert!(twice.is_err(), "a number was given twice");
        drop(tx);
        for gone in ["SELECT state AS s FROM orders", "SELECT number AS s FROM payments", "SELECT unit AS s FROM order_lines", "SELECT * FROM moved_orders"] {
            assert!(sql(gone).all::<(String,)>(&db).await.is_err(), "{gone}");
        }
        db.close().await;
    }
}
