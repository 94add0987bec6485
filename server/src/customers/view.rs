//! The list, the form and the small pieces others show of a customer.

use maud::{Markup, html};

use super::rules::{Class, Heat, Kind, Level, Settlement, Sort, View, quiet_days};
use super::store::{Customer, CustomerRow, ListQuery, Named};
use crate::kernel::address::address;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Fen;
use crate::ui::button::icon_link;
use crate::ui::form::{self, ButtonKind, FieldView, InputKind};
use crate::ui::icon::Icon;
use crate::ui::tag::{Tone, tag};
use crate::ui::{
    Column, Record, Width, card, empty, link_button, link_cell, pager, records, search_bar, segmented, sorting,
};
use crate::web::form::Form;
use crate::web::merge;

/// The customer's own lines in the form.
pub(super) const PHONES: [&str; 2] = ["phone1", "phone2"];

/// The fields of the form, for merging two people's changes. The last five are the owner and the terms of
/// trade, set by those who lead others.
const FIELDS: [&str; 17] = [
    "name",
    "short_name",
    "mnemonic",
    "class",
    "kind",
    "level",
    "heat",
    "region_id",
    "address",
    "phone1",
    "phone2",
    "description",
    "owner_id",
    "price_level_id",
    "credit_limit",
    "credit_days",
    "settlement",
];

/// The fields that a person's form has. A field that is not there is not one that was emptied.
pub(super) fn fields(leads_others: bool) -> &'static [&'static str] {
    if leads_others { &FIELDS } else { FIELDS.split_at(12).0 }
}

pub(super) fn new_button(lang: Lang) -> Markup {
    icon_link("/customers/new", Icon::Plus, &t!(lang, "customers.new"))
}

/// `others`: the looker sees other people's customers, so that "mine" is a view and owners are shown.
pub(super) fn list(
    lang: Lang,
    listing: &Listing<CustomerRow>,
    wanted: &ListQuery<'_>,
    others: bool,
    may_create: bool,
) -> Markup {
    let q = wanted.q.unwrap_or_default();
    let (view, sort) = (wanted.view, wanted.sort);
    // What is usual is not said.
    let to = |view: View, sort: Sort| {
        let view = if view == View::All { "" } else { view.code() };
        let sort = if sort == Sort::usual(wanted.q) { "" } else { sort.code() };
        address("/customers", &[("q", q), ("view", view), ("sort", sort)])
    };
    let views: Vec<(String, String, bool)> = View::ALL
        .iter()
        .filter(|item| others || **item != View::Mine)
        .map(|item| (to(*item, sort), item.name(lang).into_owned(), *item == view))
        .collect();
    let sorts: Vec<(String, String, bool)> = match view {
        View::All | View::Mine => {
            Sort::ALL.iter().map(|item| (to(view, *item), item.name(lang).into_owned(), *item == sort)).collect()
        }
        View::Arrears | View::Quiet => Vec::new(),
    };
    let hidden = [("view", view.code()), ("sort", sort.code())];
    html! {
        (search_bar("/customers", q, &t!(lang, "customers.find"), &hidden))
        (segmented(&views))
        @if !sorts.is_empty() && !listing.rows.is_empty() { (sorting(lang, &sorts)) }
        @if listing.rows.is_empty() {
            (nothing(lang, wanted, may_create))
        } @else {
            (records(&columns(lang, wanted, others, to), listing.rows.iter().map(|row| record(lang, row, others, wanted.now))))
            (pager(lang, "/customers", &[("q", q), ("view", view.code()), ("sort", sort.code())], listing.page, listing.more))
            (card(None, None, link_cell("/customers/pocket", html! { (t!(lang, "customers.pocket")) }, html! {})))
        }
    }
}

fn nothing(lang: Lang, wanted: &ListQuery<'_>, may_create: bool) -> Markup {
    match (wanted.q, wanted.view) {
        (Some(q), _) => {
            let href = address("/customers/new", &[("q", q)]);
            let label = t!(lang, "customers.new");
            empty(&t!(lang, "customers.none_found", q = q), may_create.then_some((&href, &label)))
        }
        (None, View::Arrears) => empty(&t!(lang, "customers.none_owing"), None),
        (None, View::Quiet) => empty(&t!(lang, "customers.none_quiet"), None),
        (None, View::All | View::Mine) => {
            let label = t!(lang, "customers.new");
            empty(&t!(lang, "customers.none"), may_create.then_some(("/customers/new", &label)))
        }
    }
}

/// The columns of the list. Heads sort where an index has the order.
fn columns(lang: Lang, wanted: &ListQuery<'_>, others: bool, to: impl Fn(View, Sort) -> String) -> Vec<Column> {
    let (view, sort) = (wanted.view, wanted.sort);
    let free = matches!(view, View::All | View::Mine);
    let by_contact = match sort {
        Sort::Recent => Some(Way::Down),
        Sort::Contact => Some(Way::Up),
        Sort::Name => None,
    };
    let other_way = if sort == Sort::Recent { Sort::Contact } else { Sort::Recent };
    let name = Column::new(t!(lang, "customers.column_name"), Width::Share);
    let contact = Column::new(t!(lang, "customers.column_contact"), Width::Word).roomy();
    let arrears = Column::new(t!(lang, "customers.owing"), Width::Figure);
    let (name, contact, arrears) = if free {
        (
            name.sort(to(view, Sort::Name)).sorted((sort == Sort::Name).then_some(Way::Up)),
            contact.sort(to(view, other_way)).sorted(by_contact),
            arrears.sort(to(View::Arrears, sort)),
        )
    } else if view == View::Arrears {
        (name, contact, arrears.sorted(Some(Way::Down)))
    } else {
        (name, contact.sorted(Some(Way::Up)), arrears)
    };
    let mut columns = vec![
        name,
        Column::new(t!(lang, "customers.column_state"), Width::Word),
        Column::new(t!(lang, "customers.column_whom"), Width::Word).roomy(),
        Column::new(t!(lang, "customers.column_phone"), Width::Code),
        contact,
        arrears,
    ];
    if others {
        columns.push(Column::new(t!(lang, "customers.owner"), Width::Word).roomy());
    }
    columns
}

fn record(lang: Lang, row: &CustomerRow, others: bool, now: Millis) -> Record {
    let nobody = row.contact_name.is_empty() && row.phone.is_empty();
    let owing = row.arrears > Fen::ZERO;
    Record::new(format!("/customers/{}", row.id), &row.name)
        .thumb(&row.name)
        .tags(quiet_tag(lang, row.last_contact_at, row.created_at, now).unwrap_or_default())
        .roomy(html! { @if nobody { (t!(lang, "customers.no_contact")) } @else { (row.contact_name) } })
        .detail(&row.phone)
        .wide(row.last_contact_at.map(|at| clock::brief(at, now)).unwrap_or_default())
        .side(html! {
            b.num { @if owing { "¥" (row.arrears) } }
            small.d.o {
                @if owing { i { (t!(lang, "customers.owing")) @if others { " · " } } }
                @if others { (row.owner_name) }
            }
        })
}

/// "30 天未联系", where it is so.
#[must_use]
pub fn quiet_tag(lang: Lang, last_contact_at: Option<Millis>, created_at: Millis, now: Millis) -> Option<Markup> {
    let days = quiet_days(last_contact_at, created_at, now)?;
    Some(tag(&t!(lang, "customers.quiet", days = days), Tone::Info))
}

/// How warm, where it is warm at all.
#[must_use]
pub fn heat_tag(lang: Lang, heat: &str) -> Option<Markup> {
    let heat = Heat::from_code(heat)?;
    let tone = match heat {
        Heat::None => return None,
        Heat::Low => Tone::Plain,
        Heat::Middle => Tone::Warn,
        Heat::High => Tone::Bad,
    };
    Some(tag(heat.name(lang), tone))
}

/// What the selects offer.
pub(super) struct Lists {
    pub regions: Vec<Named>,
    pub price_levels: Vec<Named>,
    /// `None` for those who choose no owner and no terms.
    pub owners: Option<Vec<Named>>,
}

/// What stands around the form.
pub(super) struct Around<'a> {
    pub lang: Lang,
    pub op_id: &'a str,
    pub version: Option<i64>,
    pub action: String,
    /// The address of the deletion, where the looker may delete.
    pub deletion: Option<String>,
}

fn with_blank(
    lang: Lang,
    options: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
) -> Vec<(String, String)> {
    let options = options.into_iter().map(|(value, label)| (value.into(), label.into()));
    std::iter::once((String::new(), t!(lang, "customers.not_set").into_owned())).chain(options).collect()
}

fn named(records: &[Named]) -> impl Iterator<Item = (String, String)> {
    records.iter().map(|record| (record.id.to_string(), record.name.clone()))
}

pub(super) fn form_page(filled: &Form, lists: &Lists, around: &Around<'_>) -> Markup {
    let lang = around.lang;
    let new = around.version.is_none();
    let mnemonic_hint = t!(lang, "customers.mnemonic_hint");
    let body = html! {
        (form::error_summary(lang, filled.errors()))
        @if !new { @for field in fields(lists.owners.is_some()) { (form::hidden(&merge::was(field), filled.value(&merge::was(field)))) } }
        (card(None, None, html! {
            (form::text(&FieldView { required: true, ..filled.field("name", &t!(lang, "customers.name")) }, InputKind::Text, 100))
            @if new {
                (form::hidden("call", filled.value("call")))
                (form::text(&filled.field("contact_name", &t!(lang, "customers.contact_name")), InputKind::Text, 40))
                (form::text(&filled.field("contact_phone", &t!(lang, "customers.contact_phone")), InputKind::Phone, 40))
                (filled.phone_asked("contact_phone"))
            }
            (form::select(&filled.field("region_id", &t!(lang, "customers.region")), &with_blank(lang, named(&lists.regions))))
            (form::text(&filled.field("address", &t!(lang, "customers.address")), InputKind::Text, 200))
            (form::select(&filled.field("kind", &t!(lang, "customers.kind")), &with_blank(lang, Kind::choices(lang))))
            (form::select(&filled.field("level", &t!(lang, "customers.level")), &with_blank(lang, Level::choices(lang))))
            (form::select(&filled.field("heat", &t!(lang, "customers.heat")), &Heat::choices(lang)))
        }))
        @if let Some(owners) = &lists.owners {
            (card(Some(&t!(lang, "customers.terms")), None, html! {
                (form::select(&filled.field("owner_id", &t!(lang, "customers.owner")), &named(owners).collect::<Vec<_>>()))
                (form::select(&filled.field("price_level_id", &t!(lang, "customers.price_level")), &with_blank(lang, named(&lists.price_levels))))
                (form::text(&filled.field("credit_limit", &t!(lang, "customers.credit_limit")), InputKind::Money, 20))
                (form::text(&filled.field("credit_days", &t!(lang, "customers.credit_days")), InputKind::Text, 4))
                (form::select(&filled.field("settlement", &t!(lang, "customers.settlement")), &Settlement::choices(lang)))
            }))
        }
        (card(Some(&t!(lang, "customers.more")), None, html! {
            (form::text(&filled.field("short_name", &t!(lang, "customers.short_name")), InputKind::Text, 40))
            (form::text(&FieldView { hint: Some(&mnemonic_hint), ..filled.field("mnemonic", &t!(lang, "customers.mnemonic")) }, InputKind::Text, 40))
            (form::select(&filled.field("class", &t!(lang, "customers.class")), &Class::choices(lang)))
            @for name in PHONES {
                (form::text(&filled.field(name, &t!(lang, "customers.phone")), InputKind::Phone, 40))
                (filled.phone_asked(name))
            }
            (form::textarea(&filled.field("description", &t!(lang, "customers.description")), 2000))
        }))
        (form::submit(&t!(lang, "customers.save"), ButtonKind::Primary))
    };
    html! {
        (form::post(&around.action, around.op_id).version_if(around.version).offline_if(new.then_some("customer")).holding(body))
        @if let Some(href) = &around.deletion { (link_button(href, &t!(lang, "customers.delete"), ButtonKind::Danger)) }
    }
}

pub(super) fn deletion(lang: Lang, customer: &Customer, changed: bool, op_id: &str) -> Markup {
    card(
        None,
        None,
        html! {
            @if changed { div.cell { div.g { p role="alert" { (t!(lang, "form.changed")) } } } }
            div.cell { div.g { p { (t!(lang, "customers.delete_ask", name = customer.name.as_str())) } } }
            (form::post(&format!("/customers/{}/deletion", customer.id), op_id).version(customer.version).holding(html! {
                (form::submit(&t!(lang, "customers.delete"), ButtonKind::Danger))
            }))
        },
    )
}
