//! Cards, cells, strips.
use crate::ui::icon::Icon;
use maud::{Markup, html};
pub struct StripItem {
    pub href: String,
    pub number: String,
    pub label: String,
    pub hot: bool,
}
pub struct Act {
    pub href: String,
    pub label: String,
    pub icon: Icon,
}
pub fn card(title: Option<&str>, link: Option<(&str, &str)>, body: Markup) -> Markup {
    html! { section.card { @if let Some(t) = title { h2 { (t) @if let Some((h, l)) = link { a href=(h) { (l) } } } } (body) } }
}
pub fn cell(label: &str, value: Markup) -> Markup {
    html! { div.cell { div.g { (label) } div.v { (value) } } }
}
pub fn link_cell(href: &str, main: Markup, side: Markup) -> Markup {
    html! { a.cell href=(href) { div.g { (main) } div.v { (side) } } }
}
pub fn strip(items: &[StripItem]) -> Markup {
    html! { section.card.strip { @for i in items { a href=(i.href) { span.num { (i.number) } small { (i.label) } } } } }
}
pub fn acts(items: &[Act]) -> Markup {
    html! { section.card.acts { @for i in items { a href=(i.href) { (i.icon.markup()) (i.label) } } } }
}
pub fn empty(text: &str, action: Option<(&str, &str)>) -> Markup {
    html! { div.empty { p { (text) } @if let Some((h, l)) = action { a.btn href=(h) { (l) } } } }
}
pub fn meter(value: i64, max: i64, label: &str) -> Markup {
    html! { meter max=(max) value=(value) { (label) } }
}
pub fn money(fen: i64) -> Markup {
    html! { p.money { (crate::kernel::money::Fen(fen)) } }
}
pub fn pager(lang: crate::kernel::i18n::Lang, path: &str, query: &[(&str, &str)], page: i64, more: bool) -> Markup {
    let _ = (lang, path, query, page, more);
    html! {}
}
pub fn search_bar(action: &str, q: &str, placeholder: &str, hidden: &[(&str, &str)]) -> Markup {
    html! { form.search method="get" action=(action) role="search" { @for (n, v) in hidden { input type="hidden" name=(n) value=(v); } input type="search" name="q" value=(q) placeholder=(placeholder) aria-label=(placeholder); } }
}
/// Views of a list as links: (href, label, current).
pub fn segmented(items: &[(String, String, bool)]) -> Markup {
    html! { nav.seg { @for (h, l, c) in items { a href=(h) aria-current=[c.then_some("page")] { (l) } } } }
}
pub fn link_button(href: &str, label: &str, kind: crate::ui::form::ButtonKind) -> Markup {
    let _ = kind;
    html! { a.btn href=(href) { (label) } }
}
