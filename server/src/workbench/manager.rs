//! The manager's day: what waits for approval, the month, the team, what needs a look.

use std::collections::HashMap;

use chrono::Datelike;
use maud::{Markup, html};

use crate::approvals::{self, Approval, From};
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::{self, MINUTE, Millis};
use crate::kernel::db::gather::Gathered;
use crate::kernel::db::paging::Paging;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::modules::Module;
use crate::orders::{self, Overdue};
use crate::tasks::{self, Late};
use crate::ui::{StripItem, card, entry, link_cell, meter, strip};
use crate::visits::{self, Odd, TeamRow};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::{dispatch, documents};

use super::{FEW, Select};

/// People shown; the list of the day has the rest.
const PEOPLE: usize = 6;
/// How long the figures of a month hold. They sum up thousands of documents, and nobody waits for their last minute.
const FRESH: Millis = MINUTE;
/// Figures remembered at once.
const MOST: usize = 1_000;

/// What a manager looks at in the morning.
pub(super) struct Team {
    waiting: Vec<Approval>,
    month: Option<Month>,
    people: Vec<TeamRow>,
    odd: Vec<Odd>,
    late: Vec<Late>,
}

/// What the people in a scope have sold and collected in this month, and what is overdue.
#[derive(Clone, Copy, Debug)]
struct Month {
    sold: Fen,
    collected: Fen,
    overdue: Overdue,
}

/// By the person who looks; each has their own scope.
#[derive(Default)]
struct Figures(HashMap<Id, (Millis, Month)>);

/// What the page gathers for it.
pub(super) fn selects<'a>(cx: &'a Cx, scope: &'a Scope) -> Vec<Select<'a>> {
    let (now, today) = (cx.now, clock::day(cx.now));
    let mut selects: Vec<Select<'a>> = vec![Box::new(move |query| tasks::late(query, scope, now, FEW))];
    if cx.may(Gate::view(Module::Visits)) {
        selects.push(Box::new(move |query| visits::odd(query, scope, today, FEW)));
    }
    selects
}

impl Team {
    pub async fn read(cx: &Cx, rows: &[Gathered]) -> Result<Team> {
        let (db, scope, user) = (&cx.office.db, cx.scope(), cx.actor().id);
        // The red number knows whether there is anything to look for.
        let asked = cx.badges.iter().any(|(to, count)| *to == Module::Approvals.href() && *count > 0);
        let waiting = if asked { approvals::waiting(db, user, FEW).await? } else { Vec::new() };
        let people = if cx.may(Gate::view(Module::Visits)) {
            visits::team_day(db, &scope, clock::day(cx.now), Paging { page: 1 }).await?.rows
        } else {
            Vec::new()
        };
        let sees = cx.may(Gate::view(Module::Orders)) && cx.may(Gate::view(Module::Payments));
        let month = if sees { Some(month(cx, &scope).await?) } else { None };
        Ok(Team { waiting, month, people, odd: Odd::among(rows), late: Late::among(rows) })
    }

    /// 待我审批
    pub fn waiting(&self, cx: &Cx) -> Markup {
        let (lang, list) = (cx.lang, Module::Approvals.href());
        html! {
            @if !self.waiting.is_empty() {
                (card(Some(&t!(lang, "workbench.approvals")), Some((list, &t!(lang, "workbench.all"))), html! {
                    @for row in &self.waiting { (approvals::waiting_row(cx, row, dispatch::reasons, From::Workbench)) }
                }))
            }
        }
    }

    /// 本月销售 · 本月回款 · 逾期
    pub fn month(&self, cx: &Cx) -> Markup {
        let Some(month) = self.month else { return html! {} };
        let lang = cx.lang;
        let late = t!(lang, "workbench.overdue", n = month.overdue.orders).into_owned();
        strip(&[
            item("/orders", short(lang, month.sold), t!(lang, "workbench.sold").into_owned(), false),
            item("/payments", short(lang, month.collected), t!(lang, "workbench.collected").into_owned(), false),
            item("/customers?view=arrears", short(lang, month.overdue.amount), late, month.overdue.orders > 0),
        ])
    }

    /// 团队今日
    pub fn today(&self, cx: &Cx) -> Markup {
        let lang = cx.lang;
        if self.people.is_empty() {
            return html! {};
        }
        let (done, planned) =
            self.people.iter().fold((0, 0), |(done, planned), one| (done + one.done, planned + one.planned));
        let title = t!(lang, "workbench.team", done = done, planned = planned);
        card(
            Some(&title),
            Some(("/visits?view=team", &t!(lang, "workbench.all"))),
            html! {
                @for one in self.people.iter().take(PEOPLE) {
                    @let last = one.last_at.map(|at| t!(lang, "workbench.last_at", time = clock::hour_minute(at)));
                    (link_cell(
                        format!("/visits?owner={}", one.owner_id),
                        html! {
                            (entry(&one.owner_name, html! {}, last.unwrap_or_else(|| t!(lang, "workbench.not_begun"))))
                            (meter(one.done, one.planned, &t!(lang, "workbench.visits")))
                        },
                        html! { span.num { (one.done) "/" (one.planned) } },
                    ))
                }
            },
        )
    }

    /// 需留意
    pub fn watch(&self, cx: &Cx) -> Markup {
        let lang = cx.lang;
        if self.odd.is_empty() && self.late.is_empty() {
            return html! {};
        }
        card(
            Some(&t!(lang, "workbench.watch")),
            None,
            html! {
                @for visit in &self.odd {
                    @let name = format!("{} · {}", visit.rep, visit.words(lang));
                    @let detail = format!("{} · {}", visit.customer_name, clock::brief(visit.at, cx.now));
                    (link_cell(format!("/visits/{}", visit.id), entry(name, html! {}, detail), html! {}))
                }
                @for task in &self.late {
                    @let detail = t!(lang, "workbench.late", when = clock::brief(task.due_at, cx.now));
                    (link_cell(format!("/tasks/{}", task.id), entry(format!("{} · {}", task.owner, task.title), html! {}, detail), html! {}))
                }
            },
        )
    }
}

fn item(href: &'static str, number: String, label: String, hot: bool) -> StripItem<&'static str> {
    StripItem { href, number, label, hot }
}

async fn month(cx: &Cx, scope: &Scope) -> Result<Month> {
    let user = cx.actor().id;
    let known = cx.office.memory.with(|figures: &mut Figures| figures.0.get(&user).copied());
    if let Some((at, month)) = known
        && (0..FRESH).contains(&(cx.now - at))
    {
        return Ok(month);
    }
    let (db, today) = (&cx.office.db, clock::day(cx.now));
    let first = today.with_day(1).unwrap_or(today).to_string();
    let month = Month {
        sold: documents::amount_since(db, scope, Kind::Order, &first).await?,
        collected: documents::amount_since(db, scope, Kind::Payment, &first).await?,
        overdue: orders::overdue(db, scope, today).await?,
    };
    cx.office.memory.with(|figures: &mut Figures| {
        if figures.0.len() >= MOST {
            figures.0.clear();
        }
        figures.0.insert(user, (cx.now, month));
    });
    Ok(month)
}

/// An amount as a headline: 41.2万 from ten thousand on, whole yuan below; `412k` in English.
fn short(lang: Lang, amount: Fen) -> String {
    let yuan = amount.0 / 100;
    let (from, unit, sign) = match lang {
        Lang::Zh => (10_000, 10_000, "万"),
        Lang::En => (10_000, 1_000, "k"),
    };
    if yuan.abs() < from {
        return yuan.to_string();
    }
    let tenths = yuan * 10 / unit;
    format!("{}.{}{sign}", tenths / 10, (tenths % 10).abs())
}

#[cfg(test)]
mod tests {
    use super::{Fen, Lang, short};

    #[test]
    fn a_headline_amount_has_one_decimal_from_ten_thousand_on() {
        assert_eq!(short(Lang::Zh, Fen(41_238_000)), "41.2万");
        assert_eq!(short(Lang::Zh, Fen(999_999)), "9999");
        assert_eq!(short(Lang::Zh, Fen(1_000_000)), "1.0万");
        assert_eq!(short(Lang::En, Fen(41_238_000)), "412.3k");
        assert_eq!(short(Lang::Zh, Fen(0)), "0");
    }
}
