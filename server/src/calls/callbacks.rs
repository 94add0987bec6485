//! The log of calls to return 回拨记录: what nobody took, who called back, and after how long.

use maud::html;
use poem::Response;

use crate::calls::rules::{State, Within, within};
use crate::calls::shown;
use crate::calls::store::{self, Call};
use crate::customers::Sought;
use crate::kernel::access::Scope;
use crate::kernel::clock::{self, DAY, Millis};
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, Query, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::ui::layout::Page;
use crate::ui::state::Standing;
use crate::ui::{Column, Record, StripItem, Width, empty, pager, records, search_bar, segmented, strip};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as page_of};

words! {
    /// Which of them a list shows.
    enum View {
        /// Not called back yet.
        Open = "open" => "ui.state.to_call_back",
        /// 已回拨
        Done = "done" => "ui.state.called_back",
        /// Both.
        All = "all" => "calls.all",
    }
}

impl View {
    fn condition(self) -> &'static str {
        match self {
            View::Open => "k.state = 'missed'",
            View::Done => "k.state = 'called_back'",
            View::All => "k.state IN ('missed', 'called_back')",
        }
    }
}

/// What the list is narrowed to.
struct Filter<'a> {
    view: View,
    /// Part of a number, or a customer.
    sought: Sought,
    /// Who called back.
    by: Option<Id>,
    q: &'a str,
}

fn narrowed(query: Query, scope: &Scope, filter: &Filter<'_>) -> Query {
    let query = filter.sought.by_customer(query, "k.digits", "k.customer_id", scope);
    let query = filter.by.into_iter().fold(query, |query, by| query.push(" AND k.answered_by = ").arg(by));
    // Calls of unknown numbers belong to nobody; whoever sees others' calls sees them too.
    scope.restrict(query, "k.owner_id")
}

async fn list(db: &Db, scope: &Scope, filter: &Filter<'_>, paging: Paging) -> Result<Listing<Call>, DbError> {
    let rows = narrowed(store::calls(filter.view.condition()), scope, filter)
        .push(" ORDER BY k.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

#[derive(Debug, sqlx_macros::FromRow)]
struct Week {
    missed: i64,
    returned: i64,
    timed: i64,
    waited: i64,
}

/// The calls of the last seven days.
async fn week(db: &Db, scope: &Scope, now: Millis) -> Result<Week, DbError> {
    let query = sql("SELECT CAST(count(*) AS BIGINT) AS missed, CAST(COALESCE(sum(CASE WHEN k.state = 'called_back' THEN 1 ELSE 0 END), 0) AS BIGINT) AS returned, \
         CAST(count(k.settled_at) AS BIGINT) AS timed, CAST(COALESCE(sum(k.settled_at - COALESCE(k.ended_at, k.started_at)), 0) AS BIGINT) AS waited \
         FROM calls k WHERE k.state IN ('missed', 'called_back') AND k.started_at >= ")
    .arg(now - 7 * DAY);
    scope.restrict(query, "k.owner_id").one(db).await
}

/// A time span as people say it.
fn span(lang: Lang, millis: Millis) -> String {
    match within(millis) {
        Within::Minutes(n) => t!(lang, "calls.minutes", n = n).into_owned(),
        Within::Hours(n) => t!(lang, "calls.hours", n = n).into_owned(),
        Within::Days(n) => t!(lang, "calls.days", n = n).into_owned(),
    }
}

fn columns(lang: Lang) -> [Column; 4] {
    [
        Column::new(t!(lang, "calls.column_caller"), Width::Share),
        Column::new(t!(lang, "calls.column_state"), Width::Word),
        Column::new(t!(lang, "calls.column_time"), Width::Code),
        Column::new(t!(lang, "calls.column_result"), Width::Share),
    ]
}

fn record(lang: Lang, call: &Call, now: Millis) -> Record {
    let end = call.ended_at.unwrap_or(call.started_at);
    let open = call.state == State::Missed;
    let who = call.customer.clone().unwrap_or_else(|| shown(&call.digits));
    let state = if open { Standing::ToCallBack } else { Standing::CalledBack };
    let detail = match (call.settled_at, &call.answerer) {
        _ if open => t!(lang, "calls.waits", span = span(lang, now - end)).into_owned(),
        (Some(at), Some(name)) => t!(lang, "calls.returned_by", name = name, span = span(lang, at - end)).into_owned(),
        (Some(at), None) => t!(lang, "calls.called_again", span = span(lang, at - end)).into_owned(),
        // From before the time was noted.
        (None, name) => name.clone().unwrap_or_default(),
    };
    Record::new(format!("/calls/{}", call.id), who)
        .tags(state.tag(lang))
        .time(clock::brief(call.started_at, now))
        .detail(detail)
}

/// `GET /calls/callbacks?view=open|done|all&q=&by=`
pub async fn show(cx: Cx) -> Result<Response> {
    let (db, scope, lang) = (&cx.office.db, cx.scope(), cx.lang);
    let view = cx.query("view").and_then(View::from_code);
    let q = cx.query("q").unwrap_or_default();
    let by = cx.query("by").and_then(|id| id.parse().ok());
    let sought = Sought::of(db, Some(q), cx.now).await?;
    let filter = Filter { view: view.unwrap_or(View::Open), sought, by, q };
    let found = list(db, &scope, &filter, cx.paging()).await?;
    let week = week(db, &scope, cx.now).await?;
    let path = "/calls/callbacks";
    let by_word = by.map(|by| by.to_string()).unwrap_or_default();
    let views: Vec<(String, String, bool)> = View::ALL
        .into_iter()
        .map(|one| (format!("{path}?view={}", one.code()), one.name(lang).into_owned(), one == filter.view))
        .collect();
    let number = |href: String, number: String, label: std::borrow::Cow<'static, str>| StripItem {
        href,
        number,
        label: label.into_owned(),
        hot: false,
    };
    let average = if week.timed > 0 { span(lang, week.waited / week.timed) } else { "—".to_owned() };
    let numbers = [
        number(format!("{path}?view=all"), week.missed.to_string(), t!(lang, "calls.week_missed")),
        number(format!("{path}?view=done"), week.returned.to_string(), t!(lang, "calls.week_returned")),
        number(format!("{path}?view=done"), average, t!(lang, "calls.week_average")),
    ];
    let mine = cx.actor().id;
    let body = html! {
        (strip(&numbers))
        (search_bar(path, filter.q, &t!(lang, "calls.find_number"), &[("view", filter.view.code())]))
        (segmented(&views))
        @if filter.view != View::Open {
            (segmented(&[
                (format!("{path}?view={}", filter.view.code()), t!(lang, "calls.by_anybody").into_owned(), by.is_none()),
                (format!("{path}?view={}&by={mine}", filter.view.code()), t!(lang, "calls.by_me").into_owned(), by == Some(mine)),
            ]))
        }
        @if found.rows.is_empty() { (empty(t!(lang, "calls.none_to_return"), None)) }
        @else {
            (records(&columns(lang), found.rows.iter().map(|call| record(lang, call, cx.now))))
            (pager(lang, path, &[("view", filter.view.code()), ("q", filter.q), ("by", &by_word)], found.page, found.more))
        }
    };
    Ok(page_of(Page::new(&cx.frame(), t!(lang, "calls.callbacks")).back("/calls").refresh().render(body)))
}
