//! Records put straight into the tables, for tests of what is built upon them.
#![allow(dead_code)] // A vocabulary; not every word is in use at every time.

use server::kernel::db::sql;
use server::kernel::id::Id;

use super::app::{App, TODAY};

/// A customer of `owner`, with a point on the map.
pub async fn customer(app: &App, owner: Id, name: &str) -> Id {
    customer_at(app, owner, name, Some((36.7069, 119.1618))).await
}

/// A customer, with or without a point.
pub async fn customer_at(app: &App, owner: Id, name: &str, point: Option<(f64, f64)>) -> Id {
    let id = Id::new();
    let mut tx = app.office.db.begin().await.unwrap();
    sql("INSERT INTO customers (id, owner_id, name, short_name, mnemonic, lat, lng, search_text, created_at, updated_at) \
         VALUES ($1, $2, $3, $3, 'kh', $4, $5, $3, $6, $6)")
    .bind(id)
    .bind(owner)
    .bind(name)
    .bind(point.map(|point| point.0))
    .bind(point.map(|point| point.1))
    .bind(app.clock.now())
    .run(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A visit of `owner` planned for today.
pub async fn visit(app: &App, owner: Id, customer: Id) -> Id {
    let id = Id::new();
    let mut tx = app.office.db.begin().await.unwrap();
    sql("INSERT INTO visits (id, owner_id, customer_id, planned_on, state, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, 'planned', $5, $5)")
    .bind(id)
    .bind(owner)
    .bind(customer)
    .bind(TODAY)
    .bind(app.clock.now())
    .run(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A task of `owner`.
pub async fn task(app: &App, owner: Id, title: &str) -> Id {
    let id = Id::new();
    let mut tx = app.office.db.begin().await.unwrap();
    sql(
        "INSERT INTO tasks (id, owner_id, giver_id, kind, title, state, cause_kind, cause_id, created_at, updated_at) \
         VALUES ($1, $2, $2, 'todo', $3, 'open', '', NULL, $4, $4)",
    )
    .bind(id)
    .bind(owner)
    .bind(title)
    .bind(app.clock.now())
    .run(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}
