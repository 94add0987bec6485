//! The page around every body: header, main, tab bar or action bar.

use maud::{Markup, PreEscaped, Render, html};

use crate::kernel::i18n::{Lang, t};
use crate::ui::icon::Icon;
use crate::ui::scripts;
pub use crate::ui::style::{Sheet, csp_style_hash, head};

/// How large text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextSize {
    /// As designed.
    #[default]
    Normal,
    /// 大字版: text of at least 18 px, targets of at least 60 px.
    Large,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// How pages look on this device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// Text size.
    pub text: TextSize,
    /// Colours.
    pub theme: Theme,
}

impl Look {
    /// Every look there is.
    pub fn all() -> impl Iterator<Item = Look> {
        [TextSize::Normal, TextSize::Large]
            .into_iter()
            .flat_map(|text| [Theme::Auto, Theme::Light, Theme::Dark].map(|theme| Look { text, theme }))
    }
}

/// One link of the main menu: a phone shows some of them as tabs at the bottom, a wide screen all at the left.
#[derive(Clone, Debug)]
pub struct TabItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its word.
    pub label: String,
    /// Its icon.
    pub icon: Icon,
    /// What waits there, where that is counted; nothing is shown for 0.
    pub badge: Option<i64>,
    /// Whether the page belongs to it.
    pub current: bool,
    /// Whether a phone shows it among its tabs.
    pub tab: bool,
    /// The heading above it on a wide screen, where a group of links begins.
    pub heading: Option<String>,
}

/// Who looks: built once a request.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Language of the page.
    pub lang: Lang,
    /// Text size and colours.
    pub look: Look,
    /// How the page brings its style sheet.
    pub sheet: Sheet,
    /// The main menu.
    pub tabs: Vec<TabItem>,
    /// The current path, with its query where the page has one.
    pub path: String,
    /// The page of ours that led here, with its query.
    pub came_from: Option<String>,
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// Whether the page may open the stream of live events.
    pub live: bool,
    /// An opaque key for this person's store on the phone; empty when signed out.
    pub user_key: String,
    /// What has just been done.
    pub toast: Option<String>,
}

#[derive(Clone, Debug)]
enum Bottom {
    Nothing,
    Tabs,
    Bar(Markup),
    Foot(Markup),
}

/// A page in the making.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    frame: &'a Frame,
    title: String,
    subtitle: Option<String>,
    back: Option<String>,
    action: Option<Markup>,
    bottom: Bottom,
    refresh: bool,
    error: bool,
}

impl<'a> Page<'a> {
    /// A page with this `title` for the person of `frame`.
    pub fn new(frame: &'a Frame, title: impl Into<String>) -> Page<'a> {
        Page {
            frame,
            title: title.into(),
            subtitle: None,
            back: None,
            action: None,
            bottom: Bottom::Nothing,
            refresh: false,
            error: false,
        }
    }

    /// A line of context below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Page<'a> {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// An arrow back to `href`, the page above this one. A list that led here comes back with its filter and page;
    /// where scripts run, the arrow goes back in the history.
    #[must_use]
    pub fn back(mut self, href: impl Into<String>) -> Page<'a> {
        let href = href.into();
        let filtered = self.frame.came_from.as_ref().filter(|from| from.split('?').next() == Some(href.as_str()));
        self.back = Some(filtered.cloned().unwrap_or(href));
        self
    }

    /// What stands at the right of the header: one link, a tag.
    #[must_use]
    pub fn header_action(mut self, action: Markup) -> Page<'a> {
        self.action = Some(action);
        self
    }

    /// Shows the tab bar.
    #[must_use]
    pub fn tabs(mut self) -> Page<'a> {
        self.bottom = Bottom::Tabs;
        self
    }

    /// Shows an action bar with these buttons instead of the tab bar; the main act comes last. A wide screen has it at
    /// the right of the header.
    #[must_use]
    pub fn bar(mut self, buttons: Markup) -> Page<'a> {
        self.bottom = Bottom::Bar(buttons);
        self
    }

    /// As [`Page::bar`], for what stays at the bottom on a wide screen too, such as the line in which one answers.
    #[must_use]
    pub fn foot(mut self, content: Markup) -> Page<'a> {
        self.bottom = Bottom::Foot(content);
        self
    }

    /// Reloads every 30 seconds where no script does it better. Not for pages with a form.
    #[must_use]
    pub fn refresh(mut self) -> Page<'a> {
        self.refresh = true;
        self
    }

    /// Says in the title that something is wrong.
    #[must_use]
    pub fn error_title(mut self) -> Page<'a> {
        self.error = true;
        self
    }

    /// The complete document around `body`.
    #[must_use]
    pub fn render(self, body: Markup) -> String {
        let frame = self.frame;
        let head = head(frame.lang, frame.look, frame.sheet);
        let rest = self.rest(body);
        let mut document = String::with_capacity(head.len() + rest.0.len());
        document.push_str(head);
        document.push_str(&rest.0);
        document
    }

    fn rest(self, body: Markup) -> Markup {
        let frame = self.frame;
        let lang = frame.lang;
        let title =
            if self.error { t!(lang, "ui.error_title", title = self.title).into_owned() } else { self.title.clone() };
        let class = match &self.bottom {
            Bottom::Tabs => Some("tabbed"),
            Bottom::Foot(_) => Some("footed"),
            Bottom::Nothing | Bottom::Bar(_) => None,
        };
        let bar = match &self.bottom {
            Bottom::Bar(buttons) | Bottom::Foot(buttons) => buttons.0.as_str(),
            Bottom::Nothing | Bottom::Tabs => "",
        };
        let toast = html! { @if let Some(toast) = &frame.toast { p.toast role="status" { (toast) } } };
        html! {
            title { (title) " · " (t!(lang, "ui.product")) }
            @if self.refresh { noscript { meta http-equiv="refresh" content=(refresh_to(&frame.path)); } }
            @for path in scripts::needed(lang, &[&toast.0, &body.0, bar]) { script src=(path) defer {} }
            (PreEscaped("</head>"))
            body class=[class] data-user=[frame.signed_in.then_some(&frame.user_key)] data-live[frame.live] {
                a.skip href="#main" { (t!(lang, "ui.skip")) }
                header {
                    @if let Some(href) = &self.back {
                        a.ib.back href=(href) aria-label=(t!(lang, "ui.back")) { (Icon::Back.markup()) }
                    }
                    h1 { (self.title) @if let Some(subtitle) = &self.subtitle { small { (subtitle) } } }
                    (self.action.as_ref().map(Render::render).unwrap_or_default())
                }
                main #main {
                    (toast)
                    (body)
                }
                (bottom(frame, self.bottom))
            }
            (PreEscaped("</html>"))
        }
    }
}

fn bottom(frame: &Frame, bottom: Bottom) -> Markup {
    match bottom {
        Bottom::Nothing => menu(frame, false),
        Bottom::Bar(buttons) | Bottom::Foot(buttons) => html! { div.bar { (buttons) } (menu(frame, false)) },
        Bottom::Tabs => menu(frame, true),
    }
}

/// The main menu. A wide screen has it on every page; a phone, which shows only its tabs, where the page has
/// `tabs`. The icons that a phone does not show come with the sheet of the desk, since a phone would pay for them.
fn menu(frame: &Frame, tabs: bool) -> Markup {
    html! {
        @if !frame.tabs.is_empty() {
            nav class=(if tabs { "tab" } else { "side" }) aria-label=(t!(frame.lang, "ui.tabs")) {
                @for item in &frame.tabs {
                    @let tab = tabs && item.tab;
                    @let class = tabs.then_some(if tab { "t" } else { "dk" });
                    @if let Some(heading) = &item.heading { b class=[tabs.then_some("dk")] { (heading) } }
                    a class=[class] data-i=[(!tab).then(|| item.icon.name())] href=(item.href) aria-current=[item.current.then_some("page")] {
                        @if tab { (item.icon.markup()) span { (item.label) } } @else { (item.label) }
                        @if let Some(count) = item.badge { (badge(item.href, count)) }
                    }
                }
            }
        }
    }
}

/// The red count of what waits behind `href`; live counts of that address replace it.
pub fn badge(href: &str, count: i64) -> Markup {
    html! {
        span.badge data-badge=(href) hidden[count <= 0] { @if count > 99 { "99+" } @else { (count) } }
    }
}

/// Both languages, each in its own words; posts `lang` and the way `back` to `/language`.
pub fn language_switch(frame: &Frame) -> Markup {
    html! {
        form.lang method="post" action="/language" {
            input type="hidden" name="back" value=(frame.path);
            @for (lang, name) in [(Lang::Zh, "简体中文"), (Lang::En, "English")] {
                button name="lang" value=(lang.code()) lang=(lang.code()) aria-pressed=(frame.lang == lang) { (name) }
            }
        }
    }
}

/// `auto=1` tells the server that no finger caused the request, so that it does not keep a session alive.
fn refresh_to(path: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    if path.contains("auto=1") { format!("30;url={path}") } else { format!("30;url={path}{joint}auto=1") }
}
