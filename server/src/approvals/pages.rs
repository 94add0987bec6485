//! Approvals: the lists, the card, the decision, handing over.

use poem::Response;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::users;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_page, html};
use crate::web::form::Form;

use super::rules::{self, Against};
use super::store::{Approval, Step, View};
use super::{Facts, Reasons, deciders, decision, store, view};

const LIST: &str = "/approvals";
/// The field that says where a decision was made, if not on the card.
pub(super) const FROM: &str = "from";

words! {
    /// A list whose rows have a button to approve with.
    pub enum From {
        /// 工作台
        Workbench = "workbench",
        /// 待我审批
        List = "list",
    }
}

/// The longest comment.
const COMMENT: usize = 500;

pub(super) async fn list(cx: Cx, reasons: Reasons) -> Result<Response> {
    let shown = match cx.query("view") {
        Some("mine") => View::Mine,
        Some("done") => View::Done,
        Some(_) | None => View::Waiting,
    };
    let found = store::list(&cx.office.db, cx.actor().id, shown, cx.paging()).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, Module::Approvals.title(cx.lang)).tabs().refresh();
    Ok(html(page.render(view::list(&cx, shown, &found, reasons))))
}

async fn read(cx: &Cx) -> Result<(Approval, Vec<Step>)> {
    let approval = store::find(&cx.office.db, &cx.scope(), cx.actor().id, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let steps = store::flow(&cx.office.db, approval.id).await?;
    Ok((approval, steps))
}

pub(super) async fn show(cx: Cx, facts: Facts) -> Result<Response> {
    let (approval, steps) = read(&cx).await?;
    let form = cx.blank();
    card(&cx, facts, &approval, &steps, &form).await
}

async fn card(cx: &Cx, facts: Facts, approval: &Approval, steps: &[Step], form: &Form) -> Result<Response> {
    let shown = facts(cx, &approval.asked()).await?;
    let mine = rules::turn_of(approval, steps, cx.actor().id).is_ok();
    let frame = cx.frame();
    let mut page = Page::new(&frame, t!(cx.lang, "approvals.card"))
        .subtitle(view::subtitle(cx, approval))
        .back("/approvals")
        .header_action(view::state_tag(cx.lang, approval.state, mine));
    if mine {
        page = page.bar(view::bar(cx.lang, approval));
    }
    Ok(form_page(page, view::card(cx, approval, steps, &shown, mine, form), form))
}

/// Why `user` cannot decide, in words; somebody who is not asked gets 403.
fn against(cx: &Cx, against: Against) -> AppError {
    against.text(cx.lang).map_or(AppError::Forbidden, AppError::Refused)
}

pub(super) async fn decide(cx: Cx, facts: Facts) -> Result<Response> {
    let mut form = cx.form().await?;
    let (approval, steps) = read(&cx).await?;
    let decision = form.choice("decision", &t!(cx.lang, "approvals.decision"), |word| match word {
        "approve" => Some(true),
        "reject" => Some(false),
        _ => None,
    });
    let comment = form.text("comment", &t!(cx.lang, "approvals.comment"), COMMENT);
    if decision == Some(false) && comment.is_empty() {
        form.wrong("comment", t!(cx.lang, "approvals.say_why"));
    }
    let (Some(approved), true) = (decision, form.is_right()) else {
        return card(&cx, facts, &approval, &steps, &form).await;
    };
    let mut write = cx.write(&form).await?;
    let (author, scope, user) = (write.author.clone(), cx.scope(), cx.actor().id);
    decision::decide(&mut write.tx, &author, &scope, user, approval.id, approved, &comment)
        .await?
        .map_err(|why| against(&cx, why))?;
    let done = if approved { "approved" } else { "rejected" };
    let to = match From::from_code(form.value(FROM)) {
        Some(From::Workbench) => "/".to_owned(),
        Some(From::List) => LIST.to_owned(),
        // From one card to the next one: who has five to decide does not come back to the list five times.
        None => match store::next_waiting(&mut write.tx, user).await? {
            Some(next) => format!("{LIST}/{next}"),
            None => LIST.to_owned(),
        },
    };
    write.finish(&format!("{to}?done={done}")).await
}

/// Nobody is asked twice at once.
fn excluded(steps: &[Step], user: Id) -> Vec<Id> {
    let open = steps.iter().filter(|step| step.decided_at.is_none()).map(|step| step.approver_id);
    [user].into_iter().chain(open).collect()
}

pub(super) async fn handover(cx: Cx) -> Result<Response> {
    let (approval, steps) = read(&cx).await?;
    rules::turn_of(&approval, &steps, cx.actor().id).map_err(|why| against(&cx, why))?;
    let form = cx.blank();
    handover_page(&cx, &approval, &steps, &form).await
}

async fn handover_page(cx: &Cx, approval: &Approval, steps: &[Step], form: &Form) -> Result<Response> {
    let people = deciders::all(&cx.office.db, approval.requester_id, &excluded(steps, cx.actor().id)).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "approvals.hand_over"))
        .subtitle(approval.title.clone())
        .back(format!("/approvals/{}", approval.id));
    Ok(form_page(page, view::handover(cx, approval, &people, form), form))
}

pub(super) async fn hand_over(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (approval, steps) = read(&cx).await?;
    let label = t!(cx.lang, "approvals.approver");
    let chosen = form.choice("approver_id", &label, |id| id.parse::<Id>().ok());
    let comment = form.text("comment", &t!(cx.lang, "approvals.comment"), COMMENT);
    let (Some(to), true) = (chosen, form.is_right()) else {
        rules::turn_of(&approval, &steps, cx.actor().id).map_err(|why| against(&cx, why))?;
        return handover_page(&cx, &approval, &steps, &form).await;
    };
    let mut write = cx.write(&form).await?;
    store::lock(&mut write.tx, approval.id).await?;
    let approval =
        store::find(&mut write.tx, &cx.scope(), cx.actor().id, approval.id).await?.ok_or(AppError::NotFound)?;
    let steps = store::flow(&mut write.tx, approval.id).await?;
    let step = rules::turn_of(&approval, &steps, cx.actor().id).map_err(|why| against(&cx, why))?;
    // After the look for a repeat: on the second tap the colleague is already asked.
    let free = !excluded(&steps, cx.actor().id).contains(&to) && users::hold(&mut write.tx, to).await?;
    if !free || !deciders::can_ask(&mut write.tx, approval.requester_id, to).await? {
        drop(write);
        form.wrong("approver_id", t!(cx.lang, "approvals.not_a_decider"));
        return handover_page(&cx, &approval, &steps, &form).await;
    }
    store::hand_over(&mut write.tx, cx.now, approval.id, step, to, &comment).await?;
    let changes =
        Changes::new().moved("approver_id", step.approver_id.to_string(), to.to_string()).set("comment", comment);
    write.audit(Action::Act, "approval", approval.id, changes).await?;
    write.finish(&format!("/approvals/{}?done=sent", approval.id)).await
}
