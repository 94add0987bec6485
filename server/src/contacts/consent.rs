//! The record of consent to marketing 短信同意记录: who agreed when and how, and who took it back; and entering a
//! whole list that agreed elsewhere, such as at a fair.

use std::borrow::Cow;

use maud::{Markup, html};
use poem::Response;

use crate::kernel::access::Scope;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::{card, cell, plain_cell};
use crate::web::cx::Cx;
use crate::web::error::{Result, form_html, html as page_of};
use crate::web::form::Form;

/// Numbers taken in one go.
const MOST: usize = 2000;

words! {
    /// How somebody said it.
    pub enum How {
        /// It stood so when the contact was entered.
        Entry = "entry" => "contacts.how_entry",
        /// 口头
        Spoken = "spoken" => "contacts.how_spoken",
        /// 书面: a form, a contract.
        Written = "written" => "contacts.how_written",
        /// 短信或微信
        Message = "message" => "contacts.how_message",
        /// Otherwise.
        Other = "other" => "contacts.how_other",
    }
}

impl How {
    /// Those that a person chooses among.
    pub const CHOICES: [How; 4] = [How::Spoken, How::Written, How::Message, How::Other];
}

/// The choices for a form.
pub(super) fn choices(lang: Lang) -> Vec<(&'static str, Cow<'static, str>)> {
    How::CHOICES.into_iter().map(|how| (how.code(), how.name(lang))).collect()
}

/// Writes one change down.
pub(super) async fn record(
    tx: &mut Tx,
    author: &Author,
    contact: Id,
    agreed: bool,
    (how, note): (How, &str),
) -> Result<(), DbError> {
    sql("INSERT INTO contact_consents (id, contact_id, agreed, how, note, by_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(Id::new())
        .bind(contact)
        .bind(agreed)
        .bind(how.code())
        .bind(note)
        .bind(author.user)
        .bind(author.at)
        .run(tx)
        .await
        .map(|_| ())
}

/// A change, as it was written down.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Said {
    agreed: bool,
    how: String,
    note: String,
    at: Millis,
    by_name: Option<String>,
}

/// What a contact said, the newest first. The caller has seen that the contact is in view.
pub(super) async fn of_contact(db: &Db, contact: Id) -> Result<Vec<Said>, DbError> {
    sql("SELECT s.agreed, s.how, s.note, s.at, u.name AS by_name FROM contact_consents s \
         LEFT JOIN users u ON u.id = s.by_id WHERE s.contact_id = $1 ORDER BY s.id DESC LIMIT 20")
    .bind(contact)
    .all(db)
    .await
}

/// The record on a contact's page.
pub(super) fn list(lang: Lang, said: &[Said]) -> Markup {
    html! {
        @if !said.is_empty() {
            (card(Some(&t!(lang, "contacts.consents")), None, html! {
                @for one in said {
                    (plain_cell(
                        html! {
                            b { @if one.agreed { (t!(lang, "contacts.agreed")) } @else { (t!(lang, "contacts.withdrew")) } }
                            p { (How::from_code(&one.how).unwrap_or(How::Other).name(lang)) @if !one.note.is_empty() { " · " (one.note) } }
                        },
                        html! { small.d { (one.by_name.as_deref().unwrap_or_default()) } small.d { (clock::iso_minute(one.at)) } },
                    ))
                }
            }))
        }
    }
}

#[derive(sqlx_macros::FromRow)]
struct Found {
    id: Id,
    digits: String,
    sms_consent: bool,
}

/// What became of a list of numbers.
#[derive(Debug, Default)]
struct Taken {
    changed: usize,
    same: usize,
    unknown: Vec<String>,
}

/// Sets the consent of everybody in view who has one of these numbers.
async fn set_all(
    tx: &mut Tx,
    scope: &Scope,
    author: &Author,
    numbers: &[Phone],
    agreed: bool,
    said: (How, &str),
) -> Result<Taken> {
    let mut taken = Taken::default();
    for piece in numbers.chunks(200) {
        let lock = tx.for_update();
        let query =
            sql("SELECT k.id, p.digits, k.sms_consent FROM contacts k JOIN customers c ON c.id = k.customer_id \
             JOIN phones p ON p.contact_id = k.id WHERE k.deleted_at IS NULL AND c.deleted_at IS NULL AND p.digits IN ")
            .args(piece.iter().map(|phone| phone.digits().to_owned()));
        let query = scope.restrict(query, "c.owner_id").push(" ORDER BY k.id").push(lock);
        let found: Vec<Found> = query.push(if lock.is_empty() { "" } else { " OF k" }).all(&mut *tx).await?;
        let of = |phone: &&Phone| found.iter().any(|one| one.digits == phone.digits());
        taken.unknown.extend(piece.iter().filter(|phone| !of(phone)).map(Phone::to_string));
        let mut done: Vec<Id> = Vec::new();
        for one in &found {
            if done.contains(&one.id) {
                continue;
            }
            done.push(one.id);
            if one.sms_consent == agreed {
                taken.same += 1;
                continue;
            }
            sql("UPDATE contacts SET sms_consent = $2, updated_at = $3, version = version + 1 WHERE id = $1")
                .bind(one.id)
                .bind(agreed)
                .bind(author.at)
                .run(&mut *tx)
                .await?;
            record(tx, author, one.id, agreed, said).await?;
            let changes = Changes::new().moved("sms_consent", one.sms_consent, agreed).set("how", said.0.code());
            audit::record(tx, author, Action::Edit, "contact", one.id, changes).await?;
            taken.changed += 1;
        }
    }
    Ok(taken)
}

fn page(cx: &Cx, form: &Form, taken: Option<&Taken>) -> String {
    let lang = cx.lang;
    let body = html! {
        @if let Some(taken) = taken {
            (card(Some(&t!(lang, "contacts.consent_result")), None, html! {
                (cell(t!(lang, "contacts.consent_changed"), html! { b.num { (taken.changed) } }))
                (cell(t!(lang, "contacts.consent_same"), html! { span.num { (taken.same) } }))
                (cell(t!(lang, "contacts.consent_unknown"), html! { span.num { (taken.unknown.len()) } }))
                @if !taken.unknown.is_empty() { div.cell { div.g { p.pre.num { @for number in &taken.unknown { (number) "\n" } } } } }
            }))
        }
        (fields::post("/contacts/consents", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::textarea(&form.field("numbers", &t!(lang, "contacts.numbers")).required().hint(&t!(lang, "contacts.numbers_hint")), MOST * 20))
                (fields::radio_cells(&form.field("agreed", &t!(lang, "contacts.what_they_said")).required(), &[("yes", t!(lang, "contacts.agreed")), ("no", t!(lang, "contacts.withdrew"))]))
                (fields::select(&form.field("how", &t!(lang, "contacts.how")).required(), &choices(lang)))
                (fields::text(&form.field("note", &t!(lang, "contacts.consent_note")).required().hint(&t!(lang, "contacts.consent_note_hint")), InputKind::Text, 100))
            }))
            (fields::submit(t!(lang, "contacts.save"), ButtonKind::Primary))
        }))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "contacts.consents_bulk")).back("/sms/blocks");
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// `GET /contacts/consents`
pub(super) async fn show(cx: Cx) -> Result<Response> {
    Ok(page_of(page(&cx, &cx.blank().with("agreed", "yes"), None)))
}

/// Reads numbers, one a line or with commas; what is none of them is returned.
fn numbers(text: &str) -> std::result::Result<Vec<Phone>, String> {
    let mut phones: Vec<Phone> = Vec::new();
    for line in text.split(['\n', ',', '，', ';', '、']).map(str::trim).filter(|line| !line.is_empty()) {
        let phone = Phone::parse(line).ok_or_else(|| line.chars().take(30).collect::<String>())?;
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    Ok(phones)
}

/// `POST /contacts/consents`: the answer shows which numbers nobody has, so it is not a redirect.
pub(super) async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let agreed = form.choice("agreed", &t!(cx.lang, "contacts.what_they_said"), |word| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let how = form.choice("how", &t!(cx.lang, "contacts.how"), How::from_code);
    // Without saying where it comes from, a list of numbers proves nothing.
    let note = form.required("note", &t!(cx.lang, "contacts.consent_note"), 100);
    let phones = match numbers(form.value("numbers")) {
        Ok(phones) if phones.is_empty() => {
            form.wrong("numbers", t!(cx.lang, "form.required", field = t!(cx.lang, "contacts.numbers")));
            Vec::new()
        }
        Ok(phones) if phones.len() > MOST => {
            form.wrong("numbers", t!(cx.lang, "contacts.too_many", most = MOST));
            Vec::new()
        }
        Ok(phones) => phones,
        Err(piece) => {
            form.wrong("numbers", t!(cx.lang, "contacts.no_number", piece = piece));
            Vec::new()
        }
    };
    let (Some(agreed), Some(how), true) = (agreed, how, form.is_right()) else {
        return Ok(form_html(page(&cx, &form, None), &form));
    };
    let mut write = cx.write(&form).await?;
    let author = write.author.clone();
    let taken = set_all(&mut write.tx, &cx.scope(), &author, &phones, agreed, (how, &note)).await?;
    write.finish("/contacts/consents?done=saved").await?;
    Ok(page_of(page(&cx, &cx.blank().with("agreed", "yes"), Some(&taken))))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn lists_are_read_as_people_paste_them() {
        let read =
            |text: &str| numbers(text).map(|phones| phones.iter().map(|p| p.digits().to_owned()).collect::<Vec<_>>());
        assert_eq!(read("138 0536 2417\n+86-13905362417，13805362417").map(|all| all.len()), Ok(2));
        assert_eq!(read("13805362417\n张三"), Err("张三".to_owned()));
        assert_eq!(read(" \n").map(|all| all.len()), Ok(0));
    }
}
