//! The first page, by role: what waits, what needs a look, and the functions that each person chose.

use super::orders::{order, submit};
use crate::support::app::{App, TODAY};
use crate::support::client::Page;
use crate::support::scene::Scene;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

/// An order over the amount, submitted: its path.
async fn asked(scene: &Scene) -> String {
    let page = order(&scene.rep, scene.customer, &scene.goods, &[(scene.goods.bottles, "1", "箱", "20000")]).await;
    let path = format!("/orders/{}", page.new_id());
    submit(&scene.rep, &path).await.location();
    path
}

/// The month's figures are remembered for a minute.
const FRESH: i64 = 61_000;

both_engines! {
    async fn a_manager_approves_in_the_row_and_stays_on_the_first_page(app: App) {
        let scene = Scene::set(&app).await;
        let path = asked(&scene).await;
        let page = scene.manager.get("/").await.expect(200);
        assert!(page.says("潍坊丰源农资") && page.says("超金额"), "{}", page.text());
        let form = page.form_ending("/decision");
        assert!(!app.sign_in("manager2").await.get("/").await.says("超金额"), "another department");
        assert_eq!(scene.manager.submit(&form, &[("decision", "approve")]).await.location(), "/?done=approved");
        assert!(scene.rep.get(&path).await.says("执行中"));
        assert!(!scene.manager.get("/").await.says("超金额"), "nothing waits any more");
        assert!(!scene.rep.get("/").await.has("form[action$='/decision']"), "who asked decides nothing");
    }

    async fn from_one_card_the_decision_leads_to_the_next(app: App) {
        let scene = Scene::set(&app).await;
        for _ in 0..3 {
            asked(&scene).await;
        }
        let list = scene.manager.get("/approvals").await.expect(200);
        let cards = list.records("/approvals");
        let mut card = cards[0].clone();
        for next in &cards[1..] {
            let form = scene.manager.get(&card).await.expect(200).form(&format!("{card}/decision"));
            let to = scene.manager.submit(&form, &[("decision", "approve")]).await.location();
            assert_eq!(to, format!("{next}?done=approved"));
            card = next.clone();
        }
        // In the list's own row: back to the list.
        let form = scene.manager.get("/approvals").await.form_ending("/decision");
        assert_eq!(scene.manager.submit(&form, &[("decision", "approve")]).await.location(), "/approvals?done=approved");
        assert!(scene.manager.get("/approvals").await.says("没有待审批的单据"));
    }

    async fn the_months_sales_payments_and_arrears_are_those_of_the_persons_scope(app: App) {
        let scene = Scene::set(&app).await;
        asked(&scene).await;
        let before = scene.manager.get("/").await;
        assert!(before.says("本月销售"), "{}", before.text());
        let form = scene.manager.get("/").await.form_ending("/decision");
        scene.manager.submit(&form, &[("decision", "approve")]).await.location();
        let total = app.number("SELECT amount AS n FROM documents WHERE kind = 'order'").await;
        let customer = scene.customer.to_string();
        let paid = [("op_id", "paid"), ("customer_id", customer.as_str()), ("amount", "1234.00"), ("method", "cash"), ("paid_on", TODAY)];
        scene.rep.post("/payments", &paid).await.location();
        app.execute("UPDATE customers SET credit_days = 30").await.unwrap();
        app.pass(FRESH);
        let page = scene.manager.get("/").await;
        let text = page.text();
        let sold = format!("{}.{}万", total / 1_000_000, total / 100_000 % 10);
        assert!(text.contains(&sold) && text.contains("1234") && text.contains("逾期 0 单"), "{sold}: {text}");
        let other = app.sign_in("manager2").await.get("/").await.text();
        assert!(!other.contains(&sold) && other.contains("本月销售"), "{other}");
        app.execute("UPDATE documents SET day = '2026-09-20' WHERE kind = 'order'").await.unwrap();
        app.pass(FRESH);
        let late = scene.manager.get("/").await.text();
        assert!(late.contains("逾期 1 单") && !late.contains(&sold), "{late}");
        assert!(!scene.rep.get("/").await.says("本月销售"));
    }

    async fn a_manager_sees_the_teams_day_and_what_needs_a_look(app: App) {
        let scene = Scene::set(&app).await;
        let visit = seed::visit(&app, app.people.rep1, scene.customer).await;
        seed::visit(&app, app.people.rep1, scene.customer).await;
        app.execute("UPDATE visits SET state = 'done', flags = 'far', checked_in_at = 1795395600000, checked_out_at = 1795395700000 \
            WHERE id = (SELECT min(id) FROM visits)").await.unwrap();
        seed::task(&app, app.people.rep1, "补签合同").await;
        app.execute("UPDATE tasks SET due_at = 1").await.unwrap();
        let page = scene.manager.get("/").await.expect(200);
        assert!(page.says("团队今日 1/2") && page.says("王芳"), "{}", page.text());
        assert!(page.says("超出范围") && page.has(&format!("a[href='/visits/{visit}']")), "{}", page.text());
        assert!(page.says("王芳 · 补签合同") && page.says("待办逾期"), "{}", page.text());
        let other = app.sign_in("manager2").await.get("/").await;
        assert!(!other.says("王芳") && !other.says("补签合同"), "{}", other.text());
        assert!(!scene.rep.get("/").await.says("团队今日"));
    }

    async fn a_clerk_sees_calls_replies_orders_and_shortages(app: App) {
        let scene = Scene::set(&app).await;
        let empty = app.sign_in("clerk1").await.get("/").await.expect(200);
        for words in ["待回拨", "执行中的订单", "库存不足"] {
            assert!(!empty.says(words), "{words}: {}", empty.text());
        }
        let here = TestBox::connect(&app).await;
        here.inbox(&app, "+8613805362417", "明天送货吗", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_threads", 1).await;
        app.execute("INSERT INTO calls (id, gateway_id, call, line, digits, name, withheld, boot, state, started_at) \
            SELECT 7, id, 'x', 'line0', '13905361234', '', FALSE, '', 'missed', 1795395600000 FROM gateways").await.unwrap();
        let path = asked(&scene).await;
        let form = scene.manager.get("/").await.form_ending("/decision");
        scene.manager.submit(&form, &[("decision", "approve")]).await.location();
        app.execute("UPDATE stock_balances SET on_hand = reserved - 1 WHERE reserved > 0").await.unwrap();
        app.pass(1_000);
        let page = app.sign_in("clerk1").await.get("/").await.expect(200);
        assert!(page.says("待回拨") && page.says("139 0536 1234"), "{}", page.text());
        assert!(page.says("明天送货吗"), "{}", page.text());
        assert!(page.says("执行中的订单") && page.has(&format!("a[href='{path}']")), "{}", page.text());
        assert!(page.says("库存不足"), "{}", page.text());
        assert!(!scene.rep.get("/").await.says("库存不足"));
    }

    async fn an_administrator_sees_whether_everything_runs(app: App) {
        let admin = app.sign_in("admin").await;
        let page = admin.get("/").await.expect(200);
        assert!(page.says("6 人") && page.says("今天有 1 人登录"), "{}", page.text());
        assert!(page.says("还没有网关") && page.says("正常"), "{}", page.text());
        let _here = TestBox::connect(&app).await;
        assert!(admin.get("/").await.says("1/1 台在线"));
        assert!(!app.sign_in("clerk1").await.get("/").await.says("后台处理"));
    }

    async fn each_person_chooses_the_functions_and_their_order(app: App) {
        let rep = app.sign_in("rep1").await;
        let functions = |page: &Page| page.attributes("nav.acts a", "href");
        let usual = functions(&rep.get("/").await.expect(200));
        assert_eq!(usual.last().map(String::as_str), Some("/functions"));
        assert_eq!(usual[..2], ["/orders", "/quotes"]);
        // One up, one away, one new that the role may not see.
        let form = rep.get("/functions").await.expect(200).form("/functions");
        let moved = rep.submit(&form, &[("up", "quotes")]).await.location();
        assert_eq!(moved, "/functions");
        let form = rep.get("/functions").await.form("/functions");
        let fields = [("op_id", form.op_id()), ("order", "quotes,orders,calls,gateways,stock"), ("shown", "quotes"), ("shown", "calls"), ("shown", "gateways")];
        assert_eq!(rep.post("/functions", &fields).await.location(), "/?done=saved");
        assert_eq!(functions(&rep.get("/").await), ["/quotes", "/calls", "/functions"]);
        assert_eq!(functions(&app.sign_in("rep2").await.get("/").await)[..2], ["/orders", "/quotes"], "another person's page");
        // Nothing at all is a choice too.
        let form = rep.get("/functions").await.form("/functions");
        rep.post("/functions", &[("op_id", form.op_id()), ("order", "quotes")]).await.location();
        assert_eq!(functions(&rep.get("/").await), ["/functions"]);
        rep.post("/functions", &[("op_id", "wrong"), ("order", "quotes"), ("up", "moon")]).await.expect(400);
    }
}
