//! Contacts as cells of their customer's page, and their form.

use maud::{Markup, html};

use super::consent;
use super::rules::lunar_words;
use super::store::Contact;
use crate::kernel::i18n::{Lang, t};
use crate::ui::form::{self, ButtonKind, FieldView, InputKind};
use crate::ui::icon::Icon;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, link_button, thumb};
use crate::web::form::Form;
use crate::web::merge;

/// Lines for numbers in the form.
pub(super) const PHONES: [&str; 3] = ["phone1", "phone2", "phone3"];

/// The fields of the form, for merging two people's changes.
pub(super) const FIELDS: [&str; 12] = [
    "name",
    "position",
    "sex",
    "phone1",
    "phone2",
    "phone3",
    "wechat",
    "email",
    "birthday",
    "birthday_lunar",
    "is_main",
    "sms_consent",
];

/// A cell for each person: name, position, numbers that dial, birthday.
#[must_use]
pub fn cells(lang: Lang, contacts: &[Contact], editable: bool) -> Markup {
    html! {
        @for contact in contacts {
            div.cell {
                (thumb(&contact.name))
                div.g {
                    b { (contact.name) } " " small { (contact.position) }
                    @if contact.is_main { " " (tag(&t!(lang, "contacts.main"), Tone::Good)) }
                    @if !contact.sms_consent { " " (tag(&t!(lang, "contacts.no_sms"), Tone::Plain)) }
                    @for phone in &contact.phones {
                        p.num { a href={ "tel:" (phone.digits) } { (phone.shown) } }
                    }
                    @if !contact.wechat.is_empty() { p { (t!(lang, "contacts.wechat")) " " (contact.wechat) } }
                }
                @if let Some(words) = birthday_words(lang, contact) { (tag(&words, Tone::Info)) }
                @if editable {
                    a.v href={ "/contacts/" (contact.id) "/edit" } aria-label={ (t!(lang, "contacts.edit")) " " (contact.name) } {
                        (Icon::Edit.markup())
                    }
                }
            }
        }
    }
}

fn birthday_words(lang: Lang, contact: &Contact) -> Option<String> {
    let birthday = contact.birthday()?;
    let (month, day) = birthday.month_day()?;
    let text = match (birthday.lunar, lang) {
        (true, Lang::Zh) => t!(lang, "contacts.lunar_birthday", day = lunar_words(month, day)?),
        (true, Lang::En) => t!(lang, "contacts.lunar_birthday", day = format!("{month}/{day}")),
        (false, Lang::Zh | Lang::En) => t!(lang, "contacts.solar_birthday", month = month, day = day),
    };
    Some(text.into_owned())
}

/// What stands around the form.
pub(super) struct Around<'a> {
    pub lang: Lang,
    pub op_id: &'a str,
    pub version: Option<i64>,
    pub action: String,
    /// The address of the deletion, where the looker may delete.
    pub deletion: Option<String>,
}

pub(super) fn form_page(filled: &Form, around: &Around<'_>) -> Markup {
    let lang = around.lang;
    let sexes = [
        (String::new(), t!(lang, "contacts.sex_unknown").into_owned()),
        ("m".to_owned(), t!(lang, "contacts.sex_m").into_owned()),
        ("f".to_owned(), t!(lang, "contacts.sex_f").into_owned()),
    ];
    let labels = |name: &str| match name {
        "phone1" => t!(lang, "contacts.phone"),
        _ => t!(lang, "contacts.more_phone"),
    };
    let birthday_hint = t!(lang, "contacts.birthday_hint");
    // A new person can be entered without a network; a change of a known one could meet another's change.
    let offline = around.version.is_none().then_some("contact");
    let body = html! {
        (form::error_summary(lang, filled.errors()))
        @if around.version.is_some() {
            @for field in FIELDS { (form::hidden(&merge::was(field), filled.value(&merge::was(field)))) }
        }
        (card(None, None, html! {
            (form::text(&FieldView { required: true, ..filled.field("name", &t!(lang, "contacts.name")) }, InputKind::Text, 40))
            (form::text(&filled.field("position", &t!(lang, "contacts.position")), InputKind::Text, 40))
            @for name in PHONES { (form::text(&filled.field(name, &labels(name)), InputKind::Phone, 40)) (filled.phone_asked(name)) }
            (form::text(&filled.field("wechat", &t!(lang, "contacts.wechat")), InputKind::Text, 60))
            (form::checkbox(&filled.field("is_main", &t!(lang, "contacts.is_main"))))
            (form::checkbox(&filled.field("sms_consent", &t!(lang, "contacts.sms_consent"))))
            (form::select(&filled.field("consent_how", &t!(lang, "contacts.how")).hint(&t!(lang, "contacts.how_hint")), &consent::choices(lang)))
        }))
        (card(Some(&t!(lang, "contacts.more")), None, html! {
            (form::text(&FieldView { hint: Some(&birthday_hint), ..filled.field("birthday", &t!(lang, "contacts.birthday")) }, InputKind::Text, 20))
            (form::checkbox(&filled.field("birthday_lunar", &t!(lang, "contacts.birthday_lunar"))))
            (form::select(&filled.field("sex", &t!(lang, "contacts.sex")), &sexes))
            (form::text(&filled.field("email", &t!(lang, "contacts.email")), InputKind::Email, 100))
        }))
        (form::submit(&t!(lang, "contacts.save"), ButtonKind::Primary))
    };
    html! {
        (form::post(&around.action, around.op_id).version_if(around.version).offline_if(offline).holding(body))
        @if let Some(href) = &around.deletion { (link_button(href, &t!(lang, "contacts.delete"), ButtonKind::Danger)) }
    }
}

pub(super) fn deletion_page(lang: Lang, contact: &Contact, changed: bool, op_id: &str) -> Markup {
    card(
        None,
        None,
        html! {
            @if changed { div.cell { div.g { p role="alert" { (t!(lang, "form.changed")) } } } }
            div.cell { div.g { p { (t!(lang, "contacts.delete_ask", name = contact.name.as_str())) } } }
            (form::post(&format!("/contacts/{}/deletion", contact.id), op_id).version(contact.version).holding(html! {
                (form::submit(&t!(lang, "contacts.delete"), ButtonKind::Danger))
            }))
        },
    )
}
