//! What all kinds show alike: the list, the tag of a state, the acts of the flow.

use maud::{Markup, Render, html};
use poem::Response;

use super::list::{ListQuery, Sort};
use super::{Document, Head, NOTE, State};
use crate::customers;
use crate::kernel::access::Gate;
use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::button::icon_link;
use crate::ui::form::{self, ButtonKind};
use crate::ui::icon::Icon;
use crate::ui::layout::Page;
use crate::ui::{
    Column, Record, Sorting, Width, card, cell, empty, entry, link_cell, money, pager, records, search_bar, segmented,
};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as html_page};

/// The link to the form for a new one.
pub(super) fn add_link<D: Document>(cx: &Cx, customer: Option<Id>) -> Markup {
    let new = D::KIND.paths().new;
    let href = customer.map_or_else(|| new.to_owned(), |customer| format!("{new}?customer={customer}"));
    html! {
        @if cx.may(Gate::create(D::KIND.module())) { (icon_link(&href, Icon::Plus, &t!(cx.lang, D::LIST.new))) }
    }
}

pub(super) fn list<D: Document>(cx: &Cx, wanted: ListQuery<'_>, found: &Listing<Head>) -> Markup {
    let (lang, path) = (cx.lang, D::KIND.paths().list);
    let only = wanted.customer.map(|id| id.to_string()).unwrap_or_default();
    let of_customer = |sign: &str| if only.is_empty() { String::new() } else { format!("{sign}customer={only}") };
    let chosen = wanted.state.map_or("", State::code);
    let all = (format!("{path}{}", of_customer("?")), t!(lang, "documents.all").into_owned(), wanted.state.is_none());
    let segments: Vec<_> = std::iter::once(all)
        .chain(D::LIST.segments.iter().map(|state| {
            let href = format!("{path}?view={}{}", state.code(), of_customer("&"));
            (href, state.standing(D::KIND).name(lang).into_owned(), wanted.state == Some(*state))
        }))
        .chain(
            has_bin::<D>(cx).then(|| (D::KIND.paths().bin.to_owned(), t!(lang, "documents.bin").into_owned(), false)),
        )
        .collect();
    let query = [("q", wanted.q), ("view", chosen), ("customer", only.as_str())];
    let usual = (Sort::Number.code(), Way::Down);
    let sorting = Sorting { path, query: &query, by: (wanted.sort.code(), wanted.way), usual };
    html! {
        (search_bar(path, wanted.q, &t!(lang, D::LIST.search), &[("view", chosen), ("customer", &only)]))
        @if segments.len() > 1 { (segmented(&segments)) }
        @if found.rows.is_empty() {
            (nothing::<D>(cx, wanted.customer))
        } @else {
            (records(&columns::<D>(cx, wanted, sorting), found.rows.iter().map(|row| record::<D>(cx, row))))
            (pager(lang, path, &sorting.query(), found.page, found.more))
        }
    }
}

/// The columns of a list. Heads sort where an index has the order or the documents are one customer's.
fn columns<D: Document>(cx: &Cx, wanted: ListQuery<'_>, sorting: Sorting<'_>) -> Vec<Column> {
    let lang = cx.lang;
    let head = |label: &str, width: Width, sort: Sort| {
        let label = t!(lang, label);
        if wanted.sorts() { sorting.head(label, width, sort.code(), Way::Down) } else { Column::new(label, width) }
    };
    let name = if D::HAS_CUSTOMER { "documents.column_customer" } else { "documents.column_title" };
    let mut columns = vec![
        Column::new(t!(lang, name), Width::Share),
        head("documents.column_number", Width::Code, Sort::Number),
        Column::new(t!(lang, "documents.column_day"), Width::Word).roomy(),
    ];
    if cx.scope().sees_others() {
        columns.push(Column::new(t!(lang, "documents.column_owner"), Width::Word).roomy());
    }
    if D::HAS_CUSTOMER {
        columns.push(head("documents.column_amount", Width::Figure, Sort::Amount));
    }
    columns.push(Column::new(t!(lang, "documents.column_state"), Width::Word));
    columns
}

/// A document in a list.
pub fn row<D: Document>(cx: &Cx, head: &Head) -> Markup {
    record::<D>(cx, head).render()
}

fn record<D: Document>(cx: &Cx, row: &Head) -> Record {
    let name = if row.customer.is_empty() { &row.title } else { &row.customer };
    let record = Record::new(row.address(), name).detail(html! { span.num { (row.number) } }).wide(&row.day);
    let record = if cx.scope().sees_others() { record.roomy(&row.owner) } else { record };
    record.side(html! {
        @if D::HAS_CUSTOMER {
            b.num { @if let Some(amount) = row.amount { "¥" (amount) } }
            @if row.amount.is_some() { br; }
        }
        span { (D::tag(cx.lang, row, cx.now)) }
    })
}

/// An empty list, with the one act that fills it: a document for the customer it is about, else the choice of one.
fn nothing<D: Document>(cx: &Cx, customer: Option<Id>) -> Markup {
    let (lang, text) = (cx.lang, t!(cx.lang, D::LIST.none));
    match customer {
        Some(customer) if cx.may(Gate::create(D::KIND.module())) => {
            let href = format!("{}?customer={customer}", D::KIND.paths().new);
            empty(text, Some((&href, &t!(lang, D::LIST.new))))
        }
        Some(_) => empty(text, None),
        None if D::HAS_CUSTOMER && cx.may(Gate::create(D::KIND.module())) => {
            empty(text, Some((D::KIND.paths().new, &t!(lang, D::LIST.new))))
        }
        None => empty(text, None),
    }
}

/// Whether this reader can move drafts of the kind into the recycle bin.
fn has_bin<D: Document>(cx: &Cx) -> bool {
    D::LIST.segments.contains(&State::Draft) && cx.may(Gate::delete(D::KIND.module()))
}

/// What is in the recycle bin, each with the way back.
pub(super) fn bin<D: Document>(cx: &Cx, found: &Listing<Head>) -> Markup {
    let lang = cx.lang;
    html! {
        @if found.rows.is_empty() { (empty(&t!(lang, "documents.bin_empty"), None)) }
        @for row in &found.rows {
            (card(None, None, html! {
                (cell(&row.number, html! {
                    @if row.customer.is_empty() { (row.title) } @else { (row.customer) }
                    @if let Some(amount) = row.amount { br; b.num { "¥" (amount) } }
                }))
                (form::post(&format!("{}/restoration", row.address()), &cx.op_id()).version(row.version).holding(form::submit(t!(lang, "documents.restore"), ButtonKind::Quiet)))
            }))
        }
        (pager(lang, D::KIND.paths().bin, &[], found.page, found.more))
    }
}

/// Customers that the page offers before somebody types.
const OFFERED: i64 = 30;

/// The page that asks for a customer first: a customer search that opens the form for the chosen customer.
pub async fn choose_customer<D: Document>(cx: &Cx) -> Result<Response> {
    let (lang, new) = (cx.lang, D::KIND.paths().new);
    let q = cx.query("q").unwrap_or_default();
    let sought = Some(q).filter(|q| !q.is_empty());
    let found = customers::choices(&cx.office.db, &cx.scope(), sought, OFFERED).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, D::LIST.new)).back(D::KIND.paths().list);
    Ok(html_page(page.render(html! {
        (search_bar(new, q, &t!(lang, "customers.find"), &[]))
        @if found.is_empty() { (empty(&t!(lang, "documents.nobody"), None)) }
        @else {
            (card(Some(&t!(lang, "documents.whose")), None, html! {
                @for customer in &found {
                    (link_cell(format!("{new}?customer={}", customer.id), entry(&customer.name, html! {}, &customer.address), html! {}))
                }
            }))
        }
    })))
}

/// Documents that were made from one another; see [`super::related`].
#[must_use]
pub fn related_card(lang: Lang, head: &Head, related: &[Head]) -> Markup {
    html! {
        @if !related.is_empty() {
            (card(Some(&t!(lang, "documents.related")), None, html! {
                @for other in related {
                    (link_cell(other.address(), html! {
                        (other.kind.name(lang)) " " span.num { (other.number) }
                        @if head.source_id == Some(other.id) { p { (t!(lang, "documents.source")) } }
                    }, other.standing().tag(lang)))
                }
            }))
        }
    }
}

/// The least that an approver must see of a document.
pub(super) fn facts(lang: Lang, head: &Head, seen: bool) -> Markup {
    let (address, open) = (head.address(), t!(lang, "documents.open"));
    card(
        Some(if head.customer.is_empty() { &head.number } else { &head.customer }),
        seen.then_some((address.as_str(), &*open)),
        html! {
            @if let Some(amount) = head.amount { (money(amount.0)) }
            @if !head.note.is_empty() { div.cell { div.g { (head.note) } } }
        },
    )
}

/// The form that the submit button in the bar sends.
pub const SUBMISSION: &str = "submission";

/// The acts below the cards of a document: the note to the approver, and what takes back. `may_withdraw` and
/// `may_cancel` are the kind's decisions for this reader.
#[must_use]
pub fn flow_acts<D: Document>(
    cx: &Cx,
    head: &Head,
    offline: Option<&str>,
    may_withdraw: bool,
    may_cancel: bool,
) -> Markup {
    let lang = cx.lang;
    if !cx.may(Gate::edit(D::KIND.module())) {
        return html! {};
    }
    let kind = D::KIND.name(lang);
    let address = head.address();
    let post = |noun: &str, label: &str, kind: ButtonKind| {
        let body = form::submit(label, kind);
        form::post(&format!("{address}/{noun}"), &cx.op_id()).version(head.version).holding(body)
    };
    let (note, blank) = (t!(lang, "documents.to_approver"), cx.blank());
    let to_approver = html! {
        @if D::NEEDS_APPROVAL { (card(None, None, form::textarea(&blank.field("note", &note), NOTE))) }
    };
    match head.state {
        State::Draft => html! {
            (form::post(&format!("{address}/submission"), &cx.op_id()).id(SUBMISSION).version(head.version).offline_if(offline).holding(to_approver))
            (post("cancellation", &t!(lang, "documents.cancel_draft"), ButtonKind::Quiet))
            @if has_bin::<D>(cx) { (post("deletion", &t!(lang, "documents.delete_draft"), ButtonKind::Quiet)) }
        },
        State::Approving if may_withdraw => post("withdrawal", &t!(lang, "documents.withdraw"), ButtonKind::Quiet),
        State::Active if may_cancel => {
            post("cancellation", &t!(lang, "documents.cancel", kind = kind), ButtonKind::Danger)
        }
        State::Approving | State::Active | State::Rejected | State::Closed | State::Cancelled => html! {},
    }
}
