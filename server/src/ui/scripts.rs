//! The scripts: one that every page has, and parts that only pages with such a field carry. They share one
//! scope, and the words that they show travel inside them, in the page's language.

use std::sync::LazyLock;

use crate::kernel::i18n::{Lang, t};
use crate::ui::assets::short_hash;

/// A script as it is served.
#[derive(Debug)]
pub struct Script {
    part: Part,
    lang: Lang,
    /// Its address.
    pub path: String,
    /// Its text.
    pub source: String,
}

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What every page has: navigation, kept drafts, sending, live events.
    App,
    /// Forms that may wait in the outbox.
    Wait,
    /// Sending photos.
    Photo,
    /// Measuring the place.
    Locate,
    /// Questions on top of the page.
    Dialog,
    /// Asking before signing out with entries left.
    Logout,
    /// Stepping quantities.
    Step,
    /// Turning notifications on.
    Push,
    /// The list on the outbox page.
    Outbox,
    /// Counting a message while it is written.
    Count,
    /// Finding in a list that lies on the phone.
    Find,
    /// Showing the end of a conversation, and saying that it was read.
    Talk,
    /// Leading back from the telephone to the question what came of the call.
    Dial,
    /// Saying once what was done.
    Done,
    /// Keys, and a record beside its list; fetched where the screen is wide.
    Desk,
    /// What a page seldom needs, fetched at the first need: drafts put back, refusals, pictures, calls.
    Late,
}

impl Part {
    /// Every part.
    const ALL: [Part; 16] = [
        Part::Desk,
        Part::Late,
        Part::App,
        Part::Wait,
        Part::Photo,
        Part::Locate,
        Part::Dialog,
        Part::Logout,
        Part::Step,
        Part::Push,
        Part::Outbox,
        Part::Count,
        Part::Find,
        Part::Talk,
        Part::Dial,
        Part::Done,
    ];

    /// Its name in the address, and its text.
    fn source(self) -> (&'static str, String) {
        match self {
            Part::App => ("app", APP.concat()),
            Part::Wait => ("wait", include_str!("../../../pwa/js/wait.js").to_owned()),
            Part::Photo => ("photo", include_str!("../../../pwa/js/photo.js").to_owned()),
            Part::Locate => ("locate", include_str!("../../../pwa/js/locate.js").to_owned()),
            Part::Dialog => ("dialog", include_str!("../../../pwa/js/dialog.js").to_owned()),
            Part::Logout => ("logout", include_str!("../../../pwa/js/logout.js").to_owned()),
            Part::Step => ("step", include_str!("../../../pwa/js/step.js").to_owned()),
            Part::Push => ("push", include_str!("../../../pwa/js/push.js").to_owned()),
            Part::Outbox => ("outbox", include_str!("../../../pwa/js/outbox-page.js").to_owned()),
            Part::Count => ("count", include_str!("../../../pwa/js/count.js").to_owned()),
            Part::Find => ("find", include_str!("../../../pwa/js/find.js").to_owned()),
            Part::Talk => ("talk", include_str!("../../../pwa/js/talk.js").to_owned()),
            Part::Dial => ("dial", include_str!("../../../pwa/js/dial.js").to_owned()),
            Part::Done => ("done", include_str!("../../../pwa/js/done.js").to_owned()),
            Part::Desk => ("desk", include_str!("../../../pwa/js/desk.js").to_owned()),
            Part::Late => ("late", include_str!("../../../pwa/js/late.js").to_owned()),
        }
    }

    /// The attributes in a page's body that ask for this part.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Part::Wait => &[" data-offline"],
            Part::Photo => &[" data-photo"],
            Part::Locate => &[" data-locate"],
            Part::Dialog => &[" data-dialog"],
            Part::Logout => &[" action=\"/logout\""],
            Part::Step => &[" data-step"],
            Part::Push => &[" data-push"],
            Part::Outbox => &[" data-outbox"],
            Part::Count => &[" data-count"],
            Part::Find => &[" data-find"],
            Part::Talk => &[" data-talk"],
            Part::Dial => &[" data-dial"],
            Part::Done => &[" class=\"toast\""],
            Part::App | Part::Late | Part::Desk => &[],
        }
    }

    /// The words it shows.
    fn words(self, lang: Lang) -> serde_json::Value {
        match self {
            Part::App => serde_json::json!({
                "offline": t!(lang, "ui.js.offline"),
                "queued": t!(lang, "ui.js.queued"),
                "kept": t!(lang, "ui.js.kept"),
                "some": t!(lang, "ui.js.waiting", n = "%n"),
            }),
            Part::Late => serde_json::json!({
                "full": t!(lang, "ui.js.full"),
                "stored": t!(lang, "ui.js.stored"),
                "close": t!(lang, "ui.js.close"),
                "restored": t!(lang, "ui.js.restored", t = "%t"),
                "discard": t!(lang, "ui.js.discard"),
            }),
            Part::Logout => serde_json::json!({
                "leave": t!(lang, "ui.js.leave", n = "%n"),
                "unsent": t!(lang, "ui.js.unsent", n = "%n"),
                "out": t!(lang, "ui.js.out"),
            }),
            Part::Desk => serde_json::json!({ "close": t!(lang, "ui.js.close"), "open": t!(lang, "ui.js.open") }),
            Part::Locate => serde_json::json!({
                "wait": t!(lang, "ui.locate.wait"),
                "good": t!(lang, "ui.locate.good", m = "%m"),
                "denied": t!(lang, "ui.locate.denied"),
                "failed": t!(lang, "ui.locate.failed"),
            }),
            Part::Step => serde_json::json!({ "less": t!(lang, "ui.js.less"), "more": t!(lang, "ui.js.more") }),
            Part::Push => {
                serde_json::json!({ "pushed": t!(lang, "ui.js.pushed"), "unpushed": t!(lang, "ui.js.unpushed") })
            }
            Part::Outbox => serde_json::json!({
                "waiting": t!(lang, "ui.outbox.waiting"),
                "sending": t!(lang, "ui.outbox.sending"),
                "refused": t!(lang, "ui.outbox.refused"),
                "signin": t!(lang, "ui.outbox.signin"),
                "retry": t!(lang, "ui.outbox.retry"),
                "edit": t!(lang, "ui.outbox.edit"),
                "drop": t!(lang, "ui.outbox.drop"),
                "sure": t!(lang, "ui.outbox.sure"),
                "now": t!(lang, "ui.outbox.now"),
                "minutes": t!(lang, "ui.outbox.minutes", n = "%n"),
                "hours": t!(lang, "ui.outbox.hours", n = "%n"),
                "days": t!(lang, "ui.outbox.days", n = "%n"),
                "photos": t!(lang, "ui.outbox.photos", n = "%n"),
            }),
            Part::Count => serde_json::json!({ "count": t!(lang, "ui.js.count", u = "%u", p = "%p", c = "%c") }),
            Part::Wait | Part::Photo | Part::Dialog | Part::Find | Part::Talk | Part::Dial | Part::Done => {
                serde_json::Value::Null
            }
        }
    }
}

/// What every page has, one behaviour a file. `store.js` and `drain.js` also run in the service worker.
const APP: [&str; 7] = [
    include_str!("../../../pwa/js/store.js"),
    include_str!("../../../pwa/js/drain.js"),
    include_str!("../../../pwa/js/start.js"),
    include_str!("../../../pwa/js/nav.js"),
    include_str!("../../../pwa/js/draft.js"),
    include_str!("../../../pwa/js/outbox.js"),
    include_str!("../../../pwa/js/live.js"),
];

const WORKER: [&str; 3] = [
    include_str!("../../../pwa/js/store.js"),
    include_str!("../../../pwa/js/drain.js"),
    include_str!("../../../pwa/service-worker.js"),
];

static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    let mut scripts: Vec<Script> = Vec::new();
    for lang in Lang::ALL {
        // `late.js` finds `desk.js` by its own address: both are named by what both hold.
        let pair = text(Part::Late, lang, "") + &text(Part::Desk, lang, "");
        let pair = short_hash(pair.as_bytes());
        let late = address(Part::Late, lang, &pair);
        for part in Part::ALL {
            let source = text(part, lang, &late);
            let hash = match part {
                Part::Late | Part::Desk => pair.clone(),
                Part::App
                | Part::Wait
                | Part::Photo
                | Part::Locate
                | Part::Dialog
                | Part::Logout
                | Part::Step
                | Part::Push
                | Part::Outbox
                | Part::Count
                | Part::Find
                | Part::Talk
                | Part::Dial
                | Part::Done => short_hash(source.as_bytes()),
            };
            scripts.push(Script { part, lang, path: address(part, lang, &hash), source });
        }
    }
    scripts
});

fn address(part: Part, lang: Lang, hash: &str) -> String {
    format!("/assets/{}.{}.{hash}.js", part.source().0, lang.code())
}

/// A script with its words. `late` is the address of [`Part::Late`], which [`Part::App`] fetches.
fn text(part: Part, lang: Lang, late: &str) -> String {
    let mut words = part.words(lang);
    let head = match part {
        Part::App => {
            words.as_object_mut().map(|words| words.insert("late".to_owned(), late.into()));
            format!("\"use strict\";\nconst T={words};\n")
        }
        Part::Late
        | Part::Desk
        | Part::Locate
        | Part::Logout
        | Part::Step
        | Part::Push
        | Part::Outbox
        | Part::Count => {
            format!("Object.assign(T,{words});\n")
        }
        Part::Wait | Part::Photo | Part::Dialog | Part::Find | Part::Talk | Part::Dial | Part::Done => String::new(),
    };
    head + &tighten(&part.source().1)
}

/// Every script in every language.
#[must_use]
pub fn all() -> &'static [Script] {
    &SCRIPTS
}

/// The addresses of the scripts that a page in `lang` with these `parts` needs, in the order they run.
pub fn needed(lang: Lang, parts: &[&str]) -> impl Iterator<Item = &'static str> {
    let wanted = move |script: &&Script| {
        script.lang == lang
            && (script.part == Part::App
                || script.part.marks().iter().any(|mark| parts.iter().any(|part| part.contains(mark))))
    };
    SCRIPTS.iter().filter(wanted).map(|script| script.path.as_str())
}

/// The service worker. `pages` are the addresses of the offline page by language; they change with the style
/// and the scripts, which is what makes a browser install the new worker. It fetches [`Part::Late`] when it is
/// installed, since that is needed without a network.
pub(super) fn service_worker(pages: &[(&str, String)]) -> String {
    let offline: serde_json::Map<String, serde_json::Value> =
        pages.iter().map(|(lang, path)| ((*lang).to_owned(), path.as_str().into())).collect();
    let late = SCRIPTS.iter().filter(|script| script.part == Part::Late).map(|script| script.path.as_str());
    let late: serde_json::Value = late.collect();
    let offline = serde_json::Value::Object(offline);
    format!("\"use strict\";\nconst OFFLINE={offline},LATE={late};\n{}", tighten(&WORKER.concat()))
}

/// Takes comment lines, indentation and empty lines out of a script. Safe because our scripts keep comments
/// on lines of their own and hold no text over several lines.
fn tighten(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Part, all, needed, tighten};
    use crate::kernel::i18n::Lang;
    use crate::ui::assets::gzip;

    fn weight(paths: impl Iterator<Item = &'static str>) -> usize {
        let scripts = paths.filter_map(|path| all().iter().find(|script| script.path == path));
        scripts.map(|script| gzip(script.source.as_bytes()).len()).sum()
    }

    #[test]
    fn the_heaviest_pages_fit_their_budget() {
        for lang in Lang::ALL {
            for page in [
                "<i data-offline> <i data-photo>",
                "<i data-offline> <i data-locate>",
                "<i data-offline> <i data-step> <i data-dialog>",
                "<i data-count> <i data-dialog>",
                "<i data-count> <i data-talk>",
                "<i data-dial> <i class=\"toast\">",
                "<i data-outbox>",
                "<i action=\"/logout\"> <i data-push>",
            ] {
                let total = weight(needed(lang, &[page]));
                assert!(total <= 5000, "the scripts of {page} in {lang} are {total} bytes");
            }
        }
    }

    #[test]
    fn what_is_fetched_at_need_fits_its_budget() {
        for script in all().iter().filter(|script| script.part == Part::Late) {
            let weight = gzip(script.source.as_bytes()).len();
            assert!(weight <= 3000, "{} is {weight} bytes", script.path);
        }
    }

    #[test]
    fn the_script_of_wide_screens_fits_its_budget() {
        for script in all().iter().filter(|script| script.part == Part::Desk) {
            let weight = gzip(script.source.as_bytes()).len();
            assert!(weight <= 2000, "{} is {weight} bytes", script.path);
        }
    }

    #[test]
    fn pages_carry_only_what_they_use() {
        assert_eq!(needed(Lang::Zh, &["<p>"]).count(), 1);
        assert_eq!(needed(Lang::Zh, &["<input data-photo>", "<div data-step>"]).count(), 3);
    }

    #[test]
    fn comments_go_and_code_stays() {
        assert_eq!(tighten("  // why\n\n  let a = \"//\";\n"), "let a = \"//\";\n");
    }
}
