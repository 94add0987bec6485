//! Pages of the greetings that go by themselves.

use maud::html;
use poem::Response;

use crate::campaigns::calendar::FESTIVALS;
use crate::campaigns::occasions::{self, Kind, NewOccasion, Occasion};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::{Lang, t};
use crate::sms::{self, Class};
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::state::Standing;
use crate::ui::{card, empty, link_button, link_cell};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html as page_of};
use crate::web::form::Form;

fn when(lang: Lang, occasion: &Occasion) -> String {
    match occasion.kind {
        Kind::Birthday => t!(lang, "campaigns.every_birthday").into_owned(),
        Kind::Lunar => t!(lang, "campaigns.every_lunar", month = occasion.month, day = occasion.day).into_owned(),
        Kind::Solar => t!(lang, "campaigns.every_solar", month = occasion.month, day = occasion.day).into_owned(),
    }
}

/// `GET /campaigns/occasions`
pub async fn list(cx: Cx) -> Result<Response> {
    let lang = cx.lang;
    let found = occasions::list(&cx.office.db).await?;
    let new = t!(lang, "campaigns.new_occasion");
    let body = html! {
        @if found.is_empty() { (empty(t!(lang, "campaigns.no_occasions"), Some(("/campaigns/occasions/new", new.as_ref())))) }
        @else {
            (card(None, None, html! {
                @for occasion in &found {
                    (link_cell(
                        format!("/campaigns/occasions/{}", occasion.id),
                        html! { b { (occasion.name) } " " @if !occasion.enabled { (Standing::Off.tag(lang)) } p { (when(lang, occasion)) " " (sms::wall(occasion.minute)) } },
                        html! { @if let (Some(day), Some(outcome)) = (&occasion.last_day, occasion.last_outcome) {
                            small { (day) " " (outcome.name(lang)) }
                        } },
                    ))
                }
            }))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "campaigns.occasions")).back("/campaigns");
    Ok(page_of(page.bar(link_button("/campaigns/occasions/new", &new, ButtonKind::Primary)).render(body)))
}

async fn form_page(cx: &Cx, occasion: Option<&Occasion>, form: &Form) -> Result<Response> {
    let lang = cx.lang;
    let settings = sms::settings(&cx.office.db).await?;
    let action = occasion
        .map_or_else(|| "/campaigns/occasions".to_owned(), |occasion| format!("/campaigns/occasions/{}", occasion.id));
    let body = html! {
        (fields::post(&action, &cx.op_id()).version_if(occasion.map(|occasion| form.version_on(occasion.version))).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&form.field("name", &t!(lang, "campaigns.name")).required(), InputKind::Text, 30))
                (fields::select(&form.field("kind", &t!(lang, "campaigns.kind")).required(), &Kind::choices(lang)))
                (fields::text(&form.field("month", &t!(lang, "campaigns.month")), InputKind::Quantity, 2))
                (fields::text(&form.field("day", &t!(lang, "campaigns.day")).hint(&t!(lang, "campaigns.day_hint")), InputKind::Quantity, 2))
                (fields::text(&form.field("minute", &t!(lang, "campaigns.minute")).required(), InputKind::Time, 5))
                (fields::textarea(&form.field("text", &t!(lang, "campaigns.text")).required().hint(&t!(lang, "campaigns.occasion_variables")), sms::LONGEST))
                (sms::counter(&settings, Class::Marketing))
                (fields::checkbox(&form.field("enabled", &t!(lang, "campaigns.enabled"))))
            }))
            (fields::submit(t!(lang, "campaigns.save"), ButtonKind::Primary))
        }))
        @if let Some(id) = occasion.and_then(|occasion| occasion.last_campaign) {
            (card(None, None, link_cell(format!("/campaigns/{id}"), html! { (t!(lang, "campaigns.last_run")) }, html! {})))
        }
        @if occasion.is_none() && form.is_right() {
            (card(Some(&t!(lang, "campaigns.festivals")), None, html! {
                @for (place, (name, lunar, month, day)) in FESTIVALS.iter().enumerate() {
                    (link_cell(format!("/campaigns/occasions/new?festival={place}"), html! { (name) }, html! {
                        @if *lunar { (t!(lang, "campaigns.every_lunar", month = month, day = day)) } @else { (t!(lang, "campaigns.every_solar", month = month, day = day)) }
                    }))
                }
            }))
        }
    };
    let title = occasion.map_or_else(|| t!(lang, "campaigns.new_occasion").into_owned(), |one| one.name.clone());
    let frame = cx.frame();
    let page = Page::new(&frame, title).back("/campaigns/occasions");
    let page = if form.is_right() { page } else { page.error_title() };
    Ok(form_html(page.render(body), form))
}

/// `GET /campaigns/occasions/new?festival=`
pub async fn new(cx: Cx) -> Result<Response> {
    let festival = cx.query("festival").and_then(|place| place.parse::<usize>().ok()).and_then(|n| FESTIVALS.get(n));
    let form = cx.blank().with("minute", "09:00").with("enabled", "1");
    let form = match festival {
        Some((name, lunar, month, day)) => form
            .with("name", *name)
            .with("kind", if *lunar { Kind::Lunar } else { Kind::Solar }.code())
            .with("month", month.to_string())
            .with("day", day.to_string()),
        None => form.with("name", t!(cx.lang, "campaigns.kind_birthday")).with("kind", Kind::Birthday.code()),
    };
    form_page(&cx, None, &form).await
}

fn check(cx: &Cx, form: &mut Form) -> Option<NewOccasion> {
    let lang = cx.lang;
    let name = form.required("name", &t!(lang, "campaigns.name"), 30);
    let kind = form.choice("kind", &t!(lang, "campaigns.kind"), Kind::from_code);
    let number = |form: &Form, name: &str| form.value(name).trim().parse::<i64>().unwrap_or(0);
    let (month, day) = (number(form, "month"), number(form, "day"));
    let days = match (kind, month) {
        (Some(Kind::Solar), 4 | 6 | 9 | 11) | (Some(Kind::Lunar), _) => 30,
        (Some(Kind::Solar), 2) => 29,
        _ => 31,
    };
    if kind != Some(Kind::Birthday) && kind.is_some() && (!(1..=12).contains(&month) || !(1..=days).contains(&day)) {
        form.wrong("day", t!(lang, "campaigns.wrong_day"));
    }
    let minute = sms::minute_of(form.value("minute"));
    if minute.is_none() {
        form.wrong("minute", t!(lang, "campaigns.wrong_minute"));
    }
    let text = form.required("text", &t!(lang, "campaigns.text"), sms::LONGEST);
    let foreign = super::pages::foreign_variable(&text).or_else(|| text.contains("{产品}").then(|| "产品".to_owned()));
    if let Some(name) = foreign {
        form.wrong("text", t!(lang, "campaigns.no_such_variable", name = name));
    } else if form.error("text").is_none()
        && let Err(refusal) = sms::content(&text)
    {
        form.wrong("text", refusal.text(lang));
    }
    let enabled = form.flag("enabled");
    let (kind, minute) = (kind?, minute?);
    form.is_right().then_some(NewOccasion { name, kind, month, day, text, minute, enabled })
}

/// `POST /campaigns/occasions`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let Some(new) = check(&cx, &mut form) else { return form_page(&cx, None, &form).await };
    let mut write = cx.write(&form).await?;
    let id = occasions::insert(&mut write.tx, cx.actor().id, &new, cx.now).await?;
    let changes = Changes::new().set("name", new.name).set("kind", new.kind.code()).set("text", new.text);
    write.audit(Action::Create, "occasion", id, changes).await?;
    write.finish("/campaigns/occasions?done=saved").await
}

/// `GET /campaigns/occasions/:id`
pub async fn edit(cx: Cx) -> Result<Response> {
    let occasion = occasions::find(&cx.office.db, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let number = |value: i64| if value == 0 { String::new() } else { value.to_string() };
    let form = cx
        .blank()
        .with("name", occasion.name.as_str())
        .with("kind", occasion.kind.code())
        .with("month", number(occasion.month))
        .with("day", number(occasion.day))
        .with("minute", sms::wall(occasion.minute))
        .with("text", occasion.text.as_str())
        .with("enabled", if occasion.enabled { "1" } else { "" });
    form_page(&cx, Some(&occasion), &form).await
}

/// `POST /campaigns/occasions/:id`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let occasion = occasions::find(&cx.office.db, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let Some(new) = check(&cx, &mut form) else { return form_page(&cx, Some(&occasion), &form).await };
    let mut write = cx.write(&form).await?;
    if !occasions::update(&mut write.tx, occasion.id, form.opened(), &new).await? {
        drop(write);
        let now = occasions::find(&cx.office.db, occasion.id).await?.ok_or(AppError::NotFound)?;
        let mut form = form.with("version", now.version.to_string());
        form.conflict("name", t!(cx.lang, "campaigns.changed_meanwhile"));
        return form_page(&cx, Some(&now), &form).await;
    }
    let changes = Changes::new()
        .moved("name", occasion.name.as_str(), new.name)
        .moved("text", occasion.text.as_str(), new.text)
        .moved("enabled", occasion.enabled, new.enabled);
    write.audit(Action::Edit, "occasion", occasion.id, changes).await?;
    write.finish("/campaigns/occasions?done=saved").await
}
