//! Customers for the road 随身客户: one small page with whom one deals with, kept on the phone and looked through
//! there. Money is not on it: a phone can be lost.

use maud::{Markup, html};
use poem::Response;
use sqlx_macros::FromRow;

use super::store::WHOM;
use crate::kernel::access::Scope;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::layout::Page;
use crate::ui::{card, empty, pager, search_bar};
use crate::web::cx::Cx;
use crate::web::error::Result;

/// How many fit one first flight of TCP; twice as many are kept.
const ON_A_PAGE: i64 = 100;
const PAGES: i64 = 2;

#[derive(Debug, FromRow)]
struct PocketRow {
    id: Id,
    name: String,
    mnemonic: String,
    last_contact_at: Option<Millis>,
    next_contact_on: Option<String>,
    contact_name: String,
    phone: String,
}

/// The reader's own customers, the one of whom something was heard last first; and whether there are more.
async fn latest(db: &Db, scope: &Scope, page: i64) -> Result<(Vec<PocketRow>, bool), DbError> {
    let query = sql("SELECT x.id, x.name, x.mnemonic, x.last_contact_at, x.next_contact_on, ")
        .push(WHOM)
        .push(" FROM (SELECT c.id, c.name, c.mnemonic, c.last_contact_at, c.created_at, c.next_contact_on ")
        .push("FROM customers c WHERE c.deleted_at IS NULL");
    let mut rows: Vec<PocketRow> = scope
        .mine()
        .restrict(query, "c.owner_id")
        .push(" ORDER BY COALESCE(c.last_contact_at, c.created_at) DESC, c.id DESC LIMIT ")
        .arg(ON_A_PAGE + 1)
        .push(" OFFSET ")
        .arg((page - 1) * ON_A_PAGE)
        .push(") AS x ORDER BY COALESCE(x.last_contact_at, x.created_at) DESC, x.id DESC")
        .all(db)
        .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > ON_A_PAGE);
    if more {
        rows.pop();
    }
    Ok((rows, more && page < PAGES))
}

/// `GET /customers/pocket?page=`
pub(super) async fn show(cx: Cx) -> Result<Response> {
    let page = cx.paging().page.clamp(1, PAGES);
    let (rows, more) = latest(&cx.office.db, &cx.scope(), page).await?;
    let frame = cx.frame();
    let document = Page::new(&frame, t!(cx.lang, "customers.pocket"))
        .subtitle(t!(cx.lang, "customers.pocket_about"))
        .back("/customers")
        .render(body(cx.lang, &rows, page, more));
    Ok(cx.offline_page(document))
}

/// Each row has its customer's id, by which the service worker leads here where that customer's own page is not
/// on the phone.
fn body(lang: Lang, rows: &[PocketRow], page: i64, more: bool) -> Markup {
    html! {
        @if rows.is_empty() {
            (empty(&t!(lang, "customers.none"), None))
        } @else {
            div data-find { (search_bar("/customers", "", &t!(lang, "customers.find"), &[])) }
            (card(None, None, html! { @for row in rows { (cell(lang, row)) } }))
            (pager(lang, "/customers/pocket", &[], page, more))
        }
    }
}

fn cell(lang: Lang, row: &PocketRow) -> Markup {
    let digits: String = row.phone.chars().filter(char::is_ascii_digit).collect();
    let agreed = row.next_contact_on.as_ref().map(|day| t!(lang, "customers.pocket_next", day = short(day)));
    let heard = row.last_contact_at.map(|at| t!(lang, "customers.pocket_last", day = short(&clock::iso_day(at))));
    html! {
        div.cell id=(row.id) data-k=(row.mnemonic) {
            a.g href={ "/customers/" (row.id) } {
                b { (row.name) }
                p { (row.contact_name) " " @if let Some(when) = agreed.or(heard) { (when) } }
            }
            @if !digits.is_empty() { a.v href={ "tel:" (digits) } { (row.phone) } }
        }
    }
}

/// Month and day of `YYYY-MM-DD`.
fn short(day: &str) -> &str {
    day.get(5..).unwrap_or(day)
}
