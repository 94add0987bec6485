//! Pages of conversations and messages.

use poem::Response;

use crate::customers::{self, Sought};
use crate::events::{self, Event};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::sms::recall::{self, For, Recalled};
use crate::sms::rules::{self, LONGEST, State};
use crate::sms::thread_view::Conversation;
use crate::sms::view::Draft;
use crate::sms::{Class, NewSms, Sent, against, incoming_view, optouts, send, settings, store, thread_view, view};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html};
use crate::web::form::Form;

/// Messages of a conversation on its page.
const SHOWN: i64 = 30;

/// `GET /sms`
pub async fn list(cx: Cx) -> Result<Response> {
    let unread = cx.query("view") == Some("unread");
    let sought = Sought::of(&cx.office.db, cx.query("q"), cx.now).await?;
    let threads = store::threads(&cx.office.db, &cx.scope(), unread, &sought, cx.paging()).await?;
    Ok(html(view::list(&cx, &threads, unread)))
}

/// `GET /sms/:id`
pub async fn thread(cx: Cx) -> Result<Response> {
    let conversation = conversation(&cx, cx.id()?).await?;
    Ok(html(thread_view::thread(&cx, &conversation, &cx.blank())))
}

async fn conversation(cx: &Cx, id: Id) -> Result<Conversation> {
    let (db, scope) = (&cx.office.db, cx.scope());
    let thread = store::thread(db, &scope, id).await?.ok_or(AppError::NotFound)?;
    let customer = match thread.customer_id {
        Some(id) => customers::brief(db, &scope, id).await?,
        None => None,
    };
    Ok(Conversation {
        sent: store::messages_to(db, &scope, &thread.digits, SHOWN).await?,
        received: store::replies_from(db, &scope, &thread.digits, SHOWN).await?,
        doubtful: optouts::doubtful(db, &thread.digits).await?.is_some(),
        settings: settings::load(db).await?,
        customer,
        thread,
    })
}

/// `POST /sms/:id/reading`: somebody has read it. A GET changes nothing, since browsers fetch ahead.
pub async fn read(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let thread = store::thread(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mut write = cx.write(&form).await?;
    store::mark_read(&mut write.tx, &thread, cx.now).await?;
    let response = write.finish(&format!("/sms/{}?done=done", thread.id)).await?;
    if let Some(owner) = thread.owner_id {
        cx.office.badges_changed(owner);
    }
    Ok(response)
}

/// `POST /sms/:id/opt-out` with `answer=yes|no`: whether a doubtful reply opts out.
pub async fn settle_opt_out(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let is_out = form.choice("answer", &t!(cx.lang, "sms.is_opt_out"), |word| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let Some(is_out) = is_out else { return Err(AppError::BadRequest("neither yes nor no")) };
    let thread = store::thread(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mut write = cx.write(&form).await?;
    let block = optouts::doubtful(&mut write.tx, &thread.digits).await?;
    let block = block.ok_or_else(|| AppError::Refused(t!(cx.lang, "sms.opt_out_settled").into_owned()))?;
    optouts::settle(&mut write.tx, block, is_out, cx.now).await?;
    let changes = Changes::new().moved("uncertain", true, false).set("opts_out", is_out);
    write.audit(Action::Edit, "sms_block", block, changes).await?;
    write.finish(&format!("/sms/{}?done=done", thread.id)).await
}

/// `GET /sms/new?customer=…&to=…&template=…`
pub async fn new(cx: Cx) -> Result<Response> {
    let mut form = cx.blank();
    if let Some(to) = cx.query("to") {
        form = form.with("to", to);
        // Whose number it is, where the reader may know.
        if cx.query("customer").is_none()
            && let Some(customer) = customer_with(&cx, to).await?
        {
            form = form.with("customer", customer.to_string());
        }
    }
    if let Some(customer) = cx.query("customer") {
        form = form.with("customer", customer);
    }
    let draft = draft(&cx, &form).await?;
    if let Some(id) = cx.query("template").and_then(|id| id.parse::<Id>().ok())
        && let Some(template) = store::template(&cx.office.db, id).await?
    {
        let company = store::company_name(&cx.office.db).await?;
        let customer = draft.customer.as_ref();
        let to = match Phone::parse(form.value("to")) {
            Some(phone) => Some(phone.digits().to_owned()),
            None => {
                draft.numbers.iter().find(|number| rules::recipient(&number.digits).is_ok()).map(|n| n.digits.clone())
            }
        };
        let person = match (&to, customer) {
            (Some(digits), Some(customer)) => customers::by_phone(&cx.office.db, digits)
                .await?
                .into_iter()
                .find(|caller| caller.customer_id == customer.id),
            (Some(_) | None, _) => None,
        };
        let address = person.as_ref().map(|person| rules::form_of_address(&person.contact_name, &person.position));
        let text = rules::fill(
            &template.text,
            &[
                ("客户", customer.map_or("", |customer| customer.name.as_str())),
                ("称呼", address.as_deref().unwrap_or_default()),
                ("姓名", person.as_ref().map_or("", |person| person.contact_name.as_str())),
                ("公司", company.as_str()),
                ("业务员", customer.map_or("", |customer| customer.owner_name.as_str())),
                ("日期", clock::iso_day(cx.now).as_str()),
                // Only the writer knows these; they stay in the text until they are filled in.
                ("产品", "{产品}"),
                ("单号", "{单号}"),
                ("金额", "{金额}"),
            ],
        );
        form = form.with("text", text);
    }
    Ok(html(view::compose(&cx, &form, &draft)))
}

/// The customer in the reader's scope that has this number.
async fn customer_with(cx: &Cx, number: &str) -> Result<Option<Id>> {
    let Some(phone) = Phone::parse(number) else { return Ok(None) };
    for caller in customers::by_phone(&cx.office.db, phone.digits()).await? {
        if customers::brief(&cx.office.db, &cx.scope(), caller.customer_id).await?.is_some() {
            return Ok(Some(caller.customer_id));
        }
    }
    Ok(None)
}

/// What stands beside the form: the customer, its numbers, the templates.
async fn draft(cx: &Cx, form: &Form) -> Result<Draft> {
    let customer: Option<Id> = form.value("customer").trim().parse().ok();
    let (brief, numbers) = match customer {
        Some(id) => {
            let brief = customers::brief(&cx.office.db, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
            (Some(brief), customers::numbers(&cx.office.db, id).await?)
        }
        None => (None, Vec::new()),
    };
    let templates = store::templates(&cx.office.db).await?;
    let settings = settings::load(&cx.office.db).await?;
    Ok(Draft { customer: brief, numbers, templates, settings })
}

/// Reads recipient and text, and says at the field what is wrong.
fn check(cx: &Cx, form: &mut Form) -> (String, String) {
    let to = form.required("to", &t!(cx.lang, "sms.to"), 40);
    if form.is_right()
        && let Err(refusal) = rules::recipient(&to)
    {
        form.wrong("to", refusal.text(cx.lang));
    }
    let text = form.required("text", &t!(cx.lang, "sms.text"), LONGEST);
    if let Some(name) = rules::unfilled(&text) {
        form.wrong("text", t!(cx.lang, "sms.unfilled", name = name));
    } else if form.error("text").is_none()
        && let Err(refusal) = rules::content(&text)
    {
        form.wrong("text", refusal.text(cx.lang));
    }
    (to, text)
}

/// The page on which the message was written, with what was typed and what is wrong with it.
async fn again(cx: &Cx, mut form: Form) -> Result<Response> {
    let page = match form.record("thread", &t!(cx.lang, "sms.text")) {
        Some(thread) => thread_view::thread(cx, &conversation(cx, thread).await?, &form),
        None => view::compose(cx, &form, &draft(cx, &form).await?),
    };
    Ok(form_html(page, &form))
}

/// `POST /sms/preview`: the count, before it costs anything. Changes nothing.
pub async fn preview(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (to, text) = check(&cx, &mut form);
    if !form.is_right() {
        return again(&cx, form).await;
    }
    let draft = draft(&cx, &form).await?;
    Ok(html(view::preview(&cx, &draft, &to, &text)))
}

/// `POST /sms`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (to, text) = check(&cx, &mut form);
    let customer = form.record("customer", &t!(cx.lang, "sms.customer"));
    if let Some(customer) = customer {
        customers::brief(&cx.office.db, &cx.scope(), customer).await?.ok_or(AppError::NotFound)?;
    }
    if !form.is_right() {
        return again(&cx, form).await;
    }
    let mut write = cx.write(&form).await?;
    let author = write.author.clone();
    let me = cx.actor().id;
    let new = NewSms { owner: me, sender: me, customer, digits: &to, text: &text, class: Class::Service, cause: None };
    match send(&mut write.tx, &author, new).await? {
        Sent::Queued(id) | Sent::Before(id) => {
            // The conversation may belong to somebody outside the writer's scope.
            let digits = rules::recipient(&to).map_or_else(|_| to.clone(), |phone| phone.digits().to_owned());
            let thread = store::thread_with(&mut write.tx, &cx.scope(), &digits).await?;
            let next = match thread {
                Some(thread) => {
                    // A reply marks the conversation as read.
                    store::mark_read(&mut write.tx, &thread, cx.now).await?;
                    format!("/sms/{}?done=sent#end", thread.id)
                }
                None => format!("/sms/messages/{id}?done=sent"),
            };
            write.finish(&next).await
        }
        Sent::Refused(refusal) => {
            drop(write);
            form.wrong("to", refusal.text(cx.lang));
            again(&cx, form).await
        }
    }
}

/// `GET /sms/messages/:id`
pub async fn message(cx: Cx) -> Result<Response> {
    let message = store::message(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let thread = store::thread_with(&cx.office.db, &cx.scope(), &message.digits).await?;
    let customer = match message.customer_id {
        Some(id) => customers::brief(&cx.office.db, &cx.scope(), id).await?,
        None => None,
    };
    Ok(html(view::message(&cx, &message, thread.as_ref(), customer.as_ref())))
}

/// `GET /sms/unsent`
pub async fn unsent(cx: Cx) -> Result<Response> {
    let waiting = cx.query("view") == Some("waiting");
    let messages = store::unsent(&cx.office.db, &cx.scope(), waiting, cx.paging()).await?;
    Ok(html(view::unsent(&cx, &messages, waiting)))
}

/// `GET /sms/unreadable`: what no box could decode, as it came.
pub async fn unreadable(cx: Cx) -> Result<Response> {
    let replies = store::unreadable(&cx.office.db, &cx.scope(), SHOWN).await?;
    Ok(html(incoming_view::unreadable_list(&cx, &replies)))
}

/// `POST /sms/messages/:id/retry`: a person sends it once more, knowing that an unknown one may have arrived.
pub async fn retry(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let message = store::message_to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if !message.state.needs_a_person() {
        return Err(AppError::Refused(t!(cx.lang, "sms.not_unsent").into_owned()));
    }
    let mut rules = settings::load(&mut write.tx).await?;
    // The message itself is one of today's or yesterday's; a retry does not count twice.
    rules.caps.recipient += 1;
    let phone = rules::recipient(&message.digits).map_err(|why| AppError::Refused(why.text(cx.lang).into_owned()))?;
    let stands = against(&mut write.tx, &rules, &phone, message.owner_id, message.class, cx.now).await?;
    if let Some(refusal) = stands {
        return Err(AppError::Refused(refusal.text(cx.lang).into_owned()));
    }
    store::set_waiting_again(&mut write.tx, id).await?;
    let changes = Changes::new().moved("state", message.state.code(), State::Waiting.code());
    write.audit(Action::Edit, "sms", id, changes).await?;
    events::raise(&mut write.tx, cx.now, Event::SmsQueued { sms: id }).await?;
    write.finish(&format!("/sms/messages/{id}?done=sent")).await
}

/// `POST /sms/messages/:id/recall`: takes it back, if it has not left.
pub async fn recall(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let message = store::message_to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if recall::recall(&mut write.tx, &message, For::Person, cx.now).await? == Recalled::Late {
        return Err(AppError::Refused(t!(cx.lang, "sms.recall_too_late").into_owned()));
    }
    write.act("sms", id, "recall").await?;
    let response = write.finish(&format!("/sms/messages/{id}?done=done")).await?;
    cx.office.badges_changed(message.owner_id);
    Ok(response)
}

/// `POST /sms/messages/:id/settlement` with `outcome=sent|dropped`: a person says how it ended.
pub async fn settle(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let outcome = form.choice("outcome", &t!(cx.lang, "sms.outcome"), |word| match word {
        "sent" => Some(State::Sent),
        "dropped" => Some(State::Dropped),
        _ => None,
    });
    let Some(outcome) = outcome else { return Err(AppError::BadRequest("no such outcome")) };
    let mut write = cx.write(&form).await?;
    let message = store::message_to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    // A message that no box has yet can be dropped too; one that a box has is on its way.
    let open = message.state.needs_a_person() || (message.state == State::Waiting && outcome == State::Dropped);
    if !open {
        return Err(AppError::Refused(t!(cx.lang, "sms.not_unsent").into_owned()));
    }
    store::set_state(&mut write.tx, id, outcome, &message.error, cx.now).await?;
    events::raise(&mut write.tx, cx.now, Event::SmsMoved { sms: id }).await?;
    let changes = Changes::new().moved("state", message.state.code(), outcome.code());
    write.audit(Action::Edit, "sms", id, changes).await?;
    let response = write.finish(&format!("/sms/messages/{id}?done=done")).await?;
    cx.office.badges_changed(message.owner_id);
    Ok(response)
}
