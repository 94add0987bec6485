//! Telephone numbers in a form: a short one is asked about before it is kept.

use maud::Markup;

use super::Form;
use crate::kernel::china::phone::Phone;
use crate::kernel::i18n::t;
use crate::ui::form;

/// The field by which a form says that its short number is meant.
fn sure(name: &str) -> String {
    format!("{name}_sure")
}

impl Form {
    /// A telephone number; empty is `None`, nonsense is an error. Digits that reach nobody but a service or a house's
    /// own exchange are most often a slip: they are an error the first time, and kept when they are sent again.
    pub fn phone(&mut self, name: &str, label: &str) -> Option<Phone> {
        let text = self.value(name).trim().to_owned();
        if text.is_empty() {
            return None;
        }
        let Some(phone) = Phone::parse(&text) else {
            self.wrong(name, t!(self.lang, "form.phone", field = label));
            return None;
        };
        if phone.is_short() && self.value(&sure(name)) != text {
            let digits = phone.digits();
            self.wrong(name, t!(self.lang, "form.phone_short", number = digits, count = digits.len()));
        }
        Some(phone)
    }

    /// Stands beside the field of a number: where it was asked about, sending the form again keeps it.
    #[must_use]
    pub fn phone_asked(&self, name: &str) -> Markup {
        let text = self.value(name).trim();
        let asked = self.error(name).is_some() && Phone::parse(text).is_some_and(|phone| phone.is_short());
        if asked { form::hidden(&sure(name), text) } else { Markup::default() }
    }
}
