//! What stands around a list: its search bar, its views, its pager.

use maud::{Markup, html};

use crate::kernel::address::address;
use crate::kernel::i18n::{Lang, t};
use crate::ui::icon::Icon;

/// A search bar that asks `action` for `?q=`. `q` is what was searched, `placeholder` says what can be
/// typed (and names the field), `hidden` keeps the view and sorting.
pub fn search_bar(action: &str, q: &str, placeholder: &str, hidden: &[(&str, &str)]) -> Markup {
    html! {
        form.search role="search" action=(action) {
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            input type="search" name="q" value=(q) placeholder=(placeholder) aria-label=(placeholder) enterkeyhint="search" autocomplete="off" maxlength="60";
            button aria-label=(placeholder) { (Icon::Search.markup()) }
        }
    }
}

/// One view of a list.
#[derive(Clone, Debug)]
pub struct View<H = String, L = String> {
    /// The address of the list in this view.
    pub href: H,
    /// Its name.
    pub label: L,
    /// How many rows wait there, where that matters.
    pub count: Option<i64>,
    /// Whether it is the one shown.
    pub current: bool,
}

/// The views of a list as a row of links; scrolls sideways when there are many. `label` names the row.
pub fn views<H: AsRef<str>, L: AsRef<str>>(label: &str, items: &[View<H, L>]) -> Markup {
    html! {
        nav.views aria-label=(label) {
            @for item in items {
                a href=(item.href.as_ref()) aria-current=[item.current.then_some("true")] {
                    (item.label.as_ref())
                    @if let Some(count) = item.count { " " span.num { (count) } }
                }
            }
        }
    }
}

/// The views of a list as links: (address, name, whether it is the one shown).
pub fn segmented(items: &[(String, String, bool)]) -> Markup {
    let items: Vec<View<&str, &str>> = items
        .iter()
        .map(|(href, label, current)| View {
            href: href.as_str(),
            label: label.as_str(),
            count: None,
            current: *current,
        })
        .collect();
    views("", &items)
}

/// The orders of a list above its rows, as quiet links: (address, name, whether it is the one shown).
pub fn sorting(lang: Lang, items: &[(String, String, bool)]) -> Markup {
    html! {
        nav.sorts aria-label=(t!(lang, "ui.sorting")) {
            @for (href, label, current) in items { a href=(href) aria-current=[current.then_some("true")] { (label) } }
        }
    }
}

/// Previous and next page of the list at `path`. `query` is the list's own query without `page`; `page`
/// counts from 1; `more` says whether another page follows. Nothing when there is only one.
pub fn pager(lang: Lang, path: &str, query: &[(&str, &str)], page: i64, more: bool) -> Markup {
    // The first page has no number.
    let to = |page: i64| {
        let number = if page > 1 { page.to_string() } else { String::new() };
        address(path, &[query, &[("page", &number)]].concat())
    };
    html! {
        @if page > 1 || more {
            nav.pager aria-label=(t!(lang, "ui.pages")) {
                @if page > 1 { a.btn.q href=(to(page - 1)) rel="prev" { (t!(lang, "ui.previous")) } } @else { span {} }
                small { (t!(lang, "ui.page", n = page)) }
                @if more { a.btn.q href=(to(page + 1)) rel="next" { (t!(lang, "ui.next")) } } @else { span {} }
            }
        }
    }
}
