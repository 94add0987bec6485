//! Handlers, in the order of the routes.

use poem::Response;
use poem::http::StatusCode;

use super::rules::Birthday;
use super::store::{self, Contact};
use super::view::{self, Around, FIELDS, PHONES};
use super::{How, NewContact, consent, create as create_contact, reindex};
use crate::customers::{self, Customer};
use crate::events::{self, Event, NumbersKnown};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html, html_with};
use crate::web::form::Form;
use crate::web::merge;
use crate::web::write::Write;

/// `GET /customers/:id/contacts/new`
pub(super) async fn new(cx: Cx) -> Result<Response> {
    let customer = customer_of(&cx).await?;
    let filled = cx.blank().with("sms_consent", "1").with("phone1", cx.query("phone").unwrap_or_default());
    Ok(cx.offline_page(new_page(&cx, &customer, &filled)))
}

/// `POST /customers/:id/contacts`
pub(super) async fn create(cx: Cx) -> Result<Response> {
    let customer = customer_of(&cx).await?;
    let mut form = cx.form().await?;
    let person = read(&cx, &mut form, customer.id);
    if !form.is_right() {
        return Ok(form_html(new_page(&cx, &customer, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    hold_customer(&cx, &mut write, customer.id).await?;
    if !phones_are_free(&cx, &mut write.tx, customer.id, &person, &mut form).await? {
        drop(write);
        return Ok(form_html(new_page(&cx, &customer, &form), &form));
    }
    create_contact(&mut write.tx, &write.author, person).await?;
    let known = NumbersKnown { customer: customer.id, by: cx.actor().id, call: None };
    events::raise(&mut write.tx, cx.now, Event::NumbersKnown(known)).await?;
    write.finish(&format!("/customers/{}?done=saved", customer.id)).await
}

/// `GET /contacts/:id/edit`
pub(super) async fn edit(cx: Cx) -> Result<Response> {
    let contact = contact_of(&cx).await?;
    let now = fill(cx.blank(), &contact);
    let filled = merge::remember(now.clone(), &FIELDS, &now);
    let said = consent::of_contact(&cx.office.db, contact.id).await?;
    Ok(html(edit_page_with(&cx, &contact, contact.version, &filled, &said)))
}

/// `POST /contacts/:id`
pub(super) async fn update(cx: Cx) -> Result<Response> {
    let contact = contact_of(&cx).await?;
    let mut form = cx.form().await?;
    let opened = form.opened();
    let mut person = read(&cx, &mut form, contact.customer_id);
    if !form.is_right() {
        return Ok(form_html(edit_page(&cx, &contact, opened, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    hold_customer(&cx, &mut write, contact.customer_id).await?;
    let lock = write.tx.for_update();
    let before = store::find(&mut write.tx, &cx.scope(), contact.id, lock).await?.ok_or(AppError::NotFound)?;
    if before.version != opened {
        let now = fill(cx.blank(), &before);
        let (merged, clashes) = merge::merge(form, &FIELDS, &now);
        form = merge::remember(merged, &FIELDS, &now);
        for clash in &clashes {
            let text = t!(cx.lang, "contacts.clash", theirs = clash.theirs.as_str(), mine = clash.mine.as_str());
            form.conflict(clash.field, text);
        }
        if opened == 0 {
            form.conflict("name", t!(cx.lang, "form.no_version"));
        }
        if !form.is_right() {
            drop(write);
            return Ok(form_html(edit_page(&cx, &before, before.version, &form), &form));
        }
        person = read(&cx, &mut form, contact.customer_id);
    }
    let right = form.is_right() && phones_are_free(&cx, &mut write.tx, contact.customer_id, &person, &mut form).await?;
    if !right {
        drop(write);
        return Ok(form_html(edit_page(&cx, &before, before.version, &form), &form));
    }
    if person.is_main && !before.is_main {
        store::clear_main(&mut write.tx, before.customer_id).await?;
    }
    store::update(&mut write.tx, before.id, cx.now, &person).await?;
    customers::set_contact_numbers(&mut write.tx, before.customer_id, before.id, &person.phones).await?;
    let known = NumbersKnown { customer: before.customer_id, by: cx.actor().id, call: None };
    events::raise(&mut write.tx, cx.now, Event::NumbersKnown(known)).await?;
    if person.sms_consent != before.sms_consent {
        let author = write.author.clone();
        let how = (person.consent_how, "");
        consent::record(&mut write.tx, &author, before.id, person.sms_consent, how).await?;
    }
    reindex(&mut write.tx, before.customer_id).await?;
    let old = fill(cx.blank(), &before);
    let changes = FIELDS
        .iter()
        .fold(Changes::new(), |changes, field| changes.moved(field, old.value(field), form.value(field).trim()));
    write.audit(Action::Edit, "contact", before.id, changes).await?;
    write.finish(&format!("/customers/{}?done=saved", before.customer_id)).await
}

/// `GET /contacts/:id/deletion`
pub(super) async fn ask_deletion(cx: Cx) -> Result<Response> {
    let contact = contact_of(&cx).await?;
    Ok(html(deletion_page(&cx, &contact, false)))
}

/// The question before a deletion; `changed` says that the record is no longer the one that was shown.
fn deletion_page(cx: &Cx, contact: &Contact, changed: bool) -> String {
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "contacts.delete")).back(format!("/contacts/{}/edit", contact.id));
    let page = if changed { page.error_title() } else { page };
    page.render(view::deletion_page(cx.lang, contact, changed, &cx.op_id()))
}

/// `POST /contacts/:id/deletion`
pub(super) async fn delete(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let known = contact_of(&cx).await?;
    let id = known.id;
    let mut write = cx.write(&form).await?;
    hold_customer(&cx, &mut write, known.customer_id).await?;
    let lock = write.tx.for_update();
    let contact = store::find(&mut write.tx, &cx.scope(), id, lock).await?.ok_or(AppError::NotFound)?;
    if contact.version != form.opened() {
        drop(write);
        return Ok(html_with(deletion_page(&cx, &contact, true), StatusCode::CONFLICT));
    }
    store::delete(&mut write.tx, id, cx.now).await?;
    reindex(&mut write.tx, contact.customer_id).await?;
    write.audit(Action::Delete, "contact", id, Changes::new().moved("deleted", false, true)).await?;
    write.finish(&format!("/customers/{}?done=deleted", contact.customer_id)).await
}

/// Holds the customer before its people: its search words change with them.
async fn hold_customer(cx: &Cx, write: &mut Write<'_>, customer: Id) -> Result<()> {
    let held = customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Changed).await?;
    held.map(|_| ()).ok_or(AppError::NotFound)
}

async fn customer_of(cx: &Cx) -> Result<Customer> {
    customers::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)
}

async fn contact_of(cx: &Cx) -> Result<Contact> {
    store::find(&cx.office.db, &cx.scope(), cx.id()?, "").await?.ok_or(AppError::NotFound)
}

fn new_page(cx: &Cx, customer: &Customer, filled: &Form) -> String {
    let around = Around {
        lang: cx.lang,
        op_id: &cx.op_id(),
        version: None,
        action: format!("/customers/{}/contacts", customer.id),
        deletion: None,
    };
    page(cx, &t!(cx.lang, "contacts.new"), (&customer.name, customer.id), filled, &around, maud::Markup::default())
}

fn edit_page(cx: &Cx, contact: &Contact, version: i64, filled: &Form) -> String {
    edit_page_with(cx, contact, version, filled, &[])
}

fn edit_page_with(cx: &Cx, contact: &Contact, version: i64, filled: &Form, said: &[consent::Said]) -> String {
    let deletion = cx.may(Gate::delete(Module::Customers)).then(|| format!("/contacts/{}/deletion", contact.id));
    let around = Around {
        lang: cx.lang,
        op_id: &cx.op_id(),
        version: Some(version),
        action: format!("/contacts/{}", contact.id),
        deletion,
    };
    let title = t!(cx.lang, "contacts.edit");
    page(cx, &title, (&contact.customer_name, contact.customer_id), filled, &around, consent::list(cx.lang, said))
}

fn page(
    cx: &Cx,
    title: &str,
    (customer, id): (&str, Id),
    filled: &Form,
    around: &Around<'_>,
    below: maud::Markup,
) -> String {
    let frame = cx.frame();
    let page = Page::new(&frame, title).subtitle(customer).back(format!("/customers/{id}"));
    let page = if filled.is_right() { page } else { page.error_title() };
    page.render(maud::html! { (view::form_page(filled, around)) (below) })
}

/// A contact as its form shows it.
fn fill(form: Form, contact: &Contact) -> Form {
    let flag = |on: bool| if on { "1" } else { "" };
    let form = form
        .with("name", contact.name.as_str())
        .with("position", contact.position.as_str())
        .with("sex", contact.sex.as_str())
        .with("wechat", contact.wechat.as_str())
        .with("email", contact.email.as_str())
        .with("birthday", contact.birthday.as_str())
        .with("birthday_lunar", flag(contact.birthday_lunar))
        .with("is_main", flag(contact.is_main))
        .with("sms_consent", flag(contact.sms_consent));
    PHONES.iter().enumerate().fold(form, |form, (place, name)| {
        form.with(name, contact.phones.get(place).map_or("", |phone| phone.shown.as_str()))
    })
}

/// Reads the form; what is wrong is noted in it.
fn read(cx: &Cx, form: &mut Form, customer_id: Id) -> NewContact {
    let lang = cx.lang;
    let name = form.required("name", &t!(lang, "contacts.name"), 40);
    let position = form.text("position", &t!(lang, "contacts.position"), 40);
    let mut phones: Vec<Phone> = Vec::new();
    for field in PHONES {
        if let Some(phone) = form.phone(field, &t!(lang, "contacts.phone"))
            && !phones.contains(&phone)
        {
            phones.push(phone);
        }
    }
    let wechat = form.text("wechat", &t!(lang, "contacts.wechat"), 60);
    let lunar = form.flag("birthday_lunar");
    let typed = form.text("birthday", &t!(lang, "contacts.birthday"), 20);
    let birthday = if typed.is_empty() { None } else { Birthday::parse(&typed, lunar) };
    let wrong = !typed.is_empty() && birthday.as_ref().is_none_or(|birthday| birthday.is_to_come(cx.now));
    if wrong && form.error("birthday").is_none() {
        form.wrong("birthday", t!(lang, "contacts.birthday_wrong"));
    }
    let sexes = |text: &str| ["", "m", "f"].contains(&text).then(|| text.to_owned());
    let sex = form.choice("sex", &t!(lang, "contacts.sex"), sexes).unwrap_or_default();
    let email = form.text("email", &t!(lang, "contacts.email"), 100);
    let plausible = email
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !email.chars().any(char::is_whitespace));
    if !email.is_empty() && !plausible && form.error("email").is_none() {
        form.wrong("email", t!(lang, "contacts.email_wrong"));
    }
    // An older page on a phone does not ask.
    let consent_how = match form.value("consent_how").trim() {
        "" => How::Entry,
        _ => form.choice("consent_how", &t!(lang, "contacts.how"), How::from_code).unwrap_or(How::Entry),
    };
    NewContact {
        customer_id,
        name,
        position,
        sex,
        birthday,
        wechat,
        email,
        is_main: form.flag("is_main"),
        sms_consent: form.flag("sms_consent"),
        consent_how,
        phones,
    }
}

/// 防撞单: a number that another customer has is refused, with that one's owner and nothing else of it.
async fn phones_are_free(
    cx: &Cx,
    tx: &mut crate::kernel::db::Tx,
    customer: Id,
    person: &NewContact,
    form: &mut Form,
) -> Result<bool> {
    let Some((number, owner)) = customers::taken_number(tx, customer, &person.phones).await? else { return Ok(true) };
    let digits = Phone::parse(&number).map(|phone| phone.digits().to_owned());
    let field = PHONES
        .into_iter()
        .find(|field| Phone::parse(form.value(field)).map(|phone| phone.digits().to_owned()) == digits)
        .unwrap_or("phone1");
    form.wrong(field, t!(cx.lang, "contacts.phone_taken", owner = owner));
    Ok(false)
}
