//! An order from its draft through the approval into force, and everything that stands against it.

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::scene::Scene;
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};
use server::testing::kernel::id::Id;

/// Sends the order form with these rows: product, quantity, unit, price (empty for the list price).
pub(super) async fn order(client: &Client, customer: Id, goods: &Goods, rows: &[(Id, &str, &str, &str)]) -> Page {
    let form = client.get(&format!("/orders/new?customer={customer}")).await.expect(200).form("/orders");
    let mut fields: Vec<(String, String)> = vec![
        ("op_id".into(), form.op_id().to_owned()),
        ("customer_id".into(), customer.to_string()),
        ("warehouse_id".into(), goods.warehouse.to_string()),
        ("whole".into(), "1".into()),
    ];
    for (place, (product, quantity, unit, price)) in rows.iter().enumerate() {
        fields.push((format!("product_id_{place}"), product.to_string()));
        fields.push((format!("quantity_{place}"), (*quantity).to_owned()));
        fields.push((format!("unit_{place}"), (*unit).to_owned()));
        fields.push((format!("price_{place}"), (*price).to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    client.post("/orders", &fields).await
}

/// Submits an order.
pub(super) async fn submit(client: &Client, path: &str) -> Page {
    let form = client.get(path).await.expect(200).form(&format!("{path}/submission"));
    client.submit(&form, &[]).await
}

/// Decides the first approval that waits for `client`.
pub(super) async fn decide(client: &Client, decision: &str, comment: &str) -> Page {
    let list = client.get("/approvals").await.expect(200);
    let card = list.records("/approvals").into_iter().next();
    let card = card.unwrap_or_else(|| panic!("nothing waits: {}", list.text()));
    let form = client.get(&card).await.expect(200).form(&format!("{card}/decision"));
    client.submit(&form, &[("decision", decision), ("comment", comment)]).await
}

async fn state(app: &App) -> String {
    app.word("SELECT state AS s FROM documents WHERE kind = 'order' ORDER BY id DESC LIMIT 1").await
}

const RESERVED: &str = "SELECT CAST(COALESCE(sum(reserved), 0) AS BIGINT) AS n FROM stock_balances";
const HELD: &str = "SELECT CAST(COALESCE(sum(quantity), 0) AS BIGINT) AS n FROM stock_reservations";

/// The kept sums are the sums of what they are kept for, and nothing is below zero.
async fn holds(app: &App) {
    assert_eq!(app.number(RESERVED).await, app.number(HELD).await, "reserved is what orders hold");
    assert_eq!(
        app.number("SELECT count(*) AS n FROM stock_balances WHERE reserved < 0 OR reserved > on_hand").await,
        0
    );
}

both_engines! {
    async fn three_lines_in_different_units_at_the_customers_level_come_to_the_right_total(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let rows = [(goods.bottles, "2", "箱", ""), (goods.bags, "40", "袋", ""), (goods.bulk, "0.2", "吨", "")];
        let path = format!("/orders/{}", order(&rep, customer, &goods, &rows).await.new_id());
        // 2 × 20 × 80.00 + 40 × 22.00 + 200 × 17.00
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await, 320_000 + 88_000 + 340_000);
        let page = rep.get(&path).await;
        assert!(page.says("7,480.00"), "{}", page.text());
        submit(&rep, &path).await.location();
        assert_eq!(state(&app).await, "active", "under the amount it needs nobody");
        assert_eq!(app.number(RESERVED).await, 40_000 + 40_000 + 200_000);
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 748_000);
        holds(&app).await;
    }

    async fn the_manager_approves_an_order_over_the_amount_and_stock_is_reserved_in_the_same_step(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", ""), (goods.bags, "5", "件", ""), (goods.bulk, "0.5", "吨", "")]).await.new_id());
        submit(&rep, &path).await.location();
        assert_eq!(state(&app).await, "approving");
        assert_eq!(app.number(RESERVED).await, 0);
        app.settle().await;
        let manager = app.sign_in("manager1").await;
        let home = manager.get("/").await.expect(200);
        assert!(!home.links("/approvals").is_empty(), "the badge leads to the list");
        assert!(!app.sign_in("manager2").await.get("/approvals").await.says("潍坊丰源农资"), "it is the own manager's");
        decide(&manager, "approve", "").await.location();
        assert_eq!(state(&app).await, "active");
        assert_eq!(app.number(RESERVED).await, 200_000 + 200_000 + 500_000);
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind = 'order_approved'").await, 1);
        app.settle().await;
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("张伟"), "who approved stands on the order");
        assert!(!page.has(&format!("form[action='{path}/submission']")));
        for change in ["lines", "submission", "withdrawal"] {
            let answer = rep.post(&format!("{path}/{change}"), &[("op_id", change), ("whole", "1")]).await;
            assert!(matches!(answer.status, 403 | 409 | 422), "{change}: {}", answer.status);
        }
        rep.get(&format!("{path}/edit")).await.expect(409);
        holds(&app).await;
    }

    async fn an_order_in_approval_is_locked(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        let total = app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await;
        let bottle = goods.bottles.to_string();
        let row = [("op_id", "sneak"), ("whole", "1"), ("product_id_0", bottle.as_str()), ("quantity_0", "1"), ("unit_0", "瓶")];
        rep.post(&format!("{path}/lines"), &row).await.expect(409);
        rep.post(&format!("{path}/cancellation"), &[("op_id", "cancel")]).await.expect(409);
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await, total);
    }

    async fn where_the_stock_has_gone_meanwhile_the_decision_is_refused_with_the_shortage(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "15", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        app.execute("UPDATE stock_balances SET on_hand = 100000 WHERE on_hand = 400000").await.unwrap();
        let manager = app.sign_in("manager1").await;
        let refused = decide(&manager, "approve", "").await.expect(409);
        assert!(refused.says("草铵膦水剂") && refused.says("300") && refused.says("100"), "what is short is named: {}", refused.text());
        assert_eq!(state(&app).await, "approving");
        assert_eq!(app.number(RESERVED).await, 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind IN ('order_approved', 'approval_decided')").await, 0);
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 0);
        // The goods come back, and the same card can be approved.
        app.execute("UPDATE stock_balances SET on_hand = 400000 WHERE on_hand = 100000").await.unwrap();
        decide(&manager, "approve", "").await.location();
        assert_eq!(state(&app).await, "active");
        holds(&app).await;
    }

    async fn one_of_two_orders_gets_the_last_goods(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        // 400 bottles are there; each wants 100, at a price that needs nobody's approval.
        let mut paths = Vec::new();
        for _ in 0..6 {
            paths.push(format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "100", "瓶", "")]).await.new_id()));
        }
        let mut tasks = Vec::new();
        for path in paths {
            let rep = rep.clone();
            let form = rep.get(&path).await.form(&format!("{path}/submission"));
            tasks.push(tokio::spawn(async move { rep.submit(&form, &[]).await.status }));
        }
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 303, 303, 303, 422, 422]);
        assert_eq!(app.number(RESERVED).await, 400_000);
        holds(&app).await;
    }

    async fn a_decision_is_taken_once_however_often_it_is_tapped(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        let manager = app.sign_in("manager1").await;
        let card = manager.get("/approvals").await.records("/approvals").remove(0);
        let form = manager.get(&card).await.form(&format!("{card}/decision"));
        let taps: Vec<_> = (0..4)
            .map(|tap| {
                let (manager, form) = (manager.clone(), form.clone());
                // Two of the same form, two from another page.
                let op = if tap < 2 { form.op_id().to_owned() } else { format!("other-{tap}") };
                tokio::spawn(async move { manager.submit(&form, &[("decision", "approve"), ("op_id", &op)]).await.status })
            })
            .collect();
        for tap in taps {
            let status = tap.await.unwrap();
            assert!(matches!(status, 303 | 409), "{status}");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind = 'order_approved'").await, 1);
        assert_eq!(app.number(RESERVED).await, 200_000);
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 1_600_000);
        holds(&app).await;
    }

    async fn a_rejection_wants_a_reason_and_reserves_nothing(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        let manager = app.sign_in("manager1").await;
        decide(&manager, "reject", "").await.expect(422);
        decide(&manager, "reject", "先收上次的款").await.location();
        assert_eq!(state(&app).await, "rejected");
        assert_eq!(app.number(RESERVED).await, 0);
        assert!(rep.get(&path).await.says("先收上次的款"));
    }

    async fn a_withdrawn_order_is_a_draft_again_and_its_card_is_gone(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        let manager = app.sign_in("manager1").await;
        let card = manager.get("/approvals").await.records("/approvals").remove(0);
        let stale = manager.get(&card).await.form(&format!("{card}/decision"));
        let form = rep.get(&path).await.form(&format!("{path}/withdrawal"));
        rep.submit(&form, &[]).await.location();
        assert_eq!(state(&app).await, "draft");
        manager.submit(&stale, &[("decision", "approve")]).await.expect(409);
        assert_eq!(state(&app).await, "draft");
        rep.get(&format!("{path}/edit")).await.expect(200);
    }

    async fn an_order_that_waits_for_approval_uses_credit_already(app: App) {
        let goods = seed::goods(&app).await;
        let customer = seed::buyer(&app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 15_000).await;
        let rep = app.session_of(app.people.rep1).await;
        for (boxes, reason) in [("7", "amount"), ("3", "credit")] {
            let path = order(&rep, customer, &goods, &[(goods.bottles, boxes, "箱", "")]).await.new_id();
            submit(&rep, &format!("/orders/{path}")).await.location();
            assert_eq!(app.word("SELECT reason AS s FROM approvals ORDER BY id DESC LIMIT 1").await, reason);
        }
    }

    async fn credit_and_floor_need_approval_and_are_not_silently_refused(app: App) {
        let goods = seed::goods(&app).await;
        let poor = seed::buyer(&app, app.people.rep1, "小额度客户", goods.wholesale, 100).await;
        let rich = seed::buyer(&app, app.people.rep1, "大额度客户", goods.wholesale, 1_000_000).await;
        let rep = app.sign_in("rep1").await;
        for (customer, row, reason) in [
            (poor, (goods.bottles, "2", "瓶", ""), "credit"),
            (rich, (goods.bottles, "2", "瓶", "69.99"), "floor"),
        ] {
            let path = format!("/orders/{}", order(&rep, customer, &goods, &[row]).await.new_id());
            submit(&rep, &path).await.location();
            assert_eq!(state(&app).await, "approving", "{reason}");
            assert_eq!(app.word("SELECT reason AS s FROM approvals ORDER BY id DESC LIMIT 1").await, reason);
        }
    }

    async fn absurd_quantities_and_prices_are_told_by_name(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        for (quantity, unit, price) in [
            ("-1", "瓶", ""), ("0", "瓶", ""), ("1e9", "瓶", ""), ("99999999999999999999", "瓶", ""), ("1.23456", "瓶", ""), ("三", "瓶", ""),
            ("1", "吨", ""), ("1", "😀", ""), ("1", "瓶", "-5"), ("1", "瓶", "1e400"), ("1", "瓶", "99999999999999999"), ("1", "瓶", "12.345"),
            ("99999999", "箱", "99999999999"),
        ] {
            let page = order(&rep, customer, &goods, &[(goods.bottles, quantity, unit, price)]).await;
            assert_eq!(page.status, 422, "{quantity} {unit} {price}: {}", page.text());
            assert!(!page.texts(".err, [role=alert]").is_empty(), "{quantity} {unit} {price}: no message");
            assert!(page.body.contains(quantity) || page.body.contains(price), "what was typed is kept");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM orders").await, 0);
    }

    async fn foreign_customers_products_and_orders_do_not_exist(app: App) {
        let goods = seed::goods(&app).await;
        let theirs = seed::buyer(&app, app.people.rep2, "济南客户", goods.retail, 1_000).await;
        let own = seed::buyer(&app, app.people.rep1, "潍坊客户", goods.retail, 1_000).await;
        let path = format!("/orders/{}", order(&app.sign_in("rep2").await, theirs, &goods, &[(goods.bottles, "1", "瓶", "")]).await.new_id());
        let rep = app.sign_in("rep1").await;
        rep.get(&format!("/orders/new?customer={theirs}")).await.expect(404);
        rep.get(&path).await.expect(404);
        rep.get(&format!("{path}/edit")).await.expect(404);
        for change in ["lines", "submission", "withdrawal", "cancellation"] {
            rep.post(&format!("{path}/{change}"), &[("op_id", change), ("whole", "1")]).await.expect(404);
        }
        let theirs = theirs.to_string();
        rep.post("/orders", &[("op_id", "foreign"), ("customer_id", &theirs)]).await.expect(404);
        order(&rep, own, &goods, &[(app.nobody(), "1", "瓶", "")]).await.expect(422);
        assert!(!rep.get("/orders").await.says("济南客户"));
        assert_eq!(app.number("SELECT count(*) AS n FROM orders").await, 1);
    }

    async fn numbers_of_a_day_are_unique_and_in_order(app: App) {
        let goods = seed::goods(&app).await;
        let customer = seed::buyer(&app, app.people.rep1, "潍坊丰源农资", goods.retail, 1_000).await;
        let rep = app.sign_in("rep1").await;
        let mut tasks = Vec::new();
        for _ in 0..12 {
            let rep = rep.clone();
            tasks.push(tokio::spawn(async move { order(&rep, customer, &goods, &[(goods.bottles, "1", "瓶", "")]).await.status }));
        }
        for task in tasks {
            assert_eq!(task.await.unwrap(), 303);
        }
        assert_eq!(app.number("SELECT count(DISTINCT number) AS n FROM documents WHERE kind = 'order' AND number LIKE 'DD20261123-%'").await, 12);
        assert_eq!(app.number("SELECT max(sequence) AS n FROM documents").await, 12, "none is left out");
        let later = "SELECT count(*) AS n FROM documents d JOIN documents e ON e.id > d.id AND e.sequence < d.sequence";
        assert_eq!(app.number(later).await, 0, "the later document has the higher number");
    }

    async fn a_payment_is_reversed_by_the_office_with_a_reason_and_its_orders_are_unpaid_again(app: App) {
        let Scene { goods, customer, rep, manager } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        let owed = app.number("SELECT arrears AS n FROM customers").await;
        let form = rep.get(&format!("/payments/new?customer={customer}")).await.expect(200);
        assert_eq!(form.form("/payments").value("amount"), Some(""), "one tap books nothing");
        // The chip fills the whole debt in.
        let all = form.links(&format!("/payments/new?customer={customer}&")).remove(0);
        let form = rep.get(&all).await.expect(200).form("/payments");
        let payment = rep.submit(&form, &[("method", "cheque")]).await.location();
        let payment = payment.split('?').next().unwrap().to_owned();
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 0);
        assert!(!rep.get(&payment).await.has("form[action$='/cancellation']"), "not by the rep who took it");
        rep.post(&format!("{payment}/cancellation"), &[("op_id", "mine"), ("version", "1"), ("reason", "退票")]).await.expect(403);
        app.sign_in("manager2").await.post(&format!("{payment}/cancellation"), &[("op_id", "far"), ("version", "1"), ("reason", "退票")]).await.expect(404);
        let form = manager.get(&payment).await.expect(200).form(&format!("{payment}/cancellation"));
        assert!(manager.submit(&form, &[]).await.expect(422).says("红冲原因"));
        for _ in 0..2 {
            manager.submit(&form, &[("reason", "支票退票")]).await.location();
        }
        manager.post(&format!("{payment}/cancellation"), &[("op_id", "again"), ("version", "2"), ("reason", "再来")]).await.expect(409);
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, owed);
        assert_eq!(app.number("SELECT CAST(sum(paid) AS BIGINT) AS n FROM orders").await, 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM payment_matches").await, 0);
        assert!(app.word("SELECT changes AS s FROM audit_log WHERE kind = 'payment' ORDER BY id DESC LIMIT 1").await.contains("支票退票"));
        assert!(rep.get(&payment).await.says("已红冲") && rep.get("/payments").await.says("已红冲"));
        // The order may end now, and what is paid next pays the oldest again.
        manager.post(&format!("{path}/cancellation"), &[("op_id", "end"), ("version", "2")]).await.location();
        holds(&app).await;
    }

    async fn a_payment_settles_the_oldest_orders_and_moves_the_arrears(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        for _ in 0..2 {
            let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "箱", "")]).await.new_id());
            submit(&rep, &path).await.location();
        }
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 320_000);
        let clerk = app.sign_in("clerk1").await;
        let form = clerk.get(&format!("/payments/new?customer={customer}")).await.form("/payments");
        for amount in ["-1", "0", "", "abc", "1e20", "99999999999999999"] {
            clerk.submit(&form, &[("amount", amount)]).await.expect(422);
        }
        clerk.submit(&form, &[("amount", "100"), ("paid_on", "9999-01-01")]).await.expect(422);
        clerk.submit(&form, &[("amount", "2000.50")]).await.location();
        clerk.submit(&form, &[("amount", "2000.50")]).await.location();
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 320_000 - 200_050);
        assert_eq!(app.number("SELECT count(*) AS n FROM payments").await, 1);
        assert_eq!(app.number("SELECT CAST(sum(paid) AS BIGINT) AS n FROM orders").await, 200_050);
        let foreign = app.sign_in("rep2").await;
        let id = customer.to_string();
        foreign.post("/payments", &[("op_id", "x"), ("customer_id", &id), ("amount", "1"), ("method", "cash"), ("paid_on", "2026-11-23")]).await.expect(404);
    }
}
