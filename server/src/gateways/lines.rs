//! How people call the lines of a box: `line0` is 前台电话. Popup and call log show these names.

use maud::html;
use poem::Response;

use super::health;
use super::store::{self, Gateway};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::ui::empty;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page};
use crate::web::form::Form;

/// The longest name; more does not fit beside a number.
const LONGEST: usize = 12;

#[derive(sqlx_macros::FromRow)]
struct Named {
    line: String,
    name: String,
}

/// The names of a box's lines, by the line's own name.
pub async fn names(on: impl Into<On<'_>>, gateway: Id) -> Result<Vec<(String, String)>, DbError> {
    let rows: Vec<Named> =
        sql("SELECT line, name FROM gateway_lines WHERE gateway_id = $1 ORDER BY line").bind(gateway).all(on).await?;
    Ok(rows.into_iter().map(|row| (row.line, row.name)).collect())
}

async fn set(tx: &mut Tx, gateway: Id, line: &str, name: &str) -> Result<(), DbError> {
    let query = if name.is_empty() {
        sql("DELETE FROM gateway_lines WHERE gateway_id = $1 AND line = $2").bind(gateway).bind(line)
    } else {
        sql("INSERT INTO gateway_lines (gateway_id, line, name) VALUES ($1, $2, $3) \
             ON CONFLICT (gateway_id, line) DO UPDATE SET name = excluded.name")
        .bind(gateway)
        .bind(line)
        .bind(name)
    };
    query.run(tx).await.map(|_| ())
}

/// What a box can be called on: its telephone lines and its modems.
fn lines(gateway: &Gateway) -> Vec<String> {
    let mut lines = health::info(&gateway.info).lines;
    lines.extend(health::modems(&gateway.modems).into_keys());
    lines.truncate(64);
    lines
}

fn page(cx: &Cx, gateway: &Gateway, form: &Form) -> Response {
    let (lang, lines) = (cx.lang, lines(gateway));
    let action = format!("/gateways/{}/lines", gateway.id);
    let hint = t!(lang, "gateways.line_hint");
    let body = html! {
        @if lines.is_empty() { (empty(t!(lang, "gateways.no_lines"), None)) }
        @else {
            (fields::post(&action, &cx.op_id()).holding(html! {
                (fields::error_summary(lang, form.errors()))
                (fields::fields(None, html! {
                    @for (place, line) in lines.iter().enumerate() {
                        @let field = form.field(line, line);
                        (fields::text(&if place == 0 { field.hint(&hint) } else { field }, InputKind::Text, LONGEST))
                    }
                }))
                (fields::submit(t!(lang, "gateways.save"), ButtonKind::Primary))
            }))
        }
    };
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "gateways.lines"))
        .subtitle(gateway.name.as_str())
        .back(format!("/gateways/{}", gateway.id));
    form_page(shown, body, form)
}

/// `GET /gateways/:id/lines`
pub async fn show(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let names = names(&cx.office.db, gateway.id).await?;
    let form = names.iter().fold(cx.blank(), |form, (line, name)| form.with(line, name.as_str()));
    Ok(page(&cx, &gateway, &form))
}

/// `POST /gateways/:id/lines` with a field for each line; an empty one takes the name away.
pub async fn update(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mut form = cx.form().await?;
    let wanted: Vec<(String, String)> = lines(&gateway)
        .into_iter()
        .map(|line| {
            let name = form.text(&line, &line, LONGEST);
            (line, name)
        })
        .collect();
    if !form.is_right() {
        return Ok(page(&cx, &gateway, &form));
    }
    let mut write = cx.write(&form).await?;
    let before = names(&mut write.tx, gateway.id).await?;
    let mut changes = Changes::new();
    for (line, name) in &wanted {
        let was = before.iter().find(|(known, _)| known == line).map_or("", |(_, name)| name.as_str());
        if was != name {
            set(&mut write.tx, gateway.id, line, name).await?;
            changes = changes.moved(line, was, name.as_str());
        }
    }
    write.audit(Action::Edit, "gateway", gateway.id, changes).await?;
    write.finish(&format!("/gateways/{}?done=saved", gateway.id)).await
}
