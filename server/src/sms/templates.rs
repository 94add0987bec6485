//! Pages of the templates 短信模板.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::sms::rules::{self, LONGEST};
use crate::sms::store::{self, Template};
use crate::sms::templates_view;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html, html_with};
use crate::web::form::Form;

/// `GET /sms/templates`
pub async fn list(cx: Cx) -> Result<Response> {
    let templates = store::templates(&cx.office.db).await?;
    Ok(html(templates_view::templates(&cx, &templates)))
}

/// `GET /sms/templates/new`
pub async fn new(cx: Cx) -> Result<Response> {
    let form = cx.blank().with("enabled", "1");
    Ok(html(templates_view::template(&cx, None, &form, None)))
}

fn check(cx: &Cx, form: &mut Form) -> (String, String, bool) {
    let name = form.required("name", &t!(cx.lang, "sms.template_name"), 40);
    let text = form.required("text", &t!(cx.lang, "sms.text"), LONGEST);
    if let Some(unknown) = rules::unknown_variable(&text) {
        form.wrong("text", t!(cx.lang, "sms.unknown_variable", name = unknown));
    } else if form.error("text").is_none()
        && let Err(refusal) = rules::content(&text)
    {
        form.wrong("text", refusal.text(cx.lang));
    }
    (name, text, form.flag("enabled"))
}

fn again(cx: &Cx, template: Option<&Template>, form: &Form, other: Option<&Template>, status: StatusCode) -> Response {
    html_with(templates_view::template(cx, template, form, other), status)
}

/// `POST /sms/templates`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (name, text, enabled) = check(&cx, &mut form);
    if !form.is_right() {
        return Ok(again(&cx, None, &form, None, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let mut write = cx.write(&form).await?;
    let id = store::insert_template(&mut write.tx, &name, &text, enabled, cx.now).await?;
    write.audit(Action::Create, "sms_template", id, Changes::new().set("name", name).set("text", text)).await?;
    write.finish("/sms/templates?done=saved").await
}

/// `GET /sms/templates/:id`
pub async fn edit(cx: Cx) -> Result<Response> {
    let template = store::template(&cx.office.db, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let form = cx
        .blank()
        .with("name", template.name.as_str())
        .with("text", template.text.as_str())
        .with("enabled", if template.enabled { "1" } else { "" });
    Ok(html(templates_view::template(&cx, Some(&template), &form, None)))
}

/// `POST /sms/templates/:id`
pub async fn update(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let (name, text, enabled) = check(&cx, &mut form);
    let known = store::template(&cx.office.db, id).await?.ok_or(AppError::NotFound)?;
    if !form.is_right() {
        return Ok(again(&cx, Some(&known), &form, None, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let mut write = cx.write(&form).await?;
    let now = store::template_to_change(&mut write.tx, id).await?.ok_or(AppError::NotFound)?;
    let opened = form.opened();
    let same = now.name == name && now.text == text && now.enabled == enabled;
    // Whoever saved first wins; the other sees both and decides. Saving the same twice is no conflict.
    if now.version != opened && (opened == 0 || !same) {
        drop(write);
        form = form.with("version", now.version.to_string());
        return Ok(again(&cx, Some(&now), &form, Some(&now), StatusCode::CONFLICT));
    }
    let changed = Template { name: name.clone(), text: text.clone(), enabled, ..now.clone() };
    store::update_template(&mut write.tx, &changed, cx.now).await?;
    let changes = Changes::new().moved("name", now.name, name).moved("text", now.text, text).moved(
        "enabled",
        now.enabled,
        enabled,
    );
    write.audit(Action::Edit, "sms_template", id, changes).await?;
    write.finish("/sms/templates?done=saved").await
}
