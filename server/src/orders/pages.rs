//! Orders: list, form, card, and the changes of state.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::db::Hold;
use crate::kernel::db::numbers;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::web::form::Form;
use crate::web::write::Write;
use crate::{approvals, customers, products, stock, visits};

use super::approval::{self, Submitted};
use super::editor_view::{self, Target};
use super::rules::State;
use super::store::{self, Buyer, FreshLine, Head, Line, Order, View};
use super::{KIND, Told, editor, view};

/// The longest note.
const NOTE: usize = 500;
/// What stands before the number of an order 订单.
const PREFIX: &str = "DD";

pub(super) async fn list(cx: Cx) -> Result<Response> {
    let q = cx.query("q").unwrap_or_default();
    let shown = cx.query("view").and_then(State::from_code).map_or(View::All, View::State);
    let customer = cx.query("customer").map(|id| id.parse::<Id>().map_err(|_| AppError::NotFound)).transpose()?;
    let found = store::list(&cx.office.db, &cx.scope(), shown, q, customer, cx.paging()).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, Module::Orders.title(cx.lang)).back("/").tabs().header_action(view::add_link(&cx));
    Ok(html(page.render(view::list(&cx, shown, q, customer, &found))))
}

async fn find(cx: &Cx) -> Result<Order> {
    store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)
}

pub(super) async fn new(cx: Cx) -> Result<Response> {
    let (db, scope) = (&cx.office.db, cx.scope());
    let id_of = |name: &str| cx.query(name).map(|id| id.parse::<Id>().map_err(|_| AppError::NotFound)).transpose();
    let mut form = cx.blank();
    let mut customer = id_of("customer")?;
    if let Some(visit) = id_of("visit")? {
        customer = Some(visits::find(db, &scope, visit).await?.ok_or(AppError::NotFound)?.row.customer_id);
        form = form.with("visit_id", visit.to_string());
    }
    let mut model = None;
    if let Some(order) = id_of("repeat")? {
        let order = store::find(db, &scope, order).await?.ok_or(AppError::NotFound)?;
        customer = Some(order.customer_id);
        model = Some(order);
    }
    let Some(customer) = customer else {
        let frame = cx.frame();
        let page = Page::new(&frame, t!(cx.lang, "orders.new")).back("/orders");
        return Ok(html(page.render(view::choose_customer(cx.lang))));
    };
    let buyer = store::buyer(db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    if let Some(model) = &model {
        let lines = store::lines(db, model.id).await?;
        form = editor::filled(form, &lines, false);
        if let Some(house) = model.warehouse_id {
            form = form.with("warehouse_id", house.to_string());
        }
    }
    let last = match model {
        Some(_) => None,
        None => store::last_of_customer(db, &scope, customer).await?,
    };
    form_page(&cx, Target::New, form, buyer, last.as_ref(), StatusCode::OK).await
}

/// The order form, with everything that was typed.
async fn form_page(
    cx: &Cx,
    target: Target<'_>,
    mut form: Form,
    buyer: Buyer,
    last: Option<&Order>,
    status: StatusCode,
) -> Result<Response> {
    let houses = stock::warehouses(&cx.office.db).await?;
    if let Some(house) = editor::house_of(&form, &houses, &buyer) {
        form = form.with("warehouse_id", house.to_string());
    }
    let editor = editor::gather(cx, &form, buyer).await?;
    let frame = cx.frame();
    let mut page = match &target {
        Target::New => Page::new(&frame, t!(cx.lang, "orders.new")).back(format!("/customers/{}", editor.buyer.id)),
        Target::Draft { order, .. } => Page::new(&frame, t!(cx.lang, "orders.edit"))
            .subtitle(order.number.clone())
            .back(format!("/orders/{}", order.id)),
    };
    page = page.bar(editor_view::bar(cx.lang));
    if !form.is_right() {
        page = page.error_title();
    }
    if let Some(last) = last {
        page = page.header_action(view::repeat_link(cx.lang, last.id));
    }
    let body = page.render(editor_view::page(cx, &target, &editor, &form));
    let mut response = cx.offline_page(body);
    response.set_status(status);
    Ok(response)
}

/// What the form says besides its rows.
struct Typed {
    lines: Vec<FreshLine>,
    warehouse: Option<Id>,
    note: String,
    level: Option<Id>,
}

async fn read(cx: &Cx, form: &mut Form, buyer: &Buyer) -> Result<Typed> {
    let rows = editor::rows(form);
    let ids: Vec<Id> = rows.iter().map(|row| row.product).collect();
    let level = editor::level_of(cx, buyer).await?;
    let goods = products::priced(&cx.office.db, &ids, level, &clock::iso_day(cx.now)).await?;
    let lines = editor::check(form, cx.lang, &rows, &goods);
    let note = form.text("note", &t!(cx.lang, "orders.note"), NOTE);
    let houses = stock::warehouses(&cx.office.db).await?;
    let label = t!(cx.lang, "orders.warehouse");
    if let Some(chosen) = form.record("warehouse_id", &label)
        && !houses.iter().any(|house| house.id == chosen)
    {
        form.wrong("warehouse_id", t!(cx.lang, "form.choice", field = label));
    }
    Ok(Typed { lines, warehouse: editor::house_of(form, &houses, buyer), note, level })
}

/// The status of a form shown again: a search for products is no error.
fn again(form: &Form) -> StatusCode {
    if form.is_right() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// The summary of lines in the log of operations.
fn noted(lines: &[FreshLine]) -> serde_json::Value {
    lines
        .iter()
        .map(|line| format!("{} {} {} x {}", line.product, line.quantity, line.unit, line.price))
        .collect::<Vec<_>>()
        .into()
}

pub(super) async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (db, scope) = (&cx.office.db, cx.scope());
    let customer = form.record("customer_id", &t!(cx.lang, "orders.customer")).ok_or(AppError::NotFound)?;
    let buyer = store::buyer(db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    let visit = form.record("visit_id", &t!(cx.lang, "orders.visit"));
    if let Some(visit) = visit {
        let of = visits::find(db, &scope, visit).await?.ok_or(AppError::NotFound)?;
        if of.row.customer_id != customer {
            return Err(AppError::NotFound);
        }
    }
    if form.flag("find") || form.fields().iter().any(|(name, _)| name == "remove") {
        return form_page(&cx, Target::New, form, buyer, None, StatusCode::OK).await;
    }
    let typed = read(&cx, &mut form, &buyer).await?;
    if !form.is_right() {
        let status = again(&form);
        return form_page(&cx, Target::New, form, buyer, None, status).await;
    }
    let mut write = cx.write(&form).await?;
    let held = customers::hold(&mut write.tx, &scope, customer, Hold::Referred).await?;
    held.ok_or(AppError::NotFound)?;
    let lines = editor::held(&mut write, &mut form, cx.lang, typed.level).await?;
    if !form.is_right() {
        drop(write);
        return form_page(&cx, Target::New, form, buyer, None, StatusCode::CONFLICT).await;
    }
    let head = Head {
        id: Id::new(),
        owner: cx.actor().id,
        customer,
        visit,
        number: numbers::next(&mut write.tx, PREFIX, cx.now).await?,
        ordered_on: clock::iso_day(cx.now),
        level: typed.level,
        warehouse: typed.warehouse,
        note: typed.note,
    };
    store::insert(&mut write.tx, &head, &lines, cx.now).await?;
    let changes = Changes::new()
        .set("number", head.number.clone())
        .set("customer_id", customer.to_string())
        .set("total", store::totals(&lines).0.plain())
        .set("lines", noted(&lines));
    write.audit(Action::Create, KIND, head.id, changes).await?;
    let next = if lines.is_empty() { "/edit" } else { "" };
    write.finish(&format!("/orders/{}{next}?done=saved", head.id)).await
}

pub(super) async fn show(cx: Cx, told: Told) -> Result<Response> {
    let order = find(&cx).await?;
    let db = &cx.office.db;
    let lines = store::lines(db, order.id).await?;
    let weighed = approval::weigh(&cx, &order, &lines).await?;
    let approval = approvals::of_document(db, KIND, order.id).await?.into_iter().next();
    let steps = match &approval {
        Some(approval) => approvals::flow(db, approval.id).await?,
        None => Vec::new(),
    };
    let told = told(&cx, order.id).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, order.number.clone())
        .subtitle(order.customer.clone())
        .back("/orders")
        .header_action(view::state_tag(cx.lang, order.state()));
    let flow = approval.as_ref().map(|approval| (approval, steps.as_slice()));
    let page = match view::bar(&cx, &order, flow) {
        Some(bar) => page.bar(bar),
        None => page,
    };
    let document = page.render(view::show(&cx, &order, &lines, &weighed, flow, &told));
    // Own drafts may be read without a network; an order in force is the company's finance.
    Ok(if order.state() == State::Draft { cx.offline_page(document) } else { html(document) })
}

fn must_be_draft(cx: &Cx, order: &Order) -> Result<()> {
    if order.state().may_change() {
        return Ok(());
    }
    let state = order.state().name(cx.lang);
    Err(AppError::Refused(t!(cx.lang, "orders.locked", number = order.number, state = state).into_owned()))
}

pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let order = find(&cx).await?;
    must_be_draft(&cx, &order)?;
    let lines = store::lines(&cx.office.db, order.id).await?;
    let buyer = store::buyer_of(&cx.office.db, &order).await?.ok_or(AppError::NotFound)?;
    let mut form = editor::filled(cx.blank(), &lines, true).with("note", order.note.clone());
    if let Some(house) = order.warehouse_id {
        form = form.with("warehouse_id", house.to_string());
    }
    let target = Target::Draft { order: &order, crossed: None };
    form_page(&cx, target, form, buyer, None, StatusCode::OK).await
}

/// Lines of a draft: with `whole` the form holds all of them, without it they are added.
pub(super) async fn save_lines(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let order = find(&cx).await?;
    let buyer = store::buyer_of(&cx.office.db, &order).await?.ok_or(AppError::NotFound)?;
    let whole = form.flag("whole");
    if form.flag("find") {
        must_be_draft(&cx, &order)?;
        return form_page(&cx, Target::Draft { order: &order, crossed: None }, form, buyer, None, StatusCode::OK).await;
    }
    let typed = read(&cx, &mut form, &buyer).await?;
    if !whole && typed.lines.is_empty() && form.is_right() {
        form.wrong("quantity_0", t!(cx.lang, "orders.nothing_added"));
    }
    if !form.is_right() {
        must_be_draft(&cx, &order)?;
        let stored = if whole { Vec::new() } else { store::lines(&cx.office.db, order.id).await? };
        let crossed = (!whole).then_some(stored.as_slice());
        return form_page(
            &cx,
            Target::Draft { order: &order, crossed },
            form,
            buyer,
            None,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let mut write = cx.write(&form).await?;
    let order = store::to_change(&mut write.tx, &cx.scope(), order.id).await?.ok_or(AppError::NotFound)?;
    must_be_draft(&cx, &order)?;
    let added = editor::held(&mut write, &mut form, cx.lang, typed.level).await?;
    if !form.is_right() {
        drop(write);
        let target = Target::Draft { order: &order, crossed: None };
        return form_page(&cx, target, form, buyer, None, StatusCode::CONFLICT).await;
    }
    let stored = store::lines(&mut write.tx, order.id).await?;
    let seen = form.version()?;
    if whole && seen.is_some_and(|seen| seen != order.version) {
        drop(write);
        // Both are shown; saving again takes what stands in the form.
        let target = Target::Draft { order: &order, crossed: Some(&stored) };
        return form_page(&cx, target, form, buyer, None, StatusCode::CONFLICT).await;
    }
    let mut lines: Vec<FreshLine> = Vec::new();
    let (mut note, mut warehouse) = (typed.note, typed.warehouse);
    if !whole {
        lines.extend(stored.iter().map(editor::kept));
        note = order.note.clone();
        warehouse = order.warehouse_id.or(warehouse);
    }
    lines.extend(added);
    let (total, _) = store::totals(&lines);
    if total > crate::kernel::money::LARGEST {
        return Err(AppError::Refused(t!(cx.lang, "orders.too_much").into_owned()));
    }
    store::rewrite(&mut write.tx, order.id, &lines, warehouse, &note, cx.now).await?;
    let before: Vec<FreshLine> = stored.iter().map(editor::kept).collect();
    let changes = Changes::new()
        .moved("total", order.total.plain(), total.plain())
        .moved("note", order.note.clone(), note)
        .moved("lines", noted(&before), noted(&lines));
    write.audit(Action::Edit, KIND, order.id, changes).await?;
    // Somebody who removes a line goes on editing.
    let next = if form.value("remove").is_empty() { "" } else { "/edit" };
    write.finish(&format!("/orders/{}{next}?done=saved", order.id)).await
}

/// Begins a change of state: the repeat is looked for first, then the order is read under its lock.
async fn begin<'a>(cx: &'a Cx, form: &Form) -> Result<(Write<'a>, Order)> {
    let id = cx.id()?;
    let mut write = cx.write(form).await?;
    let order = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    Ok((write, order))
}

pub(super) async fn submit(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let label = t!(cx.lang, "orders.to_approver");
    let note = form.text("note", &label, NOTE);
    if let Some(message) = form.error("note") {
        return Err(AppError::Refused(message.to_owned()));
    }
    let (mut write, order) = begin(&cx, &form).await?;
    must_be_draft(&cx, &order)?;
    let seen = form.version()?;
    if seen.is_some_and(|seen| seen != order.version) {
        return Err(AppError::Refused(t!(cx.lang, "orders.changed_meanwhile").into_owned()));
    }
    let lines: Vec<Line> = store::lines(&mut write.tx, order.id).await?;
    if lines.is_empty() {
        return Err(AppError::Refused(t!(cx.lang, "orders.no_lines").into_owned()));
    }
    let submitted = approval::submit(&mut write.tx, &cx, &order, &lines, note).await?;
    let (state, done) = match submitted {
        Submitted::Waits => (State::Approving, "sent"),
        Submitted::InForce => (State::Active, "in_force"),
    };
    let changes = Changes::new().moved("state", State::Draft.code(), state.code());
    write.audit(Action::Act, KIND, order.id, changes).await?;
    write.finish(&format!("/orders/{}?done={done}", order.id)).await
}

pub(super) async fn withdraw(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let id = cx.id()?;
    // The approval is held before customer and order, as a decision does.
    let mut write = cx.write(&form).await?;
    let order = store::find(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    let open = approvals::open_of(&mut write.tx, KIND, order.id).await?;
    let Some(open) = open.filter(|_| order.state() == State::Approving) else {
        return Err(AppError::Refused(t!(cx.lang, "orders.not_approving").into_owned()));
    };
    if open.requester_id != cx.actor().id && order.owner_id != cx.actor().id {
        return Err(AppError::Forbidden);
    }
    approvals::withdraw(&mut write.tx, cx.now, KIND, order.id, cx.actor().id).await?;
    write.finish(&format!("/orders/{}?done=withdrawn", order.id)).await
}

pub(super) async fn cancel(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let (mut write, order) = begin(&cx, &form).await?;
    match order.state() {
        State::Draft | State::Rejected => {}
        State::Active => {
            // What is in force is undone by those who answer for more than their own orders.
            if !cx.scope().sees_others() {
                return Err(AppError::Forbidden);
            }
            if order.paid.0 > 0 {
                return Err(AppError::Refused(t!(cx.lang, "orders.has_payments").into_owned()));
            }
            approval::undo(&mut write.tx, &order).await?;
        }
        State::Approving | State::Closed | State::Cancelled => {
            let state = order.state().name(cx.lang);
            let text = t!(cx.lang, "orders.locked", number = order.number, state = state);
            return Err(AppError::Refused(text.into_owned()));
        }
    }
    store::set_state(&mut write.tx, order.id, State::Cancelled, cx.now).await?;
    let changes = Changes::new().moved("state", order.state().code(), State::Cancelled.code());
    write.audit(Action::Act, KIND, order.id, changes).await?;
    write.finish(&format!("/orders/{}?done=cancelled", order.id)).await
}
