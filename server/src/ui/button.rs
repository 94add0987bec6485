//! Buttons: one main act a page, the rest quiet.

use maud::{Markup, Render, html};

use crate::ui::icon::Icon;

/// How loud a button is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ButtonKind {
    /// The one main act of the page.
    #[default]
    Primary,
    /// Any other act.
    Quiet,
    /// An act that takes away or refuses.
    Danger,
}

impl ButtonKind {
    /// Every kind, for the gallery.
    pub const ALL: [ButtonKind; 3] = [ButtonKind::Primary, ButtonKind::Quiet, ButtonKind::Danger];

    /// The CSS classes of a button of this kind.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            ButtonKind::Primary => "btn",
            ButtonKind::Quiet => "btn q",
            ButtonKind::Danger => "btn r",
        }
    }
}

/// A button that sends the form it stands in.
pub fn button(label: impl Render, kind: ButtonKind) -> Markup {
    html! { button class=(kind.class()) { (label) } }
}

/// A button that sends the form it stands in and says which of several it was: `name=value` is posted.
pub fn named_button(name: &str, value: &str, label: impl Render, kind: ButtonKind) -> Markup {
    html! { button class=(kind.class()) name=(name) value=(value) { (label) } }
}

/// A button outside its form, such as in the action bar; `form` is the form's id ([`crate::ui::form::Post::id`]).
pub fn button_for(form: &str, label: impl Render, kind: ButtonKind) -> Markup {
    html! { button class=(kind.class()) form=(form) { (label) } }
}

/// As [`button_for`], posting `name=value` as well: several decisions on one form.
pub fn named_button_for(form: &str, name: &str, value: &str, label: impl Render, kind: ButtonKind) -> Markup {
    html! { button class=(kind.class()) form=(form) name=(name) value=(value) { (label) } }
}

/// A link that looks like a button.
pub fn link_button(href: impl AsRef<str>, label: impl Render, kind: ButtonKind) -> Markup {
    html! { a class=(kind.class()) href=(href.as_ref()) { (label) } }
}

/// A square icon link for the header; `label` is what it is called.
pub fn icon_link(href: impl AsRef<str>, icon: Icon, label: &str) -> Markup {
    html! { a.ib href=(href.as_ref()) aria-label=(label) title=(label) { (icon.markup()) } }
}

/// Buttons side by side inside a card, sharing the width.
pub fn button_row(buttons: Markup) -> Markup {
    html! { div.row { (buttons) } }
}
