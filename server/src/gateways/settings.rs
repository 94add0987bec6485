//! What can be set on a box from afar. The box says what is in force; this page changes it with `cmd/config`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fieldline_protocol::messages::ConfigCommand;
use fieldline_protocol::settings::{BadSetting, Setting};
use fieldline_protocol::topics::CommandKind;
use maud::html;
use poem::Response;

use super::commands::{self, Ask};
use super::health;
use super::store::{self, Gateway};
use crate::kernel::audit::Changes;
use crate::kernel::clock::{minute_of, wall};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Milli;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::{card, empty};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page};
use crate::web::form::Form;

/// How a setting is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Number,
    /// The box counts minutes of the day.
    TimeOfDay,
    /// The box counts milliseconds.
    Seconds,
    Code,
    Flag,
}

fn typed(setting: Setting) -> Typed {
    match setting {
        Setting::LimitMinute | Setting::LimitHour | Setting::LimitDay | Setting::BalanceHours => Typed::Number,
        Setting::QuietFrom | Setting::QuietUntil => Typed::TimeOfDay,
        Setting::RingEnd => Typed::Seconds,
        Setting::BalanceCode => Typed::Code,
        Setting::StoreFirst => Typed::Flag,
    }
}

fn name(lang: Lang, setting: Setting) -> Cow<'static, str> {
    match setting {
        Setting::LimitMinute => t!(lang, "gateways.limit_minute"),
        Setting::LimitHour => t!(lang, "gateways.limit_hour"),
        Setting::LimitDay => t!(lang, "gateways.limit_day"),
        Setting::QuietFrom => t!(lang, "gateways.quiet_from"),
        Setting::QuietUntil => t!(lang, "gateways.quiet_until"),
        Setting::BalanceCode => t!(lang, "gateways.balance_code"),
        Setting::BalanceHours => t!(lang, "gateways.balance_hours"),
        Setting::RingEnd => t!(lang, "gateways.ring_end"),
        Setting::StoreFirst => t!(lang, "gateways.store_first"),
    }
}

fn hint(lang: Lang, setting: Setting) -> Option<Cow<'static, str>> {
    match setting {
        Setting::LimitMinute => Some(t!(lang, "gateways.limit_hint")),
        Setting::QuietFrom => Some(t!(lang, "gateways.quiet_hint")),
        Setting::BalanceCode => Some(t!(lang, "gateways.balance_code_hint")),
        Setting::RingEnd => Some(t!(lang, "gateways.ring_end_hint")),
        Setting::StoreFirst => Some(t!(lang, "gateways.store_first_hint")),
        Setting::LimitHour | Setting::LimitDay | Setting::QuietUntil | Setting::BalanceHours => None,
    }
}

/// A value of the box as people read it.
fn shown(setting: Setting, value: &str) -> String {
    match typed(setting) {
        Typed::Number | Typed::Code => value.to_owned(),
        Typed::TimeOfDay => value.parse().map(wall).unwrap_or_default(),
        Typed::Seconds => value.parse().map(|ms| Milli(ms).to_string()).unwrap_or_default(),
        Typed::Flag => if value == "1" { "1" } else { "" }.to_owned(),
    }
}

/// What was typed, as the box takes it; nonsense stays so, for [`Setting::check`] to refuse.
fn meant(form: &Form, setting: Setting) -> String {
    let text = form.value(setting.word()).trim();
    match typed(setting) {
        Typed::Number | Typed::Code => text.to_owned(),
        Typed::TimeOfDay => minute_of(text).map(|minute| minute.to_string()).unwrap_or_default(),
        Typed::Seconds => Milli::parse(text).map(|seconds| seconds.0.to_string()).unwrap_or_default(),
        Typed::Flag => match text {
            "" => "0".to_owned(),
            "on" => "1".to_owned(),
            word => word.to_owned(),
        },
    }
}

fn refusal(lang: Lang, setting: Setting, bad: &BadSetting) -> Cow<'static, str> {
    let field = name(lang, setting);
    match bad {
        BadSetting::Bounds { least, most, .. } => match typed(setting) {
            Typed::TimeOfDay => t!(lang, "gateways.wrong_time", field = field),
            Typed::Seconds => {
                t!(lang, "gateways.wrong_bounds", field = field, least = Milli(*least), most = Milli(*most))
            }
            Typed::Number | Typed::Code | Typed::Flag => {
                t!(lang, "gateways.wrong_bounds", field = field, least = least, most = most)
            }
        },
        BadSetting::Code(_) => t!(lang, "gateways.wrong_code"),
        BadSetting::Unknown(_) => t!(lang, "gateways.wrong_setting", field = field),
    }
}

fn field(lang: Lang, form: &Form, setting: Setting) -> maud::Markup {
    let (label, hint) = (name(lang, setting), hint(lang, setting));
    let field = form.field(setting.word(), &label);
    let field = match &hint {
        Some(hint) => field.hint(hint),
        None => field,
    };
    if typed(setting) == Typed::Flag {
        fields::checkbox(&field)
    } else {
        fields::text(&field, input(typed(setting)), 32)
    }
}

fn input(typed: Typed) -> InputKind {
    match typed {
        Typed::Number | Typed::Seconds => InputKind::Quantity,
        Typed::TimeOfDay => InputKind::Time,
        Typed::Code | Typed::Flag => InputKind::Text,
    }
}

async fn page(cx: &Cx, gateway: &Gateway, form: &Form) -> Result<Response> {
    let lang = cx.lang;
    let known = !health::info(&gateway.info).settings.is_empty();
    let last = commands::last(&cx.office.db, gateway.id, Some(CommandKind::Config), 1).await?;
    let group = |title: Cow<'static, str>, settings: &[Setting]| {
        fields::fields(Some(&title), html! { @for setting in settings { (field(lang, form, *setting)) } })
    };
    let body = html! {
        @if !known { (empty(t!(lang, "gateways.settings_unknown"), None)) }
        @else {
            // What was sent and is not in force yet, so that the old values on the page puzzle nobody.
            @for one in last.iter().filter(|one| matches!(one.state, commands::State::Asked | commands::State::Refused)) {
                (card(None, None, html! { div.cell { div.g { (one.state_tag(lang)) } div.v { (one.said_words(lang)) } } }))
            }
            (fields::post(&format!("/gateways/{}/settings", gateway.id), &cx.op_id()).holding(html! {
                (fields::error_summary(lang, form.errors()))
                (group(t!(lang, "gateways.limits"), &[Setting::LimitMinute, Setting::LimitHour, Setting::LimitDay]))
                (group(t!(lang, "gateways.quiet"), &[Setting::QuietFrom, Setting::QuietUntil]))
                (group(t!(lang, "gateways.balance"), &[Setting::BalanceCode, Setting::BalanceHours]))
                (group(t!(lang, "gateways.hardware"), &[Setting::RingEnd, Setting::StoreFirst]))
                (fields::submit(t!(lang, "gateways.settings_send"), ButtonKind::Primary))
            }))
        }
    };
    let frame = cx.frame();
    let shown = Page::new(&frame, t!(lang, "gateways.settings"))
        .subtitle(gateway.name.as_str())
        .back(format!("/gateways/{}", gateway.id));
    Ok(form_page(shown, body, form))
}

/// The names of settings in a command's note, which holds their words.
pub fn names(lang: Lang, words: &str) -> String {
    let names = words.split(' ').filter_map(|word| Setting::named(word).ok()).map(|setting| name(lang, setting));
    names.collect::<Vec<_>>().join(&t!(lang, "gateways.and"))
}

/// What a box says is in force.
fn in_force(gateway: &Gateway) -> BTreeMap<String, String> {
    health::info(&gateway.info).settings
}

/// The code that asks this box's SIMs for their balance; empty where none is set.
pub fn balance_code(gateway: &Gateway) -> String {
    in_force(gateway).remove(Setting::BalanceCode.word()).unwrap_or_default()
}

/// `GET /gateways/:id/settings`
pub async fn show(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let force = in_force(&gateway);
    let form = Setting::ALL.into_iter().fold(cx.blank(), |form, setting| {
        let value = force.get(setting.word()).map_or_else(|| setting.default_value(), String::as_str);
        form.with(setting.word(), shown(setting, value))
    });
    page(&cx, &gateway, &form).await
}

/// `POST /gateways/:id/settings`: what differs from what is in force goes to the box, all of it or nothing.
pub async fn update(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mut form = cx.form().await?;
    let force = in_force(&gateway);
    let mut wanted = BTreeMap::new();
    let mut changes = Changes::new();
    for setting in Setting::ALL {
        let value = meant(&form, setting);
        if let Err(bad) = setting.check(&value) {
            form.wrong(setting.word(), refusal(cx.lang, setting, &bad));
            continue;
        }
        let before = force.get(setting.word()).cloned();
        if before.as_ref() != Some(&value) {
            changes = changes.moved(setting.word(), before, value.as_str());
            wanted.insert(setting.word().to_owned(), value);
        }
    }
    if !form.is_right() {
        return page(&cx, &gateway, &form).await;
    }
    let back = format!("/gateways/{}?done=sent", gateway.id);
    if wanted.is_empty() {
        return Ok(crate::web::error::see_other(&back));
    }
    let about = wanted.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    let ask = Ask { kind: CommandKind::Config, modem: "", about: &about, changes, back: &back };
    commands::give(&cx, &form, &gateway, ask, |id| ConfigCommand { id, settings: wanted }).await
}

#[cfg(test)]
mod tests {
    use super::{Setting, shown};

    #[test]
    fn values_are_shown_as_people_say_them() {
        assert_eq!(shown(Setting::QuietFrom, "1260"), "21:00");
        assert_eq!(shown(Setting::RingEnd, "7500"), "7.5");
        assert_eq!(shown(Setting::StoreFirst, "0"), "");
        assert_eq!(shown(Setting::LimitDay, "200"), "200");
        assert_eq!(shown(Setting::QuietFrom, "soon"), "");
    }
}
