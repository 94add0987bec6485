//! Telephone numbers in a form. A short number must be confirmed before it is saved.

use maud::Markup;

use super::Form;
use crate::kernel::china::phone::Phone;
use crate::kernel::i18n::t;
use crate::ui::form;

/// The name of the hidden field that confirms a short number.
fn sure(name: &str) -> String {
    format!("{name}_sure")
}

impl Form {
    /// A telephone number; empty is `None`, an unreadable one is an error. A number with the length of a service number
    /// or an extension is usually a typing mistake: it is an error the first time and accepted the second time.
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

    /// The hidden confirmation beside the field of a number that was refused as short.
    #[must_use]
    pub fn phone_asked(&self, name: &str) -> Markup {
        let text = self.value(name).trim();
        let asked = self.error(name).is_some() && Phone::parse(text).is_some_and(|phone| phone.is_short());
        if asked { form::hidden(&sure(name), text) } else { Markup::default() }
    }
}
