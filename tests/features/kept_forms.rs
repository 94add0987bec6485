//! What was typed into a form outlives the end of the session, for its writer, where no script runs.

use server::testing::kernel::clock::MINUTE;

use crate::support::app::App;
use crate::support::client::{Client, FormOnPage, Page};
use crate::support::people::PASSWORD;
use crate::support::{both_engines, pictures, seed};

/// A visit that has begun.
async fn open_visit(app: &App, rep: &Client) -> String {
    let customer = seed::customer(app, app.people.rep1, "潍坊丰源农资").await;
    let path = format!("/visits/{}", seed::visit(app, app.people.rep1, customer).await);
    let form = rep.get(&path).await.form(&format!("{path}/check-in"));
    rep.submit(&form, &[]).await.location();
    path
}

/// Signs in on the page that stands in place of the answer, and goes on to the form.
async fn go_on(client: &Client, door: &Page, username: &str, action: &str) -> Page {
    let inside = client.submit(&door.form("/login"), &[("username", username), ("password", PASSWORD)]).await;
    client.submit(&inside.expect(200).form(action), &[]).await
}

/// A form as a browser sends it that holds no cookie any more.
async fn without_cookie(app: &App, form: &FormOnPage, change: &[(&str, &str)]) -> (Client, Page) {
    let bare = app.stranger();
    let door = bare.submit(form, change).await.expect(401);
    (bare, door)
}

both_engines! {
    async fn an_interrupted_form_is_shown_again_and_not_sent(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/users/new").await.form("/users");
        app.pass(31 * MINUTE);
        let typed = [("name", "孙丽丽"), ("username", "sunlili"), ("password", "a-long-first-password")];
        let door = admin.submit(&form, &typed).await.expect(401);
        assert!(door.says("已保留"));
        let again = go_on(&admin, &door, "admin", "/users").await.expect(422);
        assert!(again.says("已恢复") && again.has("label[for=f-name]"), "the form's own page");
        assert_eq!(app.number("SELECT count(*) AS n FROM users WHERE username = 'sunlili'").await, 0, "nothing is sent blindly");
        let form = again.form("/users");
        assert_eq!((form.value("name"), form.value("username")), (Some("孙丽丽"), Some("sunlili")));
        assert!(!again.body.contains("a-long-first-password"), "a password is not kept");
        admin.submit(&form, &[("password", "a-long-first-password")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM users WHERE username = 'sunlili'").await, 1);
    }

    async fn a_form_is_kept_where_the_cookie_is_gone_and_where_the_session_was_ended_elsewhere(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        let action = format!("{path}/check-out");
        let form = rep.get(&path).await.form(&action);
        let (bare, door) = without_cookie(&app, &form, &[("result", "写了一半")]).await;
        let again = go_on(&bare, &door, "rep1", &action).await.expect(422);
        assert_eq!(again.form(&action).value("result"), Some("写了一半"));

        let form = rep.get(&path).await.form(&action);
        let desk = app.sign_in("rep1").await;
        let out = desk.get("/me").await.form("/logout");
        desk.submit(&out, &[]).await.location();
        let door = rep.submit(&form, &[("result", "另写一半")]).await.expect(401);
        let again = go_on(&rep, &door, "rep1", &action).await.expect(422);
        assert_eq!(again.form(&action).value("result"), Some("另写一半"));
        rep.submit(&again.form(&action), &[]).await.location();
        assert_eq!(app.word("SELECT result AS s FROM visits").await, "另写一半");
    }

    async fn a_kept_form_opens_for_its_writer_only(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/users/new").await.form("/users");
        app.pass(31 * MINUTE);
        let door = admin.submit(&form, &[("name", "只有我能看"), ("username", "x1")]).await.expect(401);
        let answer = admin.submit(&door.form("/login"), &[("username", "rep1"), ("password", PASSWORD)]).await;
        assert_eq!(answer.location(), "/", "somebody else's form was shown");
    }

    async fn nobody_names_another_writer_of_a_form(app: App) {
        let form = app.sign_in("rep1").await.get("/tasks/new").await.form("/tasks");
        let forged = form.op_id().replace(&app.people.rep1.to_string(), &app.people.rep2.to_string());
        assert_ne!(forged, form.op_id());
        let door = app.stranger().submit(&form, &[("title", "催款"), ("op_id", &forged)]).await.expect(401);
        assert_eq!(door.form("/login").value("kept"), None);
        assert!(door.says("没能保留"));
    }

    async fn the_sign_in_page_promises_what_it_holds(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        let page = rep.get(&path).await;
        let (check_out, photos) = (page.form(&format!("{path}/check-out")), page.form(&format!("{path}/photos")));
        let (_, door) = without_cookie(&app, &check_out, &[("result", "写了一半")]).await;
        assert!(door.says("已保留") && !door.says("照片"));
        let file = [("photo", "IMG_1.jpg", "image/jpeg", pictures::jpeg(40, 30))];
        let door = app.stranger().submit_files(&photos, &[("result", "写了一半")], &file).await.expect(401);
        assert!(door.says("照片和文件需要重新选择"));
        let (_, door) = without_cookie(&app, &check_out, &[("result", &"x".repeat(40_000))]).await;
        assert!(door.says("没能保留") && door.form("/login").value("kept").is_none());
        let look = rep.get("/me").await.form("/me/look");
        let (_, door) = without_cookie(&app, &look, &[("text", ""), ("theme", "")]).await;
        assert!(!door.says("保留"), "nothing was filled in");
    }

    async fn the_largest_form_that_is_kept_passes_the_sign_in(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        let action = format!("{path}/check-out");
        let form = rep.get(&path).await.form(&action);
        let long = "x".repeat(32_000);
        let (bare, door) = without_cookie(&app, &form, &[("result", &long)]).await;
        let again = go_on(&bare, &door, "rep1", &action).await.expect(422);
        assert_eq!(again.form(&action).value("result"), Some(long.as_str()));
    }

    async fn a_button_that_came_too_late_asks_before_it_acts(app: App) {
        let rep = app.sign_in("rep1").await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let action = format!("{path}/deletion");
        let form = rep.get(&path).await.form(&action);
        let (bare, door) = without_cookie(&app, &form, &[]).await;
        let asked = go_on(&bare, &door, "rep1", &action).await.expect(422);
        bare.get(&path).await.expect(200);
        bare.submit(&asked.form(&action), &[]).await.location();
        bare.get(&path).await.expect(404);
    }

    async fn a_page_that_needs_a_session_is_opened_after_it_with_its_query(app: App) {
        let answer = app.stranger().get("/customers?view=arrears&page=2").await;
        assert_eq!(answer.location(), "/login?next=%2Fcustomers%3Fview%3Darrears%26page%3D2");
    }

    async fn what_was_typed_goes_along_with_a_photo(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        let form = rep.get(&path).await.form(&format!("{path}/photos"));
        let file = [("photo", "IMG_1.jpg", "image/jpeg", pictures::jpeg(400, 300))];
        rep.submit_files(&form, &[("result", "先写结果，再拍照")], &file).await.location();
        let page = rep.get(&path).await;
        assert_eq!(page.form(&format!("{path}/check-out")).value("result"), Some("先写结果，再拍照"));
        let photo = page.links(&format!("{path}/photos/")).remove(0);
        let shown = rep.get(&photo).await.expect(200);
        assert_eq!(shown.attributes("header a", "href"), [path], "the picture's page leads back");
    }

    async fn the_arrow_leads_to_the_list_as_it_was(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let rep = app.sign_in("rep1").await;
        let (page, list) = (format!("/customers/{customer}"), "/customers?view=quiet&page=1");
        let from = |referer: String| {
            let (rep, page) = (rep.clone(), page.clone());
            async move { rep.get_with(&page, &[("referer", &referer)]).await.attributes("header a.back", "href") }
        };
        assert_eq!(from(format!("{}{list}", app.base())).await, [list]);
        assert_eq!(from(format!("{}/tasks", app.base())).await, ["/customers"]);
        for elsewhere in ["http://evil.example/customers?view=quiet", "javascript:alert(1)", ""] {
            assert_eq!(from(elsewhere.to_owned()).await, ["/customers"], "{elsewhere}");
        }
    }
}
