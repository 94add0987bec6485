//! Forms as people see them. How a posted form is read is not known here.

mod choice;
mod errors;
mod input;

use maud::{Markup, Render, html};

pub use choice::{check_cells, checkbox, pick, radio_cells, select};
pub use errors::{PUT_BACK, error_summary};
pub use input::{
    InputKind, chips, file, file_photo, hidden, location, location_from, quantity, search_choice, step, text, textarea,
};

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

/// A form that posts to an address, with the `op_id` that lets it be sent twice and done once.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Post<'a> {
    action: &'a str,
    op_id: &'a str,
    id: Option<&'a str>,
    version: Option<i64>,
    files: bool,
    offline: Option<&'a str>,
}

/// Begins a form; [`Post::holding`] ends it.
pub fn post<'a>(action: &'a str, op_id: &'a str) -> Post<'a> {
    Post { action, op_id, id: None, version: None, files: false, offline: None }
}

impl<'a> Post<'a> {
    /// The `id` that buttons outside the form, such as those in the action bar, refer to.
    pub fn id(self, id: &'a str) -> Post<'a> {
        Post { id: Some(id), ..self }
    }

    /// The version of the record that was opened.
    pub fn version(self, version: i64) -> Post<'a> {
        self.version_if(Some(version))
    }

    /// The version of the record that was opened, where there is a record.
    pub fn version_if(self, version: Option<i64>) -> Post<'a> {
        Post { version, ..self }
    }

    /// It sends files.
    pub fn files(self) -> Post<'a> {
        Post { files: true, ..self }
    }

    /// Without a network it waits in the phone's outbox, as an entry of this kind. Never for approvals, sends,
    /// deletions and rights.
    pub fn offline(self, kind: &'a str) -> Post<'a> {
        self.offline_if(Some(kind))
    }

    /// As [`Post::offline`], where it may wait.
    pub fn offline_if(self, kind: Option<&'a str>) -> Post<'a> {
        Post { offline: kind, ..self }
    }

    /// The form around its fields and buttons.
    pub fn holding(self, body: Markup) -> Markup {
        html! {
            form id=[self.id] method="post" action=(self.action) enctype=[self.files.then_some("multipart/form-data")] data-offline=[self.offline] {
                input type="hidden" name="op_id" value=(self.op_id);
                @if let Some(version) = self.version { input type="hidden" name="version" value=(version); }
                (body)
            }
        }
    }
}

/// A form that is only a button: a change of state that needs no question.
pub fn act_form(action: &str, op_id: &str, version: Option<i64>, label: impl Render, kind: ButtonKind) -> Markup {
    post(action, op_id).version_if(version).holding(button(label, kind))
}

/// The button that ends a form, over its full width.
pub fn submit(label: impl Render, kind: ButtonKind) -> Markup {
    html! { div.row { (button(label, kind)) } }
}

/// A group of fields on one card. `title` names it.
pub fn fields(title: Option<&str>, body: Markup) -> Markup {
    crate::ui::card::card(title, None, body)
}
