//! Quotes 报价: what is offered to a customer, at which prices and until when. The header's title is its last day.
//!
//! Tables: quotes
//! Events: none
//! Uses: documents, lines

use std::borrow::Cow;

use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde_json::Value;

use crate::documents::{self, Document, Full, Head, List, State};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::kinds::Kind;
use crate::lines::sheet::sale::{self, Checks, Onward, Sale, Versions};
use crate::lines::sheet::{Context, Sheet};
use crate::lines::view::{discount_cell, discount_field};
use crate::lines::{self, Discount, Line, NewLine, Weighed, under_floor};
use crate::ui::cell;
use crate::ui::form::{self, InputKind};
use crate::ui::state::Standing;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
use crate::web::routes::Routes;

/// Days that a new quote holds unless its writer says otherwise.
const HOLDS: Days = Days::new(15);

/// The kind.
#[derive(Debug)]
pub struct Quote;

/// The columns of quotes alone, and the setting that decides about approval.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Body {
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub valid_until: String,
    /// The share of the sum of its lines that is charged.
    pub discount: Discount,
    /// The customer's price level.
    pub customer_level: Option<Id>,
    /// The customer's region.
    pub customer_region: Option<Id>,
    /// The setting: above this total a sale needs approval.
    approval_over: Option<String>,
}

impl Body {
    /// Whether it has expired.
    #[must_use]
    pub fn is_expired(&self, now: Millis) -> bool {
        is_past(&self.valid_until, now)
    }

    fn over(&self) -> Fen {
        documents::approval_over(self.approval_over.as_deref())
    }
}

fn is_past(day: &str, now: Millis) -> bool {
    day < clock::iso_day(now).as_str()
}

words! {
    /// Why a quote needs approval.
    enum Reason {
        /// The total is over the rule's amount.
        Amount = "amount",
        /// A price is under the floor.
        Floor = "floor",
    }
}

impl Document for Quote {
    const KIND: Kind = Kind::Quote;
    type Body = Body;
    const COLUMNS: &'static str = ", q.valid_until, q.discount, c.price_level_id AS customer_level, \
         c.region_id AS customer_region, (SELECT value FROM settings WHERE name = 'order_approval_over') AS approval_over";
    const JOINS: &'static str = " JOIN quotes q ON q.id = d.id";
    const LIST: List = List {
        new: "quotes.new",
        search: "quotes.search",
        none: "quotes.none",
        segments: &[State::Draft, State::Approving, State::Active],
    };

    async fn reasons(tx: &mut Tx, quote: &Full<Body>, now: Millis, lang: Lang) -> Result<Vec<&'static str>> {
        let lines = lines::of_document(tx, quote.head.id).await?;
        if lines.is_empty() {
            return Err(AppError::Refused(t!(lang, "lines.none").into_owned()));
        }
        if quote.body.is_expired(now) {
            return Err(AppError::Refused(t!(lang, "quotes.expired_draft").into_owned()));
        }
        Ok(needs(quote, lines.iter()))
    }

    async fn facts(cx: &Cx, quote: &Full<Body>, seen: bool) -> Result<Markup> {
        sale::facts::<Quote>(cx, quote, seen).await
    }

    fn tag(lang: Lang, head: &Head, now: Millis) -> Markup {
        if head.state == State::Active && is_past(&head.title, now) {
            return Standing::Expired.tag(lang);
        }
        head.standing().tag(lang)
    }
}

/// What the form of a quote says besides its lines.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What is asked of the sum of its lines.
    pub discount: Discount,
    /// Its last day.
    pub valid_until: NaiveDate,
}

/// Why a quote needs approval, each reason in a word or two, from the stored codes.
#[must_use]
pub fn short_reasons(lang: Lang, codes: &str) -> Vec<Cow<'static, str>> {
    let short = |reason| match reason {
        Reason::Amount => t!(lang, "quotes.short_amount"),
        Reason::Floor => t!(lang, "quotes.short_floor"),
    };
    Reason::listed(codes).into_iter().map(short).collect()
}

/// Why a quote needs approval.
fn needs<'a>(quote: &Full<Body>, lines: impl Iterator<Item = &'a Line> + Clone) -> Vec<&'static str> {
    let asked = |line: &Line| quote.body.discount.of(line.price);
    let holds = |reason: &Reason| match reason {
        Reason::Amount => quote.head.total() > quote.body.over(),
        Reason::Floor => lines.clone().any(|line| under_floor(asked(line), line.ratio, line.floor_price)),
    };
    Reason::ALL.into_iter().filter(holds).map(Reason::code).collect()
}

impl Sheet for Quote {
    type Terms = Terms;

    fn level(body: &Body) -> Option<Id> {
        body.customer_level
    }

    async fn opened(cx: &Cx) -> Result<(Form, Option<Id>)> {
        let terms = Terms { discount: Discount::NONE, valid_until: clock::day(cx.now) + HOLDS };
        Ok((Quote::fill(cx.blank(), &terms), cx.query_id("customer")?))
    }

    fn terms(body: &Body) -> Terms {
        let valid_until = clock::parse_day(&body.valid_until).unwrap_or_default();
        Terms { discount: body.discount, valid_until }
    }

    fn fill(form: Form, terms: &Terms) -> Form {
        let form = form.with("valid_until", terms.valid_until.to_string());
        if terms.discount == Discount::NONE { form } else { form.with("discount", terms.discount.percent()) }
    }

    fn read(form: &mut Form, _: &[NewLine], context: &Context) -> Option<Terms> {
        let lang = context.lang;
        let discount = Discount::read(form, lang);
        let label = t!(lang, "quotes.valid_until");
        let valid_until = form.day("valid_until", &label);
        if valid_until.is_none() && form.error("valid_until").is_none() {
            form.wrong("valid_until", t!(lang, "form.required", field = label));
        }
        if valid_until.is_some_and(|day| day < clock::day(context.now)) {
            form.wrong("valid_until", t!(lang, "quotes.valid_until_past"));
        }
        Some(Terms { discount, valid_until: valid_until? })
    }

    fn fields(lang: Lang, typed: &Form) -> Markup {
        html! {
            (discount_field(lang, typed))
            (form::text(&typed.field("valid_until", &t!(lang, "quotes.valid_until")), InputKind::Date, 10))
        }
    }

    fn shown(lang: Lang, quote: &Full<Body>, now: Millis) -> Markup {
        html! {
            (discount_cell(lang, quote.body.discount))
            (cell(t!(lang, "quotes.valid_until"), html! {
                span.num { (quote.body.valid_until) }
                @if quote.body.is_expired(now) { " " (Standing::Expired.tag(lang)) }
            }))
        }
    }

    fn total(terms: &Terms, sum: Fen) -> Option<Fen> {
        Some(terms.discount.of(sum))
    }

    fn title(terms: &Terms) -> String {
        terms.valid_until.to_string()
    }

    fn noted(terms: &Terms) -> Vec<(&'static str, Value)> {
        vec![("discount", terms.discount.percent().into()), ("valid_until", terms.valid_until.to_string().into())]
    }

    async fn store(tx: &mut Tx, id: Id, terms: &Terms, _: Fen, is_new: bool) -> Result<(), DbError> {
        let query = if is_new {
            sql("INSERT INTO quotes (valid_until, discount, id) VALUES ($1, $2, $3)")
        } else {
            sql("UPDATE quotes SET valid_until = $1, discount = $2 WHERE id = $3")
        };
        query.bind(terms.valid_until.to_string()).bind(terms.discount).bind(id).run(tx).await.map(|_| ())
    }
}

impl Sale for Quote {
    const VERSIONS: Option<Versions> = Some(Versions { versions: "/quotes/:id/versions", print: "/quotes/:id/print" });

    fn renewed(terms: Terms, now: Millis) -> Terms {
        let is_past = terms.valid_until < clock::day(now);
        if is_past { Terms { valid_until: clock::day(now) + HOLDS, ..terms } } else { terms }
    }

    fn mark(lang: Lang, quote: &Full<Body>, now: Millis) -> Option<String> {
        quote.body.is_expired(now).then(|| Standing::Expired.name(lang).into_owned())
    }

    async fn checks(_: &Cx, quote: &Full<Body>, lines: &[Weighed]) -> Result<Checks> {
        let needs = needs(quote, lines.iter().map(|weighed| &weighed.line));
        Ok(Checks { cells: html! {}, needs, held: false })
    }

    fn reason(lang: Lang, body: &Body, code: &str) -> String {
        match Reason::from_code(code) {
            Some(Reason::Amount) => t!(lang, "quotes.reason_amount", over = body.over()).into_owned(),
            Some(Reason::Floor) => t!(lang, "quotes.reason_floor").into_owned(),
            None => code.to_owned(),
        }
    }
}

/// Addresses. `onward` adds the acts of modules downstream.
pub fn routes(routes: &mut Routes, onward: Onward<Body>) {
    sale::routes::<Quote>(routes, Some(onward), None);
}
