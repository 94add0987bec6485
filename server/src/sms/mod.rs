//! SMS center 短信中心: messages out through a box, replies in, conversations, templates.
//!
//! Tables: sms_templates, sms_messages, sms_inbox, sms_threads, sms_blocks, sms_block_tellings, sms_days; rows sms_…
//! of settings.
//! Events: SmsQueued, SmsMoved, SmsRecalled, SmsReceived, OptOutChanged.
//! Uses: customers, gateways, orders, users.

mod blocks;
mod from_box;
mod from_order;
mod history;
mod incoming_view;
mod limits;
mod offer;
mod optouts;
mod pages;
mod parts;
mod recall;
mod rules;
mod settings;
mod settings_view;
mod store;
mod templates;
mod templates_view;
mod thread_view;
mod unreadable;
mod view;

pub use crate::kernel::clock::{minute_of, wall};
pub use from_box::{acknowledged, box_lost, moved, received};
pub use from_order::order_approved;
pub use history::{message_entry, past_messages, past_replies, reply_entry};
pub use limits::{Block, Class};
pub use offer::{LOOK, box_came_online, look, offer};
pub use optouts::{opt_out_changed, opted_out};
pub use parts::measure;
pub use recall::{ask_back, came_back, recall_all};
pub use rules::{LONGEST, Refusal, State, VARIABLES, content, fill, form_of_address, unknown_variable};
pub use settings::{Settings, load as settings};
pub use store::{Template, ThreadRow, unread_threads};
pub use view::thread_row;
pub use view::{cost, counter, shown_number};

use crate::customers::{self, Caller};
use crate::events::{self, Event};
use crate::kernel::Office;
use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Role, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError, Query, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::live::push;
use crate::kernel::live::sse::{Live, SMS};
use crate::kinds::Kind;
use crate::modules::Module;
use crate::ui::timeline::Entry;
use crate::users;
use crate::web::error::Result;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/sms", Gate::view(Module::Sms), pages::list);
    routes.get("/sms/new", Gate::create(Module::Sms), pages::new);
    routes.post("/sms/preview", Gate::create(Module::Sms), pages::preview);
    routes.post("/sms", Gate::create(Module::Sms), pages::create);
    routes.get("/sms/unsent", Gate::view(Module::Sms), pages::unsent);
    routes.get("/sms/unreadable", Gate::view(Module::Sms), pages::unreadable);
    routes.get("/sms/templates", Gate::view(Module::Sms), templates::list);
    routes.get("/sms/templates/new", Gate::export(Module::Sms), templates::new);
    routes.post("/sms/templates", Gate::export(Module::Sms), templates::create);
    routes.get("/sms/templates/:id", Gate::export(Module::Sms), templates::edit);
    routes.post("/sms/templates/:id", Gate::export(Module::Sms), templates::update);
    routes.get("/sms/settings", Gate::edit(Module::Settings), settings::show);
    routes.post("/sms/settings", Gate::edit(Module::Settings), settings::update);
    routes.get("/sms/blocks", Gate::export(Module::Sms), blocks::list);
    routes.post("/sms/blocks", Gate::export(Module::Sms), blocks::create);
    routes.post("/sms/blocks/:id/ending", Gate::export(Module::Sms), blocks::end);
    routes.post("/sms/blocks/:id/confirmation", Gate::export(Module::Sms), blocks::confirm);
    routes.get("/sms/messages/:id", Gate::view(Module::Sms), pages::message);
    routes.post("/sms/messages/:id/retry", Gate::edit(Module::Sms), pages::retry);
    routes.post("/sms/messages/:id/settlement", Gate::edit(Module::Sms), pages::settle);
    routes.post("/sms/messages/:id/recall", Gate::edit(Module::Sms), pages::recall);
    routes.get("/sms/:id", Gate::view(Module::Sms), pages::thread);
    routes.post("/sms/:id/reading", Gate::view(Module::Sms), pages::read);
    routes.post("/sms/:id/opt-out", Gate::edit(Module::Sms), pages::settle_opt_out);
}

/// What a message is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A document.
    Document(Kind, Id),
    /// A step of an approval whose approver is asked.
    Step(Id),
    /// A task whose owner is told.
    Task(Id),
    /// A message that came in and is answered.
    Answer(Id),
}

impl Cause {
    /// As it is stored.
    fn stored(self) -> (&'static str, Id) {
        match self {
            Cause::Document(kind, id) => (kind.code(), id),
            Cause::Step(step) => ("approval_step", step),
            Cause::Task(task) => ("task", task),
            Cause::Answer(inbox) => ("decision_answer", inbox),
        }
    }
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct NewSms<'a> {
    /// Whose it is: the writer, or the owner of what caused it. While they are locked, whoever acts for them.
    pub owner: Id,
    /// Against whose cap of the day it counts: the writer's, or that of whoever released the campaign.
    pub sender: Id,
    /// To whom, as far as known.
    pub customer: Option<Id>,
    /// The number as a person wrote it.
    pub digits: &'a str,
    /// What it says; signature and way out are added here.
    pub text: &'a str,
    /// What it is for. Whether a receiver agreed to marketing is the caller's to know.
    pub class: Class,
    /// Why; a cause sends one message only.
    pub cause: Option<Cause>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is in the queue.
    Queued(Id),
    /// Its cause had sent this one before.
    Before(Id),
    /// It is not sent.
    Refused(Refusal),
}

/// Puts a message into the queue: checked, audited, and [`Event::SmsQueued`] raised.
///
/// # Errors
/// What the database says; a refusal is an answer, not an error.
pub async fn send(tx: &mut Tx, author: &Author, sms: NewSms<'_>) -> Result<Sent> {
    if let Some(cause) = sms.cause
        && let Some(before) = store::of_cause(&mut *tx, cause).await?
    {
        return Ok(Sent::Before(before.id));
    }
    let settings = settings::load(&mut *tx).await?;
    let text = settings.dress(sms.text, sms.class);
    let checked = rules::recipient(sms.digits).and_then(|phone| Ok((phone, rules::content(&text)?)));
    let (phone, parts) = match checked {
        Ok(right) => right,
        Err(refusal) => return Ok(Sent::Refused(refusal)),
    };
    if let Some(refusal) = against(tx, &settings, &phone, sms.sender, sms.class, author.at).await? {
        return Ok(Sent::Refused(refusal));
    }
    let new = store::NewMessage {
        owner: users::acting_for(&mut *tx, sms.owner).await?.unwrap_or(sms.owner),
        sender: sms.sender,
        customer: sms.customer,
        digits: phone.digits(),
        text: &text,
        parts,
        class: sms.class,
        cause: sms.cause,
    };
    let id = store::insert(tx, &new, author.at).await?;
    // Neither number nor text: the log of operations outlives both.
    let changes = Changes::new().set("customer_id", sms.customer.map(|id| id.to_string())).set("parts", parts);
    audit::record(tx, author, Action::Create, "sms", id, changes).await?;
    events::raise(tx, author.at, Event::SmsQueued { sms: id }).await?;
    Ok(Sent::Queued(id))
}

/// What stands against one more message to this number now.
async fn against(
    tx: &mut Tx,
    settings: &Settings,
    phone: &Phone,
    sender: Id,
    class: Class,
    now: Millis,
) -> Result<Option<Refusal>, DbError> {
    if !limits::allowed(&settings.ranges, phone.digits()) {
        return Ok(Some(Refusal::Range));
    }
    if let Some(block) = blocks::against(&mut *tx, phone.digits(), class).await? {
        return Ok(Some(Refusal::Blocked(block)));
    }
    // Two who send at once must not both be the last that the cap lets through.
    tx.in_turn("sms_days").await?;
    let today = store::sent_today(tx, sender, phone.digits(), class, now).await?;
    Ok(limits::within(settings.caps, today, class).err())
}

/// Conversations with replies that this person has not looked at; clerks also see those of unknown numbers.
pub async fn unread(db: &Db, actor: &Actor) -> Result<i64, DbError> {
    let own = store::unread(db, &actor.scope().mine()).await?;
    match actor.role {
        Role::Clerk => Ok(own + store::unread_of_nobody(db).await?),
        Role::Rep | Role::Manager | Role::Admin => Ok(own),
    }
}

/// How many questions a member of staff still gets today, and the cap.
pub async fn left_for_staff(db: &Db, person: Id, digits: &str, now: Millis) -> Result<(i64, i64), DbError> {
    let cap = settings::load(db).await?.caps.staff;
    let today = store::sent_today(db, person, digits, Class::Staff, now).await?;
    Ok(((cap - today.recipient).max(0), cap))
}

/// Where a message stands, whoever's it is; for those who caused it.
pub async fn state_of(tx: &mut Tx, id: Id) -> Result<Option<State>, DbError> {
    store::state_of(tx, id).await
}

/// The templates in use, the product's own first.
pub async fn templates(db: &Db) -> Result<Vec<Template>, DbError> {
    Ok(store::templates(db).await?.into_iter().filter(|template| template.enabled).collect())
}

/// Appends the condition that the number in `digits` is blocked in this way, for statements over many.
#[must_use]
pub fn is_blocked(query: Query, digits: &'static str, block: Block) -> Query {
    query
        .push("EXISTS (SELECT 1 FROM sms_blocks sb WHERE sb.digits = ")
        .push(digits)
        .push(" AND sb.ended_at IS NULL AND sb.kind = ")
        .arg(block.code())
        .push(")")
}

/// The company's name, as messages give it.
pub async fn company_name(db: &Db) -> Result<String, DbError> {
    store::company_name(db).await
}

/// A message that came in: from which number, what it says.
pub async fn came_in(db: &Db, scope: &Scope, id: Id) -> Result<Option<(String, String)>, DbError> {
    Ok(store::reply(db, scope, id).await?.map(|reply| (reply.digits, reply.text)))
}

/// The message that a document caused, for that document's own page.
pub async fn of_document(db: &Db, kind: Kind, id: Id, lang: Lang, now: Millis) -> Result<Option<Entry>, DbError> {
    let message = store::of_cause(db, Cause::Document(kind, id)).await?;
    Ok(message.map(|message| message_entry(history::sent(message), lang, now)))
}

/// Stored digits as people read them.
fn shown(digits: &str) -> String {
    Phone::parse(digits).map_or_else(|| digits.to_owned(), |phone| phone.to_string())
}

fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).take(60).collect();
    if text.chars().count() > 60 { format!("“{line}…”") } else { format!("“{line}”") }
}

/// After [`Event::SmsMoved`]: the badge of whom it concerns.
pub async fn tell_moved(office: &Office, scope: &Scope, id: Id) -> Result<(), DbError> {
    if let Some(message) = store::message(&office.db, scope, id).await? {
        office.badges_changed(message.owner_id);
    }
    Ok(())
}

/// Links conversations of numbers that belonged to no customer, with their messages.
pub async fn numbers_known(tx: &mut Tx, callers: &[(String, Caller)]) -> Result<(), DbError> {
    for (digits, caller) in callers {
        store::link(tx, digits, caller.customer_id, caller.owner_id).await?;
    }
    Ok(())
}

/// After [`Event::SmsReceived`]: badge and push for the owner, or for every clerk when nobody owns the number.
pub async fn tell_received(office: &Office, scope: &Scope, id: Id) -> Result<()> {
    let Some(reply) = store::reply(&office.db, scope, id).await? else { return Ok(()) };
    let readers: Vec<Id> = match reply.owner_id {
        Some(owner) => vec![owner],
        None => users::names_with_role(&office.db, Role::Clerk).await?.into_iter().map(|clerk| clerk.id).collect(),
    };
    let thread = store::thread_with(&office.db, scope, &reply.digits).await?;
    let customer = match thread.as_ref().and_then(|thread| thread.customer_id) {
        Some(id) => customers::brief(&office.db, scope, id).await?,
        None => None,
    };
    let who = customer.map_or_else(|| shown(&reply.digits), |customer| customer.name);
    let href = thread.map_or_else(|| "/sms".to_owned(), |thread| format!("/sms/{}", thread.id));
    let arrived = serde_json::json!({ "who": who, "text": quoted(&reply.text), "href": href }).to_string();
    for reader in readers {
        office.badges_changed(reader);
        office.hub.tell(reader, Live { name: SMS, data: arrived.clone() });
        push::notify(
            office,
            reader,
            &t!(Lang::Zh, "sms.reply_push", number = shown(&reply.digits)),
            &reply.text,
            &href,
        );
    }
    Ok(())
}
