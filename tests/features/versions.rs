//! A form says which version of its record it was opened on. One that is missing, unreadable or not the record's is a
//! conflict: what was typed comes back, and nothing is written.

use server::testing::kernel::id::Id;

use super::campaigns::draft;
use super::orders::order;
use crate::support::app::App;
use crate::support::client::{Client, FormOnPage, Page};
use crate::support::scene::Scene;
use crate::support::{both_engines, seed};

/// A form with its version replaced; `None` leaves it out.
fn with_version(form: &FormOnPage, version: Option<&str>) -> FormOnPage {
    let mut form = form.clone();
    assert!(form.fields.iter().any(|(name, _)| name == "version"), "{} carries no version", form.action);
    form.fields.retain(|(name, _)| name != "version" && name != "op_id");
    form.fields.push(("op_id".to_owned(), Id::new().to_string()));
    if let Some(version) = version {
        form.fields.push(("version".to_owned(), version.to_owned()));
    }
    form
}

/// Sends the form on `page` to `action` with versions that are not the record's; then as the conflict gave it back.
async fn conflicts(client: &Client, page: &str, action: &str, field: &str, typed: &str) -> Page {
    let form = client.get(page).await.expect(200).form(action);
    let change: &[(&str, &str)] = if field.is_empty() { &[] } else { &[(field, typed)] };
    for version in [None, Some(""), Some("newest"), Some("0"), Some("1.0"), Some("99999999999999999999")] {
        let answer = client.submit(&with_version(&form, version), change).await;
        assert_eq!(answer.status, 409, "{action} with {version:?}: {}", answer.text());
        let again = answer.form(action);
        assert_eq!(again.value("version"), form.value("version"), "{action}: the record's version is shown");
        if !field.is_empty() {
            assert_eq!(again.value(field), Some(typed), "{action}: what was typed comes back");
        }
    }
    let answer = client.submit(&with_version(&form, None), change).await;
    client.submit(&answer.form(action), &[]).await
}

both_engines! {
    async fn a_version_that_is_missing_or_unreadable_is_a_conflict(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let contact = seed::person(&app, customer, "丁一", "13805362417").await;
        let goods = seed::goods(&app).await;
        let (rep, admin, manager) = (app.session_of(app.people.rep1).await, app.session_of(app.people.admin).await, app.session_of(app.people.manager1).await);
        let template = app.number("SELECT min(id) AS n FROM sms_templates").await;
        let campaign = draft(&manager, &[]).await;
        let new = admin.get("/campaigns/occasions/new").await.expect(200).form("/campaigns/occasions");
        let fields = [("name", "春节"), ("kind", "lunar"), ("month", "1"), ("day", "1"), ("minute", "09:00"), ("text", "新春快乐")];
        admin.submit(&new, &fields).await.location();
        let occasion = app.number("SELECT min(id) AS n FROM occasions").await;
        let customer = format!("/customers/{customer}");
        let contact = format!("/contacts/{contact}");
        let product = format!("/products/{}", goods.bags);
        let template = format!("/sms/templates/{}", Id(template));
        let occasion = format!("/campaigns/occasions/{}", Id(occasion));
        for (client, page, action, field, typed) in [
            (&rep, format!("{customer}/edit"), &customer, "name", "潍坊丰源农资公司"),
            (&rep, format!("{contact}/edit"), &contact, "name", "丁一一"),
            (&admin, format!("{product}/edit"), &product, "name", "吡虫啉粉"),
            (&admin, template.clone(), &template, "name", "发货通知二"),
            (&manager, format!("{campaign}/edit"), &campaign, "name", "春耕二"),
            (&admin, occasion.clone(), &occasion, "name", "春节快乐"),
        ] {
            conflicts(client, &page, action, field, typed).await.location();
        }
        for (page, log) in [(contact, "contact"), (customer, "customer")] {
            let action = format!("{page}/deletion");
            conflicts(&rep, &action, &action, "", "").await.location();
            assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE action = 'delete'").await, if log == "contact" { 1 } else { 2 });
        }
    }

    async fn a_document_changes_only_in_the_version_that_was_seen(app: App) {
        let Scene { goods, customer, rep, .. } = Scene::set(&app).await;
        let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "1", "箱", "")]).await.new_id());
        let lines = format!("{path}/lines");
        let edit = rep.get(&format!("{path}/edit")).await.expect(200).form(&lines);
        rep.submit(&edit, &[("note", "先改的")]).await.location();
        let stale = with_version(&edit, edit.value("version"));
        let answer = rep.submit(&stale, &[("note", "后改的")]).await.expect(409);
        assert_eq!(answer.form(&lines).value("note"), Some("后改的"), "what was typed comes back");
        let submission = format!("{path}/submission");
        for version in ["", "0", "1", "newest"] {
            rep.post(&submission, &[("op_id", &format!("v{version}")), ("version", version)]).await.expect(409);
        }
        let draft = "SELECT count(*) AS n FROM documents WHERE kind = 'order' AND state = 'draft' AND note = '先改的'";
        assert_eq!(app.number(draft).await, 1);
        rep.post(&submission, &[("op_id", "as-it-is"), ("version", "2")]).await.location();
    }

    async fn a_mistake_in_a_form_does_not_make_it_newer(app: App) {
        let manager = app.session_of(app.people.manager1).await;
        let campaign = draft(&manager, &[]).await;
        let form = manager.get(&format!("{campaign}/edit")).await.expect(200).form(&campaign);
        manager.submit(&form, &[("name", "别人先改的")]).await.location();
        let mut stale = form.clone();
        stale.fields.retain(|(name, _)| name != "op_id");
        stale.fields.push(("op_id".to_owned(), "stale".to_owned()));
        let page = manager.submit(&stale, &[("name", "")]).await.expect(422);
        manager.submit(&page.form(&campaign), &[("name", "我改的")]).await.expect(409);
        assert_eq!(app.number("SELECT count(*) AS n FROM campaigns WHERE name = '别人先改的'").await, 1);
    }
}
