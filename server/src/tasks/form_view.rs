//! The page of a task's form.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use crate::kernel::i18n::{Lang, t};
use crate::tasks::editor::{NOTE, TITLE};
use crate::tasks::rules::Priority;
use crate::tasks::store::TaskRow;
use crate::ui::button::button_for;
use crate::ui::card;
use crate::ui::form::{
    ButtonKind, FieldView, InputKind, chips, error_summary, hidden, pick, post, select, text, textarea,
};
use crate::ui::layout::{self, Frame};
use crate::web::form::Form;
use crate::web::merge;

/// The form that the bar's button sends.
const FORM: &str = "task";

/// Something to choose: its value and its name.
pub type Choice = (String, String);

/// A customer to choose: name and address tell namesakes apart.
#[derive(Debug)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
}

/// What the form is for.
#[derive(Debug)]
pub enum Target<'a> {
    /// A new task.
    New,
    /// One that is there.
    Task(&'a TaskRow),
}

/// What the page shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// What was typed.
    pub form: &'a Form,
    /// What it is for.
    pub target: &'a Target<'a>,
    /// Whom it can be given to.
    pub people: &'a [Choice],
    /// Whom it can concern.
    pub offers: &'a [Offer],
    /// Today.
    pub today: NaiveDate,
    /// The form's token.
    pub op_id: String,
}

/// The form.
pub fn page(frame: &Frame, page: &Page<'_>) -> String {
    let lang = frame.lang;
    let (title, back, action, ask) = match page.target {
        Target::New => (t!(lang, "tasks.new"), "/tasks".to_owned(), "/tasks".to_owned(), "/tasks/new".to_owned()),
        Target::Task(task) => {
            let address = format!("/tasks/{}", task.id);
            (t!(lang, "tasks.edit"), address.clone(), address.clone(), format!("{address}/edit"))
        }
    };
    let body = html! {
        (error_summary(lang, page.form.errors()))
        (match page.target {
            Target::New => post(&action, &page.op_id).id(FORM).offline("task").holding(fields(page, &ask, lang)),
            Target::Task(task) => {
                post(&action, &page.op_id).id(FORM).version(page.form.version_on(task.version)).holding(fields(page, &ask, lang))
            }
        })
    };
    let mut document = layout::Page::new(frame, title).back(back);
    document = document.bar(button_for(FORM, t!(lang, "tasks.save"), ButtonKind::Primary));
    if !page.form.is_right() {
        document = document.error_title();
    }
    document.render(body)
}

fn fields(page: &Page<'_>, ask: &str, lang: Lang) -> Markup {
    let typed = page.form;
    let (title, note, until) = (t!(lang, "tasks.title_label"), t!(lang, "tasks.note"), t!(lang, "tasks.due"));
    let (owner, customer, priority) =
        (t!(lang, "tasks.owner"), t!(lang, "tasks.customer"), t!(lang, "tasks.priority_label"));
    let days: Vec<Choice> = [(0, "tasks.today"), (1, "tasks.tomorrow"), (7, "tasks.next_week")]
        .into_iter()
        .filter_map(|(days, key)| {
            let day = page.today.checked_add_days(Days::new(days))?;
            Some((format!("{day}T18:00"), t!(lang, key).into_owned()))
        })
        .collect();
    let nobody = (String::new(), t!(lang, "tasks.no_customer").into_owned());
    let offers: Vec<Choice> = std::iter::once(nobody)
        .chain(page.offers.iter().map(|one| (one.id.clone(), format!("{} {}", one.name, one.address))))
        .collect();
    html! {
        @if let Target::Task(_) = page.target {
            @for field in ["title", "note", "due_at", "priority", "owner_id", "customer_id"] {
                (hidden(&merge::was(field), typed.value(&merge::was(field))))
            }
        }
        (card(None, None, html! {
            (text(&FieldView { required: true, ..typed.field("title", &title) }, InputKind::Text, TITLE))
            @if !page.people.is_empty() { (select(&typed.field("owner_id", &owner), page.people)) }
            (text(&typed.field("due_at", &until), InputKind::DateTime, 16))
            (chips("f-due_at", &days))
            (select(&typed.field("priority", &priority), &Priority::choices(lang)))
            (textarea(&typed.field("note", &note), NOTE))
        }))
        (card(None, None, pick(&typed.field("customer_id", &customer), &offers, &typed.field("q", &t!(lang, "customers.find")), ask)))
    }
}
