//! The page of a document with lines, its approval card and its print.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::sale::{Checks, Onward, Sale, Told};
use crate::approvals::{self, Approval, Step};
use crate::documents::{self, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Fen;
use crate::kernel::settings;
use crate::lines::{Weighed, store, view};
use crate::ui::button::button_for;
use crate::ui::form::{ButtonKind, act_form, error_summary};
use crate::ui::layout::{Frame, Page};
use crate::ui::tag::{Tone, tag};
use crate::ui::timeline::{Entry, timeline};
use crate::ui::{card, cell, link_button, money, paper};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as html_page, html_with};

pub(super) async fn page<D: Sale>(cx: Cx, onward: Option<Onward<D::Body>>, told: Option<Told>) -> Result<Response> {
    let document = documents::seen::<D>(&cx, cx.id()?).await?;
    let head = &document.head;
    // Before the decision nobody was told of it.
    let told = match told {
        Some(told) if !head.state.is_open() => told(&cx, D::KIND, head.id).await?,
        Some(_) | None => Vec::new(),
    };
    let onward = onward.map(|onward| onward(&cx, &document)).unwrap_or_default();
    let rendered = render::<D>(&cx, &document, &told, onward, None).await?;
    // Own drafts may be read without a network; a document in force is the company's finance.
    Ok(if D::IS_KEPT && head.state == State::Draft { cx.offline_page(rendered) } else { html_page(rendered) })
}

/// The document's page with the reason why it was not submitted, and the ways out.
pub async fn refused<D: Sale>(cx: &Cx, document: &Full<D::Body>, why: &str) -> Result<Response> {
    let page = render::<D>(cx, document, &[], html! {}, Some(why)).await?;
    Ok(html_with(page, StatusCode::UNPROCESSABLE_ENTITY))
}

async fn render<D: Sale>(
    cx: &Cx,
    document: &Full<D::Body>,
    told: &[Entry],
    onward: Markup,
    why: Option<&str>,
) -> Result<String> {
    let (db, head) = (&cx.office.db, &document.head);
    let lines = store::weighed(db, head.id, D::warehouse(&document.body)).await?;
    // A decided document needs no check.
    let checks = if head.state.is_open() { Some(D::checks(cx, document, &lines).await?) } else { None };
    let flow = approvals::last_of(db, D::KIND, head.id).await?;
    let related = documents::related(db, &cx.scope(), head).await?;
    let flow = flow.as_ref().map(|(approval, steps)| (approval, steps.as_slice()));
    let held = checks.as_ref().is_some_and(|checks| checks.held);
    let beside = Beside { checks, flow, related: &related, told };
    let frame = cx.frame();
    let mut page = Page::new(&frame, head.number.clone())
        .subtitle(head.customer.clone())
        .back(above::<D>(&frame, head))
        .header_action(D::tag(cx.lang, head, cx.now));
    if why.is_some() {
        page = page.error_title();
    }
    let bar = bar::<D>(cx, document, flow, held, onward);
    let page = if bar.0.is_empty() { page } else { page.bar(bar) };
    Ok(page.render(html! {
        @if let Some(why) = why { (error_summary(cx.lang, &[("", why)])) }
        @if may_edit::<D>(cx, head) { (D::ways_out(cx.lang, document, &lines)) }
        (body::<D>(cx, document, &lines, &beside))
    }))
}

/// Where the arrow leads without a script: the visit on which the document was written, unless the list led here.
fn above<D: Sale>(frame: &Frame, head: &Head) -> String {
    let list = D::KIND.paths().list;
    match (head.visit_id, frame.came_from.as_deref().and_then(|from| from.split('?').next())) {
        (Some(visit), from) if from != Some(list) => format!("/visits/{visit}"),
        (Some(_) | None, _) => list.to_owned(),
    }
}

type Flow<'a> = Option<(&'a Approval, &'a [Step])>;

/// What the page shows besides the document.
struct Beside<'a> {
    checks: Option<Checks>,
    flow: Flow<'a>,
    related: &'a [Head],
    told: &'a [Entry],
}

fn may_edit<D: Sale>(cx: &Cx, head: &Head) -> bool {
    head.state == State::Draft && cx.may(Gate::edit(D::KIND.module()))
}

fn bar<D: Sale>(cx: &Cx, document: &Full<D::Body>, flow: Flow<'_>, held: bool, onward: Markup) -> Markup {
    let (lang, head) = (cx.lang, &document.head);
    html! {
        @if D::VERSIONS.is_some() {
            (link_button(format!("{}/print", head.address()), t!(lang, "lines.print"), ButtonKind::Quiet))
        }
        (D::acts(cx, document))
        @if may_edit::<D>(cx, head) && !held {
            (button_for(documents::SUBMISSION, t!(lang, D::SUBMIT), ButtonKind::Primary))
        }
        @if let (State::Approving, Some((approval, _))) = (head.state, flow) {
            (link_button(format!("/approvals/{}", approval.id), t!(lang, "lines.to_approval"), ButtonKind::Primary))
        }
        (onward)
    }
}

fn body<D: Sale>(cx: &Cx, document: &Full<D::Body>, lines: &[Weighed], beside: &Beside<'_>) -> Markup {
    let (lang, head, flow) = (cx.lang, &document.head, beside.flow);
    let (edit, label) = (format!("{}/edit", head.address()), t!(lang, "lines.edit"));
    let me = cx.actor().id;
    let may_withdraw = head.owner_id == me || flow.is_some_and(|(approval, _)| approval.requester_id == me);
    let may_cancel = D::may_cancel(cx, &document.body);
    let counts = D::HAS_WAREHOUSE && head.state.is_open();
    let asks = beside.checks.as_ref().is_some_and(|checks| !checks.needs.is_empty());
    html! {
        (card(None, None, html! {
            (money(head.total().0))
            @if let Some(customer) = head.customer_id {
                (cell(t!(lang, "lines.customer"), html! { a href={ "/customers/" (customer) } { (head.customer) } }))
            }
            (cell(t!(lang, "lines.owner"), html! { (head.owner) }))
            (cell(t!(lang, D::DAY), html! { span.num { (head.day) } }))
            (D::shown(lang, document, cx.now))
            @if !head.note.is_empty() { (cell(t!(lang, "lines.note"), html! { (head.note) })) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), may_edit::<D>(cx, head).then_some((edit.as_str(), &*label)), html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "lines.none")) } } }
            (view::weighed_cells(lang, lines, counts))
        }))
        @if let Some(checks) = &beside.checks { (checks_card::<D>(lang, document, checks)) }
        @if let Some((approval, steps)) = flow { (approvals::flow_card(cx, approval, steps)) }
        @if let Some(at) = head.decided_at.filter(|_| flow.is_none()) {
            (card(None, None, cell(t!(lang, "lines.in_force_since"), html! { (clock::brief(at, cx.now)) })))
        }
        (documents::related_card(lang, head, beside.related))
        @if !beside.told.is_empty() { (card(Some(&t!(lang, "lines.told")), None, timeline(beside.told))) }
        @if D::VERSIONS.is_some() && cx.may(Gate::create(D::KIND.module())) {
            (act_form(&format!("{}/versions", head.address()), &cx.op_id(), None, t!(lang, "lines.copy"), ButtonKind::Quiet))
        }
        (documents::flow_acts::<D>(cx, head, D::OFFLINE_SUBMISSION, asks, may_withdraw, may_cancel))
    }
}

/// What was checked, and for a draft why it will need approval.
fn checks_card<D: Sale>(lang: Lang, document: &Full<D::Body>, checks: &Checks) -> Markup {
    let is_draft = document.head.state == State::Draft;
    html! {
        @if is_draft || !checks.cells.0.is_empty() {
            (card(Some(&t!(lang, "lines.checks")), None, html! {
                (checks.cells)
                @if is_draft {
                    (cell(t!(lang, "lines.approval"), html! {
                        @if checks.needs.is_empty() { (t!(lang, "lines.needs_none")) }
                        @for code in &checks.needs { (tag(D::reason(lang, &document.body, code), Tone::Warn)) " " }
                    }))
                }
            }))
        }
    }
}

/// The approval card's facts. Why it was asked is what was true then.
pub async fn facts<D: Sale>(cx: &Cx, document: &Full<D::Body>, seen: bool) -> Result<Markup> {
    let (db, lang, head) = (&cx.office.db, cx.lang, &document.head);
    let lines = store::weighed(db, head.id, None).await?;
    let asked = approvals::of_document(db, D::KIND, head.id).await?;
    let reasons = asked.first().map_or("", |first| first.reason.as_str());
    let (link, open) = (head.address(), t!(lang, "documents.open"));
    Ok(html! {
        (card(Some(&head.customer), seen.then_some((link.as_str(), &*open)), html! {
            (money(head.total().0))
            @for code in reasons.split(',').filter(|code| !code.is_empty()) {
                @let reason = D::reason(lang, &document.body, code);
                div.cell { div.g { small { (t!(lang, "lines.rule", reason = reason)) } } }
            }
            (D::shown(lang, document, cx.now))
            @if !head.note.is_empty() { (cell(t!(lang, "lines.note"), html! { (head.note) })) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), None, view::weighed_cells(lang, &lines, false)))
    })
}

/// The print page. A document that is not in force is marked, so that nobody takes it for an offer.
pub(super) async fn print<D: Sale>(cx: Cx) -> Result<Response> {
    let document = documents::seen::<D>(&cx, cx.id()?).await?;
    let (db, lang, head) = (&cx.office.db, cx.lang, &document.head);
    let lines = store::of_document(db, head.id).await?;
    let company: Option<String> = settings::value(db, "company").await?;
    let (kind, sum) = (D::KIND.name(lang), lines.iter().map(|line| line.amount).sum::<Fen>());
    let state = (!head.state.in_force()).then(|| head.standing().name(lang).into_owned());
    let mark = state.or_else(|| D::mark(lang, &document, cx.now));
    Ok(html_page(paper::page(
        lang,
        &format!("{kind} {}", head.number),
        html! {
            header { @if let Some(company) = company { p { (company) } } h1 { (kind) } }
            @if let Some(mark) = mark { p.mark { (mark) } }
            (paper::fact(&t!(lang, "lines.number"), &head.number))
            (paper::fact(&t!(lang, "lines.day"), &head.day))
            (paper::fact(&t!(lang, "lines.customer"), &head.customer))
            (paper::fact(&t!(lang, "lines.owner"), &head.owner))
            (view::paper(lang, &lines))
            @if sum != head.total() { (paper::fact(&t!(lang, "lines.sum"), format!("¥{sum}"))) }
            (D::shown(lang, &document, cx.now))
            (paper::fact(&t!(lang, "lines.total"), format!("¥{}", head.total())))
            @if !head.note.is_empty() { (paper::fact(&t!(lang, "lines.note"), &head.note)) }
        },
    )))
}
