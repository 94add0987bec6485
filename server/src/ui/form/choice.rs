//! Fields with a closed set of answers.

use maud::{Markup, html};

use super::FieldView;
use crate::ui::icon::Icon;

/// A drop-down. `options` are (value, label); put an empty value first where nothing may be chosen.
pub fn select<V: AsRef<str>, L: AsRef<str>>(field: &FieldView<'_>, options: &[(V, L)]) -> Markup {
    html! {
        div.field.in.pick.bad[field.error.is_some()] {
            (field.label())
            select id=(field.id()) name=(field.name) required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()] {
                @for (value, label) in options {
                    option value=(value.as_ref()) selected[value.as_ref() == field.value] { (label.as_ref()) }
                }
            }
            i {}
            (field.notes())
        }
    }
}

/// One answer out of few, each a full row. `options` are (value, label).
pub fn radio_cells<V: AsRef<str>, L: AsRef<str>>(field: &FieldView<'_>, options: &[(V, L)]) -> Markup {
    let values: Vec<(&str, &str, bool)> =
        options.iter().map(|(value, label)| (value.as_ref(), label.as_ref(), value.as_ref() == field.value)).collect();
    choices(field, "radio", &values)
}

/// Several answers out of few, each a full row, all posted under the field's name. `options` are (value,
/// label, chosen).
pub fn check_cells<V: AsRef<str>, L: AsRef<str>>(field: &FieldView<'_>, options: &[(V, L, bool)]) -> Markup {
    let values: Vec<(&str, &str, bool)> =
        options.iter().map(|(value, label, chosen)| (value.as_ref(), label.as_ref(), *chosen)).collect();
    choices(field, "checkbox", &values)
}

fn choices(field: &FieldView<'_>, kind: &str, options: &[(&str, &str, bool)]) -> Markup {
    html! {
        fieldset.field.bad[field.error.is_some()] aria-describedby=[field.described_by()] {
            legend { (field.label) @if field.required { i.req aria-hidden="true" { "*" } } }
            div.opts {
                @for (place, (value, label, chosen)) in options.iter().enumerate() {
                    label.opt {
                        // The first answer carries the field's id, so that the error summary finds it.
                        input id=[(place == 0).then(|| field.id())] type=(kind) name=(field.name) value=(value) checked[*chosen] required[field.required && kind == "radio"];
                        span { (label) }
                    }
                }
            }
            (field.notes())
        }
    }
}

/// One record out of many: a search `q` above the rows it found, the chosen one among them. The search asks `ask` by its
/// address with the whole form; a script puts the rows in place while one types. `options` are (value, label).
pub fn pick<V: AsRef<str>, L: AsRef<str>>(
    field: &FieldView<'_>,
    options: &[(V, L)],
    q: &FieldView<'_>,
    ask: &str,
) -> Markup {
    html! {
        div.search data-pick {
            input type="search" name=(q.name) value=(q.value) placeholder=(q.label) aria-label=(q.label) enterkeyhint="search" autocomplete="off" maxlength="60";
            button name="find" value="1" formmethod="get" formaction=(ask) formnovalidate aria-label=(q.label) { (Icon::Search.markup()) }
        }
        (radio_cells(field, options))
    }
}

/// A single yes or no; posts `1` when ticked, and is ticked while `field.value` is not empty.
pub fn checkbox(field: &FieldView<'_>) -> Markup {
    html! {
        div.field.bad[field.error.is_some()] {
            label.opt {
                span { (field.label) }
                input.sw id=(field.id()) type="checkbox" name=(field.name) value="1" checked[!field.value.is_empty()] required[field.required] autofocus[field.error.is_some()] aria-invalid=[field.error.map(|_| "true")] aria-describedby=[field.described_by()];
            }
            (field.notes())
        }
    }
}
