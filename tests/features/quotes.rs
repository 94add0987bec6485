//! A quote from its draft through the approval to the order that is made from it, and everything that stands against it.

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};
use server::testing::kernel::clock::DAY;
use server::testing::kernel::id::Id;

/// Sends the quote form with these rows (product, quantity, unit, price) and these fields instead of its own.
async fn quote(client: &Client, customer: Id, rows: &[(Id, &str, &str, &str)], change: &[(&str, &str)]) -> Page {
    let form = client.get(&format!("/quotes/new?customer={customer}")).await.expect(200).form("/quotes");
    let mut fields: Vec<(String, String)> = Vec::new();
    for (place, (product, quantity, unit, price)) in rows.iter().enumerate() {
        fields.push((format!("product_id_{place}"), product.to_string()));
        fields.push((format!("quantity_{place}"), (*quantity).to_owned()));
        fields.push((format!("unit_{place}"), (*unit).to_owned()));
        fields.push((format!("price_{place}"), (*price).to_owned()));
    }
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.retain(|(name, _)| change.iter().all(|(changed, _)| changed != name));
    fields.extend(change);
    client.submit(&form, &fields).await
}

/// The address of a new quote.
async fn draft(client: &Client, customer: Id, rows: &[(Id, &str, &str, &str)], change: &[(&str, &str)]) -> String {
    format!("/quotes/{}", quote(client, customer, rows, change).await.new_id())
}

/// Sends the form of an act on the page of a quote.
async fn act(client: &Client, path: &str, noun: &str) -> Page {
    let form = client.get(path).await.expect(200).form(&format!("{path}/{noun}"));
    client.submit(&form, &[]).await
}

/// A quote in force: two boxes of bottles.
async fn in_force(client: &Client, customer: Id, goods: &Goods, change: &[(&str, &str)]) -> String {
    let path = draft(client, customer, &[(goods.bottles, "2", "箱", "")], change).await;
    act(client, &path, "submission").await.location();
    path
}

async fn decide(client: &Client, decision: &str) -> Page {
    let list = client.get("/approvals").await.expect(200);
    let card = list.records("/approvals").into_iter().next();
    let card = card.unwrap_or_else(|| panic!("nothing waits: {}", list.text()));
    let page = client.get(&card).await.expect(200);
    let form = page.form(&format!("{card}/decision"));
    client.submit(&form, &[("decision", decision), ("comment", "可以")]).await.location();
    page
}

async fn buyer(app: &App, goods: &Goods) -> Id {
    seed::buyer(app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 1_000_000).await
}

const ORDERS: &str = "SELECT count(*) AS n FROM documents WHERE kind = 'order'";
const STATE: &str = "SELECT state AS s FROM documents WHERE kind = 'quote' ORDER BY id DESC LIMIT 1";

both_engines! {
    async fn a_quote_over_the_amount_goes_through_the_manager_and_becomes_an_order(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        let rows = [(goods.bottles, "10", "箱", "1,500"), (goods.bags, "3", "件", "")];
        let path = draft(&rep, customer, &rows, &[("discount", "95.5"), ("note", "含运费")]).await;
        // (10 × 1,500.00 + 3 × 40 × 22.00) × 95.5 %
        assert_eq!(app.number("SELECT amount AS n FROM documents").await, 1_684_620);
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("16,846.20") && page.says("95.5%") && page.says("金额超过"), "{}", page.text());
        assert!(!page.has(&format!("form[action='{path}/order']")), "a draft is no offer");
        act(&rep, &path, "submission").await.location();
        assert_eq!(app.word(STATE).await, "approving");
        rep.post(&format!("{path}/order"), &[("op_id", "early"), ("version", "2")]).await.expect(409);
        rep.get(&format!("{path}/edit")).await.expect(409);
        assert!(!app.sign_in("manager2").await.get("/approvals").await.says("潍坊丰源农资"), "it is the own manager's");
        let card = decide(&manager, "approve").await;
        for words in ["16,846.20", "金额超过 10,000.00 元", "95.5%", "含运费", "草铵膦水剂"] {
            assert!(card.says(words), "{words} decides: {}", card.text());
        }
        assert_eq!(app.word(STATE).await, "active");
        let order = act(&rep, &path, "order").await.location();
        assert!(order.starts_with("/orders/"), "{order}");
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await, 1_684_620);
        assert_eq!(
            app.number("SELECT count(*) AS n FROM documents q JOIN documents o ON o.source_id = q.id AND o.source_kind = q.kind \
                        AND o.customer_id = q.customer_id AND o.owner_id = q.owner_id WHERE o.kind = 'order' AND o.state = 'draft'").await,
            1
        );
        assert_eq!(
            app.number("SELECT count(*) AS n FROM document_lines a JOIN documents d ON d.id = a.document_id JOIN document_lines b \
                        ON b.document_id = d.source_id AND b.product_id = a.product_id AND b.unit = a.unit AND b.quantity = a.quantity \
                        AND b.price = a.price AND b.amount = a.amount").await,
            2
        );
        let page = rep.get(&order).await.expect(200);
        assert!(page.says("16,846.20") && page.says("95.5%"), "{}", page.text());
        assert!(rep.get(&path).await.links("/orders/").contains(&order), "the quote leads to its order");
        // The discount stays when the draft is edited.
        let form = rep.get(&format!("{order}/edit")).await.expect(200).form(&format!("{order}/lines"));
        rep.submit(&form, &[("quantity_0", "1")]).await.location();
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await, (150_000 + 264_000) * 955 / 1000);
    }

    async fn a_quote_is_made_into_an_order_once(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = in_force(&rep, customer, &goods, &[]).await;
        let page = rep.get(&path).await.expect(200);
        let (one, other) = (page.form(&format!("{path}/order")), rep.get(&path).await.form(&format!("{path}/order")));
        let (one, other) = tokio::join!(rep.submit(&one, &[]), rep.submit(&other, &[]));
        let order = one.location();
        assert_eq!(order, other.location());
        assert_eq!(act(&rep, &path, "order").await.location(), order);
        assert_eq!(app.number(ORDERS).await, 1);
        // One that came to nothing does not stand in the way.
        act(&rep, &order, "cancellation").await.location();
        assert_ne!(act(&rep, &path, "order").await.location(), order);
        assert_eq!(app.number(ORDERS).await, 2);
    }

    async fn a_draft_goes_to_the_recycle_bin_and_comes_back(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = draft(&rep, customer, &[(goods.bottles, "2", "箱", "")], &[]).await;
        act(&rep, &path, "deletion").await.location();
        rep.get(&path).await.expect(404);
        let bin = rep.get("/quotes").await.links("/quotes/bin");
        let form = rep.get(&bin[0]).await.expect(200).form(&format!("{path}/restoration"));
        rep.submit(&form, &[]).await.location();
        act(&rep, &path, "submission").await.location();
        // An order in the recycle bin can come back, so that no second one is made meanwhile.
        let order = act(&rep, &path, "order").await.location();
        act(&rep, &order, "deletion").await.location();
        assert!(act(&rep, &path, "order").await.expect(409).says("回收站"));
        assert_eq!(app.number(ORDERS).await, 1);
    }

    async fn an_expired_quote_says_so_and_makes_no_order(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = in_force(&rep, customer, &goods, &[("valid_until", "2026-11-24")]).await;
        // Sign-ins do not last that long.
        app.pass(DAY);
        let rep = app.sign_in("rep1").await;
        let form = rep.get(&path).await.expect(200).form(&format!("{path}/order"));
        assert!(!rep.get("/quotes").await.says("已过期"), "its last day counts");
        app.pass(DAY);
        let rep = app.sign_in("rep1").await;
        assert!(rep.submit(&form, &[]).await.expect(409).says("已过期"));
        assert_eq!(app.number(ORDERS).await, 0);
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("已过期") && !page.has(&format!("form[action='{path}/order']")), "{}", page.text());
        assert!(rep.get("/quotes").await.says("已过期"));
        assert!(rep.get(&format!("{path}/print")).await.expect(200).says("已过期"));
        // A new version holds again.
        let copy = act(&rep, &path, "versions").await.location();
        let copy = copy.strip_suffix("/edit?done=saved").unwrap_or_else(|| panic!("{copy}")).to_owned();
        act(&rep, &copy, "submission").await.location();
        assert!(act(&rep, &copy, "order").await.location().starts_with("/orders/"));
    }

    async fn an_expired_draft_cannot_be_submitted(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = draft(&rep, customer, &[(goods.bottles, "2", "箱", "")], &[("valid_until", "2026-11-23")]).await;
        app.pass(DAY);
        let rep = app.sign_in("rep1").await;
        assert!(act(&rep, &path, "submission").await.expect(409).says("有效期已过"));
        assert_eq!(app.word(STATE).await, "draft");
    }

    async fn a_new_version_has_the_lines_and_terms_and_names_the_former(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let change = [("discount", "90"), ("valid_until", "2026-12-31"), ("note", "首单")];
        let path = in_force(&rep, customer, &goods, &change).await;
        let copy = act(&rep, &path, "versions").await.location();
        let copy = copy.strip_suffix("/edit?done=saved").unwrap_or_else(|| panic!("{copy}")).to_owned();
        assert_eq!(app.word(STATE).await, "draft");
        let form = rep.get(&format!("{copy}/edit")).await.expect(200).form(&format!("{copy}/lines"));
        for (name, value) in [("quantity_0", "2"), ("unit_0", "箱"), ("price_0", "1600.00"), ("discount", "90"), ("valid_until", "2026-12-31"), ("note", "首单")] {
            assert_eq!(form.value(name), Some(value), "{name}");
        }
        assert!(rep.get(&copy).await.links("/quotes/").contains(&path), "the new one names the former");
        assert!(rep.get(&path).await.links("/quotes/").contains(&copy), "the former leads to the new one");
        rep.submit(&form, &[("discount", "80"), ("valid_until", "2026-12-01")]).await.location();
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE source_id IS NOT NULL").await, 256_000);
        assert_eq!(app.word("SELECT title AS s FROM documents WHERE source_id IS NOT NULL").await, "2026-12-01");
        assert_eq!(app.number("SELECT amount AS n FROM documents WHERE source_id IS NULL").await, 288_000);
    }

    async fn a_discount_that_takes_a_price_under_the_floor_asks_for_approval(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        // Bottles cost 80.00 at this level and 70.00 at least.
        let path = in_force(&rep, customer, &goods, &[("discount", "87.5")]).await;
        assert_eq!(app.word(STATE).await, "active", "exactly the floor");
        let low = in_force(&rep, customer, &goods, &[("discount", "87.4")]).await;
        assert_eq!(app.word(STATE).await, "approving");
        assert_ne!(path, low);
        assert!(decide(&manager, "reject").await.says("低于最低限价"));
        assert_eq!(app.word(STATE).await, "rejected");
        assert_eq!(app.number("SELECT arrears AS n FROM customers").await, 0);
    }

    async fn the_total_is_rounded_to_the_fen(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        for (price, discount, total) in [("1.01", "95.5", 96), ("0.05", "50", 3), ("33.33", "", 3_333), ("9.99", "0.1", 1)] {
            draft(&rep, customer, &[(goods.bottles, "1", "瓶", price)], &[("discount", discount)]).await;
            let found = app.number("SELECT amount AS n FROM documents ORDER BY id DESC LIMIT 1").await;
            assert_eq!(found, total, "{price} × {discount}");
        }
    }

    async fn what_a_quote_cannot_say_is_refused_at_its_field(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let rows = [(goods.bottles, "1", "瓶", "")];
        for (field, value) in [
            ("discount", "-1"), ("discount", "0"), ("discount", "101"), ("discount", "100.1"), ("discount", "abc"), ("discount", "95.55"),
            ("valid_until", ""), ("valid_until", "2026-11-22"), ("valid_until", "2026-02-30"), ("valid_until", "soon"),
            ("quantity_0", "0"), ("quantity_0", "-1"), ("price_0", "x"),
        ] {
            let page = quote(&rep, customer, &rows, &[(field, value)]).await.expect(422);
            assert!(page.has(&format!("[name='{field}'][aria-invalid]")), "{field} {value}: {}", page.text());
            assert_eq!(page.form("/quotes").value(field), Some(value), "what was typed is kept");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM documents").await, 0);
        let empty = draft(&rep, customer, &[], &[]).await;
        assert!(act(&rep, &empty, "submission").await.expect(409).says("还没有明细"));
    }

    async fn a_quote_is_seen_by_its_own_people_only(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = in_force(&rep, customer, &goods, &[]).await;
        for (who, status) in [("rep2", 404), ("manager2", 404), ("manager1", 200), ("clerk1", 200)] {
            let client = app.sign_in(who).await;
            client.get(&path).await.expect(status);
            client.get(&format!("{path}/print")).await.expect(status);
            assert_eq!(client.get("/quotes").await.says("潍坊丰源农资"), status == 200, "{who}");
        }
        let other = app.sign_in("rep2").await;
        for noun in ["lines", "submission", "cancellation", "versions", "order"] {
            other.post(&format!("{path}/{noun}"), &[("op_id", noun), ("version", "2")]).await.expect(404);
        }
        other.get(&format!("/quotes/new?customer={customer}")).await.expect(404);
        // A clerk's order from a rep's quote is the rep's.
        let order = act(&app.sign_in("clerk1").await, &path, "order").await.location();
        rep.get(&order).await.expect(200);
        assert_eq!(app.number(ORDERS).await, 1);
    }

    async fn what_is_not_sold_any_more_makes_no_order(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let rep = app.sign_in("rep1").await;
        let path = in_force(&rep, customer, &goods, &[]).await;
        app.execute("UPDATE products SET status = 'stopped'").await.unwrap();
        assert!(act(&rep, &path, "order").await.expect(409).says("停售"));
        assert_eq!(app.number(ORDERS).await, 0);
    }

    async fn the_print_says_everything_that_is_offered(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        app.execute("INSERT INTO settings (name, value) VALUES ('company', '丰农农资有限公司')").await.unwrap();
        let rep = app.sign_in("rep1").await;
        let path = in_force(&rep, customer, &goods, &[("discount", "95"), ("valid_until", "2026-12-31")]).await;
        let page = rep.get(&format!("{path}/print")).await.expect(200);
        for words in ["丰农农资有限公司", "潍坊丰源农资", "草铵膦水剂", "1,600.00", "3,200.00", "95%", "3,040.00", "2026-12-31"] {
            assert!(page.says(words), "{words}: {}", page.text());
        }
        assert!(!page.has("script") && !page.has("[style]"));
        assert!(!page.says("执行中"), "what is in force carries no mark");
        let sheet = page.attributes("link[rel=stylesheet]", "href").pop().unwrap();
        rep.get(&sheet).await.expect(200);
        let draft = draft(&rep, customer, &[(goods.bottles, "1", "瓶", "")], &[]).await;
        assert!(rep.get(&format!("{draft}/print")).await.expect(200).says("草稿"));
    }

    async fn a_draft_that_was_changed_meanwhile_is_shown_as_it_stands(app: App) {
        let goods = seed::goods(&app).await;
        let customer = buyer(&app, &goods).await;
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        let path = draft(&rep, customer, &[(goods.bottles, "1", "瓶", "")], &[]).await;
        let lines = format!("{path}/lines");
        let mine = rep.get(&format!("{path}/edit")).await.form(&lines);
        let theirs = manager.get(&format!("{path}/edit")).await.form(&lines);
        manager.submit(&theirs, &[("discount", "50")]).await.location();
        let page = rep.submit(&mine, &[("quantity_0", "3")]).await.expect(409);
        assert!(page.says("50%") && page.says("40.00"), "{}", page.text());
        let again = page.form(&lines);
        assert_eq!(again.value("quantity_0"), Some("3"), "what was typed is kept");
        rep.submit(&again, &[]).await.location();
        assert_eq!(app.number("SELECT amount AS n FROM documents").await, 24_000);
    }
}
