//! What all kinds of documents share: versions, search by number and customer, last prices.

use server::testing::customers::{self, NewCustomer};
use server::testing::documents::{self, State};
use server::testing::kernel::audit::Author;
use server::testing::kernel::db::Hold;
use server::testing::kernel::i18n::Lang;
use server::testing::kernel::id::Id;
use server::testing::kernel::money::{Fen, Milli};
use server::testing::lines::sheet::{self, NewSheet};
use server::testing::lines::{Discount, NewLine};
use server::testing::orders::{Order, Terms};

use super::orders::{order, submit};
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::scene::Scene;
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};

async fn draft(client: &Client, customer: Id, goods: &Goods, bottles: &str) -> String {
    format!("/orders/{}", order(client, customer, goods, &[(goods.bottles, bottles, "瓶", "")]).await.new_id())
}

/// A customer that search finds.
async fn known(app: &App, name: &str) -> Id {
    let author = Author { user: None, origin: "test".to_owned(), at: app.clock.now() };
    let mut tx = app.office.db.begin().await.unwrap();
    let id = customers::create(&mut tx, &author, NewCustomer::named(app.people.rep1, name)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

both_engines! {
    async fn documents_start_from_a_customers_page_or_from_a_customer_search(app: App) {
        let customer = known(&app, "潍坊丰源农资").await;
        known(&app, "昌邑禾果农资").await;
        let rep = app.sign_in("rep1").await;
        let page = rep.get(&format!("/customers/{customer}")).await.expect(200);
        for list in ["orders", "payments", "visits", "tasks"] {
            let link = format!("/{list}/new?customer={customer}");
            assert_eq!(page.links(&link), [link.as_str()]);
            rep.get(&link).await.expect(200);
        }
        for list in ["orders", "payments", "quotes"] {
            let found = rep.get(&format!("/{list}/new?q=%E4%B8%B0%E6%BA%90")).await.expect(200);
            assert_eq!(found.links(&format!("/{list}/new?customer=")), [format!("/{list}/new?customer={customer}")]);
            assert_eq!(rep.get(&format!("/{list}/new")).await.links(&format!("/{list}/new?customer=")).len(), 2);
            assert!(rep.get(&format!("/{list}/new?q=zzz")).await.says("没有找到客户"));
            // Nobody is offered another's customers.
            let other = app.sign_in("rep2").await.get(&format!("/{list}/new?q=%E4%B8%B0%E6%BA%90")).await.expect(200);
            assert!(other.links(&format!("/{list}/new?customer=")).is_empty());
        }
    }

    async fn a_change_without_the_version_that_was_shown_is_a_conflict(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = draft(&rep, customer, &goods, "1").await;
        let product = goods.bottles.to_string();
        let words: [Option<&str>; 5] = [None, Some(""), Some("newest"), Some("0"), Some("2")];
        for (place, version) in words.into_iter().enumerate() {
            for noun in ["lines", "submission", "cancellation"] {
                let op = format!("{noun}-{place}");
                let mut fields = vec![("op_id", op.as_str()), ("product_id_0", &product), ("quantity_0", "7"), ("unit_0", "瓶")];
                fields.extend(version.map(|version| ("version", version)));
                let answer = rep.post(&format!("{path}/{noun}"), &fields).await.expect(409);
                if noun == "lines" {
                    let form = answer.form(&format!("{path}/lines"));
                    assert_eq!(form.value("quantity_0"), Some("7"), "what was typed is kept");
                    assert_eq!(form.value("version"), Some("1"), "saving again is meant");
                }
            }
        }
        assert_eq!(app.word("SELECT state AS s FROM documents").await, "draft");
        assert_eq!(app.number("SELECT quantity AS n FROM document_lines").await, 1000);
    }

    async fn a_search_for_products_does_not_hide_that_the_draft_was_changed(app: App) {
        let Scene { goods, customer, .. } = Scene::set(&app).await;
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        let path = draft(&rep, customer, &goods, "1").await;
        let lines = format!("{path}/lines");
        let opened = rep.get(&format!("{path}/edit")).await.form(&lines);
        let theirs = manager.get(&format!("{path}/edit")).await.form(&lines);
        manager.submit(&theirs, &[("quantity_0", "5")]).await.location();
        let found = rep.ask(&format!("{path}/edit"), &opened, &[("find", "1"), ("q", "吡虫啉")]).await.expect(200).form(&lines);
        let crossed = rep.submit(&found, &[("quantity_0", "2")]).await.expect(409);
        assert!(crossed.says("订单现有内容"), "{}", crossed.text());
        assert_eq!(app.number("SELECT quantity AS n FROM document_lines").await, 5000);
        rep.submit(&crossed.form(&lines), &[]).await.location();
        assert_eq!(app.number("SELECT quantity AS n FROM document_lines").await, 2000);
    }

    async fn a_document_that_changed_since_its_page_was_opened_is_neither_withdrawn_nor_cancelled_by_it(app: App) {
        let Scene { goods, customer, .. } = Scene::set(&app).await;
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        let path = draft(&rep, customer, &goods, "1").await;
        // The manager means to discard a draft; meanwhile it comes into force.
        let discard = manager.get(&path).await.form(&format!("{path}/cancellation"));
        submit(&rep, &path).await.location();
        manager.submit(&discard, &[]).await.expect(409);
        assert_eq!(app.word("SELECT state AS s FROM documents").await, "active");
        let cancel = manager.get(&path).await.form(&format!("{path}/cancellation"));
        manager.submit(&cancel, &[]).await.location();
        assert_eq!(app.word("SELECT state AS s FROM documents").await, "cancelled");
        assert_eq!(app.number("SELECT CAST(sum(reserved) AS BIGINT) AS n FROM stock_balances").await, 0);
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 0);
        assert_eq!(app.number("SELECT purchases_total AS n FROM customers").await, 0);
    }

    async fn a_draft_goes_to_the_recycle_bin_and_comes_back(app: App) {
        let Scene { goods, customer, .. } = Scene::set(&app).await;
        let (rep, other) = (app.sign_in("rep1").await, app.sign_in("rep2").await);
        let path = draft(&rep, customer, &goods, "1").await;
        let form = rep.get(&path).await.form(&format!("{path}/deletion"));
        rep.submit(&form, &[("version", "9"), ("op_id", "old")]).await.expect(409);
        rep.submit(&form, &[]).await.location();
        rep.get(&path).await.expect(404);
        assert!(rep.get("/orders").await.records("/orders").is_empty());
        assert!(rep.get("/orders?q=DD2026").await.records("/orders").is_empty());
        assert!(!other.get("/orders/bin").await.expect(200).says("丰源"), "another's bin");
        let restoration = format!("{path}/restoration");
        other.post(&restoration, &[("op_id", "foreign")]).await.expect(404);
        // What its documents name stays.
        let deletion = format!("/customers/{customer}/deletion");
        let form = rep.get(&deletion).await.form(&deletion);
        rep.submit(&form, &[]).await.expect(409);
        let form = rep.get("/orders/bin").await.expect(200).form(&restoration);
        rep.submit(&form, &[]).await.location();
        rep.get(&format!("{path}/edit")).await.expect(200);
        assert!(!rep.get("/orders/bin").await.says("丰源"));
        rep.post(&restoration, &[("op_id", "twice")]).await.expect(404);
        // What was submitted is no draft any more.
        submit(&rep, &path).await.location();
        let version = app.number("SELECT version AS n FROM documents").await.to_string();
        rep.post(&format!("{path}/deletion"), &[("op_id", "late"), ("version", &version)]).await.expect(409);
    }

    async fn an_order_is_found_by_any_piece_of_its_number_that_people_type(app: App) {
        let goods = seed::goods(&app).await;
        let customer = known(&app, "潍坊丰源农资").await;
        let rep = app.sign_in("rep1").await;
        let first = draft(&rep, customer, &goods, "1").await;
        let second = draft(&rep, customer, &goods, "2").await;
        for (typed, found) in [
            ("DD20261123-001", vec![&first]),
            ("dd20261123-002", vec![&second]),
            ("20261123-001", vec![&first]),
            ("20261123", vec![&second, &first]),
            ("261123", vec![&second, &first]),
            ("202611", vec![&second, &first]),
            ("1123", vec![&second, &first]),
            ("dd", vec![&second, &first]),
            ("001", vec![&first]),
            ("2", vec![&second]),
            ("1123-002", vec![&second]),
            ("-002", vec![&second]),
            ("丰源", vec![&second, &first]),
            ("fy", vec![&second, &first]),
            ("003", vec![]),
            ("20261124", vec![]),
            ("SK2026", vec![]),
        ] {
            let page = rep.get(&format!("/orders?q={typed}")).await.expect(200);
            let found: Vec<String> = found.into_iter().cloned().collect();
            assert_eq!(page.records("/orders"), found, "{typed}");
        }
        let page = rep.get(&format!("/orders?q=2026&customer={customer}&view=draft")).await.expect(200);
        assert_eq!(page.records("/orders").len(), 2);
        assert!(rep.get("/orders?q=2026&view=active").await.records("/orders").is_empty());
    }

    async fn the_orders_of_every_customer_that_a_search_finds_are_found(app: App) {
        let goods = seed::goods(&app).await;
        let rep = app.sign_in("rep1").await;
        let manager = app.sign_in("manager1").await;
        // More than a hundred customers of one name, each with an order; the searched one's is the oldest.
        let mut customers = Vec::new();
        for n in 0..130 {
            customers.push(known(&app, &format!("农资{n}号店")).await);
        }
        let mut paths = Vec::new();
        for customer in [customers[0], customers[129]] {
            paths.push(draft(&rep, customer, &goods, "1").await);
        }
        for client in [&rep, &manager] {
            let found = client.get("/orders?q=农资").await.expect(200).records("/orders");
            assert_eq!(found, [paths[1].clone(), paths[0].clone()]);
            let found = client.get("/orders?q=农资0号").await.expect(200).records("/orders");
            assert_eq!(found, [paths[0].clone()]);
        }
    }

    async fn what_was_bought_long_ago_is_no_first_purchase(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let old = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bulk, "10", "公斤", "16.90")]).await.new_id());
        submit(&rep, &old).await.location();
        // Two hundred lines of something else since then.
        for _ in 0..5 {
            let rows: Vec<_> = (0..41).map(|_| (goods.bags, "1", "袋", "19.00")).collect();
            let path = format!("/orders/{}", order(&rep, customer, &goods, &rows).await.new_id());
            submit(&rep, &path).await.location();
        }
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bulk, "0.01", "吨", ""), (goods.bottles, "1", "瓶", "")]).await.new_id());
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("上次 ¥16,900.00"), "in the unit of the line: {}", page.text());
        assert!(page.says("首次购买"), "the other product is new: {}", page.text());
        let form = rep.get(&format!("/orders/new?customer={customer}")).await.expect(200);
        assert!(form.says("上次 ¥16.90/公斤") && form.says("上次 ¥19.00/袋"), "{}", form.text());
    }

    async fn an_order_that_the_system_makes_goes_the_same_way_as_a_persons(app: App) {
        let Scene { goods, customer, .. } = Scene::set(&app).await;
        let author = Author { user: None, origin: "test".to_owned(), at: app.clock.now() };
        for (bottles, state) in [(3, State::Active), (200, State::Approving)] {
            let line = NewLine {
                product: goods.bottles,
                unit: "瓶".to_owned(),
                ratio: Milli(1000),
                quantity: Milli(bottles * 1000),
                price: Fen(8_000),
                list_price: Fen(8_000),
                amount: Fen(8_000 * bottles),
                cost: Fen(6_000 * bottles),
            };
            let new = NewSheet {
                owner: app.people.rep1,
                customer: Some(customer),
                visit: None,
                source: None,
                state: State::Draft,
                terms: Terms { level: None, warehouse: Some(goods.warehouse), discount: Discount::NONE },
                note: String::new(),
                lines: vec![line],
            };
            let mut tx = app.office.db.begin().await.unwrap();
            customers::kept(&mut tx, Some(customer), Hold::Changed).await.unwrap();
            let (id, _) = sheet::create::<Order>(&mut tx, &author, &new).await.unwrap();
            let (owner, note) = (app.people.rep1, String::new());
            let reached = documents::submit_for::<Order>(&mut tx, &author, owner, id, note, Lang::Zh).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(reached, state);
            app.sign_in("rep1").await.get(&format!("/orders/{id}")).await.expect(200);
        }
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 24_000);
        assert_eq!(app.number("SELECT count(*) AS n FROM approvals WHERE state = 'open' AND amount = 1600000").await, 1);
    }

    async fn a_word_in_the_database_that_is_no_kind_is_an_error(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = draft(&rep, customer, &goods, "200").await;
        submit(&rep, &path).await.location();
        let manager = app.sign_in("manager1").await;
        let card = manager.get("/approvals").await.records("/approvals").remove(0);
        app.execute("UPDATE approvals SET document_kind = 'dream'").await.unwrap();
        manager.get(&card).await.expect(500);
        app.execute("UPDATE documents SET state = 'asleep'").await.unwrap();
        rep.get(&path).await.expect(500);
    }
}
