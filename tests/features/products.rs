//! Entering a product so that it can be sold, and what the form refuses.

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::{both_engines, seed};

async fn enter(client: &Client, change: &[(&str, &str)]) -> Page {
    let form = client.get("/products/new").await.expect(200).form("/products");
    let mut fields = vec![
        ("name", "氯虫苯甲酰胺"),
        ("code", "P900"),
        ("new_category", "杀虫剂"),
        ("status", "normal"),
        ("base_unit", "瓶"),
        ("unit_name_0", "箱"),
        ("unit_ratio_0", "20"),
    ];
    for (name, value) in change {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    client.submit(&form, &fields).await
}

both_engines! {
    async fn a_new_product_is_found_priced_and_has_its_units(app: App) {
        let goods = seed::goods(&app).await;
        let admin = app.sign_in("admin").await;
        let (retail, wholesale) = (format!("price_{}", goods.retail), format!("price_{}", goods.wholesale));
        let saved = enter(&admin, &[(&retail, "35.5"), (&wholesale, "30"), ("floor_price", "28"), ("cost_price", "20")]).await;
        let path = saved.location().split('?').next().unwrap().to_owned();
        let rep = app.sign_in("rep1").await;
        for q in ["lcbjxa", "苯甲", "P900"] {
            assert!(rep.get(&format!("/products?q={q}")).await.says("氯虫苯甲酰胺"), "{q}");
        }
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("1 箱 = 20 瓶") && page.says("35.50") && page.says("30.00") && page.says("杀虫剂"), "{}", page.text());
        assert!(!page.says("20.00"), "a rep never sees what it costs");
        rep.get("/products/new").await.expect(403);
        rep.get(&format!("{path}/edit")).await.expect(403);
    }

    async fn a_change_keeps_the_history_of_prices_and_is_audited(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.sign_in("clerk1").await;
        let path = format!("/products/{}", goods.bottles);
        let form = clerk.get(&format!("{path}/edit")).await.expect(200).form(&path);
        assert_eq!(form.value("unit_name_0"), Some("箱"));
        let retail = format!("price_{}", goods.retail);
        clerk.submit(&form, &[(&retail, "110"), ("status", "stopped")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM prices WHERE price IN (10000, 11000)").await, 2);
        assert_eq!(app.number("SELECT floor_price AS n FROM products WHERE code = 'P001'").await, 7_000, "what the clerk does not see stays");
        assert!(app.word("SELECT changes AS s FROM audit_log WHERE kind = 'product'").await.contains("stopped"));
        assert!(clerk.get(&path).await.says("110.00"));
        let late = clerk.submit(&form.clone().with(&[("op_id", "0190a5a0-0000-7000-8000-000000000001")]), &[("name", "别的名字")]).await;
        assert!(late.expect(409).says("刚才有人改过"));
    }

    async fn doubles_and_nonsense_are_refused_in_words(app: App) {
        let goods = seed::goods(&app).await;
        let admin = app.sign_in("admin").await;
        enter(&admin, &[]).await.location();
        assert!(enter(&admin, &[("name", "另一种")]).await.expect(409).says("编码已被"));
        let twin = enter(&admin, &[("code", "P901")]).await.expect(409);
        assert!(twin.says("P900"), "it names the other");
        enter(&admin, &[("code", "P901"), ("same_is_meant", "1")]).await.location();
        let price = format!("price_{}", goods.retail);
        for (field, value) in [
            ("name", ""),
            ("code", ""),
            ("base_unit", ""),
            ("unit_ratio_0", "-1"),
            ("unit_ratio_0", "99999999999999999999"),
            ("unit_name_0", "瓶"),
            (price.as_str(), "-5"),
            (price.as_str(), "贵"),
            ("cost_price", "1e9"),
            ("name", &"😀".repeat(10_000)),
            ("status", "broken"),
        ] {
            let page = enter(&admin, &[("code", "P902"), ("name", "又一种"), (field, value)]).await;
            assert_eq!(page.status, 422, "{field}={}", value.chars().take(12).collect::<String>());
            assert!(page.form("/products").value("base_unit").is_some(), "the form comes back");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM products WHERE code = 'P902'").await, 0);
    }

    async fn the_base_unit_of_what_was_sold_stays(app: App) {
        let goods = seed::goods(&app).await;
        let admin = app.sign_in("admin").await;
        app.execute("INSERT INTO stock_moves (id, at, kind, product_id, warehouse_id, quantity) SELECT 1, 1, 'in', p.id, w.id, 1 \
             FROM products p, warehouses w WHERE p.code = 'P001' AND w.name = '一号库'").await.unwrap();
        let path = format!("/products/{}", goods.bottles);
        let form = admin.get(&format!("{path}/edit")).await.form(&path);
        assert!(admin.submit(&form, &[("base_unit", "桶")]).await.expect(409).says("基本单位不能再改"));
    }
}
