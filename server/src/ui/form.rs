//! Fields.
use maud::{Markup, html};
/// A field.
pub struct FieldView<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub value: &'a str,
    pub error: Option<&'a str>,
    pub hint: Option<&'a str>,
    pub required: bool,
}
/// Kinds of input.
pub enum InputKind {
    Text,
    Phone,
    Money,
    Quantity,
    Date,
    DateTime,
    Email,
    Password,
    Search,
}
/// Kinds of button.
pub enum ButtonKind {
    Primary,
    Quiet,
    Danger,
}
pub fn text(f: &FieldView, _kind: InputKind, max_len: usize) -> Markup {
    html! { label { (f.label) input name=(f.name) value=(f.value) maxlength=(max_len); } @if let Some(e) = f.error { p.err { (e) } } }
}
pub fn textarea(f: &FieldView, max_len: usize) -> Markup {
    html! { label { (f.label) textarea name=(f.name) maxlength=(max_len) { (f.value) } } @if let Some(e) = f.error { p.err { (e) } } }
}
pub fn select(f: &FieldView, options: &[(String, String)]) -> Markup {
    html! { label { (f.label) select name=(f.name) { @for (v, l) in options { option value=(v) selected[v == f.value] { (l) } } } } }
}
pub fn radio_cells(f: &FieldView, options: &[(String, String)]) -> Markup {
    html! { @for (v, l) in options { label { input type="radio" name=(f.name) value=(v) checked[v == f.value]; (l) } } }
}
pub fn checkbox(f: &FieldView) -> Markup {
    html! { label { input type="checkbox" name=(f.name) value="1" checked[!f.value.is_empty()]; (f.label) } }
}
pub fn file_photo(f: &FieldView) -> Markup {
    html! { label { (f.label) input type="file" accept="image/*" capture="environment" name=(f.name); } }
}
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}
pub fn submit(label: &str, _kind: ButtonKind) -> Markup {
    html! { button { (label) } }
}
pub fn form(
    action: &str,
    op_id: &str,
    version: Option<i64>,
    multipart: bool,
    offline: Option<&str>,
    body: Markup,
) -> Markup {
    html! { form method="post" action=(action) enctype=[multipart.then_some("multipart/form-data")] data-offline=[offline] { (hidden("op_id", op_id)) @if let Some(v) = version { (hidden("version", &v.to_string())) } (body) } }
}
pub fn error_summary(_lang: crate::kernel::i18n::Lang, errors: &[(String, String)]) -> Markup {
    html! { @if !errors.is_empty() { div role="alert" { @for (f, m) in errors { a href={ "#" (f) } { (m) } } } } }
}
