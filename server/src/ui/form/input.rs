//! Fields that are typed, photographed or measured.

use maud::{Markup, html};

use super::FieldView;
use crate::kernel::china::geo::Point;
use crate::kernel::i18n::{Lang, t};
use crate::ui::icon::Icon;

/// What a field takes; decides the keyboard that the phone shows and what the browser may fill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// A line of text.
    #[default]
    Text,
    /// A telephone number.
    Phone,
    /// An amount of money.
    Money,
    /// A quantity with decimals.
    Quantity,
    /// A day.
    Date,
    /// A day and time.
    DateTime,
    /// A time of day.
    Time,
    /// A mail address.
    Email,
    /// The password of this account.
    Password,
    /// A password being chosen.
    NewPassword,
    /// The name one signs in with.
    Account,
    /// Something searched for.
    Search,
}

impl InputKind {
    /// `type`, `inputmode`, `autocomplete` of the input.
    fn attributes(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            InputKind::Text => ("text", None, None),
            InputKind::Phone => ("tel", None, None),
            // Not type=number: it swallows what it does not understand and turns on the wheel.
            InputKind::Money | InputKind::Quantity => ("text", Some("decimal"), Some("off")),
            InputKind::Date => ("date", None, None),
            InputKind::DateTime => ("datetime-local", None, None),
            InputKind::Time => ("time", None, None),
            InputKind::Email => ("email", None, None),
            InputKind::Password => ("password", None, Some("current-password")),
            InputKind::NewPassword => ("password", None, Some("new-password")),
            InputKind::Account => ("text", None, Some("username")),
            InputKind::Search => ("search", None, Some("off")),
        }
    }
}

/// A browser cuts pasted text to `maxlength` silently. So `maxlength` only bounds the form's size; the server refuses
/// text that is too long for the record and says so.
const SLACK: usize = 10;

/// A line to be typed, of `kind`, at most `max_len` characters.
pub fn text(field: &FieldView<'_>, kind: InputKind, max_len: usize) -> Markup {
    let (input_type, mode, complete) = kind.attributes();
    // Date inputs have no length; an attribute they do not know would be an error in the page.
    let max = match input_type {
        "text" | "tel" | "email" => Some(max_len * SLACK),
        "password" | "search" => Some(max_len),
        _ => None,
    };
    // What is searched for is named inside its own line.
    let inside = (kind == InputKind::Search).then_some(field.label);
    html! {
        div.field.in.bad[field.error.is_some()] {
            @if inside.is_none() { (field.label()) }
            input id=(field.id()) name=(field.name) type=(input_type) placeholder=[inside] aria-label=[inside] inputmode=[mode] autocomplete=[complete] maxlength=[max] value=(field.value) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
            (field.notes())
        }
    }
}

/// Several lines to be typed, at most `max_len` characters.
pub fn textarea(field: &FieldView<'_>, max_len: usize) -> Markup {
    html! {
        div.field.bad[field.error.is_some()] {
            (field.label())
            textarea id=(field.id()) name=(field.name) rows="3" maxlength=(max_len * SLACK) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()] {
                // A parser drops the first line feed inside a textarea; this one is for it.
                "\n" (field.value)
            }
            (field.notes())
        }
    }
}

/// A quantity of a `unit`, with the field's own row; `−` and `+` appear where scripts run.
pub fn quantity(lang: Lang, field: &FieldView<'_>, unit: &str) -> Markup {
    html! {
        div.field.in.bad[field.error.is_some()] {
            (field.label())
            span.qty data-step {
                (step(lang, -1))
                input id=(field.id()) name=(field.name) type="text" inputmode="decimal" autocomplete="off" maxlength="14" value=(field.value) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
                (step(lang, 1))
                small { (unit) }
            }
            (field.notes())
        }
    }
}

/// The button that makes the quantity beside it less or more by one; a script shows it.
pub fn step(lang: Lang, by: i8) -> Markup {
    let (sign, label) = if by < 0 { ("−", t!(lang, "ui.less")) } else { ("+", t!(lang, "ui.more")) };
    html! { button type="button" value=(by) aria-label=(label) hidden { (sign) } }
}

/// A line to be typed with suggestions: `options` are offered, anything else may be typed.
pub fn search_choice<O: AsRef<str>>(field: &FieldView<'_>, options: &[O]) -> Markup {
    let list = format!("l-{}", field.name);
    html! {
        div.field.in.bad[field.error.is_some()] {
            (field.label())
            input id=(field.id()) name=(field.name) type="text" list=(list) autocomplete="off" maxlength="200" value=(field.value) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
            datalist id=(list) { @for option in options { option value=(option.as_ref()) {} } }
            (field.notes())
        }
    }
}

/// A photo from the camera, shrunk on the phone where scripts run. `many` allows several.
pub fn file_photo(field: &FieldView<'_>, many: bool) -> Markup {
    html! {
        div.field.bad[field.error.is_some()] {
            label.shot for=(field.id()) {
                (Icon::Camera.markup())
                span { (field.label) @if field.required { i.req aria-hidden="true" { "*" } } }
                input id=(field.id()) name=(field.name) type="file" accept="image/*" capture="environment" multiple[many] required[field.required] data-photo autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
            }
            div.shots aria-live="polite" {}
            (field.notes())
        }
    }
}

/// Any file; `accept` lists its kinds, such as `.xlsx,.csv`.
pub fn file(field: &FieldView<'_>, accept: &str) -> Markup {
    html! {
        div.field.in.bad[field.error.is_some()] {
            (field.label())
            input id=(field.id()) name=(field.name) type="file" accept=(accept) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
            (field.notes())
        }
    }
}

/// A value that travels with the form unseen.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// Answers that many people give, as buttons: each puts its value into the field `target`, or behind what stands there
/// already. A script shows them. `options` are (value, label).
pub fn chips(target: &str, options: &[(String, String)]) -> Markup {
    html! {
        div.views data-fill=(target) hidden {
            @for (value, label) in options { button type="button" value=(value) { (label) } }
        }
    }
}

/// Asks the phone where it is: the form around it then posts `lat`, `lng`, `accuracy` (metres) and `fix_at`
/// (milliseconds UTC), all empty where there is no fix. The line tells the person how the measuring goes.
pub fn location(lang: Lang) -> Markup {
    location_from(lang, None, "", "")
}

/// As [`location`]; how far it is from `place` is said too, in the words `near` or `far`, whose `%d` are metres or
/// kilometres and whose `%m` are the metres of uncertainty.
pub fn location_from(lang: Lang, place: Option<Point>, near: &str, far: &str) -> Markup {
    html! {
        div.fix data-locate=(place.map(|place| format!("{},{}", place.lat, place.lng)).unwrap_or_default()) data-near=[place.map(|_| near)] data-far=[place.map(|_| far)] {
            @for name in ["lat", "lng", "accuracy", "fix_at"] { input type="hidden" name=(name); }
            (Icon::Location.markup())
            span role="status" { (t!(lang, "ui.locate.none")) }
        }
    }
}
