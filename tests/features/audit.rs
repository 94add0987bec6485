//! The operation log is written once.

use crate::support::app::App;
use crate::support::both_engines;

both_engines! {
    async fn an_entry_can_be_neither_changed_nor_removed(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("/users/{}", app.people.rep1);
        let form = admin.get(&format!("{path}/edit")).await.form(&path);
        admin.submit(&form, &[("name", "王小芳")]).await.location();
        let count = "SELECT count(*) AS n FROM audit_log";
        assert_eq!(app.number(count).await, 1);
        assert!(app.execute("UPDATE audit_log SET changes = '{}'").await.is_err());
        assert!(app.execute("DELETE FROM audit_log").await.is_err());
        assert_eq!(app.number(count).await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE changes LIKE '%王小芳%'").await, 1);
    }

    async fn a_change_that_is_refused_leaves_no_entry(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/users/new").await.form("/users");
        admin.submit(&form, &[("name", ""), ("username", "x")]).await.expect(422);
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log").await, 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM ops").await, 0);
    }
}
