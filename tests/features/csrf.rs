//! A form is taken from our own pages only.

use crate::support::app::App;
use crate::support::both_engines;

both_engines! {
    async fn another_site_cannot_post(app: App) {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/me").await.form("/me/look");
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for headers in [
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site"), ("origin", "https://sister.example")],
            vec![("sec-fetch-site", "cross-site"), ("origin", app.base())],
        ] {
            let page = rep.post_with("/me/look", &fields, &headers).await;
            assert_eq!(page.status, 403, "{headers:?}");
        }
        let ours = [("sec-fetch-site", "same-origin"), ("origin", app.base())];
        assert_eq!(rep.post_with("/me/look", &fields, &ours).await.status, 303);
    }

    async fn http_2_which_has_no_host_header_is_held_to_the_same_rule(app: App) {
        let http = reqwest::Client::builder().http2_prior_knowledge().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        for (origin, status) in [(app.base(), 303), ("https://evil.example", 403)] {
            let fields = [("username", "rep1"), ("password", crate::support::people::PASSWORD)];
            let answer = http.post(format!("{}/login", app.base())).header("origin", origin).form(&fields).send().await.unwrap();
            assert_eq!(answer.version(), reqwest::Version::HTTP_2);
            assert_eq!(answer.status().as_u16(), status, "{origin}");
        }
    }

    async fn a_form_that_waited_goes_out_under_its_own_writer_only(app: App) {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/me").await.form("/me/look");
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let other = app.people.rep2.to_string();
        let own = app.people.rep1.to_string();
        let sent = |user: &str| vec![("origin".to_owned(), app.base().to_owned()), ("x-user".to_owned(), user.to_owned())];
        for (user, status) in [(&other, 401), (&own, 303)] {
            let headers = sent(user);
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!(rep.post_with("/me/look", &fields, &headers).await.status, status, "{user}");
        }
    }

    async fn a_browser_that_says_nothing_must_bring_the_forms_token(app: App) {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/me").await.form("/me/look");
        let own = [("op_id", form.op_id())];
        assert_eq!(rep.post_with("/me/look", &own, &[]).await.status, 303);
        let other = app.sign_in("rep2").await.get("/me").await.form("/me/look");
        for token in ["", "0191b2a0-0000-7000-8000-000000000000", "0191b2a0-0000-7000-8000-000000000000.0123456789abcdef", other.op_id()] {
            let page = rep.post_with("/me/look", &[("op_id", token)], &[]).await;
            assert_eq!(page.status, 403, "{token:?}");
        }
    }

    async fn another_site_cannot_sign_anybody_in_or_out(app: App) {
        let rep = app.sign_in("rep1").await;
        let foreign = [("sec-fetch-site", "cross-site")];
        rep.post_with("/logout", &[], &foreign).await.expect(403);
        rep.get("/me").await.expect(200);
        app.stranger().post_with("/login", &[("username", "rep1"), ("password", "fieldline")], &foreign).await.expect(403);
    }

    async fn pages_say_what_a_browser_may_do_with_them(app: App) {
        let page = app.stranger().get("/login").await.expect(200);
        let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!header("referrer-policy").is_empty());
        assert!(!header("permissions-policy").is_empty());
        assert!(!page.body.contains(" style="), "no inline styles");
        assert!(!page.body.contains(" onclick="), "no inline scripts");
    }
}
