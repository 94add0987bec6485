//! Pages of the boxes.

use fieldline_protocol::messages::UssdCommand;
use fieldline_protocol::topics::CommandKind;
use poem::Response;

use super::commands::Ask;
use super::store::{Gateway, State};
use super::view::Beside;
use super::{alerts, claim, commands, failures, health, lines, settings, store, view};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::reactions;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html};

/// The last commands on a box's page.
const COMMANDS: i64 = 8;

/// `GET /gateways`
pub async fn list(cx: Cx) -> Result<Response> {
    let gateways = store::list(&cx.office.db, &cx.scope()).await?;
    Ok(html(view::list(&cx, &gateways)))
}

/// `GET /gateways/new`
pub async fn new(cx: Cx) -> Result<Response> {
    let form = cx.blank();
    Ok(html(view::new(&cx, &form)))
}

/// `POST /gateways`: a box that waits for its code.
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let name = form.required("name", &t!(cx.lang, "gateways.name"), 40);
    if !form.is_right() {
        return Ok(form_html(view::new(&cx, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    let (id, _) = store::insert(&mut write.tx, &name, None, None, cx.now).await?;
    write.audit(Action::Create, "gateway", id, Changes::new().set("name", name)).await?;
    write.finish(&format!("/gateways/{id}")).await
}

/// `GET /gateways/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let beside = beside(&cx, &gateway).await?;
    Ok(html(view::show(&cx, &gateway, &beside, &cx.blank())))
}

/// What its page shows besides the box itself.
async fn beside(cx: &Cx, gateway: &Gateway) -> Result<Beside> {
    let db = &cx.office.db;
    let commands = commands::last(db, gateway.id, None, COMMANDS).await?;
    Ok(Beside {
        commands,
        lines: lines::names(db, gateway.id).await?,
        failures: failures::of_box(db, gateway.id).await?,
        low: alerts::low_balance(db).await?,
    })
}

/// `POST /gateways/:id/balance` with `modem`: asks the network with the code that is set on the box. It costs
/// nothing and changes nothing, so whoever sees the box may.
pub async fn ask_balance(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let form = cx.form().await?;
    let modem = form.value("modem");
    if !health::modems(&gateway.modems).contains_key(modem) {
        return Err(AppError::BadRequest("no such modem"));
    }
    let code = settings::balance_code(&gateway);
    if code.is_empty() {
        return Err(AppError::Refused(t!(cx.lang, "gateways.no_balance_code").into_owned()));
    }
    let back = format!("/gateways/{}?done=sent", gateway.id);
    let changes = Changes::new().set("modem", modem).set("code", code.as_str());
    let ask = Ask { kind: CommandKind::Ussd, modem, about: &code, changes, back: &back };
    let command = |id| UssdCommand { id, modem: modem.to_owned(), code: code.clone() };
    commands::give(&cx, &form, &gateway, ask, command).await
}

/// `POST /gateways/:id/code`: the code is shown in the answer and nowhere else, so it is not a redirect.
pub async fn issue_code(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let code = claim::new_code();
    let mut write = cx.write(&form).await?;
    let gateway = store::to_change(&mut write.tx, id).await?.ok_or(AppError::NotFound)?;
    if gateway.state != State::New {
        return Err(AppError::Refused(t!(cx.lang, "gateways.not_new").into_owned()));
    }
    store::set_code(&mut write.tx, id, &claim::code_hash(&code), cx.now + claim::CODE_LIFE).await?;
    write.act("gateway", id, "code").await?;
    write.finish(&format!("/gateways/{id}")).await?;
    Ok(html(view::code(&cx, &gateway, &code)))
}

/// `POST /gateways/:id`: another name.
pub async fn update(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let name = form.required("name", &t!(cx.lang, "gateways.name"), 40);
    let gateway = store::find(&cx.office.db, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if !form.is_right() {
        let beside = beside(&cx, &gateway).await?;
        return Ok(form_html(view::show(&cx, &gateway, &beside, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    let before = store::to_change(&mut write.tx, id).await?.ok_or(AppError::NotFound)?;
    store::rename(&mut write.tx, id, &name).await?;
    write.audit(Action::Edit, "gateway", id, Changes::new().moved("name", before.name, name)).await?;
    write.finish(&format!("/gateways/{id}?done=saved")).await
}

/// `POST /gateways/:id/revocation`: out at once.
pub async fn revoke(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let gateway = store::to_change(&mut write.tx, id).await?.ok_or(AppError::NotFound)?;
    if gateway.state == State::Revoked {
        return Err(AppError::Refused(t!(cx.lang, "gateways.revoked_before").into_owned()));
    }
    store::revoke(&mut write.tx, id).await?;
    reactions::box_lost(&mut write.tx, id, cx.now).await?;
    write
        .audit(Action::Edit, "gateway", id, Changes::new().moved("state", gateway.state.code(), State::Revoked.code()))
        .await?;
    let response = write.finish(&format!("/gateways/{id}?done=saved")).await?;
    cx.office.wire.dismiss(&gateway.wire_name);
    Ok(response)
}
