//! A visit from its plan to its check-out, and what is odd about it.

use std::collections::BTreeSet;

use server::testing::kernel::clock::{DAY, MINUTE};
use server::testing::kernel::id::Id;

use crate::support::app::{App, TODAY};
use crate::support::client::{Client, Page};
use crate::support::scene::Scene;
use crate::support::{both_engines, seed};

async fn check_in(client: &Client, path: &str, lat: &str, lng: &str, at: i64) -> Page {
    let form = client.get(path).await.form(&format!("{path}/check-in"));
    let at = at.to_string();
    client.submit(&form, &[("lat", lat), ("lng", lng), ("accuracy", "12"), ("fix_at", &at)]).await
}

/// Plans a visit to each of `customers`.
async fn plan(rep: &Client, day: &str, customers: &[String]) {
    let form = rep.get("/visits/new").await.form("/visits");
    let mut fields = vec![("op_id", form.op_id()), ("planned_on", day)];
    fields.extend(customers.iter().map(|customer| ("customer", customer.as_str())));
    rep.post("/visits", &fields).await.location();
}

#[derive(sqlx_macros::FromRow)]
struct Planned {
    id: Id,
    planned_on: String,
}

both_engines! {
    async fn a_visit_goes_from_plan_to_check_out_and_plans_the_next(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let rep = app.sign_in("rep1").await;
        let form = rep.get(&format!("/visits/new?customer={customer}")).await.form("/visits");
        rep.submit(&form, &[("customer", &customer.to_string()), ("planned_on", TODAY), ("purpose", "对账")]).await.location();
        let list = rep.get("/visits").await.expect(200);
        assert!(list.says("潍坊丰源农资"));
        let path = list.records("/visits").remove(0);

        check_in(&rep, &path, "36.7070", "119.1619", app.clock.now()).await.location();
        assert_eq!(app.word("SELECT flags AS s FROM visits").await, "");
        app.pass(25 * MINUTE);
        let form = rep.get(&path).await.form(&format!("{path}/check-out"));
        rep.submit(&form, &[("result", "客户库存不多，\n下周补货"), ("next_on", "2026-11-30")]).await.location();

        assert_eq!(app.number("SELECT count(*) AS n FROM visits WHERE state = 'done' AND checked_out_at - checked_in_at = 1500000").await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM visits WHERE state = 'planned' AND planned_on = '2026-11-30'").await, 1);
        assert_eq!(app.word("SELECT next_contact_on AS s FROM customers").await, "2026-11-30");
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("客户库存不多") && page.says("25"));
        app.settle().await;
        let manager = app.sign_in("manager1").await;
        assert!(manager.get(&path).await.expect(200).says("客户库存不多"), "the manager reads it");
    }

    async fn without_a_position_the_visit_is_saved_and_says_so(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        let form = rep.get(&path).await.form(&format!("{path}/check-in"));
        rep.submit(&form, &[]).await.location();
        assert_eq!(app.word("SELECT flags AS s FROM visits").await, "no_fix");
        assert!(rep.get(&path).await.says("无定位"));
    }

    async fn far_away_is_allowed_flagged_and_wants_a_reason(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        check_in(&rep, &path, "36.80", "119.16", app.clock.now()).await.location();
        assert!(app.word("SELECT flags AS s FROM visits").await.contains("far"));
        let form = rep.get(&path).await.form(&format!("{path}/check-out"));
        let asked = rep.submit(&form, &[("result", "在展会见面")]).await.expect(422);
        assert_eq!(asked.form(&format!("{path}/check-out")).value("result"), Some("在展会见面"), "what was typed is kept");
        let again = asked.form(&format!("{path}/check-out"));
        rep.submit(&again, &[("out_reason", "客户在展会")]).await.location();
        let manager = app.sign_in("manager1").await;
        assert!(manager.get(&path).await.says("客户在展会"));
    }

    async fn the_first_visit_with_a_position_gives_the_customer_its_point(app: App) {
        let customer = seed::customer_at(&app, app.people.rep1, "新客户", None).await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        check_in(&rep, &path, "36.5", "118.5", app.clock.now()).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM customers WHERE lat > 36.4 AND lat < 36.6 AND lng > 118.4").await, 1);
    }

    async fn an_old_position_and_nonsense_never_stop_a_check_in(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let rep = app.sign_in("rep1").await;
        for (lat, lng, at) in [
            ("36.7069", "119.1618", app.clock.now() - DAY),
            ("36.7069", "119.1618", app.clock.now() + DAY),
            ("NaN", "inf", 0),
            ("999", "-999", i64::MAX),
            ("😀", "三十六", i64::MIN),
            ("1e308", "1e-308", 1),
        ] {
            let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
            assert_eq!(check_in(&rep, &path, lat, lng, at).await.status, 303, "{lat} {lng} {at}");
        }
    }

    async fn another_departments_visit_does_not_exist_and_a_colleagues_is_not_written(app: App) {
        let customer = seed::customer(&app, app.people.rep2, "济南客户").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep2, customer).await);
        for (who, read) in [("rep1", 404), ("manager1", 404), ("manager2", 200), ("rep2", 200)] {
            let client = app.sign_in(who).await;
            client.get(&path).await.expect(read);
            if who != "rep2" {
                for change in ["check-in", "check-out", "result", "plan", "deletion"] {
                    let op = format!("{who}-{change}");
                    let status = client.post(&format!("{path}/{change}"), &[("op_id", &op)]).await.status;
                    assert!(matches!(status, 403 | 404), "{who} {change}: {status}");
                }
            }
        }
        assert!(!app.sign_in("rep1").await.get("/visits").await.says("济南客户"));
        assert_eq!(app.number("SELECT count(*) AS n FROM visits WHERE state = 'planned' AND deleted_at IS NULL").await, 1);
    }

    async fn a_foreign_customer_cannot_be_planned(app: App) {
        let foreign = seed::customer(&app, app.people.rep2, "济南客户").await;
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/visits/new").await.form("/visits");
        for id in [foreign.to_string(), app.nobody().to_string(), "x".to_owned(), "😀".repeat(1000)] {
            rep.submit(&form, &[("customer", &id), ("planned_on", TODAY)]).await.expect(422);
            let status = rep.post(&format!("/visits?customer={id}"), &[("op_id", &format!("now{}", id.len()))]).await.status;
            assert_eq!(status, 404);
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM visits").await, 0);
    }

    async fn the_steps_keep_their_order(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        rep.post(&format!("{path}/check-out"), &[("op_id", "a"), ("result", "x")]).await.expect(409);
        rep.post(&format!("{path}/photos"), &[("op_id", "b")]).await.expect(409);
        let form = rep.get(&path).await.form(&format!("{path}/check-in"));
        rep.submit(&form, &[]).await.location();
        rep.submit(&form, &[]).await.location();
        rep.post(&format!("{path}/check-in"), &[("op_id", "c")]).await.expect(409);
        let form = rep.get(&path).await.form(&format!("{path}/check-out"));
        rep.submit(&form, &[("result", "好")]).await.location();
        rep.post(&format!("{path}/check-out"), &[("op_id", "d"), ("result", "again")]).await.expect(409);
        assert_eq!(app.word("SELECT result AS s FROM visits").await, "好");
    }

    async fn two_devices_that_write_the_same_field_see_both_texts(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        let form = rep.get(&path).await.form(&format!("{path}/check-in"));
        rep.submit(&form, &[]).await.location();
        let page = rep.get(&path).await;
        let (mut phone, mut desk) = (page.form(&format!("{path}/check-out")), rep.get(&path).await.form(&format!("{path}/check-out")));
        phone.action = format!("{path}/result");
        desk.action = format!("{path}/result");
        rep.submit(&phone, &[("result", "手机上写的")]).await.location();
        // Another field of the same record merges.
        rep.submit(&desk, &[("next_on", "2026-12-01")]).await.location();
        assert_eq!(app.word("SELECT result || next_on AS s FROM visits").await, "手机上写的2026-12-01");
        let desk = desk.with(&[("op_id", "another-device"), ("result", "电脑上写的")]);
        let both = rep.submit(&desk, &[]).await.expect(409);
        assert!(both.says("手机上写的") && both.body.contains("电脑上写的"));
        assert_eq!(app.word("SELECT result AS s FROM visits").await, "手机上写的");
    }

    async fn todays_pages_show_all_that_waits_once_and_in_its_order(app: App) {
        let mut customers = Vec::new();
        for number in 10..35 {
            customers.push(seed::customer(&app, app.people.rep1, &format!("农资{number}")).await.to_string());
        }
        let rep = app.sign_in("rep1").await;
        plan(&rep, TODAY, &customers).await;
        let forgotten = rep.get("/visits?page=2").await.records("/visits").remove(0);
        check_in(&rep, &forgotten, "36.7070", "119.1619", app.clock.now()).await.location();
        app.pass(DAY);
        let rep = app.sign_in("rep1").await;
        plan(&rep, "2026-11-24", &customers[..3]).await;
        plan(&rep, "2026-11-26", &customers).await;

        let mut shown = Vec::new();
        for page in 1..=4 {
            shown.extend(rep.get(&format!("/visits?page={page}")).await.expect(200).records("/visits"));
        }
        let planned: Vec<Planned> = app.rows("SELECT id, planned_on FROM visits").await;
        let days: Vec<&str> = shown
            .iter()
            .map(|path| planned.iter().find(|one| path.ends_with(&one.id.to_string())).unwrap().planned_on.as_str())
            .collect();
        // The customer somebody is at is planned for another day like every other.
        let order = [(TODAY, 1), ("2026-11-24", 3), (TODAY, 24), ("2026-11-26", 25)];
        assert_eq!(days, order.into_iter().flat_map(|(day, times)| vec![day; times]).collect::<Vec<_>>());
        assert_eq!(shown[0], forgotten, "what is under way stands first");
        let once: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(once.len(), planned.len());
    }

    async fn a_second_plan_for_the_day_says_so_and_drops_nothing(app: App) {
        let (first, second) = (seed::customer(&app, app.people.rep1, "潍坊丰源农资").await, seed::customer(&app, app.people.rep1, "寿光春雨").await);
        let (first, second) = (first.to_string(), second.to_string());
        let rep = app.sign_in("rep1").await;
        let make = async |purpose: &str, customers: &[&str]| {
            let form = rep.get("/visits/new").await.form("/visits");
            let mut fields = vec![("op_id", form.op_id()), ("planned_on", "2026-11-25"), ("purpose", purpose)];
            fields.extend(customers.iter().map(|customer| ("customer", *customer)));
            rep.post("/visits", &fields).await
        };
        make("对账", &[&first]).await.location();
        let page = make("送样品", &[&first, &second]).await.expect(409);
        assert!(page.says("潍坊丰源农资这天已有拜访计划，目的是“对账”") && !page.says("寿光春雨这天已有"), "{}", page.text());
        assert_eq!(page.form("/visits").value("purpose"), Some("送样品"), "what was typed is kept");
        assert_eq!(app.number("SELECT count(*) AS n FROM visits").await, 1, "all or nothing");
        // Nothing would be lost by these.
        make("对账", &[&first]).await.location();
        make("", &[&first, &second]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM visits").await, 2);
        // Another day for a plan is held to the same.
        rep.post("/visits", &[("op_id", "third"), ("planned_on", "2026-11-26"), ("purpose", "收款"), ("customer", &first)]).await.location();
        let path = format!("/visits/{}", app.rows::<Planned>("SELECT id, planned_on FROM visits WHERE purpose = '收款'").await[0].id);
        let form = rep.get(&path).await.form(&format!("{path}/plan"));
        let page = rep.submit(&form, &[("planned_on", "2026-11-25")]).await.expect(409);
        assert!(page.says("目的是“对账”"), "{}", page.text());
        rep.submit(&form, &[("planned_on", "2026-11-27")]).await.location();
    }

    async fn two_plans_at_once_for_a_customer_and_day_are_one(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let rep = app.sign_in("rep1").await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let rep = rep.clone();
                tokio::spawn(async move { rep.post(&format!("/visits?customer={customer}"), &[("op_id", &*format!("plan-{n}"))]).await.status })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 303);
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM visits").await, 1);
    }

    async fn absurd_dates_are_told_by_name(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await.to_string();
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/visits/new").await.form("/visits");
        for day in ["9999-12-31", "2026-02-30", "1999-01-01", "今天", "", "2026-11-22", "2099-01-01"] {
            let page = rep.submit(&form, &[("customer", &customer), ("planned_on", day)]).await.expect(422);
            assert!(page.says("拜访日期"), "{day}");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM visits").await, 0);
    }

    async fn a_visit_under_way_shows_what_was_made_on_it_and_the_order_leads_back(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let id = path.rsplit('/').next().unwrap().to_owned();
        check_in(&rep, &path, "36.7070", "119.1619", app.clock.now()).await.location();
        assert!(!rep.get(&path).await.says("✓"));
        let form = rep.get(&format!("/orders/new?visit={id}")).await.expect(200).form("/orders");
        let bottle = goods.bottles.to_string();
        let line = [("product_id_0", bottle.as_str()), ("quantity_0", "2"), ("unit_0", "箱"), ("price_0", "")];
        let order = format!("/orders/{}", rep.submit(&form, &line).await.new_id());
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("✓") && page.says("3,200.00") && page.has(&format!("a[href='{order}']")), "{}", page.text());
        let payment = rep.get(&format!("/payments/new?customer={customer}")).await.expect(200).form("/payments");
        rep.submit(&payment, &[("amount", "123.45"), ("method", "cash")]).await.location();
        assert!(rep.get(&path).await.says("123.45"), "a payment of the day counts to the visit");
        assert!(rep.get(&order).await.has(&format!("a.back[href='{path}']")), "the arrow leads to the visit");
        let form = rep.get(&path).await.form(&format!("{path}/check-out"));
        rep.submit(&form, &[("result", "下单")]).await.location();
        assert!(rep.get(&path).await.says("3,200.00"), "and stands on it afterwards");
        app.settle().await;
        let manager = app.sign_in("manager1").await;
        assert!(manager.get(&path).await.says("3,200.00"));
    }

    async fn after_the_check_out_the_nearest_stop_of_the_day_is_offered(app: App) {
        let rep = app.sign_in("rep1").await;
        let mut paths = Vec::new();
        for (name, lat) in [("潍坊丰源农资", 36.70), ("昌邑农资", 36.90), ("坊子农资", 36.75)] {
            let customer = seed::customer_at(&app, app.people.rep1, name, Some((lat, 119.16))).await;
            paths.push(format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await));
        }
        let path = &paths[0];
        check_in(&rep, path, "36.70", "119.16", app.clock.now()).await.location();
        let form = rep.get(path).await.form(&format!("{path}/check-out"));
        rep.submit(&form, &[("result", "好")]).await.location();
        let page = rep.get(path).await.expect(200);
        assert!(page.says("下一站") && page.says("坊子农资") && page.says("5.5 公里"), "{}", page.text());
        assert!(page.has(&format!("a[href='{}']", paths[2])) && !page.has(&format!("a[href='{}']", paths[1])));
    }
}
