//! Customers: found by what people type, seen by whom they concern, made once.

use super::orders::order;
use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::{both_engines, seed};

async fn make(client: &Client, fields: &[(&str, &str)]) -> Page {
    let form = client.get("/customers/new").await.form("/customers");
    client.submit(&form, fields).await
}

async fn finds(client: &Client, q: &str) -> Vec<String> {
    let encoded: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let page = client.get(&format!("/customers?q={encoded}")).await.expect(200);
    page.records("/customers")
}

both_engines! {
    async fn a_customer_is_found_by_two_letters_a_part_of_the_name_and_four_digits(app: App) {
        let rep = app.sign_in("rep1").await;
        let id = make(&rep, &[("name", "潍坊丰源农资有限公司"), ("short_name", "丰源"), ("contact_name", "孙立国"), ("contact_phone", "138 0536 2417")]).await.new_id();
        make(&rep, &[("name", "寿光绿野种业"), ("phone1", "0536-3112290")]).await.location();
        let wanted = format!("/customers/{id}");
        for q in ["fy", "FY", "wf", "丰源", "农资", "孙立国", "2417", "13805362417", "+86 138-0536-2417", "fengyuan", "ｆｙ"] {
            let found = finds(&rep, q).await;
            assert!(found.contains(&wanted), "{q} finds {found:?}");
            assert!(q == "wf" || found.len() == 1, "{q} finds {found:?}");
        }
        assert_eq!(finds(&rep, "2290").await.len(), 1);
        for q in ["xx", "9999", "没有这家", "%", "_", "'", "\\", "😀"] {
            assert_eq!(finds(&rep, q).await.len(), 0, "{q}");
        }
    }

    async fn the_customers_for_the_road_are_ones_own_without_money_and_at_most_two_hundred(app: App) {
        let owing = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, owing, "孙立国", "138 0536 2417").await;
        app.execute("UPDATE customers SET arrears = 1234500").await.unwrap();
        seed::customer(&app, app.people.rep2, "济南泉城植保").await;
        let rep = app.sign_in("rep1").await;
        let page = rep.get("/customers/pocket").await.expect(200);
        assert!(page.says("潍坊丰源农资") && page.says("孙立国") && page.says("138 0536 2417"), "{}", page.text());
        assert!(page.body.contains("href=\"tel:13805362417\""));
        assert!(!page.says("12,345") && !page.says("欠款") && !page.says("济南泉城植保"), "{}", page.text());
        assert!(!app.sign_in("admin").await.get("/customers/pocket").await.says("潍坊丰源农资"), "others' are not kept");
        for n in 0..220 {
            seed::customer(&app, app.people.rep1, &format!("第{n}家农资")).await;
        }
        let rows = async |address: &str| rep.get(address).await.expect(200).body.matches(" data-k=").count();
        assert_eq!((rows("/customers/pocket").await, rows("/customers/pocket?page=2").await), (100, 100));
        assert_eq!(rows("/customers/pocket?page=3").await, 100, "there is no third page");
    }

    async fn rows_outside_the_scope_do_not_exist(app: App) {
        let theirs = make(&app.sign_in("rep2").await, &[("name", "济南泉城植保"), ("contact_phone", "13953112417")]).await.new_id();
        for (who, sees) in [("rep1", false), ("manager1", false), ("manager2", true), ("clerk1", true), ("admin", true)] {
            let client = app.sign_in(who).await;
            assert_eq!(!finds(&client, "泉城").await.is_empty(), sees, "{who}");
            assert_eq!(!finds(&client, "2417").await.is_empty(), sees, "{who}");
            assert_eq!(client.get("/customers").await.says("济南泉城植保"), sees, "{who}");
            for page in ["", "/edit", "/timeline", "/contacts/new"] {
                let status = client.get(&format!("/customers/{theirs}{page}")).await.status;
                assert_eq!(status == 200, sees, "{who} {page}: {status}");
                assert!(sees || status == 404, "{who} {page}: {status}");
            }
            if !sees {
                let op = format!("change-{who}");
                client.post(&format!("/customers/{theirs}"), &[("op_id", &op), ("name", "我的了"), ("version", "1")]).await.expect(404);
                let op = format!("delete-{who}");
                client.post(&format!("/customers/{theirs}/deletion"), &[("op_id", &op)]).await.expect(404);
            }
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM customers WHERE name = '济南泉城植保' AND deleted_at IS NULL").await, 1);
    }

    async fn the_duplicate_guard_names_the_owner_and_nothing_else(app: App) {
        make(&app.sign_in("rep2").await, &[("name", "济南泉城植保"), ("address", "历城区工业北路8号"), ("contact_name", "高翔"), ("contact_phone", "139 5311 2417")]).await.location();
        let rep = app.sign_in("rep1").await;
        for fields in [
            vec![("name", "济南泉城植保")],
            vec![("name", "济南 泉城植保 ")],
            vec![("name", "（济南）泉城植保")],
            vec![("name", "另一家"), ("phone1", "+86 139-5311-2417")],
            vec![("name", "另一家"), ("contact_name", "王"), ("contact_phone", "008613953112417")],
            vec![("name", "另一家"), ("short_name", "济南泉城植保")],
        ] {
            let page = make(&rep, &fields).await.expect(409);
            assert!(page.says("李强"), "{fields:?}: the owner is named: {}", page.text());
            for secret in ["历城区", "高翔"] {
                assert!(!page.body.contains(secret), "{fields:?} leaks {secret}");
            }
            assert_eq!(page.form("/customers").value("name").map(str::trim), Some(fields[0].1.trim()), "what was typed is kept");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM customers").await, 1);
    }

    async fn two_reps_who_save_the_same_customer_at_once_make_one(app: App) {
        let (one, two) = (app.sign_in("rep1").await, app.sign_in("rep2").await);
        for round in 0..5 {
            let name = format!("同时保存{round}号农资");
            let fields = [("name", name.as_str())];
            let (a, b) = tokio::join!(make(&one, &fields), make(&two, &fields));
            let mut statuses = [a.status, b.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 409], "round {round}");
        }
    }

    async fn two_people_who_change_different_fields_both_succeed_and_the_same_field_is_asked(app: App) {
        let manager = app.sign_in("manager1").await;
        let rep = app.sign_in("rep1").await;
        let id = make(&rep, &[("name", "潍坊丰源农资")]).await.new_id();
        let path = format!("/customers/{id}");
        let (mut a, mut b) = (rep.get(&format!("{path}/edit")).await.form(&path), manager.get(&format!("{path}/edit")).await.form(&path));
        a = a.with(&[("address", "和平路1号")]);
        b = b.with(&[("short_name", "丰源")]);
        rep.submit(&a, &[]).await.location();
        manager.submit(&b, &[]).await.location();
        assert_eq!(app.word("SELECT address || short_name AS s FROM customers").await, "和平路1号丰源");
        let c = rep.get(&format!("{path}/edit")).await.form(&path);
        let d = manager.get(&format!("{path}/edit")).await.form(&path);
        rep.submit(&c, &[("address", "胜利街2号")]).await.location();
        let asked = manager.submit(&d, &[("address", "东风街3号")]).await.expect(409);
        assert!(asked.body.contains("胜利街2号") && asked.body.contains("东风街3号"), "{}", asked.text());
        assert_eq!(app.word("SELECT address AS s FROM customers").await, "胜利街2号");
        manager.submit(&asked.form(&path), &[]).await.location();
        assert_eq!(app.word("SELECT address AS s FROM customers").await, "东风街3号");
    }

    async fn a_rep_sets_neither_owner_nor_the_terms_of_trade(app: App) {
        let rep = app.sign_in("rep1").await;
        let other = app.people.rep2.to_string();
        make(&rep, &[("name", "潍坊丰源农资"), ("owner_id", &other), ("credit_limit", "999999"), ("credit_days", "365")]).await.location();
        let count = "SELECT count(*) AS n FROM customers WHERE credit_limit = 0 AND credit_days = 30";
        assert_eq!(app.number(count).await, 1);
        assert!(!rep.get("/customers").await.links("/customers/").is_empty(), "it is the rep's own");
    }

    async fn a_number_with_letters_and_absurd_typing_are_told_field_by_field(app: App) {
        let rep = app.sign_in("rep1").await;
        for (field, value) in [
            ("phone1", "1380536abcd"), ("phone1", "12"), ("contact_phone", "😀😀😀"), ("name", ""), ("name", "   "), ("name", "！？"),
            ("class", "dragon"), ("heat", "boiling"), ("region_id", "x"), ("region_id", "0000000000019"), ("short_name", "\u{7}铃"),
        ] {
            let typed = if field == "name" { vec![(field, value)] } else { vec![("name", "正常名称"), (field, value)] };
            let page = make(&rep, &typed).await;
            assert!(matches!(page.status, 409 | 422), "{field}={value}: {}", page.status);
            assert!(!page.texts(".err, [role=alert]").is_empty(), "{field}={value}: no message");
        }
        let long = "长".repeat(10_000);
        for field in ["name", "short_name", "mnemonic", "address", "description", "contact_name", "phone1"] {
            let typed = if field == "name" { vec![(field, &*long)] } else { vec![("name", "正常名称"), (field, &*long)] };
            assert_eq!(make(&rep, &typed).await.status, 422, "{field}");
        }
        // All at once: each is told by name, and nothing that was typed is lost.
        let faces = "😀".repeat(10_000);
        let texts = ["name", "short_name", "mnemonic", "address", "description", "credit_limit", "credit_days", "contact_name", "phone1"];
        let all = make(&app.sign_in("admin").await, &texts.map(|field| (field, faces.as_str()))).await.expect(422);
        let form = all.form("/customers");
        for field in texts {
            assert_eq!(form.value(field).map(|text| text.chars().count()), Some(10_000), "{field}");
        }
        make(&rep, &[("name", "表情😀农资"), ("description", "第一行\n第二行 <b>&amp; 'x' \"y\"")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM customers").await, 1);
        assert!(rep.get("/customers").await.says("表情😀农资"));
    }

    async fn a_customer_with_documents_is_not_deleted_and_one_without_is(app: App) {
        let rep = app.sign_in("rep1").await;
        let id = make(&rep, &[("name", "潍坊丰源农资")]).await.new_id();
        let path = format!("/customers/{id}");
        let form = rep.get(&format!("{path}/deletion")).await.form(&format!("{path}/deletion"));
        rep.submit(&form, &[]).await.location();
        rep.get(&path).await.expect(404);
        assert_eq!(finds(&rep, "丰源").await.len(), 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM customers WHERE deleted_at IS NOT NULL").await, 1, "moved to the bin");
        let goods = seed::goods(&app).await;
        let ordered = seed::buyer(&app, app.people.rep1, "有订单的客户", goods.wholesale, 1000).await;
        order(&rep, ordered, &goods, &[(goods.bottles, "1", "瓶", "")]).await.new_id();
        let visited = seed::customer(&app, app.people.rep1, "有拜访的客户").await;
        seed::visit(&app, app.people.rep1, visited).await;
        for (kept, why) in [(ordered, "已有订单或回款"), (visited, "未完成的拜访或待办")] {
            let path = format!("/customers/{kept}");
            let form = rep.get(&format!("{path}/deletion")).await.expect(200).form(&format!("{path}/deletion"));
            let page = rep.submit(&form, &[]).await.expect(409);
            assert!(page.says(why), "{}", page.text());
            rep.get(&path).await.expect(200);
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM customers WHERE deleted_at IS NOT NULL").await, 1);
    }

    async fn lists_turn_their_pages(app: App) {
        let rep = app.sign_in("rep1").await;
        for n in 0..45 {
            make(&rep, &[("name", &format!("第{n}家农资"))]).await.location();
        }
        let mut seen = std::collections::BTreeSet::new();
        for page in 1..=3 {
            let page = rep.get(&format!("/customers?page={page}")).await.expect(200);
            let links = page.records("/customers");
            assert!(links.len() <= 20 && !links.is_empty());
            seen.extend(links);
        }
        assert_eq!(seen.len(), 45);
        for page in ["0", "-1", "99999999999999999999", "x", "😀"] {
            rep.get(&format!("/customers?page={page}")).await.expect(200);
        }
    }

    async fn contacts_are_added_changed_and_stay_in_scope(app: App) {
        let rep = app.sign_in("rep1").await;
        let id = make(&rep, &[("name", "潍坊丰源农资")]).await.new_id();
        let form = rep.get(&format!("/customers/{id}/contacts/new")).await.form(&format!("/customers/{id}/contacts"));
        rep.submit(&form, &[("name", "赵会计"), ("phone1", "0536-3112290")]).await.location();
        assert!(rep.get(&format!("/customers/{id}")).await.says("赵会计"));
        assert_eq!(finds(&rep, "赵会计").await.len(), 1);
        #[derive(sqlx_macros::FromRow)]
        struct Row { id: server::testing::kernel::id::Id }
        let contact = app.rows::<Row>("SELECT id FROM contacts").await[0].id;
        let other = app.sign_in("rep2").await;
        other.get(&format!("/contacts/{contact}/edit")).await.expect(404);
        other.post(&format!("/contacts/{contact}"), &[("op_id", "x"), ("name", "换人"), ("version", "1")]).await.expect(404);
        other.post(&format!("/customers/{id}/contacts"), &[("op_id", "y"), ("name", "换人")]).await.expect(404);
        assert_eq!(app.word("SELECT name AS s FROM contacts").await, "赵会计");
    }
}
