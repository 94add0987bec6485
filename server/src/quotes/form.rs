//! The form of a quote: for whom it is, what it says, its page.

use chrono::NaiveDate;
use maud::html;
use poem::Response;
use poem::http::StatusCode;

use super::Body;
use crate::documents::Full;
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::lines::editor::{self, Prices, Setting};
use crate::lines::{self, Discount, Line};
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::form::{self, InputKind};
use crate::ui::layout::Page;
use crate::ui::{card, cell};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as answer};
use crate::web::form::Form;

const NOTE: usize = 500;
/// The form that the button in the bar sends.
const QUOTE: &str = "quote";

/// What the form is for: a new quote for a customer, or a draft. `crossed` holds the lines of a draft that somebody
/// else has changed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub customer: Id,
    pub name: &'a str,
    pub level: Option<Id>,
    pub draft: Option<&'a Full<Body>>,
    pub crossed: Option<&'a [Line]>,
}

impl<'a> Target<'a> {
    /// A draft, which always has a customer.
    pub fn draft(quote: &'a Full<Body>) -> Target<'a> {
        let (head, level) = (&quote.head, quote.body.customer_level);
        let customer = head.customer_id.unwrap_or(head.id);
        Target { customer, name: &head.customer, level, draft: Some(quote), crossed: None }
    }

    pub fn setting(&self) -> Setting {
        Setting { customer: Some(self.customer), prices: Prices::At(self.level) }
    }
}

/// What the form says besides its lines; `None` where something of the whole form is wrong.
pub(super) async fn read(cx: &Cx, form: &mut Form, setting: Setting) -> Result<Option<(Discount, NaiveDate, String)>> {
    editor::read(cx, form, setting).await?;
    let discount = Discount::read(form, cx.lang);
    let label = t!(cx.lang, "quotes.valid_until");
    let valid_until = form.day("valid_until", &label);
    if valid_until.is_none() && form.error("valid_until").is_none() {
        form.wrong("valid_until", t!(cx.lang, "form.required", field = label));
    }
    if valid_until.is_some_and(|day| day < clock::day(cx.now)) {
        form.wrong("valid_until", t!(cx.lang, "quotes.valid_until_past"));
    }
    let note = form.text("note", &t!(cx.lang, "quotes.note"), NOTE);
    Ok(valid_until.filter(|_| form.is_right()).map(|day| (discount, day, note)))
}

/// The form with everything that was typed.
pub(super) async fn page(cx: &Cx, target: Target<'_>, typed: &Form, status: StatusCode) -> Result<Response> {
    let rows = editor::gather(cx, typed, target.setting(), None).await?;
    let (lang, frame) = (cx.lang, cx.frame());
    let customer = format!("/customers/{}", target.customer);
    let mut page = match target.draft {
        None => Page::new(&frame, t!(lang, "quotes.new")).back(customer.clone()),
        Some(Full { head, .. }) => {
            Page::new(&frame, t!(lang, "quotes.edit")).subtitle(head.number.clone()).back(head.address())
        }
    };
    page = page.bar(button_for(QUOTE, t!(lang, "quotes.save"), ButtonKind::Primary));
    if !typed.is_right() {
        page = page.error_title();
    }
    let action = target.draft.map_or(Kind::Quote.paths().list.to_owned(), |d| format!("{}/lines", d.head.address()));
    // A search in between must not hide that the draft was changed since the form was opened.
    let version = target.draft.map(|draft| {
        let seen = typed.value("version").parse().ok().filter(|_| target.crossed.is_none());
        seen.unwrap_or(draft.head.version)
    });
    let (discount, hint) = (t!(lang, "lines.discount_percent"), t!(lang, "lines.discount_hint"));
    let mut response = answer(page.render(html! {
        (form::error_summary(lang, typed.errors()))
        @if let (Some(draft), Some(stored)) = (target.draft, target.crossed) {
            (card(Some(&t!(lang, "quotes.crossed")), None, html! {
                (cell(t!(lang, "quotes.crossed_text"), html! { b.num { "¥" (draft.head.total()) } }))
                (lines::view::cells(lang, stored))
                (super::view::terms(lang, draft, cx.now))
            }))
        }
        (form::form_with_id(Some(QUOTE), &action, &cx.op_id(), version, false, None, html! {
            (card(None, None, html! {
                (cell(t!(lang, "quotes.customer"), html! { a href=(customer) { (target.name) } }))
                @if target.draft.is_none() { (form::hidden("customer_id", &target.customer.to_string())) }
            }))
            (lines::view::rows(lang, &rows, typed))
            (card(None, None, html! {
                (form::text(&typed.field("discount", &discount).hint(&hint), InputKind::Quantity, 6))
                (form::text(&typed.field("valid_until", &t!(lang, "quotes.valid_until")), InputKind::Date, 10))
                (form::textarea(&typed.field("note", &t!(lang, "quotes.note")), NOTE))
            }))
        }))
    }));
    response.set_status(status);
    Ok(response)
}
