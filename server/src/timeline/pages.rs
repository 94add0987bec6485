//! Handlers, in the order of the routes.

use poem::Response;
use tokio::try_join;

use super::view::{self, CustomerPage};
use super::{Reading, recent};
use crate::contacts;
use crate::customers::{self, Customer};
use crate::kernel::access::Gate;
use crate::kernel::db::paging::{Paging, ROWS};
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};

/// Entries on the customer's own page.
const SHOWN: i64 = 8;
/// The timeline is turned no deeper than this; older things are found in their own lists.
const DEEPEST: i64 = 10;

/// `GET /customers/:id`
pub(super) async fn show(cx: Cx) -> Result<Response> {
    let db = &cx.office.db;
    let customer = customer_of(&cx).await?;
    let scope = cx.scope();
    let people = contacts::without_numbers(db, &scope, customer.id);
    let recent = recent(db, asked(&cx, &customer), SHOWN);
    let (mut contacts, (entries, numbers)) = try_join!(people, recent)?;
    let numbers = contacts::give_numbers(&mut contacts, numbers);
    let may = |gate: Gate| cx.may(gate);
    let card = CustomerPage {
        lang: cx.lang,
        now: cx.now,
        customer: &customer,
        contacts: &contacts,
        own_numbers: numbers.iter().collect(),
        entries: &entries,
        may_edit: may(Gate::edit(Module::Customers)),
        may_create: may(Gate::create(Module::Customers)),
        may_visit: may(Gate::create(Module::Visits)),
        may_text: may(Gate::create(Module::Sms)),
        may_quote: may(Gate::create(Module::Quotes)),
        may_order: may(Gate::create(Module::Orders)),
        may_pay: may(Gate::create(Module::Payments)),
        may_task: may(Gate::create(Module::Tasks)),
        sees_orders: may(Gate::view(Module::Orders)),
        sees_payments: may(Gate::view(Module::Payments)),
    };
    let frame = cx.frame();
    let page = Page::new(&frame, customer.name.as_str())
        .subtitle(view::subtitle(cx.lang, &customer))
        .back("/customers")
        .tabs();
    let page = if card.may_edit { page.header_action(view::edit_button(cx.lang, customer.id)) } else { page };
    Ok(cx.offline_page(page.render(view::show(&card))))
}

/// `GET /customers/:id/timeline?page=`
pub(super) async fn timeline(cx: Cx) -> Result<Response> {
    let customer = customer_of(&cx).await?;
    let paging = cx.paging();
    let paging = if paging.page > DEEPEST { Paging::parse(None) } else { paging };
    // The features know only "the newest", so a later page asks for all before it too.
    let (entries, _) = recent(&cx.office.db, asked(&cx, &customer), paging.page * ROWS + 1).await?;
    let skipped = usize::try_from(paging.offset()).unwrap_or_default();
    let mut listing = paging.cut(entries.into_iter().skip(skipped).collect::<Vec<_>>());
    listing.more = listing.more && listing.page < DEEPEST;
    let page = Page::new(&cx.frame(), t!(cx.lang, "timeline.title"))
        .subtitle(customer.name.as_str())
        .back(format!("/customers/{}", customer.id))
        .render(view::timeline(cx.lang, customer.id, &listing));
    Ok(html(page))
}

async fn customer_of(cx: &Cx) -> Result<Customer> {
    customers::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)
}

fn asked<'a>(cx: &'a Cx, customer: &'a Customer) -> Reading<'a> {
    Reading { actor: cx.actor(), customer, lang: cx.lang, now: cx.now }
}
