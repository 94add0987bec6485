//! Handlers, in the order of the routes.
//!
//! Long because: the handlers of one record in route order, and the reading of its one form.

use poem::Response;
use poem::http::StatusCode;

use super::rules::{self, Class, Heat, Kind, Level, Settlement, Sort, View};
use super::store::{self, Customer, ListQuery};
use super::view::{self, Around, Lists};
use super::{FirstContact, FirstPerson, NewCustomer, Used, UsedBy, create as create_customer};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::china::origin::Origin;
use crate::kernel::china::phone::Phone;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::search::{self, Place};
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html, html_with};
use crate::web::form::Form;
use crate::web::merge;
use crate::web::write::Write;

/// `GET /customers?q=&view=&sort=&page=`
pub(super) async fn list(cx: Cx) -> Result<Response> {
    let scope = cx.scope();
    let wanted = ListQuery {
        q: cx.query("q"),
        view: cx.query("view").and_then(View::from_code).unwrap_or(View::All),
        sort: cx.query("sort").and_then(Sort::from_code).unwrap_or(Sort::Name),
        paging: cx.paging(),
        now: cx.now,
    };
    let listing = store::list(&cx.office.db, &scope, wanted).await?;
    let frame = cx.frame();
    let may_create = cx.may(Gate::create(Module::Customers));
    let page = Page::new(&frame, t!(cx.lang, "customers.title")).tabs();
    let page = if may_create { page.header_action(view::new_button(cx.lang)) } else { page };
    let others = scope.sees_others();
    Ok(cx.offline_page(page.render(view::list(cx.lang, &listing, &wanted, others, may_create))))
}

/// `GET /customers/new`, with `?phone=` from a call and `?q=` from a search that found nobody.
pub(super) async fn new(cx: Cx) -> Result<Response> {
    let filled = cx
        .blank()
        .with("name", cx.query("q").unwrap_or_default())
        .with("contact_phone", cx.query("phone").unwrap_or_default())
        .with("class", Class::Company.code())
        .with("heat", Heat::None.code())
        .with("settlement", Settlement::Credit.code())
        .with("credit_days", "30")
        .with("owner_id", cx.actor().id.to_string());
    let lists = lists(&cx, None).await?;
    // A call from an area where the company has a region of that name: most often it is that one.
    let called = cx.query("phone").and_then(Phone::parse).map(|phone| Origin::of(phone.digits()));
    let regions = lists.regions.iter().map(|region| (region.id, region.name.as_str()));
    let filled = match called.and_then(|origin| origin.region(regions)) {
        Some(region) => filled.with("region_id", region.to_string()),
        None => filled,
    };
    Ok(cx.offline_page(new_page(&cx, &lists, &filled)))
}

/// `POST /customers`
pub(super) async fn create(cx: Cx, first_contact: FirstContact) -> Result<Response> {
    let mut form = cx.form().await?;
    let mut customer = NewCustomer::named(cx.actor().id, "");
    read(&cx, &mut form, &mut customer);
    let person = form.text("contact_name", &t!(cx.lang, "customers.contact_name"), 40);
    let number = read_phone(&cx, &mut form, "contact_phone");
    // A number without a person is the customer's own.
    if person.is_empty() {
        customer.phones.extend(number.clone());
    }
    let fault = if form.is_right() {
        let mut write = cx.write(&form).await?;
        let typed = Typed { customer: &customer, but: None, number: number.as_ref() };
        if check(&cx, &mut write, &mut form, typed).await? {
            if customer.mnemonic.is_empty() {
                customer.mnemonic = free_mnemonic(&mut write, &customer.name).await?;
            }
            let id = create_customer(&mut write.tx, &write.author, customer).await?;
            if !person.is_empty() {
                let person = FirstPerson { customer: id, name: &person, phone: number.as_ref() };
                first_contact(&mut write.tx, &write.author, person).await?;
            }
            return write.finish(&format!("/customers/{id}?done=saved")).await;
        }
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let lists = lists(&cx, None).await?;
    Ok(html_with(new_page(&cx, &lists, &form), fault))
}

/// `GET /customers/:id/edit`
pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let customer = store::find(&cx.office.db, &cx.scope(), cx.id()?, "").await?.ok_or(AppError::NotFound)?;
    let now = fill(&cx, &customer).await?;
    let filled = merge::remember(now.clone(), fields(&cx), &now);
    let lists = lists(&cx, Some(&customer)).await?;
    Ok(html(edit_page(&cx, &customer, &lists, customer.version, &filled)))
}

/// `POST /customers/:id`
pub(super) async fn update(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let seen = store::find(&cx.office.db, &cx.scope(), id, "").await?.ok_or(AppError::NotFound)?;
    let mut form = cx.form().await?;
    let opened = form.opened();
    let mut after = as_new(&seen);
    read(&cx, &mut form, &mut after);
    if !form.is_right() {
        let lists = lists(&cx, Some(&seen)).await?;
        return Ok(form_html(edit_page(&cx, &seen, &lists, opened, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    // The turn comes before the row, as for those who make a new customer.
    write.tx.in_turn("customers").await?;
    let lock = write.tx.for_update();
    let before = store::find(&mut write.tx, &cx.scope(), id, lock).await?.ok_or(AppError::NotFound)?;
    let numbers = store::numbers(&mut write.tx, id).await?;
    let now = fill_with(&cx, &before, &numbers);
    let mut clashes = Vec::new();
    if before.version != opened {
        (form, clashes) = merge::merge(form, fields(&cx), &now);
        form = merge::remember(form, fields(&cx), &now);
        for clash in &clashes {
            let text = t!(cx.lang, "customers.clash", theirs = shown(&clash.theirs), mine = shown(&clash.mine));
            form.wrong(clash.field, text);
        }
        if opened == 0 {
            form.wrong("name", t!(cx.lang, "form.no_version"));
        }
    }
    after = as_new(&before);
    if clashes.is_empty() {
        read(&cx, &mut form, &mut after);
    }
    let typed = Typed { customer: &after, but: Some(id), number: None };
    if !form.is_right() || !check(&cx, &mut write, &mut form, typed).await? {
        drop(write);
        let lists = lists(&cx, Some(&before)).await?;
        return Ok(html_with(edit_page(&cx, &before, &lists, before.version, &form), StatusCode::CONFLICT));
    }
    if after.mnemonic.is_empty() {
        after.mnemonic = free_mnemonic(&mut write, &after.name).await?;
    }
    store::update(&mut write.tx, id, cx.now, &after).await?;
    store::set_numbers(&mut write.tx, id, None, &after.phones).await?;
    let people = store::people(&mut write.tx, id).await?;
    let stood = Place { sort_key: before.mnemonic.clone(), owner_id: before.owner_id };
    store::reindex(&mut write.tx, id, Some(&stood), &people).await?;
    let form = form.with("mnemonic", after.mnemonic.as_str());
    let changes = fields(&cx)
        .iter()
        .fold(Changes::new(), |changes, field| changes.moved(field, now.value(field), form.value(field).trim()));
    write.audit(Action::Edit, "customer", id, changes).await?;
    write.finish(&format!("/customers/{id}?done=saved")).await
}

/// `GET /customers/:id/deletion`
pub(super) async fn ask_deletion(cx: Cx) -> Result<Response> {
    let customer = store::find(&cx.office.db, &cx.scope(), cx.id()?, "").await?.ok_or(AppError::NotFound)?;
    Ok(html(deletion_page(&cx, &customer, false)))
}

/// The question before a deletion; `changed` says that the record is no longer the one that was shown.
fn deletion_page(cx: &Cx, customer: &Customer, changed: bool) -> String {
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "customers.delete")).back(format!("/customers/{}/edit", customer.id));
    let page = if changed { page.error_title() } else { page };
    page.render(view::deletion(cx.lang, customer, changed, &cx.op_id()))
}

/// `POST /customers/:id/deletion`
pub(super) async fn delete(cx: Cx, used_by: UsedBy) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let lock = write.tx.for_update();
    let customer = store::find(&mut write.tx, &cx.scope(), id, lock).await?.ok_or(AppError::NotFound)?;
    if customer.version != form.opened() {
        drop(write);
        return Ok(html_with(deletion_page(&cx, &customer, true), StatusCode::CONFLICT));
    }
    let refusal = match used_by(&mut write.tx, id).await? {
        Some(Used::Documents) => Some(t!(cx.lang, "customers.has_documents", name = customer.name)),
        Some(Used::Awaited) => Some(t!(cx.lang, "customers.is_awaited", name = customer.name)),
        None => None,
    };
    if let Some(refusal) = refusal {
        return Err(AppError::Refused(refusal.into_owned()));
    }
    store::delete(&mut write.tx, id, cx.now).await?;
    write.audit(Action::Delete, "customer", id, Changes::new().moved("deleted", false, true)).await?;
    write.finish("/customers?done=deleted").await
}

/// The fields of this person's form.
fn fields(cx: &Cx) -> &'static [&'static str] {
    view::fields(cx.scope().sees_others())
}

/// What the selects of the form offer; `kept` is the record whose owner must stay choosable.
async fn lists(cx: &Cx, kept: Option<&Customer>) -> Result<Lists> {
    let db = &cx.office.db;
    let scope = cx.scope();
    let regions = store::regions(db).await?;
    if !scope.sees_others() {
        return Ok(Lists { regions, price_levels: Vec::new(), owners: None });
    }
    let mut owners = store::owners(db, &scope).await?;
    let own = kept.map_or((cx.actor().id, cx.actor().name.clone()), |kept| (kept.owner_id, kept.owner_name.clone()));
    if owners.iter().all(|owner| owner.id != own.0) {
        owners.push(store::Named { id: own.0, name: own.1 });
    }
    Ok(Lists { regions, price_levels: store::price_levels(db).await?, owners: Some(owners) })
}

fn new_page(cx: &Cx, lists: &Lists, filled: &Form) -> String {
    let around =
        Around { lang: cx.lang, op_id: &cx.op_id(), version: None, action: "/customers".to_owned(), deletion: None };
    page(cx, &t!(cx.lang, "customers.new"), None, "/customers", lists, filled, &around)
}

fn edit_page(cx: &Cx, customer: &Customer, lists: &Lists, version: i64, filled: &Form) -> String {
    let address = format!("/customers/{}", customer.id);
    let deletion = cx.may(Gate::delete(Module::Customers)).then(|| format!("{address}/deletion"));
    let around =
        Around { lang: cx.lang, op_id: &cx.op_id(), version: Some(version), action: address.clone(), deletion };
    page(cx, &t!(cx.lang, "customers.edit"), Some(&customer.name), &address, lists, filled, &around)
}

fn page(
    cx: &Cx,
    title: &str,
    subtitle: Option<&str>,
    back: &str,
    lists: &Lists,
    filled: &Form,
    around: &Around<'_>,
) -> String {
    let frame = cx.frame();
    let page = Page::new(&frame, title).back(back);
    let page = if let Some(subtitle) = subtitle { page.subtitle(subtitle) } else { page };
    let page = if filled.is_right() { page } else { page.error_title() };
    page.render(view::form_page(filled, lists, around))
}

/// A clash's value is shown in one line.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

async fn fill(cx: &Cx, customer: &Customer) -> Result<Form> {
    let numbers = store::numbers(&cx.office.db, customer.id).await?;
    Ok(fill_with(cx, customer, &numbers))
}

/// A customer as its form shows it.
fn fill_with(cx: &Cx, customer: &Customer, numbers: &[store::Number]) -> Form {
    let id = |id: Option<Id>| id.map(|id| id.to_string()).unwrap_or_default();
    let own: Vec<&str> =
        numbers.iter().filter(|number| number.contact_id.is_none()).map(|number| number.shown.as_str()).collect();
    cx.blank()
        .with("name", customer.name.as_str())
        .with("short_name", customer.short_name.as_str())
        .with("mnemonic", customer.mnemonic.as_str())
        .with("class", customer.class.as_str())
        .with("kind", customer.kind.as_str())
        .with("level", customer.level.as_str())
        .with("heat", customer.heat.as_str())
        .with("region_id", id(customer.region_id))
        .with("address", customer.address.as_str())
        .with("phone1", own.first().copied().unwrap_or_default())
        .with("phone2", own.get(1).copied().unwrap_or_default())
        .with("owner_id", customer.owner_id.to_string())
        .with("price_level_id", id(customer.price_level_id))
        .with("credit_limit", customer.credit_limit.plain())
        .with("credit_days", customer.credit_days.to_string())
        .with("settlement", customer.settlement.as_str())
        .with("description", customer.description.as_str())
}

/// A customer as it stands, for laying a form's values over it.
fn as_new(customer: &Customer) -> NewCustomer {
    NewCustomer {
        owner_id: customer.owner_id,
        name: customer.name.clone(),
        short_name: customer.short_name.clone(),
        mnemonic: customer.mnemonic.clone(),
        class: Class::from_code(&customer.class).unwrap_or(Class::Company),
        kind: Kind::from_code(&customer.kind),
        level: Level::from_code(&customer.level),
        heat: Heat::from_code(&customer.heat).unwrap_or(Heat::None),
        region_id: customer.region_id,
        address: customer.address.clone(),
        point: customer.point(),
        price_level_id: customer.price_level_id,
        credit_limit: customer.credit_limit,
        credit_days: customer.credit_days,
        settlement: Settlement::from_code(&customer.settlement).unwrap_or(Settlement::Credit),
        description: customer.description.clone(),
        phones: Vec::new(),
    }
}

/// `None` for the empty word, a member for a known one.
fn maybe<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&str) -> Option<Option<T>> {
    move |text| if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

/// Reads the form over `customer`; what is wrong is noted in the form. The terms of trade are read only
/// from those who lead others: a rep does not set the limits that rein in a rep.
fn read(cx: &Cx, form: &mut Form, customer: &mut NewCustomer) {
    let lang = cx.lang;
    customer.name = form.required("name", &t!(lang, "customers.name"), 100);
    if !customer.name.is_empty() && search::same(&customer.name).is_empty() {
        form.wrong("name", t!(lang, "customers.name_wrong"));
    }
    customer.short_name = form.text("short_name", &t!(lang, "customers.short_name"), 40);
    customer.mnemonic = search::normal(&form.text("mnemonic", &t!(lang, "customers.mnemonic"), 40));
    customer.class = form.choice("class", &t!(lang, "customers.class"), Class::from_code).unwrap_or(Class::Company);
    customer.kind = form.choice("kind", &t!(lang, "customers.kind"), maybe(Kind::from_code)).flatten();
    customer.level = form.choice("level", &t!(lang, "customers.level"), maybe(Level::from_code)).flatten();
    customer.heat = form.choice("heat", &t!(lang, "customers.heat"), Heat::from_code).unwrap_or(Heat::None);
    customer.region_id = form.record("region_id", &t!(lang, "customers.region"));
    customer.address = form.text("address", &t!(lang, "customers.address"), 200);
    customer.description = form.text("description", &t!(lang, "customers.description"), 2000);
    customer.phones.clear();
    for field in view::PHONES {
        if let Some(phone) = read_phone(cx, form, field)
            && !customer.phones.contains(&phone)
        {
            customer.phones.push(phone);
        }
    }
    if !cx.scope().sees_others() {
        return;
    }
    if let Some(owner) = form.record("owner_id", &t!(lang, "customers.owner")) {
        customer.owner_id = owner;
    }
    customer.price_level_id = form.record("price_level_id", &t!(lang, "customers.price_level"));
    customer.credit_limit = form.fen("credit_limit", &t!(lang, "customers.credit_limit")).unwrap_or(Fen::ZERO);
    match rules::credit_days(form.value("credit_days")) {
        Some(days) => customer.credit_days = days,
        None => form.wrong("credit_days", t!(lang, "customers.credit_days_wrong")),
    }
    customer.settlement = form
        .choice("settlement", &t!(lang, "customers.settlement"), Settlement::from_code)
        .unwrap_or(Settlement::Credit);
}

fn read_phone(cx: &Cx, form: &mut Form, field: &str) -> Option<Phone> {
    let text = form.value(field).trim().to_owned();
    if text.is_empty() {
        return None;
    }
    let phone = Phone::parse(&text);
    if phone.is_none() {
        form.wrong(field, t!(cx.lang, "form.phone", field = t!(cx.lang, "customers.phone")));
    }
    phone
}

/// What [`check`] looks at.
struct Typed<'a> {
    customer: &'a NewCustomer,
    /// The record itself when it is being changed.
    but: Option<Id>,
    /// The first contact's number.
    number: Option<&'a Phone>,
}

/// What only the database knows: whether chosen records exist and are in reach, and the duplicate guard
/// 防撞单, which looks company-wide and tells the other one's owner, nothing else of it.
async fn check(cx: &Cx, write: &mut Write<'_>, form: &mut Form, typed: Typed<'_>) -> Result<bool> {
    let lang = cx.lang;
    let Typed { customer, but, number } = typed;
    let tx = &mut write.tx;
    // Two people who save the same customer at one moment must not both find it missing.
    tx.in_turn("customers").await?;
    let (region, price_level) = store::exists(tx, customer.region_id, customer.price_level_id).await?;
    if !region {
        form.wrong("region_id", t!(lang, "form.choice", field = t!(lang, "customers.region")));
    }
    if !price_level {
        form.wrong("price_level_id", t!(lang, "form.choice", field = t!(lang, "customers.price_level")));
    }
    if customer.owner_id != cx.actor().id && cx.scope().sees_others() {
        let owners = store::owners(&mut *tx, &cx.scope()).await?;
        let unchanged = match but {
            Some(id) => {
                store::find(&mut *tx, &cx.scope(), id, "").await?.is_some_and(|now| now.owner_id == customer.owner_id)
            }
            None => false,
        };
        if !unchanged && owners.iter().all(|owner| owner.id != customer.owner_id) {
            form.wrong("owner_id", t!(lang, "form.choice", field = t!(lang, "customers.owner")));
        }
    }
    if let Some(owner) = store::taken_name(tx, but, &[&customer.name]).await? {
        form.wrong("name", t!(lang, "customers.name_taken", owner = owner));
    }
    if !customer.short_name.is_empty()
        && let Some(owner) = store::taken_name(tx, but, &[&customer.short_name]).await?
    {
        form.wrong("short_name", t!(lang, "customers.short_name_taken", owner = owner));
    }
    if !customer.mnemonic.is_empty()
        && let Some(owner) = store::taken_mnemonic(tx, but, &customer.mnemonic).await?
    {
        form.wrong("mnemonic", t!(lang, "customers.mnemonic_taken", owner = owner));
    }
    let phones: Vec<Phone> = customer.phones.iter().chain(number).cloned().collect();
    if let Some((taken, owner)) = store::taken_number(tx, but, &phones).await? {
        let digits = |text: &str| Phone::parse(text).map(|phone| phone.digits().to_owned());
        let field = view::PHONES
            .into_iter()
            .find(|field| digits(form.value(field)).is_some_and(|typed| Some(typed) == digits(&taken)))
            .unwrap_or("contact_phone");
        form.wrong(field, t!(lang, "customers.phone_taken", owner = owner));
    }
    Ok(form.is_right())
}

/// The initials of the name, with a number behind them where another customer has the same: two honest
/// names may share their initials, so only a typed mnemonic is refused.
async fn free_mnemonic(write: &mut Write<'_>, name: &str) -> Result<String> {
    let initials: String = search::initials(name).chars().take(36).collect();
    for number in 1..100 {
        let mnemonic = if number == 1 { initials.clone() } else { format!("{initials}{number}") };
        if store::taken_mnemonic(&mut write.tx, None, &mnemonic).await?.is_none() {
            return Ok(mnemonic);
        }
    }
    Ok(initials)
}
