//! Moves of stock that a person enters: what is there afterwards, and what is refused.

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};

const ON_HAND: &str =
    "SELECT on_hand AS n FROM stock_balances b JOIN products p ON p.id = b.product_id WHERE p.code = 'P001'";
const MOVED: &str = "SELECT CAST(COALESCE(sum(quantity), 0) AS BIGINT) AS n FROM stock_moves";

async fn enter(client: &Client, goods: &Goods, kind: &str, quantity: &str) -> Page {
    let page = client.get(&format!("/stock/moves/new?product={}", goods.bottles)).await.expect(200);
    let (product, warehouse) = (goods.bottles.to_string(), goods.warehouse.to_string());
    let fields = [("kind", kind), ("product_id", &product), ("warehouse_id", &warehouse), ("quantity", quantity)];
    client.submit(&page.form("/stock/moves"), &fields).await
}

both_engines! {
    async fn what_comes_in_goes_out_and_is_counted_is_what_is_there(app: App) {
        let goods = seed::goods(&app).await;
        let admin = app.session_of(app.people.admin).await;
        let mut sum = 0;
        for (kind, quantity, on_hand) in [("in", "100", 500_000), ("out", "30.5", 469_500), ("count", "470", 470_000), ("count", "0", 0), ("in", "0.001", 1)] {
            let before = app.number(ON_HAND).await;
            enter(&admin, &goods, kind, quantity).await.location();
            assert_eq!(app.number(ON_HAND).await, on_hand, "{kind} {quantity}");
            sum += on_hand - before;
            assert_eq!(app.number(MOVED).await, sum, "a move is written for each change");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'stock_move'").await, 5);
    }

    async fn what_is_not_there_or_promised_does_not_go_out(app: App) {
        let goods = seed::goods(&app).await;
        app.execute("UPDATE stock_balances SET reserved = 100000 WHERE on_hand = 400000").await.unwrap();
        let admin = app.session_of(app.people.admin).await;
        for (kind, quantity) in [("out", "300.001"), ("out", "401"), ("out", "0"), ("in", "0"), ("in", "-1"), ("in", ""), ("in", "1.0001"), ("lost", "1")] {
            enter(&admin, &goods, kind, quantity).await.expect(422);
        }
        assert_eq!((app.number(ON_HAND).await, app.number(MOVED).await), (400_000, 0));
        let page = enter(&admin, &goods, "out", "301").await.expect(422);
        assert!(page.says("可用库存只有 300"), "{}", page.text());
        enter(&admin, &goods, "out", "300").await.location();
        assert_eq!(app.number(ON_HAND).await, 100_000);
    }
}
