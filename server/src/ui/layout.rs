//! The page around a body.
use crate::kernel::i18n::{Lang, t};
use crate::ui::icon::Icon;
use maud::{DOCTYPE, Markup, html};
/// Who looks.
#[derive(Clone, Debug)]
pub struct Frame {
    pub lang: Lang,
    pub look: Look,
    pub tabs: Vec<TabItem>,
    pub path: String,
    pub signed_in: bool,
    pub live: bool,
    pub user_key: String,
    pub toast: Option<String>,
}
/// Text size and theme.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    pub text: TextSize,
    pub theme: Theme,
}
/// Text size.
#[derive(Clone, Copy, Debug, Default)]
pub enum TextSize {
    #[default]
    Normal,
    Large,
}
/// Theme.
#[derive(Clone, Copy, Debug, Default)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}
/// A tab.
#[derive(Clone, Debug)]
pub struct TabItem {
    pub href: &'static str,
    pub label: String,
    pub icon: Icon,
    pub badge: i64,
    pub current: bool,
}
/// Page builder.
pub struct Page<'a> {
    frame: &'a Frame,
    title: String,
    subtitle: Option<String>,
    back: Option<String>,
    tabs: bool,
    bar: Option<Markup>,
    error: bool,
    action: Option<Markup>,
}
impl<'a> Page<'a> {
    pub fn new(frame: &'a Frame, title: impl Into<String>) -> Page<'a> {
        Page {
            frame,
            title: title.into(),
            subtitle: None,
            back: None,
            tabs: false,
            bar: None,
            error: false,
            action: None,
        }
    }
    pub fn subtitle(mut self, s: impl Into<String>) -> Self {
        self.subtitle = Some(s.into());
        self
    }
    pub fn back(mut self, s: impl Into<String>) -> Self {
        self.back = Some(s.into());
        self
    }
    pub fn header_action(mut self, m: Markup) -> Self {
        self.action = Some(m);
        self
    }
    pub fn tabs(mut self) -> Self {
        self.tabs = true;
        self
    }
    pub fn bar(mut self, m: Markup) -> Self {
        self.bar = Some(m);
        self
    }
    pub fn wide(self) -> Self {
        self
    }
    pub fn refresh(self) -> Self {
        self
    }
    pub fn error_title(mut self) -> Self {
        self.error = true;
        self
    }
    pub fn render(self, body: Markup) -> String {
        html! { (DOCTYPE) html lang=(self.frame.lang.code()) { head { meta charset="utf-8"; title { (self.title) } } body { header { @if let Some(b) = &self.back { a href=(b) { (t!(self.frame.lang, "ui.back")) } } h1 { (self.title) @if let Some(s) = &self.subtitle { small { (s) } } } @if let Some(a) = &self.action { (a) } } main { (body) } @if let Some(b) = &self.bar { nav.bar { (b) } } @if self.tabs { nav.tab { @for t in &self.frame.tabs { a href=(t.href) { (t.icon.markup()) (t.label) } } } } } } }.into_string()
    }
}
pub fn csp_style_hash() -> &'static str {
    "'sha256-x'"
}
