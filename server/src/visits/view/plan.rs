//! Choosing customers and a day; beginning at once.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::ui::button::named_button;
use crate::ui::form::{ButtonKind, InputKind, chips, error_summary, hidden, location, post, submit, text};
use crate::ui::layout::{Frame, Page};
use crate::ui::{card, empty};
use crate::visits::pages::PURPOSE;
use crate::web::form::Form;

/// A customer to tick.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The customer.
    pub id: Id,
    /// Their name.
    pub name: String,
    /// Their address.
    pub address: String,
}

/// What the planning page shows.
#[derive(Debug)]
pub struct NewPage<'a> {
    /// What was typed.
    pub form: &'a Form,
    /// Customers to tick.
    pub offered: &'a [Candidate],
    /// How many of them, from the first, are ticked.
    pub picked: usize,
    /// The search found nobody.
    pub nothing: bool,
    /// The one customer from whose page this was opened.
    pub at_once: Option<&'a Candidate>,
    /// Today.
    pub today: NaiveDate,
    /// Tokens for the page's forms.
    pub op_ids: [String; 2],
}

/// Choosing customers and a day.
pub fn new(frame: &Frame, page: &NewPage<'_>) -> String {
    let lang = frame.lang;
    let [op_now, op_plan] = &page.op_ids;
    let (find, day, purpose) =
        (t!(lang, "visits.find_customer"), t!(lang, "visits.planned_on"), t!(lang, "visits.purpose"));
    let days: Vec<(String, String)> = [(0, "visits.today"), (1, "visits.tomorrow"), (7, "visits.in_a_week")]
        .into_iter()
        .filter_map(|(days, key)| {
            let day = page.today.checked_add_days(Days::new(days))?;
            Some((day.to_string(), t!(lang, key).into_owned()))
        })
        .collect();
    let purposes = ["visits.to_order", "visits.to_collect", "visits.to_introduce", "visits.to_serve"]
        .map(|key| (t!(lang, key).into_owned(), t!(lang, key).into_owned()));
    let body = html! {
        (error_summary(lang, page.form.errors()))
        @if let Some(customer) = page.at_once {
            (card(Some(&customer.name), None, post(&format!("/visits?customer={}", customer.id), op_now).offline("check-in").holding(html! {
                (hidden("check_in", "1"))
                (location(lang))
                (submit(t!(lang, "visits.check_in"), ButtonKind::Primary))
            })))
        }
        (post("/visits", op_plan).holding(html! {
            // The first button is the one that Enter presses: searching keeps what is ticked and typed.
            (card(None, None, html! {
                (text(&page.form.field("q", &find), InputKind::Search, 60))
                div.row { (named_button("find", "1", t!(lang, "visits.find"), ButtonKind::Quiet)) }
            }))
            (card(None, None, choices(page, &t!(lang, "visits.customer"))))
            @if page.nothing { (empty(t!(lang, "visits.nobody_found"), None)) }
            (card(None, None, html! {
                (text(&page.form.field("planned_on", &day), InputKind::Date, 10))
                @if page.at_once.is_none() { (chips("f-planned_on", &days)) }
                (text(&page.form.field("purpose", &purpose), InputKind::Text, PURPOSE))
                @if page.at_once.is_none() { (chips("f-purpose", &purposes)) }
                @let kind = if page.at_once.is_some() { ButtonKind::Quiet } else { ButtonKind::Primary };
                (submit(t!(lang, "visits.add_to_plan"), kind))
            }))
        }))
    };
    let mut document = Page::new(frame, t!(lang, "visits.plan_visits")).back(match page.at_once {
        Some(customer) => format!("/customers/{}", customer.id),
        None => "/visits".to_owned(),
    });
    if !page.form.is_right() {
        document = document.error_title();
    }
    document.render(body)
}

/// The customers as rows to tick: name and address tell namesakes apart.
fn choices(page: &NewPage<'_>, legend: &str) -> Markup {
    html! {
        fieldset.field.bad[page.form.error("customer").is_some()] {
            legend { (legend) }
            div.opts {
                @for (place, one) in page.offered.iter().enumerate() {
                    label.opt {
                        // The first one carries the field's id, so that the error summary finds it.
                        input id=[(place == 0).then_some("f-customer")] type="checkbox" name="customer" value=(one.id) checked[place < page.picked];
                        span { (one.name) @if !one.address.is_empty() { " " small { (one.address) } } }
                    }
                }
            }
            @if let Some(error) = page.form.error("customer") { p.err { (error) } }
        }
    }
}
