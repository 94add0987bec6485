//! Records put straight into the tables, for tests of what is built upon them.
#![allow(dead_code)] // A vocabulary; not every word is in use at every time.

use server::testing::contacts::{self, NewContact};
use server::testing::kernel::audit::Author;
use server::testing::kernel::china::phone::Phone;
use server::testing::kernel::db::sql;
use server::testing::kernel::id::Id;

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

/// A number of a customer, in national form.
pub async fn phone(app: &App, customer: Id, digits: &str) {
    let mut tx = app.office.db.begin().await.unwrap();
    sql("INSERT INTO phones (id, customer_id, digits, shown) VALUES ($1, $2, $3, $3)")
        .bind(Id::new())
        .bind(customer)
        .bind(digits)
        .run(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
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

/// A photo of a visit, of any bytes.
pub async fn photo(app: &App, visit: Id, bytes: Vec<u8>) -> Id {
    let (id, file) = (Id::new(), app.office.files.put(bytes).await.unwrap());
    let mut tx = app.office.db.begin().await.unwrap();
    sql("INSERT INTO visit_photos (id, visit_id, taken_at, original_hash, file_hash, thumb_hash, width, height, created_at) \
         VALUES ($1, $2, $3, $4, $4, $4, 1, 1, $3)")
    .bind(id)
    .bind(visit)
    .bind(app.clock.now())
    .bind(file.as_str())
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

/// A person at a customer, with a number.
pub async fn person(app: &App, customer: Id, name: &str, number: &str) -> Id {
    let author = Author { user: None, origin: "test".to_owned(), at: app.clock.now() };
    let mut new = NewContact::named(customer, name);
    new.phones = Phone::parse(number).into_iter().collect();
    let mut tx = app.office.db.begin().await.unwrap();
    let id = contacts::create(&mut tx, &author, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Goods to sell: three products in several units, two warehouses, two price levels.
#[derive(Clone, Copy, Debug)]
pub struct Goods {
    /// Sold by 瓶 (100.00 retail, 80.00 wholesale) and 箱 of 20; 400 on hand; floor 70.00.
    pub bottles: Id,
    /// Sold by 袋 (25.50) and 件 of 40; 4,000 on hand.
    pub bags: Id,
    /// Sold by 公斤 (18.20) and 吨 of 1,000; 50,000 on hand.
    pub bulk: Id,
    /// 零售价
    pub retail: Id,
    /// 批发价
    pub wholesale: Id,
    /// Where everything lies.
    pub warehouse: Id,
    /// Where nothing lies.
    pub empty_warehouse: Id,
}

/// Puts goods into the warehouse.
pub async fn goods(app: &App) -> Goods {
    let now = app.clock.now();
    let mut tx = app.office.db.begin().await.unwrap();
    let (retail, wholesale, warehouse, empty_warehouse, category) =
        (Id::new(), Id::new(), Id::new(), Id::new(), Id::new());
    for (id, name, position) in [(retail, "零售价", 1i64), (wholesale, "批发价", 2)] {
        let insert = sql("INSERT INTO price_levels (id, name, position) VALUES ($1, $2, $3)");
        insert.bind(id).bind(name).bind(position).run(&mut tx).await.unwrap();
    }
    for (id, name) in [(warehouse, "一号库"), (empty_warehouse, "二号库")] {
        sql("INSERT INTO warehouses (id, name) VALUES ($1, $2)").bind(id).bind(name).run(&mut tx).await.unwrap();
    }
    let insert = sql("INSERT INTO product_categories (id, name, path) VALUES ($1, '制剂', '/1/')");
    insert.bind(category).run(&mut tx).await.unwrap();
    let mut ids = Vec::new();
    for (code, name, base, larger, ratio, cost, floor, retail_price, wholesale_price, on_hand) in [
        ("P001", "草铵膦水剂", "瓶", "箱", 20_000i64, 6_000i64, 7_000i64, 10_000i64, 8_000i64, 400_000i64),
        ("P002", "吡虫啉可湿粉", "袋", "件", 40_000, 1_500, 1_800, 2_550, 2_200, 4_000_000),
        ("P003", "毒死蜱原药", "公斤", "吨", 1_000_000, 1_560, 1_600, 1_820, 1_700, 50_000_000),
    ] {
        let id = Id::new();
        sql("INSERT INTO products (id, category_id, code, name, mnemonic, base_unit, cost_price, floor_price, search_text, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $3, $5, $6, $7, $4, $8, $8)")
        .bind(id)
        .bind(category)
        .bind(code)
        .bind(name)
        .bind(base)
        .bind(cost)
        .bind(floor)
        .bind(now)
        .run(&mut tx)
        .await
        .unwrap();
        for (unit, ratio, position) in [(base, 1000i64, 1i64), (larger, ratio, 2)] {
            sql("INSERT INTO product_units (id, product_id, name, ratio, position) VALUES ($1, $2, $3, $4, $5)")
                .bind(Id::new())
                .bind(id)
                .bind(unit)
                .bind(ratio)
                .bind(position)
                .run(&mut tx)
                .await
                .unwrap();
        }
        for (level, price) in [(retail, retail_price), (wholesale, wholesale_price)] {
            sql("INSERT INTO prices (id, product_id, price_level_id, starts_on, price) VALUES ($1, $2, $3, '2026-01-01', $4)")
                .bind(Id::new())
                .bind(id)
                .bind(level)
                .bind(price)
                .run(&mut tx)
                .await
                .unwrap();
        }
        sql("INSERT INTO stock_balances (product_id, warehouse_id, on_hand, reserved) VALUES ($1, $2, $3, 0)")
            .bind(id)
            .bind(warehouse)
            .bind(on_hand)
            .run(&mut tx)
            .await
            .unwrap();
        ids.push(id);
    }
    tx.commit().await.unwrap();
    let [bottles, bags, bulk] = ids.try_into().unwrap();
    Goods { bottles, bags, bulk, retail, wholesale, warehouse, empty_warehouse }
}

/// A customer who buys at a level, with a limit of credit in yuan.
pub async fn buyer(app: &App, owner: Id, name: &str, level: Id, credit_yuan: i64) -> Id {
    let id = customer(app, owner, name).await;
    let mut tx = app.office.db.begin().await.unwrap();
    sql("UPDATE customers SET price_level_id = $2, credit_limit = $3 WHERE id = $1")
        .bind(id)
        .bind(level)
        .bind(credit_yuan * 100)
        .run(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}
