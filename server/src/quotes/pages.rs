//! Quotes: the form, the document, its copy, its print. The list and the changes of state are those of all documents.

use chrono::Days;
use maud::Markup;
use poem::Response;
use poem::http::StatusCode;

use super::form::{self, Target};
use super::{Body, Onward, Quote, Reason, Said, reasons, store, view};
use crate::documents::{self, Begun, Full, State};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::settings;
use crate::kinds::Kind;
use crate::lines::{self, Discount, NewLine, editor};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::{approvals, customers};

/// Days that a new quote holds unless its writer says otherwise.
const HOLDS: Days = Days::new(15);

async fn find(cx: &Cx, id: Id) -> Result<Full<Body>> {
    documents::find::<Quote>(&cx.office.db, &cx.scope(), id).await?.ok_or(AppError::NotFound)
}

pub(super) async fn new(cx: Cx) -> Result<Response> {
    let Some(customer) = cx.query("customer") else { return Ok(documents::choose_customer::<Quote>(&cx)) };
    let customer = customer.parse::<Id>().map_err(|_| AppError::NotFound)?;
    let buyer = customers::find(&cx.office.db, &cx.scope(), customer).await?.ok_or(AppError::NotFound)?;
    let typed = cx.blank().with("valid_until", (clock::day(cx.now) + HOLDS).to_string());
    form::page(&cx, for_new(&buyer), &typed, StatusCode::OK).await
}

fn for_new(buyer: &customers::Customer) -> Target<'_> {
    Target { customer: buyer.id, name: &buyer.name, level: buyer.price_level_id, draft: None, crossed: None }
}

pub(super) async fn create(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let scope = cx.scope();
    let customer = typed.record("customer_id", &t!(cx.lang, "quotes.customer")).ok_or(AppError::NotFound)?;
    let buyer = customers::find(&cx.office.db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    let target = for_new(&buyer);
    if editor::asks_for_page(&mut typed, true) {
        return form::page(&cx, target, &typed, StatusCode::OK).await;
    }
    let Some((discount, valid_until, note)) = form::read(&cx, &mut typed, target.setting()).await? else {
        return form::page(&cx, target, &typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&typed).await?;
    customers::hold(&mut write.tx, &scope, customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let lines = editor::held(&mut write, &mut typed, cx.lang, target.setting()).await?;
    if !typed.is_right() {
        drop(write);
        return form::page(&cx, target, &typed, StatusCode::CONFLICT).await;
    }
    let next = if lines.is_empty() { "/edit" } else { "" };
    let said = Said { lines, discount, valid_until, note };
    let id = super::create(&mut write.tx, &write.author, cx.actor().id, customer, None, &said).await?;
    write.finish(&format!("{}{next}?done=saved", Kind::Quote.address(id))).await
}

pub(super) async fn show(cx: Cx, onward: Onward) -> Result<Response> {
    let quote = find(&cx, cx.id()?).await?;
    let (db, id) = (&cx.office.db, quote.head.id);
    let lines = lines::weighed(db, id, None).await?;
    let flow = approvals::last_of(db, Kind::Quote, id).await?;
    let related = documents::related(db, &cx.scope(), &quote.head).await?;
    let flow = flow.as_ref().map(|(approval, steps)| (approval, steps.as_slice()));
    Ok(html(view::show(&cx, &quote, &lines, flow, &related, onward(&cx, &quote))))
}

/// The approval card's facts. Why it was asked is what was true then.
pub(super) async fn facts(cx: &Cx, quote: &Full<Body>, seen: bool) -> Result<Markup> {
    let (db, id) = (&cx.office.db, quote.head.id);
    let lines = lines::weighed(db, id, None).await?;
    let asked = approvals::of_document(db, Kind::Quote, id).await?;
    let reasons = asked.first().map(|first| Reason::listed(&first.reason)).unwrap_or_default();
    Ok(view::facts(cx, quote, &lines, &reasons, seen))
}

pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let quote = find(&cx, cx.id()?).await?;
    if quote.head.state != State::Draft {
        return Err(quote.head.locked(cx.lang));
    }
    let lines = lines::of_document(&cx.office.db, quote.head.id).await?;
    let mut typed = editor::filled(cx.blank(), &lines, true)
        .with("valid_until", quote.body.valid_until.clone())
        .with("note", quote.head.note.clone());
    if quote.body.discount != Discount::NONE {
        typed = typed.with("discount", quote.body.discount.percent());
    }
    form::page(&cx, Target::draft(&quote), &typed, StatusCode::OK).await
}

pub(super) async fn save_lines(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let quote = find(&cx, cx.id()?).await?;
    let (id, target) = (quote.head.id, Target::draft(&quote));
    if quote.head.state != State::Draft {
        return Err(quote.head.locked(cx.lang));
    }
    if editor::asks_for_page(&mut typed, false) {
        return form::page(&cx, target, &typed, StatusCode::OK).await;
    }
    let Some((discount, valid_until, note)) = form::read(&cx, &mut typed, target.setting()).await? else {
        return form::page(&cx, target, &typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut change = match documents::begin::<Quote>(&cx, &typed, id, &[State::Draft]).await? {
        Begun::Ready(change) => change,
        Begun::Crossed(quote) => {
            // Both are shown; saving again takes what stands in the form.
            let stored = lines::of_document(&cx.office.db, id).await?;
            let target = Target { crossed: Some(&stored), ..Target::draft(&quote) };
            return form::page(&cx, target, &typed, StatusCode::CONFLICT).await;
        }
    };
    let lines = editor::held(&mut change.write, &mut typed, cx.lang, target.setting()).await?;
    if !typed.is_right() {
        drop(change);
        return form::page(&cx, target, &typed, StatusCode::CONFLICT).await;
    }
    let (total, day) = (discount.of(lines::totals(&lines).0), valid_until.to_string());
    let tx = &mut change.write.tx;
    let before: Vec<NewLine> = lines::of_document(&mut *tx, id).await?.iter().map(NewLine::from).collect();
    documents::set_content(tx, id, Some(total), &note, cx.now).await?;
    documents::set_title(tx, id, &day).await?;
    store::update(tx, id, &day, discount).await?;
    lines::rewrite(tx, id, quote.head.customer_id, &lines).await?;
    let Full { head, body } = &change.document;
    let changes = Changes::new()
        .moved("total", head.total().plain(), total.plain())
        .moved("discount", body.discount.percent(), discount.percent())
        .moved("valid_until", body.valid_until.clone(), day)
        .moved("note", head.note.clone(), note)
        .moved("lines", lines::noted(&before), lines::noted(&lines));
    change.note(Action::Edit, changes).await?;
    let next = if typed.value("remove").is_empty() { "" } else { "/edit" };
    change.write.finish(&format!("{}{next}?done=saved", Kind::Quote.address(id))).await
}

/// A new version 复制为新版本: a draft with the same lines and terms that names this quote.
pub(super) async fn copy(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let quote = find(&cx, cx.id()?).await?;
    let customer = quote.head.customer_id.ok_or(AppError::NotFound)?;
    let mut write = cx.write(&form).await?;
    customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let lines = lines::of_document(&mut write.tx, quote.head.id).await?.iter().map(NewLine::from).collect();
    let holds = clock::parse_day(&quote.body.valid_until).filter(|_| !quote.body.is_expired(cx.now));
    let said = Said {
        lines,
        discount: quote.body.discount,
        valid_until: holds.unwrap_or(clock::day(cx.now) + HOLDS),
        note: quote.head.note.clone(),
    };
    let (owner, source) = (quote.head.owner_id, Some(quote.head.id));
    let id = super::create(&mut write.tx, &write.author, owner, customer, source, &said).await?;
    write.finish(&format!("{}/edit?done=saved", Kind::Quote.address(id))).await
}

pub(super) async fn print(cx: Cx) -> Result<Response> {
    let quote = find(&cx, cx.id()?).await?;
    let lines = lines::of_document(&cx.office.db, quote.head.id).await?;
    let company: Option<String> = settings::value(&cx.office.db, "company").await?;
    Ok(html(view::print(cx.lang, &quote, &lines, &company.unwrap_or_default(), cx.now)))
}

/// Which reasons hold for lines that are weighed.
pub(super) fn needs(quote: &Full<Body>, lines: &[lines::Weighed]) -> Vec<Reason> {
    let lines: Vec<_> = lines.iter().map(|weighed| weighed.line.clone()).collect();
    reasons(quote.head.total(), &quote.body, &lines)
}
