//! Checking in: where, when, and what is odd about it. It never fails for want of a good position.

use poem::Response;
use poem::http::StatusCode;

use crate::customers;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::visits::pages::{PURPOSE, again, own, today};
use crate::visits::plan::still_planned;
use crate::visits::rules::{self, Fix, Progress};
use crate::visits::store::{self, Visit};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;
use crate::web::write::Write;

/// `POST /visits/:id/check-in`
pub async fn check_in(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let id = cx.id()?;
    let reason = form.text("out_reason", &t!(cx.lang, "visits.out_reason"), PURPOSE);
    if !form.is_right() {
        let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), id).await?)?;
        return again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_with_customer(&mut write.tx, &cx.scope(), id).await?)?;
    still_planned(&cx, &visit)?;
    begin(&cx, &mut write, &visit, &form, &reason).await?;
    write.finish(&format!("/visits/{id}?done=checked_in")).await
}

/// Begins a visit with the position that the form brings, if it brings one.
pub async fn begin(cx: &Cx, write: &mut Write<'_>, visit: &Visit, form: &Form, reason: &str) -> Result<()> {
    let fix = Fix::parse(form.value("lat"), form.value("lng"), form.value("accuracy"), form.value("fix_at"));
    let (id, day) = (visit.row.id, today(cx));
    let before = match fix {
        Some(_) => store::last_place(&mut write.tx, visit.row.owner_id, cx.now).await?,
        None => None,
    };
    let evidence = rules::judge(fix.as_ref(), visit.point(), before, cx.now);
    store::check_in(&mut write.tx, id, day, cx.now, fix, &evidence, reason).await?;
    if let Some(fix) = fix
        && visit.point().is_none()
        && fix.can_place(&evidence.flags)
    {
        customers::set_point(&mut write.tx, visit.row.customer_id, fix.lat, fix.lng).await?;
    }
    let changes = Changes::new()
        .moved("state", visit.row.progress.code(), Progress::Open.code())
        .moved("planned_on", visit.row.planned_on.as_str(), day.to_string())
        .set("in_lat", fix.map(|fix| fix.lat))
        .set("in_lng", fix.map(|fix| fix.lng))
        .set("in_distance", evidence.distance)
        .set("flags", evidence.flags.stored());
    write.audit(Action::Edit, "visit", id, changes).await
}
