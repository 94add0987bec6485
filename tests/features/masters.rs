//! Customers and products in use: what is made for one looks at it under its lock, and whoever deletes
//! or retires it looks for what was made.

use server::testing::kernel::db::{Tx, sql};
use server::testing::kernel::id::Id;

use crate::support::app::{App, TODAY};
use crate::support::client::{Client, Page};
use crate::support::scene::Scene;
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};

/// Sends a form to `path` that makes something for a customer.
async fn make(client: Client, kind: usize, customer: Id, goods: Goods, op: String) -> Page {
    let (customer, warehouse, product) = (customer.to_string(), goods.warehouse.to_string(), goods.bottles.to_string());
    let owned: (String, Vec<(&str, &str)>) = match kind {
        0 => (
            "/orders".to_owned(),
            vec![
                ("customer_id", &customer),
                ("warehouse_id", &warehouse),
                ("product_id_0", &product),
                ("quantity_0", "1"),
                ("unit_0", "瓶"),
                ("price_0", "100"),
            ],
        ),
        1 => ("/visits".to_owned(), vec![("customer", &customer), ("planned_on", TODAY), ("purpose", "送样品")]),
        2 => (format!("/visits?customer={customer}"), vec![("check_in", "1")]),
        3 => (
            "/payments".to_owned(),
            vec![("customer_id", &customer), ("amount", "1.00"), ("method", "cash"), ("paid_on", TODAY)],
        ),
        4 => ("/tasks".to_owned(), vec![("title", "送样品"), ("priority", "normal"), ("customer_id", &customer)]),
        _ => (format!("/customers/{customer}/contacts"), vec![("name", "老王"), ("sms_consent", "1")]),
    };
    let (path, mut fields) = owned;
    fields.push(("op_id", &op));
    client.post(&path, &fields).await
}

const KINDS: usize = 6;

/// What was made for a customer that is gone.
const STRAY: &str = "SELECT CAST(count(*) AS BIGINT) AS n FROM (SELECT customer_id FROM documents UNION ALL \
    SELECT customer_id FROM visits WHERE deleted_at IS NULL UNION ALL \
    SELECT customer_id FROM tasks WHERE state = 'open') made \
    JOIN customers c ON c.id = made.customer_id WHERE c.deleted_at IS NOT NULL";

async fn begin(app: &App) -> Tx {
    app.office.db.begin().await.unwrap()
}

both_engines! {
    async fn nothing_is_made_for_a_customer_that_is_being_deleted(app: App) {
        let goods = seed::goods(&app).await;
        let rep = app.session_of(app.people.rep1).await;
        for kind in 0..KINDS {
            let customer = seed::buyer(&app, app.people.rep1, &format!("客户{kind}"), goods.wholesale, 1_000_000).await;
            // The deletion is under way while the form is sent, and committed while the form waits.
            let mut tx = begin(&app).await;
            sql("UPDATE customers SET deleted_at = 1 WHERE id = $1").bind(customer).run(&mut tx).await.unwrap();
            let making = tokio::spawn(make(rep.clone(), kind, customer, goods, format!("stray-{kind}")));
            app.until_a_write_waits().await;
            tx.commit().await.unwrap();
            let answer = making.await.unwrap();
            assert!(matches!(answer.status, 404 | 422), "kind {kind}: {} {}", answer.status, answer.text());
        }
        assert_eq!(app.number(STRAY).await, 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM contacts").await, 0);
    }

    async fn no_document_stays_on_a_deleted_customer_in_sixty_races(app: App) {
        let goods = seed::goods(&app).await;
        let (rep, manager) = (app.session_of(app.people.rep1).await, app.session_of(app.people.manager1).await);
        let (mut made, mut deleted) = (0, 0);
        for round in 0..60usize {
            let kind = round % (KINDS - 1);
            let customer = seed::buyer(&app, app.people.rep1, &format!("客户{round}"), goods.wholesale, 1_000_000).await;
            let making = tokio::spawn(make(rep.clone(), kind, customer, goods, format!("race-{round}")));
            // From too early to too late.
            tokio::time::sleep(std::time::Duration::from_micros(700 * u64::try_from(round / 6).unwrap())).await;
            let op = format!("deletion-{round}");
            let deletion = manager.post(&format!("/customers/{customer}/deletion"), &[("op_id", &op)]).await;
            let making = making.await.unwrap();
            assert!(matches!(deletion.status, 303 | 409), "{}: {}", deletion.status, deletion.text());
            assert!(matches!(making.status, 303 | 404 | 422), "{}: {}", making.status, making.text());
            assert!((making.status == 303) != (deletion.status == 303), "round {round}: both or none");
            made += u32::from(making.status == 303);
            deleted += u32::from(deletion.status == 303);
        }
        println!("{made} made, {deleted} deleted");
        assert_eq!(app.number(STRAY).await, 0);
    }

    async fn a_customer_that_is_awaited_stays_and_one_that_was_visited_may_go(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let rep = app.session_of(app.people.rep1).await;
        seed::visit(&app, app.people.rep1, customer).await;
        let deletion = format!("/customers/{customer}/deletion");
        let refused = rep.post(&deletion, &[("op_id", "one"), ("version", "1")]).await.expect(409);
        assert!(refused.says("还有未完成的拜访或待办"), "{}", refused.text());
        app.execute("UPDATE visits SET state = 'done'").await.unwrap();
        rep.post(&deletion, &[("op_id", "two"), ("version", "1")]).await.location();
    }

    async fn no_line_is_made_of_a_product_that_is_being_taken_off(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let mut tx = begin(&app).await;
        sql("UPDATE products SET status = 'off' WHERE id = $1").bind(goods.bottles).run(&mut tx).await.unwrap();
        let making = tokio::spawn(make(rep.clone(), 0, customer, goods, "retired".to_owned()));
        app.until_a_write_waits().await;
        tx.commit().await.unwrap();
        let answer = making.await.unwrap().expect(409);
        assert_eq!(answer.form("/orders").value("quantity_0"), Some("1"), "what was typed is still there");
        assert_eq!(app.number("SELECT count(*) AS n FROM document_lines").await, 0);
    }

    async fn no_task_is_given_to_somebody_who_is_being_locked(app: App) {
        let manager = app.session_of(app.people.manager1).await;
        let mut tx = begin(&app).await;
        sql("UPDATE users SET status = 'locked' WHERE id = $1").bind(app.people.rep1).run(&mut tx).await.unwrap();
        let owner = app.people.rep1.to_string();
        let giving = tokio::spawn(async move {
            manager.post("/tasks", &[("op_id", "locked"), ("title", "送样品"), ("priority", "normal"), ("owner_id", &owner)]).await
        });
        app.until_a_write_waits().await;
        tx.commit().await.unwrap();
        giving.await.unwrap().expect(422);
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks").await, 0);
    }
}
