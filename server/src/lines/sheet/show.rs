//! The page of a document with lines, its approval card and its print.

use maud::{Markup, html};
use poem::Response;

use super::{Onward, Sheet};
use crate::approvals::{self, Approval, Step};
use crate::documents::{self, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::i18n::t;
use crate::kernel::money::Fen;
use crate::kernel::settings;
use crate::lines::{Line, Weighed, store, view};
use crate::ui::button::button_for;
use crate::ui::form::{ButtonKind, act_form};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, link_button, money, paper};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as answer};

pub(super) async fn page<D: Sheet>(cx: Cx, onward: Onward<D::Body>) -> Result<Response> {
    let document = documents::seen::<D>(&cx, cx.id()?).await?;
    let (db, head) = (&cx.office.db, &document.head);
    let lines = store::weighed(db, head.id, None).await?;
    let flow = approvals::last_of(db, D::KIND, head.id).await?;
    let related = documents::related(db, &cx.scope(), head).await?;
    let flow = flow.as_ref().map(|(approval, steps)| (approval, steps.as_slice()));
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone())
        .subtitle(head.customer.clone())
        .back(D::KIND.paths().list)
        .header_action(D::tag(cx.lang, head, cx.now))
        .bar(bar::<D>(&cx, head, flow, onward(&cx, &document)));
    Ok(answer(page.render(body::<D>(&cx, &document, &lines, flow, &related))))
}

type Flow<'a> = Option<(&'a Approval, &'a [Step])>;

fn may_edit<D: Sheet>(cx: &Cx, head: &Head) -> bool {
    head.state == State::Draft && cx.may(Gate::edit(D::KIND.module()))
}

fn bar<D: Sheet>(cx: &Cx, head: &Head, flow: Flow<'_>, onward: Markup) -> Markup {
    let lang = cx.lang;
    html! {
        (link_button(format!("{}/print", head.address()), t!(lang, "lines.print"), ButtonKind::Quiet))
        @if may_edit::<D>(cx, head) {
            (button_for(documents::SUBMISSION, t!(lang, "lines.submit"), ButtonKind::Primary))
        }
        @if let (State::Approving, Some((approval, _))) = (head.state, flow) {
            (link_button(format!("/approvals/{}", approval.id), t!(lang, "lines.to_approval"), ButtonKind::Primary))
        }
        (onward)
    }
}

fn body<D: Sheet>(cx: &Cx, document: &Full<D::Body>, lines: &[Weighed], flow: Flow<'_>, related: &[Head]) -> Markup {
    let (lang, head, module) = (cx.lang, &document.head, D::KIND.module());
    let (edit, label) = (format!("{}/edit", head.address()), t!(lang, "lines.edit"));
    let me = cx.actor().id;
    let may_withdraw = head.owner_id == me || flow.is_some_and(|(approval, _)| approval.requester_id == me);
    let plain: Vec<Line> = lines.iter().map(|weighed| weighed.line.clone()).collect();
    let needs = D::needs(document, &plain);
    html! {
        (card(None, None, html! {
            (money(head.total().0))
            @if let Some(customer) = head.customer_id {
                (cell(t!(lang, "lines.customer"), html! { a href={ "/customers/" (customer) } { (head.customer) } }))
            }
            (cell(t!(lang, "lines.owner"), html! { (head.owner) }))
            (cell(t!(lang, "lines.day"), html! { span.num { (head.day) } }))
            (D::shown(lang, document, cx.now))
            @if !head.note.is_empty() { (cell(t!(lang, "lines.note"), html! { (head.note) })) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), may_edit::<D>(cx, head).then_some((edit.as_str(), &*label)), html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "lines.none")) } } }
            (view::weighed_cells(lang, lines, false))
            @if head.state == State::Draft {
                (cell(t!(lang, "lines.approval"), html! {
                    @if needs.is_empty() { (t!(lang, "lines.needs_none")) }
                    @for code in needs { (tag(D::reason(lang, &document.body, code), Tone::Warn)) " " }
                }))
            }
        }))
        @if let Some((approval, steps)) = flow { (approvals::flow_card(cx, approval, steps)) }
        (documents::related_card(lang, head, related))
        @if cx.may(Gate::create(module)) {
            (act_form(&format!("{}/versions", head.address()), &cx.op_id(), None, t!(lang, "lines.copy"), ButtonKind::Quiet))
        }
        (documents::flow_acts::<D>(cx, head, None, may_withdraw, cx.scope().sees_others()))
    }
}

/// The approval card's facts. Why it was asked is what was true then.
pub async fn facts<D: Sheet>(cx: &Cx, document: &Full<D::Body>, seen: bool) -> Result<Markup> {
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
pub(super) async fn print<D: Sheet>(cx: Cx) -> Result<Response> {
    let document = documents::seen::<D>(&cx, cx.id()?).await?;
    let (db, lang, head) = (&cx.office.db, cx.lang, &document.head);
    let lines = store::of_document(db, head.id).await?;
    let company: Option<String> = settings::value(db, "company").await?;
    let (kind, sum) = (D::KIND.name(lang), lines.iter().map(|line| line.amount).sum::<Fen>());
    let state = (!head.state.in_force()).then(|| head.standing().name(lang).into_owned());
    let mark = state.or_else(|| D::mark(lang, &document, cx.now));
    Ok(answer(paper::page(
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
