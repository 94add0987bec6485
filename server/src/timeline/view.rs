//! The page of one customer: what one can do, what it owes, who is there, what happened.

use maud::{Markup, html};

use crate::contacts::{self, Contact};
use crate::customers::{Class, Customer, Kind, Level, Number, Settlement, heat_tag, quiet_tag};
use crate::kernel::china::geo::MapApp;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::ui::button::icon_link;
use crate::ui::icon::Icon;
use crate::ui::timeline::{Entry, timeline as entries_list};
use crate::ui::{Act, StripItem, acts, card, cell, empty, pager, strip};

/// Everything the page shows, and what the looker may do.
pub(super) struct CustomerPage<'a> {
    pub lang: Lang,
    pub now: Millis,
    pub customer: &'a Customer,
    pub contacts: &'a [Contact],
    pub own_numbers: Vec<&'a Number>,
    pub entries: &'a [Entry],
    pub may_edit: bool,
    pub may_create: bool,
    pub may_visit: bool,
    pub may_text: bool,
    pub may_quote: bool,
    pub may_order: bool,
    pub may_pay: bool,
    pub may_task: bool,
    pub sees_orders: bool,
    pub sees_payments: bool,
}

/// 零售商 · 甲级 · 潍坊/临朐 · 王芳
pub(super) fn subtitle(lang: Lang, customer: &Customer) -> String {
    let kind = Kind::from_code(&customer.kind).map(|kind| kind.name(lang).into_owned());
    let class = || Class::from_code(&customer.class).map(|class| class.name(lang).into_owned());
    let level = Level::from_code(&customer.level).map(|level| level.name(lang).into_owned());
    let parts = [kind.or_else(class), level, Some(customer.region.clone()), Some(customer.owner_name.clone())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

pub(super) fn edit_button(lang: Lang, customer: Id) -> Markup {
    icon_link(format!("/customers/{customer}/edit"), Icon::Edit, &t!(lang, "timeline.edit"))
}

pub(super) fn show(page: &CustomerPage<'_>) -> Markup {
    let (lang, customer) = (page.lang, page.customer);
    html! {
        (acts(&what_to_do(page)))
        (strip(&figures(page)))
        (card(Some(&t!(lang, "timeline.contacts")), add_contact(page).as_ref().map(|(href, label)| (href.as_str(), label.as_str())), html! {
            (contacts::cells(lang, page.contacts, page.may_edit))
            @for number in &page.own_numbers {
                div.cell { div.g { (t!(lang, "timeline.shop_phone")) p.num { a href={ "tel:" (number.digits) } { (number.shown) } } } }
            }
            @if page.contacts.is_empty() && page.own_numbers.is_empty() { (empty(&t!(lang, "timeline.no_contacts"), None)) }
        }))
        (card(Some(&t!(lang, "timeline.title")), Some((&format!("/customers/{}/timeline", customer.id), &t!(lang, "timeline.all"))), html! {
            @if page.entries.is_empty() { (empty(&t!(lang, "timeline.nothing"), None)) } @else { (entries_list(page.entries)) }
        }))
        (card(Some(&t!(lang, "timeline.record")), None, facts(page)))
    }
}

fn add_contact(page: &CustomerPage<'_>) -> Option<(String, String)> {
    let href = format!("/customers/{}/contacts/new", page.customer.id);
    page.may_create.then(|| (href, t!(page.lang, "timeline.add_contact").into_owned()))
}

/// The number to dial: the first of the main contact, else of anybody, else the shop's.
fn first_number<'a>(page: &'a CustomerPage<'_>) -> Option<&'a str> {
    let people = page.contacts.iter().flat_map(|contact| &contact.phones).map(|phone| phone.digits.as_str());
    people.chain(page.own_numbers.iter().map(|number| number.digits.as_str())).next()
}

fn what_to_do(page: &CustomerPage<'_>) -> Vec<Act> {
    let (lang, customer) = (page.lang, page.customer);
    let mut acts = Vec::new();
    let mut add =
        |href: String, key: &str, icon: Icon| acts.push(Act { href, label: t!(lang, key).into_owned(), icon });
    if page.may_order {
        add(format!("/orders/new?customer={}", customer.id), "timeline.order", Icon::Order);
    }
    if page.may_pay {
        add(format!("/payments/new?customer={}", customer.id), "timeline.pay", Icon::Payment);
    }
    if page.may_visit {
        add(format!("/visits/new?customer={}", customer.id), "timeline.visit", Icon::Location);
    }
    if page.may_task {
        add(format!("/tasks/new?customer={}", customer.id), "module.tasks", Icon::Task);
    }
    if let Some(digits) = first_number(page) {
        add(format!("tel:{digits}"), "timeline.dial", Icon::Phone);
    }
    if page.may_text {
        add(format!("/sms/new?customer={}", customer.id), "timeline.text", Icon::Sms);
    }
    if customer.point().is_some() || !customer.address.is_empty() {
        add(
            MapApp::Amap.link(customer.point(), &customer.name, &customer.address),
            "timeline.navigate",
            Icon::Navigate,
        );
    }
    if page.may_quote {
        add(format!("/quotes?customer={}", customer.id), "module.quotes", Icon::Quote);
    }
    acts
}

fn figures(page: &CustomerPage<'_>) -> [StripItem; 3] {
    let (lang, customer) = (page.lang, page.customer);
    let here = format!("/customers/{}", customer.id);
    let to = |seen: bool, list: &str| if seen { format!("/{list}?customer={}", customer.id) } else { here.clone() };
    let over = customer.arrears > customer.credit_limit && customer.arrears > Fen::ZERO;
    [
        StripItem {
            href: to(page.sees_payments, "payments"),
            number: short(lang, customer.arrears),
            label: t!(lang, "timeline.arrears").into_owned(),
            hot: over,
        },
        StripItem {
            href: if page.may_edit { format!("{here}/edit") } else { here.clone() },
            number: short(lang, customer.credit_limit),
            label: t!(lang, "timeline.credit_limit").into_owned(),
            hot: false,
        },
        StripItem {
            href: to(page.sees_orders, "orders"),
            number: short(lang, customer.purchases_total),
            label: t!(lang, "timeline.purchases").into_owned(),
            hot: false,
        },
    ]
}

/// Big numbers in a third of a phone's width: whole yuan, from 100,000 on in 万 (or thousands in English).
fn short(lang: Lang, fen: Fen) -> String {
    let yuan = fen.0 / 100;
    if yuan.abs() < 100_000 {
        let text = fen.to_string();
        return text.split('.').next().unwrap_or_default().to_owned();
    }
    let (unit, word) = match lang {
        Lang::Zh => (10_000, "万"),
        Lang::En => (1_000, "k"),
    };
    let tenths = yuan / (unit / 10);
    let whole = Fen(tenths / 10 * 100).to_string();
    let whole = whole.split('.').next().unwrap_or_default();
    match tenths.abs() % 10 {
        0 => format!("{whole}{word}"),
        tenth => format!("{whole}.{tenth}{word}"),
    }
}

fn facts(page: &CustomerPage<'_>) -> Markup {
    let (lang, customer) = (page.lang, page.customer);
    let point = customer.point();
    let settlement = Settlement::from_code(&customer.settlement).map(|word| word.name(lang));
    html! {
        @if !customer.address.is_empty() || point.is_some() {
            div.cell {
                div.g {
                    @if customer.address.is_empty() { (t!(lang, "timeline.place")) } @else { (customer.address) }
                    p {
                        @for (place, app) in MapApp::ALL.into_iter().enumerate() {
                            @if place > 0 { " · " }
                            a href=(app.link(point, &customer.name, &customer.address)) rel="noreferrer" { (map_name(lang, app)) }
                        }
                    }
                }
                @if point.is_none() { div.v { small { (t!(lang, "timeline.no_point")) } } }
            }
        }
        @if !customer.price_level.is_empty() { (cell(&t!(lang, "timeline.price_level"), html! { (customer.price_level) })) }
        (cell(&t!(lang, "timeline.terms"), html! {
            @if let Some(settlement) = settlement { (settlement) " · " }
            (t!(lang, "timeline.days", days = customer.credit_days))
        }))
        (cell(&t!(lang, "timeline.last_contact"), html! {
            @match customer.last_contact_at {
                Some(at) => (clock::brief(at, page.now)),
                None => (t!(lang, "timeline.never")),
            }
            @if let Some(quiet) = quiet_tag(lang, customer.last_contact_at, customer.created_at, page.now) { " " (quiet) }
        }))
        @if let Some(day) = &customer.next_contact_on { (cell(&t!(lang, "timeline.next_contact"), html! { (day) })) }
        @if let Some(at) = customer.last_order_at { (cell(&t!(lang, "timeline.last_order"), html! { (clock::iso_day(at)) })) }
        @if let Some(heat) = heat_tag(lang, &customer.heat) { (cell(&t!(lang, "timeline.heat"), heat)) }
        @if !customer.short_name.is_empty() { (cell(&t!(lang, "timeline.short_name"), html! { (customer.short_name) })) }
        (cell(&t!(lang, "timeline.mnemonic"), html! { (customer.mnemonic) }))
        @if !customer.description.is_empty() {
            div.cell { div.g { (t!(lang, "timeline.description")) @for line in customer.description.lines() { p { (line) } } } }
        }
    }
}

fn map_name(lang: Lang, app: MapApp) -> std::borrow::Cow<'static, str> {
    match app {
        MapApp::Amap => t!(lang, "timeline.amap"),
        MapApp::Baidu => t!(lang, "timeline.baidu"),
        MapApp::Tencent => t!(lang, "timeline.tencent"),
    }
}

pub(super) fn timeline(lang: Lang, customer: Id, listing: &Listing<Entry>) -> Markup {
    html! {
        @if listing.rows.is_empty() {
            (empty(&t!(lang, "timeline.nothing"), None))
        } @else {
            (card(None, None, entries_list(&listing.rows)))
            (pager(lang, &format!("/customers/{customer}/timeline"), &[], listing.page, listing.more))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::short;
    use crate::kernel::i18n::Lang;
    use crate::kernel::money::Fen;

    #[test]
    fn big_amounts_fit_into_a_third_of_the_width() {
        for (fen, zh, en) in [
            (1_860_050, "18,600", "18,600"),
            (12_600_000, "12.6万", "126k"),
            (0, "0", "0"),
            (-12_000_000, "-12万", "-120k"),
            (9_999_999, "99,999", "99,999"),
            (123_456_789_000, "123,456.7万", "1,234,567.8k"),
        ] {
            assert_eq!(short(Lang::Zh, Fen(fen)), zh);
            assert_eq!(short(Lang::En, Fen(fen)), en);
        }
    }
}
