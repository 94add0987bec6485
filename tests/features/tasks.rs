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

    async fn a_task_is_changed_and_postponed_by_whoever_has_it_or_gave_it_and_the_log_keeps_both(app: App) {
        let manager = app.sign_in("manager1").await;
        let form = manager.get("/tasks/new").await.form("/tasks");
        let (rep1, other) = (app.people.rep1.to_string(), seed::customer(&app, app.people.rep1, "潍坊丰源农资").await.to_string());
        manager.submit(&form, &[("title", "对账"), ("owner_id", &rep1), ("due_at", "2026-11-25T17:00")]).await.location();
        let rep = app.sign_in("rep1").await;
        let path = rep.get("/tasks").await.records("/tasks").remove(0);
        let edit = format!("{path}/edit");
        let (mine, theirs) = (rep.get(&edit).await.expect(200).form(&path), manager.get(&edit).await.form(&path));
        assert_eq!(mine.value("due_at"), Some("2026-11-25T17:00"));
        rep.submit(&mine, &[("due_at", "2026-11-30T18:00"), ("customer_id", &other)]).await.location();
        // The other field of somebody who opened the form before is kept beside it; the same field asks.
        manager.submit(&theirs, &[("title", "对账并寄出")]).await.location();
        assert_eq!(app.word("SELECT title AS s FROM tasks").await, "对账并寄出");
        assert!(rep.get(&path).await.says("11-30"));
        let again = manager.submit(&theirs, &[("op_id", "late"), ("due_at", "2026-12-05T18:00")]).await.expect(409).form(&path);
        assert_eq!(again.value("due_at"), Some("2026-12-05T18:00"), "what was typed is kept");
        assert_eq!(again.value("title"), Some("对账并寄出"));
        manager.submit(&again, &[]).await.location();
        assert!(rep.get(&path).await.says("12-05"));
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'task' AND action = 'edit'").await, 3);
    }

    async fn a_task_is_handed_on_only_inside_the_scope_and_only_while_it_is_open(app: App) {
        let path = format!("/tasks/{}", seed::task(&app, app.people.rep1, "打电话").await);
        let (rep, manager) = (app.sign_in("rep1").await, app.sign_in("manager1").await);
        let form = rep.get(&format!("{path}/edit")).await.expect(200).form(&path);
        for owner in [app.people.rep2.to_string(), app.people.manager1.to_string(), "x".to_owned()] {
            rep.submit(&form, &[("op_id", &owner), ("owner_id", &owner)]).await.expect(422);
        }
        manager.get(&format!("{path}/edit")).await.expect(403);
        rep.submit(&form, &[("title", "")]).await.expect(422);
        app.sign_in("rep2").await.get(&format!("{path}/edit")).await.expect(404);
        rep.post(&format!("{path}/completion"), &[("op_id", "a"), ("feedback", "好")]).await.location();
        rep.submit(&form, &[("op_id", "b"), ("title", "后来")]).await.expect(409);
        assert_eq!(app.word("SELECT title AS s FROM tasks").await, "打电话");
    }

    async fn a_task_keeps_a_customer_and_an_owner_whom_its_editor_does_not_see(app: App) {
        let foreign = seed::customer(&app, app.people.rep2, "南区农资").await.to_string();
        let path = format!("/tasks/{}", seed::task(&app, app.people.rep1, "送资料").await);
        app.execute("UPDATE tasks SET customer_id = (SELECT id FROM customers), giver_id = (SELECT id FROM users WHERE username = 'manager1')").await.unwrap();
        let rep = app.sign_in("rep1").await;
        let form = rep.get(&format!("{path}/edit")).await.expect(200).form(&path);
        assert_eq!(form.value("customer_id"), Some(foreign.as_str()));
        rep.submit(&form, &[("title", "送新资料")]).await.location();
        // The owner moves to another department, whose people the giver does not see.
        app.execute("UPDATE users SET department_id = (SELECT department_id FROM users WHERE username = 'rep2') WHERE username = 'rep1'").await.unwrap();
        let manager = app.sign_in("manager1").await;
        let form = manager.get(&format!("{path}/edit")).await.expect(200).form(&path);
        assert_eq!(form.value("owner_id"), Some(app.people.rep1.to_string().as_str()));
        manager.submit(&form, &[("title", "送价目表")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks t JOIN users u ON u.id = t.owner_id \
            WHERE u.username = 'rep1' AND t.title = '送价目表' AND t.customer_id IS NOT NULL").await, 1);
    }

    async fn any_customer_in_the_scope_is_found_for_a_task(app: App) {
        for n in 0..9 {
            seed::customer(&app, app.people.rep1, &format!("潍坊农资{n}")).await;
        }
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/customers/new").await.form("/customers");
        let wanted = rep.submit(&form, &[("name", "临朐惠民农资"), ("phone", "13805362417"), ("contact_name", "王")]).await.new_id();
        for who in ["rep1", "manager1"] {
            let client = app.sign_in(who).await;
            let form = client.get("/tasks/new").await.expect(200).form("/tasks").with(&[("title", "送资料")]);
            let found = client.ask("/tasks/new", &form, &[("find", "1"), ("q", "惠民")]).await.expect(200);
            assert!(found.says("临朐惠民农资") && !found.says("潍坊农资"), "{}", found.text());
            let form = found.form("/tasks");
            assert_eq!(form.value("title"), Some("送资料"), "what was typed is kept");
            client.submit(&form, &[("customer_id", &wanted)]).await.location();
            let chosen = client.get(&format!("/tasks/new?customer={wanted}")).await.expect(200);
            assert!(chosen.has(&format!("[name=customer_id][value='{wanted}'][checked]")));
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks WHERE customer_id IS NOT NULL").await, 2);
    }
}
