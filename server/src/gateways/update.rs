//! A new version for a box from afar. The signed command names version, address and SHA-256, so nobody between
//! can put another program in its place; the box goes back by itself when the new one is not healthy.

use fieldline_protocol::messages::{BoxTrouble, UpdateCommand};
use fieldline_protocol::topics::CommandKind;
use maud::{Markup, html};
use poem::Response;

use super::commands::{self, Ask, Given};
use super::health;
use super::store::{self, Gateway};
use crate::kernel::audit::Changes;
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, plain_cell};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page};
use crate::web::form::Form;

/// Updates shown.
const SHOWN: i64 = 5;

/// How far the newest update is, as the box's own words tell; older ones by their acknowledgement.
fn progress(cx: &Cx, gateway: &Gateway, given: &Given, newest: bool) -> Markup {
    let (lang, info) = (cx.lang, health::info(&gateway.info));
    if !newest || given.state != commands::State::Taken {
        return given.state_tag(lang);
    }
    if info.agent == given.about {
        tag(t!(lang, "gateways.update_runs"), Tone::Good)
    } else if info.troubles.contains(&BoxTrouble::UpdateFailed) {
        tag(t!(lang, "gateways.update_left", version = info.agent), Tone::Bad)
    } else {
        tag(t!(lang, "gateways.update_tried"), Tone::Info)
    }
}

async fn page(cx: &Cx, gateway: &Gateway, form: &Form) -> Result<Response> {
    let lang = cx.lang;
    let agent = health::info(&gateway.info).agent;
    let before = commands::last(&cx.office.db, gateway.id, Some(CommandKind::Update), SHOWN).await?;
    let body = html! {
        (card(None, None, cell(t!(lang, "gateways.version"), html! { span.num { @if agent.is_empty() { (t!(lang, "gateways.version_unknown")) } @else { (agent) } } })))
        @if !before.is_empty() {
            (card(Some(&t!(lang, "gateways.updates")), None, html! {
                @for (place, one) in before.iter().enumerate() {
                    @let said = one.said_words(lang);
                    (plain_cell(
                        html! { b.num { (one.about) } p { (one.by_name.as_deref().unwrap_or_default()) " " (clock::brief(one.at, cx.now)) } @if !said.is_empty() { p { (said) } } },
                        progress(cx, gateway, one, place == 0),
                    ))
                }
            }))
        }
        (fields::post(&format!("/gateways/{}/update", gateway.id), &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(Some(&t!(lang, "gateways.update_new")), html! {
                (fields::text(&form.field("version", &t!(lang, "gateways.new_version")).required().hint(&t!(lang, "gateways.new_version_hint")), InputKind::Text, 40))
                (fields::text(&form.field("url", &t!(lang, "gateways.url")).required().hint(&t!(lang, "gateways.url_hint")), InputKind::Text, 500))
                (fields::text(&form.field("sha256", &t!(lang, "gateways.sha256")).required().hint(&t!(lang, "gateways.sha256_hint")), InputKind::Text, 64))
            }))
            (fields::submit(t!(lang, "gateways.update_send"), ButtonKind::Primary))
        }))
    };
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "gateways.update"))
        .subtitle(gateway.name.as_str())
        .back(format!("/gateways/{}", gateway.id))
        .refresh();
    Ok(form_page(shown, body, form))
}

/// `GET /gateways/:id/update`
pub async fn show(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    page(&cx, &gateway, &cx.blank()).await
}

/// A version as the agent takes it: it names a folder on the box.
fn is_version(text: &str) -> bool {
    !text.is_empty()
        && !text.contains("..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'))
}

/// An address that nobody can listen in on, or one on the box itself.
fn is_address(text: &str) -> bool {
    let own = text.starts_with("http://127.0.0.1:") || text.starts_with("http://localhost:");
    (own || text.starts_with("https://")) && text.parse::<reqwest::Url>().is_ok()
}

/// `POST /gateways/:id/update`
pub async fn send(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mut form = cx.form().await?;
    let version = form.required("version", &t!(cx.lang, "gateways.new_version"), 40);
    let url = form.required("url", &t!(cx.lang, "gateways.url"), 500);
    let sha256 = form.required("sha256", &t!(cx.lang, "gateways.sha256"), 64).to_ascii_lowercase();
    if form.error("version").is_none() && !is_version(&version) {
        form.wrong("version", t!(cx.lang, "gateways.wrong_version"));
    }
    if form.error("url").is_none() && !is_address(&url) {
        form.wrong("url", t!(cx.lang, "gateways.wrong_url"));
    }
    if form.error("sha256").is_none() && (sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit())) {
        form.wrong("sha256", t!(cx.lang, "gateways.wrong_sha256"));
    }
    if !form.is_right() {
        return page(&cx, &gateway, &form).await;
    }
    let back = format!("/gateways/{}/update?done=sent", gateway.id);
    let changes =
        Changes::new().set("version", version.as_str()).set("url", url.as_str()).set("sha256", sha256.as_str());
    let ask = Ask { kind: CommandKind::Update, modem: "", about: &version, changes, back: &back };
    let command = |id| UpdateCommand { id, version: version.clone(), url, sha256 };
    commands::give(&cx, &form, &gateway, ask, command).await
}

#[cfg(test)]
mod tests {
    use super::{is_address, is_version};

    #[test]
    fn what_the_box_would_refuse_is_refused_on_the_page() {
        assert!(is_version("0.2.0") && is_version("1.10.0-rc1"));
        assert!(["", "..", "../x", "a/b", "1 2"].iter().all(|text| !is_version(text)));
        assert!(is_address("https://x.example/agent") && is_address("http://127.0.0.1:8000/agent"));
        assert!(["http://x.example/a", "file:///bin/sh", "https://", "x"].iter().all(|text| !is_address(text)));
    }
}
