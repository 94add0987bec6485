//! Tasks: for oneself, given, done, confirmed.

use crate::support::app::App;
use crate::support::{both_engines, seed};

both_engines! {
    async fn a_given_task_is_done_by_its_owner_and_confirmed_by_its_giver(app: App) {
        let manager = app.sign_in("manager1").await;
        let form = manager.get("/tasks/new").await.form("/tasks");
        let owner = app.people.rep1.to_string();
        manager.submit(&form, &[("title", "补齐三季度对账单"), ("owner_id", &owner), ("due_at", "2026-11-25T17:00")]).await.location();
        let rep = app.sign_in("rep1").await;
        let list = rep.get("/tasks").await.expect(200);
        assert!(list.says("补齐三季度对账单"));
        let path = list.records("/tasks").remove(0);
        manager.post(&format!("{path}/completion"), &[("op_id", "not-mine")]).await.expect(403);
        let form = rep.get(&path).await.form(&format!("{path}/completion"));
        rep.submit(&form, &[("feedback", "已寄出")]).await.location();
        assert!(!rep.get("/tasks").await.says("补齐三季度对账单"));
        rep.post(&format!("{path}/confirmation"), &[("op_id", "own")]).await.expect(403);
        let page = manager.get(&path).await.expect(200);
        assert!(page.says("已寄出"));
        manager.submit(&page.form(&format!("{path}/confirmation")), &[]).await.location();
        assert_eq!(app.word("SELECT state AS s FROM tasks").await, "confirmed");
    }

    async fn a_rep_cannot_give_tasks_outside_the_own_scope(app: App) {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/tasks/new").await.form("/tasks");
        for owner in [app.people.rep2.to_string(), app.nobody().to_string(), "x".to_owned()] {
            rep.submit(&form, &[("title", "你来做"), ("owner_id", &owner)]).await.expect(422);
        }
        let foreign = seed::customer(&app, app.people.rep2, "济南客户").await.to_string();
        rep.submit(&form, &[("title", "拜访"), ("customer_id", &foreign)]).await.expect(422);
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks").await, 0);
    }

    async fn somebody_elses_task_does_not_exist(app: App) {
        let path = format!("/tasks/{}", seed::task(&app, app.people.rep2, "南区的事").await);
        for who in ["rep1", "manager1"] {
            let client = app.sign_in(who).await;
            client.get(&path).await.expect(404);
            client.post(&format!("{path}/completion"), &[("op_id", who)]).await.expect(404);
        }
        app.sign_in("manager2").await.get(&path).await.expect(200);
    }

    async fn a_task_is_done_once(app: App) {
        let path = format!("/tasks/{}", seed::task(&app, app.people.rep1, "打电话").await);
        let rep = app.sign_in("rep1").await;
        rep.post(&format!("{path}/completion"), &[("op_id", "a"), ("feedback", "一")]).await.location();
        rep.post(&format!("{path}/completion"), &[("op_id", "b"), ("feedback", "二")]).await.expect(409);
        assert_eq!(app.word("SELECT feedback AS s FROM tasks").await, "一");
    }
}
