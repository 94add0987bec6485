//! The company's rules for calls: how long somebody may say 接了, and who calls unknown numbers back. Rows of
//! `settings` whose names begin with `call_`, and their page.

use maud::html;
use poem::Response;

use crate::calls::rules::PATIENCE;
use crate::kernel::access::Role;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::db::{DbError, On, Tx};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::kernel::settings as stored;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::users;
use crate::web::cx::Cx;
use crate::web::error::{Result, form_page};
use crate::web::form::Form;

/// The longest patience.
const LONGEST: Millis = 60 * MINUTE;
/// The shortest: a person needs it to reach for the phone.
const SHORTEST: Millis = 6_000;

/// The rules as set, or as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long after the ringing a call may still be claimed.
    pub patience: Millis,
    /// Who calls unknown numbers back; nobody set means the clerks in turn.
    pub answers_for_unknown: Option<Id>,
}

/// Reads the rules.
pub async fn load(on: impl Into<On<'_>>) -> Result<Settings, DbError> {
    let set = stored::load(on, "call").await?;
    let seconds = set.value::<i64>("call_patience_seconds");
    let patience = seconds.map(|seconds| seconds.saturating_mul(1000)).filter(|ms| (1000..=LONGEST).contains(ms));
    Ok(Settings { patience: patience.unwrap_or(PATIENCE), answers_for_unknown: set.value("call_unknown_to") })
}

async fn save(tx: &mut Tx, settings: &Settings) -> Result<(), DbError> {
    let person = settings.answers_for_unknown.map(|id| id.to_string()).unwrap_or_default();
    for (name, value) in
        [("call_patience_seconds", (settings.patience / 1000).to_string()), ("call_unknown_to", person)]
    {
        stored::set(tx, name, value).await?;
    }
    Ok(())
}

/// Who can be given the unknown numbers: the clerks first, then everybody else.
async fn people(cx: &Cx) -> Result<Vec<(Id, String)>> {
    let clerks = users::names_with_role(&cx.office.db, Role::Clerk).await?;
    let others = users::people_in_scope(&cx.office.db, &cx.scope()).await?;
    let mut people: Vec<(Id, String)> = Vec::new();
    for person in clerks.into_iter().chain(others) {
        if people.iter().all(|(id, _)| *id != person.id) {
            people.push((person.id, person.name));
        }
    }
    Ok(people)
}

async fn page(cx: &Cx, form: &Form) -> Result<Response> {
    let lang = cx.lang;
    let mut options = vec![(String::new(), t!(lang, "calls.in_turn").into_owned())];
    options.extend(people(cx).await?.into_iter().map(|(id, name)| (id.to_string(), name)));
    let body = html! {
        (fields::post("/calls/settings", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&form.field("patience", &t!(lang, "calls.patience")).required().hint(&t!(lang, "calls.patience_hint")), InputKind::Quantity, 5))
                (fields::select(&form.field("unknown_to", &t!(lang, "calls.unknown_to")).hint(&t!(lang, "calls.unknown_to_hint")), &options))
            }))
            (fields::submit(t!(lang, "calls.save"), ButtonKind::Primary))
        }))
    };
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "calls.settings")).back("/calls");
    Ok(form_page(shown, body, form))
}

/// `GET /calls/settings`
pub async fn show(cx: Cx) -> Result<Response> {
    let settings = load(&cx.office.db).await?;
    let form = cx
        .blank()
        .with("patience", Milli(settings.patience * 1000 / MINUTE).to_string())
        .with("unknown_to", settings.answers_for_unknown.map(|id| id.to_string()).unwrap_or_default());
    page(&cx, &form).await
}

/// The one record of its kind in the log of operations.
const RECORD: Id = Id(1);

/// `POST /calls/settings`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let minutes = form.milli("patience", &t!(cx.lang, "calls.patience"));
    let patience = minutes.map(|minutes| minutes.0.saturating_mul(MINUTE) / 1000).unwrap_or_default();
    if form.error("patience").is_none() && !(SHORTEST..=LONGEST).contains(&patience) {
        form.wrong("patience", t!(cx.lang, "calls.wrong_patience"));
    }
    let person = form.record("unknown_to", &t!(cx.lang, "calls.unknown_to"));
    if let Some(person) = person
        && people(&cx).await?.iter().all(|(id, _)| *id != person)
    {
        form.wrong("unknown_to", t!(cx.lang, "form.choice", field = t!(cx.lang, "calls.unknown_to")));
    }
    if !form.is_right() {
        return page(&cx, &form).await;
    }
    let after = Settings { patience, answers_for_unknown: person };
    let mut write = cx.write(&form).await?;
    let before = load(&mut write.tx).await?;
    save(&mut write.tx, &after).await?;
    let id = |settings: &Settings| settings.answers_for_unknown.map(|id| id.to_string());
    let changes =
        Changes::new().moved("patience", before.patience, after.patience).moved("unknown_to", id(&before), id(&after));
    write.audit(Action::Edit, "call_settings", RECORD, changes).await?;
    write.finish("/calls/settings?done=saved").await
}
