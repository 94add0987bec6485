//! Staff: made, changed, seen by whom.

use server::testing::kernel::db::sql;

use crate::support::app::App;
use crate::support::both_engines;

both_engines! {
    async fn a_person_who_is_locked_loses_the_devices_that_get_notices(app: App) {
        for (id, user) in [(1i64, app.people.rep1), (2, app.people.rep2)] {
            let mut tx = app.office.db.begin().await.unwrap();
            sql("INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, created_at) VALUES ($1, $2, $3, '', '', 0)")
                .bind(id)
                .bind(user)
                .bind(format!("https://push.example/{id}"))
                .run(&mut tx)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        let admin = app.sign_in("admin").await;
        let path = format!("/users/{}", app.people.rep1);
        let form = admin.get(&format!("{path}/edit")).await.expect(200).form(&path);
        admin.submit(&form, &[("locked", "1")]).await.location();
        assert_eq!(app.number("SELECT CAST(sum(id) AS BIGINT) AS n FROM push_subscriptions").await, 2);
    }

    async fn a_manager_sees_the_own_department_and_nobody_elses(app: App) {
        let manager = app.sign_in("manager1").await;
        let list = manager.get("/users").await.expect(200);
        assert!(list.says("王芳"));
        assert!(!list.says("李强"));
        manager.get(&format!("/users/{}", app.people.rep1)).await.expect(200);
        manager.get(&format!("/users/{}", app.people.rep2)).await.expect(404);
    }

    async fn a_name_is_taken_once(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/users/new").await.form("/users");
        let fields = [("name", "王芳"), ("username", "rep1"), ("password", "a-long-first-password")];
        let page = admin.submit(&form, &fields).await.expect(422);
        assert_eq!(page.form("/users").value("name"), Some("王芳"), "what was typed is kept");
    }

    async fn a_new_person_chooses_a_password_first(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/users/new").await.form("/users");
        let fields = [("name", "周杰"), ("username", "zhoujie"), ("password", "a-long-first-password")];
        admin.submit(&form, &fields).await.location();
        let client = app.stranger();
        assert_eq!(client.sign_in("zhoujie", "a-long-first-password").await.location(), "/me/password");
        assert_eq!(client.get("/customers").await.location(), "/me/password", "nothing is open before");
        let (form, new) = (client.get("/me/password").await.form("/me/password"), "春种秋收不误农时");
        let again = "a-long-first-password";
        client.submit(&form, &[("current", again), ("new", again), ("again", again)]).await.expect(422);
        client.submit(&form, &[("current", again), ("new", new), ("again", new)]).await.location();
        client.get("/customers").await.expect(200);
        assert_eq!(app.stranger().sign_in("zhoujie", new).await.location(), "/");
    }

    async fn a_change_is_in_the_operation_log_field_by_field(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("/users/{}", app.people.rep1);
        let form = admin.get(&format!("{path}/edit")).await.form(&path);
        admin.submit(&form, &[("name", "王小芳")]).await.location();
        let changes = app.word("SELECT changes AS s FROM audit_log WHERE kind = 'user' AND action = 'edit'").await;
        let changes: serde_json::Value = serde_json::from_str(&changes).unwrap();
        assert_eq!(changes, serde_json::json!({ "name": ["王芳", "王小芳"] }));
    }
}
