//! The last log lines of a box, on request. They are kept in memory and nowhere else: what a log says is for
//! the moment, and what is written down must be forgotten again.

use std::collections::BTreeMap;

use fieldline_protocol::messages::LogsCommand;
use fieldline_protocol::topics::CommandKind;
use maud::html;
use poem::Response;

use super::commands::{self, Ask};
use super::store;
use crate::kernel::audit::Changes;
use crate::kernel::clock::{self, HOUR, Millis};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::memory::Memory;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::{card, empty};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html as page_of};

/// Lines asked for; the box gives no more.
const LINES: u32 = 200;
/// Characters of a line.
const WIDEST: usize = 300;
/// How long they can be read.
const KEPT: Millis = HOUR;

/// When they came, and the lines.
type Kept = (Millis, Vec<String>);

/// By box.
#[derive(Default)]
struct Logs(BTreeMap<Id, Kept>);

/// The box has struck numbers out; whoever stands between could have put them back, so it is done again.
fn redacted(line: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in line.chars().filter(|c| !c.is_control()).take(WIDEST).chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let hidden = if digits.len() >= 7 { digits.len() - 2 } else { 0 };
        out.extend(digits.drain(..).enumerate().map(|(n, digit)| if n < hidden { '*' } else { digit }));
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

/// Keeps what a box sent, in place of what it sent before.
pub fn keep(memory: &Memory, gateway: Id, now: Millis, lines: Vec<String>) {
    let most = usize::try_from(LINES).unwrap_or_default();
    let lines = lines.iter().take(most).map(|line| redacted(line)).collect();
    memory.with(|Logs(logs)| {
        logs.retain(|_, (at, _)| now - *at < KEPT);
        logs.insert(gateway, (now, lines));
    });
}

fn kept(memory: &Memory, gateway: Id, now: Millis) -> Option<Kept> {
    memory.with(|Logs(logs)| logs.get(&gateway).filter(|(at, _)| now - at < KEPT).cloned())
}

/// `GET /gateways/:id/logs`
pub async fn show(cx: Cx) -> Result<Response> {
    let lang = cx.lang;
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let asked = commands::last(&cx.office.db, gateway.id, Some(CommandKind::Logs), 1).await?;
    let body = html! {
        @if let Some((at, lines)) = kept(&cx.office.memory, gateway.id, cx.now) {
            (card(Some(&t!(lang, "gateways.logs_at", when = clock::hour_minute(at))), None, html! {
                div.cell { div.g { p.pre.num { @for line in &lines { (line) "\n" } } } }
            }))
        } @else {
            (empty(t!(lang, "gateways.no_logs"), None))
        }
        @for one in asked.iter().filter(|one| one.state != commands::State::Answered) {
            (card(None, None, html! { div.cell { div.g { (one.state_tag(lang)) } div.v { (one.said_words(lang)) } } }))
        }
        (fields::post(&format!("/gateways/{}/logs", gateway.id), &cx.op_id()).holding(fields::submit(t!(lang, "gateways.ask_logs"), ButtonKind::Primary)))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "gateways.logs"))
        .subtitle(gateway.name.as_str())
        .back(format!("/gateways/{}", gateway.id))
        .refresh();
    Ok(page_of(page.render(body)))
}

/// `POST /gateways/:id/logs`
pub async fn ask(cx: Cx) -> Result<Response> {
    let gateway = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let form = cx.form().await?;
    let back = format!("/gateways/{}/logs?done=sent", gateway.id);
    let ask = Ask { kind: CommandKind::Logs, modem: "", about: "", changes: Changes::new(), back: &back };
    commands::give(&cx, &form, &gateway, ask, |id| LogsCommand { id, lines: LINES }).await
}

#[cfg(test)]
mod tests {
    use super::{Memory, keep, kept, redacted};
    use crate::kernel::clock::HOUR;
    use crate::kernel::id::Id;

    #[test]
    fn numbers_are_struck_out_whatever_came() {
        assert_eq!(redacted("to=+8613805362417 mr=17\r"), "to=+***********17 mr=17");
    }

    #[test]
    fn lines_are_kept_for_an_hour() {
        let gateway = Id::new();
        let memory = Memory::default();
        keep(&memory, gateway, 1_000, vec!["a".to_owned(); 900]);
        assert_eq!(kept(&memory, gateway, 1_000).map(|(_, lines)| lines.len()), Some(200));
        assert!(kept(&memory, gateway, 1_000 + HOUR).is_none());
    }
}
