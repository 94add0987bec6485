//! Campaigns: the list, the draft and its dry preview, whom it reaches, its progress.

use chrono::NaiveDateTime;
use poem::Response;

use crate::campaigns::audience::sieve;
use crate::campaigns::feed;
use crate::campaigns::rules::{Audience, Stage, Start, State};
use crate::campaigns::store::{self, Campaign, Draft};
use crate::campaigns::view::{self, Preview};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html};
use crate::web::form::Form;
use crate::{contacts, customers, sms};

/// Customers offered for picking their people.
const OFFERED: i64 = 8;

async fn read(cx: &Cx) -> Result<Campaign> {
    store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)
}

/// `GET /campaigns`
pub async fn list(cx: Cx) -> Result<Response> {
    let found = store::list(&cx.office.db, &cx.scope(), cx.paging()).await?;
    Ok(html(view::list(&cx, &found)))
}

async fn form_page(cx: &Cx, campaign: Option<&Campaign>, form: &Form) -> Result<Response> {
    let db = &cx.office.db;
    let (regions, settings) = (customers::regions(db).await?, sms::settings(db).await?);
    let mut templates = if campaign.is_none() { sms::templates(db).await? } else { Vec::new() };
    templates.retain(|template| foreign_variable(&template.text).is_none());
    Ok(form_html(view::form(cx, campaign, form, &regions, &settings, &templates), form))
}

/// `GET /campaigns/new?template=`
pub async fn new(cx: Cx) -> Result<Response> {
    let mut form = cx.blank().with("audience", Audience::All.code());
    if let Some(id) = cx.query("template").and_then(|id| id.parse::<Id>().ok())
        && let Some(template) = sms::templates(&cx.office.db).await?.into_iter().find(|template| template.id == id)
    {
        form = form.with("name", template.name).with("text", template.text);
    }
    form_page(&cx, None, &form).await
}

/// Variables that a campaign has no value for.
const NOT_HERE: [&str; 2] = ["单号", "金额"];

/// The first variable of a text for which a campaign has no value.
pub fn foreign_variable(text: &str) -> Option<String> {
    sms::unknown_variable(text)
        .or_else(|| NOT_HERE.into_iter().find(|name| text.contains(&format!("{{{name}}}"))).map(str::to_owned))
}

fn check(cx: &Cx, form: &mut Form) -> Option<Draft> {
    let lang = cx.lang;
    let name = form.required("name", &t!(lang, "campaigns.name"), 40);
    let text = form.required("text", &t!(lang, "campaigns.text"), sms::LONGEST);
    let product = form.text("product", &t!(lang, "campaigns.product"), 40);
    if let Some(name) = foreign_variable(&text) {
        form.wrong("text", t!(lang, "campaigns.no_such_variable", name = name));
    } else if text.contains("{产品}") && product.is_empty() {
        form.wrong("product", t!(lang, "campaigns.say_product"));
    } else if form.error("text").is_none()
        && let Err(refusal) = sms::content(&text)
    {
        form.wrong("text", refusal.text(lang));
    }
    let audience = form.choice("audience", &t!(lang, "campaigns.audience"), |word| {
        Audience::CHOICES.into_iter().find(|audience| audience.code() == word)
    });
    let region_id = form.record("region_id", &t!(lang, "campaigns.region"));
    if audience == Some(Audience::Region) && region_id.is_none() && form.error("region_id").is_none() {
        form.wrong("region_id", t!(lang, "campaigns.choose_region"));
    }
    let view = form.text("view", &t!(lang, "campaigns.view"), 20);
    if audience == Some(Audience::View) && store::list_view(&view).is_none() && form.error("view").is_none() {
        form.wrong("view", t!(lang, "form.choice", field = t!(lang, "campaigns.view")));
    }
    let q = form.text("q", &t!(lang, "campaigns.q"), 60);
    let audience = audience.filter(|_| form.is_right())?;
    Some(Draft {
        name,
        text,
        product,
        audience,
        region_id: region_id.filter(|_| audience == Audience::Region),
        view,
        q,
    })
}

/// Says at the field when the chosen region is none.
async fn region_exists(cx: &Cx, form: &mut Form, draft: &Draft) -> Result<bool> {
    let Some(region) = draft.region_id else { return Ok(true) };
    let known = customers::regions(&cx.office.db).await?.iter().any(|named| named.id == region);
    if !known {
        form.wrong("region_id", t!(cx.lang, "campaigns.choose_region"));
    }
    Ok(known)
}

/// `POST /campaigns`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let Some(draft) = check(&cx, &mut form) else { return form_page(&cx, None, &form).await };
    if !region_exists(&cx, &mut form, &draft).await? {
        return form_page(&cx, None, &form).await;
    }
    let mut write = cx.write(&form).await?;
    let id = store::insert(&mut write.tx, cx.actor().id, &draft, cx.now).await?;
    let changes = Changes::new().set("name", draft.name).set("text", draft.text).set("audience", draft.audience.code());
    write.audit(Action::Create, "campaign", id, changes).await?;
    let next = if draft.audience == Audience::Picked { "/picks" } else { "" };
    write.finish(&format!("/campaigns/{id}{next}?done=saved")).await
}

fn filled(cx: &Cx, campaign: &Campaign) -> Form {
    cx.blank()
        .with("name", campaign.name.as_str())
        .with("text", campaign.text.as_str())
        .with("product", campaign.product.as_str())
        .with("audience", campaign.audience.code())
        .with("region_id", campaign.region_id.map(|id| id.to_string()).unwrap_or_default())
        .with("view", campaign.view.as_str())
        .with("q", campaign.q.as_str())
}

fn only_draft(cx: &Cx, campaign: &Campaign) -> Result<()> {
    match campaign.state {
        State::Draft => Ok(()),
        State::Running | State::Paused | State::Done | State::Cancelled => {
            Err(AppError::Refused(t!(cx.lang, "campaigns.not_draft").into_owned()))
        }
    }
}

/// `GET /campaigns/:id/edit`
pub async fn edit(cx: Cx) -> Result<Response> {
    let campaign = read(&cx).await?;
    only_draft(&cx, &campaign)?;
    let form = filled(&cx, &campaign);
    form_page(&cx, Some(&campaign), &form).await
}

/// `POST /campaigns/:id`
pub async fn update(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let known = read(&cx).await?;
    let Some(draft) = check(&cx, &mut form) else { return form_page(&cx, Some(&known), &form).await };
    if !region_exists(&cx, &mut form, &draft).await? {
        return form_page(&cx, Some(&known), &form).await;
    }
    let mut write = cx.write(&form).await?;
    let before = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    only_draft(&cx, &before)?;
    if before.version != form.opened() {
        drop(write);
        return changed(&cx, &before, form).await;
    }
    store::update(&mut write.tx, id, &draft).await?;
    let changes = Changes::new()
        .moved("name", before.name.as_str(), draft.name.as_str())
        .moved("text", before.text.as_str(), draft.text.as_str())
        .moved("audience", before.audience.code(), draft.audience.code());
    write.audit(Action::Edit, "campaign", id, changes).await?;
    write.finish(&format!("/campaigns/{id}?done=saved")).await
}

/// The form once more, with what was typed: somebody changed the campaign meanwhile.
async fn changed(cx: &Cx, campaign: &Campaign, form: Form) -> Result<Response> {
    let mut form = form.with("version", campaign.version.to_string());
    form.conflict("name", t!(cx.lang, "campaigns.changed_meanwhile"));
    form_page(cx, Some(campaign), &form).await
}

/// `GET /campaigns/:id`: the dry preview of a draft, else the progress.
pub async fn show(cx: Cx) -> Result<Response> {
    let campaign = read(&cx).await?;
    match campaign.state {
        State::Draft => {
            let form = cx.blank().with("start", Start::Now.code());
            draft_page(&cx, &campaign, &form).await
        }
        State::Running | State::Paused | State::Done | State::Cancelled => {
            let settings = sms::settings(&cx.office.db).await?;
            Ok(html(view::progress(&cx, &campaign, &settings)))
        }
    }
}

async fn draft_page(cx: &Cx, campaign: &Campaign, form: &Form) -> Result<Response> {
    let (db, scope) = (&cx.office.db, cx.scope());
    let settings = sms::settings(db).await?;
    let sieve = sieve(db, campaign, &scope, &settings, cx.now).await?;
    let tally = sieve.tally(db).await?;
    let sample = match sieve.sample(db).await? {
        Some(contact) => {
            let company = sms::company_name(db).await?;
            feed::text_for(db, &scope, campaign, contact, &company, cx.now).await?
        }
        None => None,
    };
    let region = match campaign.region_id {
        Some(id) => customers::regions(db).await?.into_iter().find(|named| named.id == id).map(|named| named.name),
        None => None,
    };
    let preview = Preview { tally, sample, region, settings };
    Ok(form_html(view::draft(cx, campaign, &preview, form), form))
}

/// `GET /campaigns/:id/picks?q=`
pub async fn picks(cx: Cx) -> Result<Response> {
    let campaign = read(&cx).await?;
    only_draft(&cx, &campaign)?;
    let (db, scope) = (&cx.office.db, cx.scope());
    let picked = store::picked(db, campaign.id).await?;
    let mut found = Vec::new();
    for customer in customers::choices(db, &scope, cx.query("q"), OFFERED).await? {
        let people = contacts::of_customer(db, &scope, customer.id).await?;
        if !people.is_empty() {
            found.push((customer, people));
        }
    }
    Ok(html(view::picks(&cx, &campaign, &found, &picked)))
}

/// `POST /campaigns/:id/picks` with `shown` for each contact on the page and `contact_id` for each ticked one.
pub async fn pick(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let known = read(&cx).await?;
    let ticked: Vec<&str> = form.values("contact_id").collect();
    let shown: Vec<Id> = form.values("shown").filter_map(|id| id.parse().ok()).take(200).collect();
    let mut write = cx.write(&form).await?;
    let campaign = store::to_change(&mut write.tx, &cx.scope(), known.id).await?.ok_or(AppError::NotFound)?;
    only_draft(&cx, &campaign)?;
    for contact in shown {
        // Only people in the picker's own view.
        if contacts::find(&mut write.tx, &cx.scope(), contact).await?.is_some() {
            let wanted = ticked.contains(&contact.to_string().as_str());
            store::pick(&mut write.tx, id, contact, wanted).await?;
        }
    }
    write.act("campaign", id, "picks").await?;
    let again = form.value("again") == "1";
    write.finish(&format!("/campaigns/{id}{}?done=saved", if again { "/picks" } else { "" })).await
}

/// `GET /campaigns/:id/recipients?view=`
pub async fn recipients(cx: Cx) -> Result<Response> {
    let campaign = read(&cx).await?;
    let stage = cx.query("view").and_then(Stage::from_code).unwrap_or(Stage::Excluded);
    let found = store::recipients(&cx.office.db, campaign.id, stage, cx.paging()).await?;
    Ok(html(view::recipients(&cx, &campaign, stage, &found)))
}

/// `POST /campaigns/:id/release` with `start=now|at` and `starts_at`.
pub async fn release(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let known = read(&cx).await?;
    only_draft(&cx, &known)?;
    let start = form.choice("start", &t!(cx.lang, "campaigns.start"), Start::from_code);
    let later = start == Some(Start::At);
    let starts_at = NaiveDateTime::parse_from_str(form.value("starts_at").trim(), "%Y-%m-%dT%H:%M").ok().map(clock::at);
    if later && starts_at.is_none_or(|at| at <= cx.now || at > cx.now + 366 * clock::DAY) {
        form.wrong("starts_at", t!(cx.lang, "campaigns.wrong_time"));
    }
    if !form.is_right() {
        return draft_page(&cx, &known, &form).await;
    }
    let scope = cx.scope();
    let settings = sms::settings(&cx.office.db).await?;
    let mut write = cx.write(&form).await?;
    let campaign = store::to_change(&mut write.tx, &scope, id).await?.ok_or(AppError::NotFound)?;
    only_draft(&cx, &campaign)?;
    let sieve = sieve(&mut write.tx, &campaign, &scope, &settings, cx.now).await?;
    sieve.write_down(&mut write.tx).await?;
    store::begin(&mut write.tx, id, starts_at.filter(|_| later)).await?;
    let reached = store::to_change(&mut write.tx, &scope, id).await?.map_or(0, |campaign| campaign.total);
    if reached == 0 {
        return Err(AppError::Refused(t!(cx.lang, "campaigns.nobody").into_owned()));
    }
    store::set_state(&mut write.tx, id, State::Running, None).await?;
    let changes = Changes::new().moved("state", State::Draft.code(), State::Running.code()).set("total", reached);
    write.audit(Action::Act, "campaign", id, changes).await?;
    write.finish(&format!("/campaigns/{id}?done=sent")).await
}

async fn to_state(cx: Cx, next: State) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let campaign = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    let before = campaign.state;
    if !before.moves_to(next) {
        let state = before.name(cx.lang);
        return Err(AppError::Refused(t!(cx.lang, "campaigns.cannot_move", state = state).into_owned()));
    }
    if matches!(next, State::Paused | State::Cancelled) {
        let ahead = store::on_the_way(&mut write.tx, id).await?;
        sms::recall_all(&mut write.tx, &ahead, cx.now).await?;
    }
    let ended = (next == State::Cancelled).then_some(cx.now);
    store::set_state(&mut write.tx, id, next, ended).await?;
    write.audit(Action::Act, "campaign", id, Changes::new().moved("state", before.code(), next.code())).await?;
    write.finish(&format!("/campaigns/{id}?done=done")).await
}

/// `POST /campaigns/:id/pause`
pub async fn pause(cx: Cx) -> Result<Response> {
    to_state(cx, State::Paused).await
}

/// `POST /campaigns/:id/resumption`
pub async fn resume(cx: Cx) -> Result<Response> {
    let before = read(&cx).await?.state;
    match before {
        State::Paused => to_state(cx, State::Running).await,
        // A draft is released with its recipients, not resumed.
        State::Draft | State::Running | State::Done | State::Cancelled => {
            let state = before.name(cx.lang);
            Err(AppError::Refused(t!(cx.lang, "campaigns.cannot_move", state = state).into_owned()))
        }
    }
}

/// `POST /campaigns/:id/cancellation`
pub async fn cancel(cx: Cx) -> Result<Response> {
    to_state(cx, State::Cancelled).await
}
