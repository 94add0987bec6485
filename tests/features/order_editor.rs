//! Choosing goods for a document: shelves, the last order, and what is said before the submission.

use crate::features::orders::{decide, order, submit};
use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Page;
use crate::support::scene::Scene;
use crate::support::seed;

/// The names of the products whose rows are shown, without those that travel along unseen.
fn shown(page: &Page) -> Vec<String> {
    page.texts(".goods:not([hidden]) b:not(.num)")
}

both_engines! {
    async fn another_shelf_is_asked_for_by_the_address_and_keeps_what_is_chosen(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let page = rep.get(&format!("/orders/new?customer={customer}")).await.expect(200);
        let form = page.form("/orders");
        let bottle = goods.bottles.to_string();
        let chosen = [("product_id_0", bottle.as_str()), ("quantity_0", "3"), ("unit_0", "箱"), ("price_0", "1500"), ("note", "急用")];
        let chosen = form.with(&chosen);
        let names = |page: &Page| shown(page).join(",");
        let all = rep.ask("/orders/new", &chosen, &[("find", "all")]).await.expect(200);
        let bag = shown(&all).into_iter().find(|name| rep_finds_another(name, &page, &bottle)).unwrap();
        // What is found stands alone; what was chosen travels along and comes back.
        let found = rep.ask("/orders/new", &chosen, &[("find", "1"), ("q", &bag)]).await.expect(200);
        assert_eq!(names(&found), bag);
        let kept = found.form("/orders");
        for (field, value) in [("quantity_0", "3"), ("unit_0", "箱"), ("price_0", "1500"), ("note", "急用")] {
            assert_eq!(kept.value(field), Some(value), "{field}");
        }
        assert_eq!(found.attributes("[name=q]", "value"), [bag.as_str()]);
        let category = found.attributes("[name=find]", "value").into_iter().find(|value| value.len() == 13).unwrap();
        let shelf = rep.ask("/orders/new", &kept, &[("find", &category)]).await.expect(200);
        assert_eq!(shelf.attributes("[name=q]", "value"), [""], "a shelf takes the place of the search");
        let path = format!("/orders/{}", rep.submit(&shelf.form("/orders"), &[]).await.new_id());
        assert_eq!(app.number("SELECT count(*) AS n FROM document_lines WHERE quantity = 3000 AND price = 150000").await, 1);
        let lines = format!("{path}/lines");
        let edit = rep.get(&format!("{path}/edit")).await.expect(200).form(&lines);
        let found = rep.ask(&format!("{path}/edit"), &edit, &[("find", "1"), ("q", &bag)]).await.expect(200).form(&lines);
        assert_eq!((found.value("quantity_0"), found.value("version")), (Some("3"), edit.value("version")));
        // A quantity taken away takes the line away.
        rep.submit(&found, &[("quantity_0", "")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM document_lines").await, 0);
    }

    async fn the_last_order_is_taken_over_beside_what_is_chosen(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let rows = [(goods.bottles, "2", "箱", ""), (goods.bags, "40", "袋", "")];
        let path = format!("/orders/{}", order(&rep, customer, &goods, &rows).await.new_id());
        submit(&rep, &path).await.location();
        let page = rep.get(&format!("/orders/new?customer={customer}")).await.expect(200);
        assert!(page.says("的 2 种"), "{}", page.text());
        let form = page.form("/orders").with(&[("product_id_0", &goods.bottles.to_string()), ("quantity_0", "7"), ("unit_0", "瓶"), ("price_0", "")]);
        let page = rep.ask("/orders/new", &form, &[("find", "last")]).await.expect(200);
        assert!(!page.says("一键带入"));
        let path = format!("/orders/{}", rep.submit(&page.form("/orders"), &[]).await.new_id());
        assert_ne!(path, "/orders/");
        assert_eq!(app.number("SELECT count(*) AS n FROM document_lines l WHERE l.quantity = 7000 AND l.unit = '瓶'").await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM document_lines l WHERE l.quantity = 40000").await, 2, "the other line came along");
    }

    async fn the_header_says_what_may_still_be_bought_on_credit(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let new = format!("/orders/new?customer={customer}");
        assert!(rep.get(&new).await.says("可用额度 ¥1,000,000.00"));
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        submit(&rep, &path).await.location();
        assert!(rep.get(&new).await.says("可用额度 ¥984,000.00"), "what waits for approval counts");
        app.settle().await;
        decide(&app.sign_in("manager1").await, "approve", "").await.location();
        assert!(rep.get(&new).await.says("可用额度 ¥984,000.00"));
        let free = seed::buyer(&app, app.people.rep1, "昌邑农资", goods.wholesale, 0).await;
        assert!(!rep.get(&format!("/orders/new?customer={free}")).await.says("可用额度"));
    }

    async fn a_shortage_is_shown_with_its_ways_out_before_the_submission(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let enough = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "瓶", "")]).await.new_id());
        assert!(!rep.get(&enough).await.says("改数量"));
        let short = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "瓶", ""), (goods.bags, "9000", "袋", "0.01")]).await.new_id());
        let page = rep.get(&short).await.expect(200);
        assert!(page.says("改数量") && page.says("库存不足"), "{}", page.text());
        assert!(page.has(&format!("a[href='{short}/edit#f-quantity_1']")), "the way leads to the short line");
    }

    async fn only_who_needs_an_approver_is_asked_for_a_word_to_them(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let quiet = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "瓶", "")]).await.new_id());
        assert!(!rep.get(&quiet).await.expect(200).has("[name=note]"));
        let asks = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
        assert!(rep.get(&asks).await.expect(200).has("[name=note]"));
    }
}

/// Whether a product of this name is another one than that of the id `product`.
fn rep_finds_another(name: &str, page: &Page, product: &str) -> bool {
    let ids = page.attributes("[name^=product_id]", "value");
    let names = page.texts(".goods b:not(.num)");
    ids.iter().zip(&names).any(|(id, one)| one == name && id != product)
}
