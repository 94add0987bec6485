//! Orders: the form, the document, the saving of both. The list and the changes of state are those of all documents.

use poem::Response;
use poem::http::StatusCode;

use super::form::{self, Buyer, Target};
use super::{Body, NewOrder, Order, Told, approval, short, store, view};
use crate::documents::{self, Begun, Full, State};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::lines::{self, Discount, NewLine, editor};
use crate::ui::layout::Page;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::web::form::Form;
use crate::{approvals, customers, visits};

pub(super) async fn new(cx: Cx) -> Result<Response> {
    let (db, scope) = (&cx.office.db, cx.scope());
    let id_of = |name: &str| cx.query(name).map(|id| id.parse::<Id>().map_err(|_| AppError::NotFound)).transpose();
    let mut typed = cx.blank();
    let mut customer = id_of("customer")?;
    if let Some(visit) = id_of("visit")? {
        customer = Some(visits::find(db, &scope, visit).await?.ok_or(AppError::NotFound)?.row.customer_id);
        typed = typed.with("visit_id", visit.to_string());
    }
    if let Some(model) = id_of("repeat")? {
        let model = documents::seen::<Order>(&cx, model).await?;
        customer = model.head.customer_id;
        typed = editor::filled(typed, &lines::of_document(db, model.head.id).await?, false);
        if let Some(warehouse) = model.body.warehouse_id {
            typed = typed.with("warehouse_id", warehouse.to_string());
        }
    }
    let Some(customer) = customer else {
        return Ok(documents::choose_customer::<Order>(&cx));
    };
    let buyer = customers::find(db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    form::page(&cx, Target::New, typed, &Buyer::from(&buyer), StatusCode::OK).await
}

pub(super) async fn create(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let (db, scope) = (&cx.office.db, cx.scope());
    let customer = typed.record("customer_id", &t!(cx.lang, "orders.customer")).ok_or(AppError::NotFound)?;
    let buyer = customers::find(db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    let buyer = Buyer::from(&buyer);
    let visit = typed.record("visit_id", &t!(cx.lang, "orders.visit"));
    if let Some(visit) = visit {
        let of = visits::find(db, &scope, visit).await?.ok_or(AppError::NotFound)?;
        if of.row.customer_id != customer {
            return Err(AppError::NotFound);
        }
    }
    if editor::asks_for_page(&mut typed, true) {
        return form::page(&cx, Target::New, typed, &buyer, StatusCode::OK).await;
    }
    let said = form::read(&cx, &mut typed, &buyer).await?;
    if !typed.is_right() {
        return form::page(&cx, Target::New, typed, &buyer, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut write = cx.write(&typed).await?;
    customers::hold(&mut write.tx, &scope, customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let lines = editor::held(&mut write, &mut typed, cx.lang, buyer.setting()).await?;
    if !typed.is_right() {
        drop(write);
        return form::page(&cx, Target::New, typed, &buyer, StatusCode::CONFLICT).await;
    }
    let goes_on = lines.is_empty();
    let new = NewOrder {
        owner: cx.actor().id,
        customer,
        visit,
        source: None,
        level: buyer.level,
        discount: Discount::NONE,
        warehouse: said.warehouse,
        note: said.note,
        lines,
    };
    let id = super::create(&mut write.tx, &write.author, &new).await?;
    write.finish(&editor::after_saving(Kind::Order, id, goes_on)).await
}

pub(super) async fn show(cx: Cx, told: Told) -> Result<Response> {
    let order = documents::seen::<Order>(&cx, cx.id()?).await?;
    // Before the decision no message was sent.
    let told = if order.head.state.is_open() { Vec::new() } else { told(&cx, Kind::Order, order.head.id).await? };
    let document = render(&cx, &order, &told, None).await?;
    // Own drafts may be read without a network; an order in force is the company's finance.
    Ok(if order.head.state == State::Draft { cx.offline_page(document) } else { html(document) })
}

/// The order's page with the reason why it was not submitted, and the ways out.
pub(super) async fn refused(cx: &Cx, order: &Full<Body>, why: &str) -> Result<Response> {
    let mut response = html(render(cx, order, &[], Some(why)).await?);
    response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(response)
}

async fn render(cx: &Cx, order: &Full<Body>, told: &[Entry], why: Option<&str>) -> Result<String> {
    let (db, head) = (&cx.office.db, &order.head);
    let lines = lines::weighed(db, head.id, order.body.warehouse_id).await?;
    // A decided order needs no check.
    let weighing = if head.state.is_open() { Some(approval::weigh(cx, order, &lines).await?) } else { None };
    let flow = approvals::last_of(db, Kind::Order, head.id).await?;
    let frame = cx.frame();
    let mut page = Page::new(&frame, head.number.clone())
        .subtitle(head.customer.clone())
        .back(Kind::Order.paths().list)
        .header_action(documents::state_tag(cx.lang, head.state));
    if why.is_some() {
        page = page.error_title();
    }
    let flow = flow.as_ref().map(|(approval, steps)| (approval, steps.as_slice()));
    let held = weighing.as_ref().is_some_and(|weighing| short::is_held(weighing, &lines));
    let page = match view::bar(cx, order, flow, held) {
        Some(bar) => page.bar(bar),
        None => page,
    };
    Ok(page.render(maud::html! {
        @if let Some(why) = why { (short::refusal(cx.lang, order, &lines, why)) }
        (view::show(cx, order, &lines, weighing.as_ref(), flow, told))
    }))
}

pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let order = documents::seen::<Order>(&cx, cx.id()?).await?;
    if order.head.state != State::Draft {
        return Err(order.head.locked(cx.lang));
    }
    let lines = lines::of_document(&cx.office.db, order.head.id).await?;
    let mut typed = editor::filled(cx.blank(), &lines, true).with("note", order.head.note.clone());
    if let Some(warehouse) = order.body.warehouse_id {
        typed = typed.with("warehouse_id", warehouse.to_string());
    }
    let target = Target::Draft { head: &order.head, crossed: None };
    form::page(&cx, target, typed, &Buyer::of(&order)?, StatusCode::OK).await
}

/// The form again, for a draft.
async fn again(cx: &Cx, typed: Form, order: &Full<Body>, buyer: &Buyer, status: StatusCode) -> Result<Response> {
    if order.head.state != State::Draft {
        return Err(order.head.locked(cx.lang));
    }
    form::page(cx, Target::Draft { head: &order.head, crossed: None }, typed, buyer, status).await
}

/// Writes a draft as its form says.
pub(super) async fn save_lines(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let id = cx.id()?;
    let order = documents::seen::<Order>(&cx, id).await?;
    let buyer = Buyer::of(&order)?;
    if editor::asks_for_page(&mut typed, false) {
        return again(&cx, typed, &order, &buyer, StatusCode::OK).await;
    }
    let said = form::read(&cx, &mut typed, &buyer).await?;
    if !typed.is_right() {
        return again(&cx, typed, &order, &buyer, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut change = match documents::begin::<Order>(&cx, &typed, id, &[State::Draft]).await? {
        Begun::Ready(change) => change,
        Begun::Crossed(order) => {
            // Both are shown; saving again takes what stands in the form.
            let stored = lines::of_document(&cx.office.db, id).await?;
            let target = Target::Draft { head: &order.head, crossed: Some(&stored) };
            return form::page(&cx, target, typed, &buyer, StatusCode::CONFLICT).await;
        }
    };
    let lines = editor::held(&mut change.write, &mut typed, cx.lang, buyer.setting()).await?;
    if !typed.is_right() {
        let order = change.document;
        drop(change.write);
        return again(&cx, typed, &order, &buyer, StatusCode::CONFLICT).await;
    }
    let (sum, cost) = lines::totals(&lines);
    let total = change.document.body.discount.of(sum);
    let stored = lines::of_document(&mut change.write.tx, id).await?;
    documents::set_content(&mut change.write.tx, id, Some(total), &said.note, cx.now).await?;
    store::update(&mut change.write.tx, id, said.warehouse, cost).await?;
    lines::rewrite(&mut change.write.tx, id, Some(buyer.id), &lines).await?;
    let before: Vec<NewLine> = stored.iter().map(NewLine::from).collect();
    let head = &change.document.head;
    let changes = Changes::new()
        .moved("total", head.total().plain(), total.plain())
        .moved("note", head.note.clone(), said.note)
        .moved("lines", lines::noted(&before), lines::noted(&lines));
    change.note(Action::Edit, changes).await?;
    change.write.finish(&editor::after_saving(Kind::Order, id, editor::removes(&typed))).await
}
