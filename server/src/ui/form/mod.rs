//! Forms as people see them. How a posted form is read is not known here.

mod choice;
mod errors;
mod input;

use maud::{Markup, Render, html};

pub use choice::{check_cells, checkbox, radio_cells, select};
pub use errors::error_summary;
pub use input::{InputKind, file, file_photo, hidden, location, quantity, search_choice, text, textarea};

pub use crate::ui::button::ButtonKind;
use crate::ui::button::button;

/// A field as the page shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FieldView<'a> {
    /// The posted name, as the column is named.
    pub name: &'a str,
    /// What it is called on the page.
    pub label: &'a str,
    /// What was typed or stored.
    pub value: &'a str,
    /// What is wrong with it.
    pub error: Option<&'a str>,
    /// What helps to fill it in.
    pub hint: Option<&'a str>,
    /// Whether it must be filled in.
    pub required: bool,
}

impl<'a> FieldView<'a> {
    /// An empty field: its `name` and `label`.
    #[must_use]
    pub fn new(name: &'a str, label: &'a str) -> FieldView<'a> {
        FieldView { name, label, ..FieldView::default() }
    }

    /// With what was typed or stored.
    #[must_use]
    pub fn value(self, value: &'a str) -> FieldView<'a> {
        FieldView { value, ..self }
    }

    /// With a line that helps to fill it in.
    #[must_use]
    pub fn hint(self, hint: &'a str) -> FieldView<'a> {
        FieldView { hint: Some(hint), ..self }
    }

    /// As one that must be filled in.
    #[must_use]
    pub fn required(self) -> FieldView<'a> {
        FieldView { required: true, ..self }
    }

    /// With what is wrong with it.
    #[must_use]
    pub fn error(self, error: Option<&'a str>) -> FieldView<'a> {
        FieldView { error, ..self }
    }

    fn id(&self) -> String {
        format!("f-{}", self.name)
    }

    /// The ids that describe the field to a screen reader.
    fn described_by(&self) -> Option<String> {
        match (self.error, self.hint) {
            (None, None) => None,
            (Some(_), None) => Some(format!("e-{}", self.name)),
            (None, Some(_)) => Some(format!("h-{}", self.name)),
            (Some(_), Some(_)) => Some(format!("e-{0} h-{0}", self.name)),
        }
    }

    fn notes(&self) -> Markup {
        html! {
            @if let Some(error) = self.error { p.err id=(format!("e-{}", self.name)) { (error) } }
            @if let Some(hint) = self.hint { p.hint id=(format!("h-{}", self.name)) { (hint) } }
        }
    }

    fn label(&self) -> Markup {
        html! { label for=(self.id()) { (self.label) @if self.required { i.req aria-hidden="true" { "*" } } } }
    }
}

/// A form that posts to `action`.
///
/// `op_id` makes the post happen once however often it is sent; `version` is the record's version that was
/// shown; `multipart` for forms with files; `offline` is the queue kind under which the phone may keep the
/// form while there is no network (never for approvals, sends, deletes, rights).
pub fn form(
    action: &str,
    op_id: &str,
    version: Option<i64>,
    multipart: bool,
    offline: Option<&str>,
    body: Markup,
) -> Markup {
    form_with_id(None, action, op_id, version, multipart, offline, body)
}

/// As [`form`], with an `id` that buttons outside it, such as those in the action bar, refer to.
pub fn form_with_id(
    id: Option<&str>,
    action: &str,
    op_id: &str,
    version: Option<i64>,
    multipart: bool,
    offline: Option<&str>,
    body: Markup,
) -> Markup {
    html! {
        form id=[id] method="post" action=(action) enctype=[multipart.then_some("multipart/form-data")] data-offline=[offline] {
            input type="hidden" name="op_id" value=(op_id);
            @if let Some(version) = version { input type="hidden" name="version" value=(version); }
            (body)
        }
    }
}

/// A form that is only a button: a change of state that needs no question.
pub fn act_form(action: &str, op_id: &str, version: Option<i64>, label: impl Render, kind: ButtonKind) -> Markup {
    form(action, op_id, version, false, None, button(label, kind))
}

/// The button that ends a form, over its full width.
pub fn submit(label: impl Render, kind: ButtonKind) -> Markup {
    html! { div.row { (button(label, kind)) } }
}

/// A group of fields on one card. `title` names it.
pub fn fields(title: Option<&str>, body: Markup) -> Markup {
    crate::ui::card::card(title, None, body)
}
