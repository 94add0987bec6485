//! The clerk's day: calls to return, replies to read, orders in force, goods that run out.

use maud::{Markup, html};

use crate::calls::{self, Call};
use crate::documents::{self, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::i18n::t;
use crate::kinds::Kind;
use crate::modules::Module;
use crate::orders::Order;
use crate::sms::{self, ThreadRow};
use crate::stock::{self, InWarehouse};
use crate::ui::card;
use crate::web::cx::Cx;
use crate::web::error::Result;

use super::FEW;

/// What waits at the desk.
pub(super) struct Desk {
    calls: Vec<Call>,
    messages: Vec<ThreadRow>,
    orders: Vec<Head>,
    short: Vec<InWarehouse>,
}

impl Desk {
    pub async fn read(cx: &Cx) -> Result<Desk> {
        let (db, scope) = (&cx.office.db, cx.scope());
        let may = |module: Module| cx.may(Gate::view(module));
        // The red numbers know whether there is anything to look for.
        let waits =
            |module: Module| may(module) && cx.badges.iter().any(|(to, count)| *to == module.href() && *count > 0);
        Ok(Desk {
            calls: if waits(Module::Calls) { calls::to_return(db, &scope, FEW).await? } else { Vec::new() },
            messages: if waits(Module::Sms) { sms::unread_threads(db, &scope, FEW).await? } else { Vec::new() },
            orders: if may(Module::Orders) {
                documents::newest(db, &scope, Kind::Order, State::Active, FEW).await?
            } else {
                Vec::new()
            },
            short: if may(Module::Stock) { stock::short(db, FEW).await? } else { Vec::new() },
        })
    }

    /// 待回拨
    pub fn calls(&self, cx: &Cx) -> Markup {
        let rows = html! { @for call in &self.calls { (calls::row(cx, call)) } };
        listed(cx, "workbench.to_return", "/calls?view=missed", self.calls.is_empty(), rows)
    }

    /// 未读短信
    pub fn messages(&self, cx: &Cx) -> Markup {
        let rows = html! { @for thread in &self.messages { (sms::thread_row(cx, thread)) } };
        listed(cx, "workbench.unread", "/sms?view=unread", self.messages.is_empty(), rows)
    }

    /// 待发货: orders in force.
    pub fn orders(&self, cx: &Cx) -> Markup {
        let rows = html! { @for head in &self.orders { (documents::row::<Order>(cx, head)) } };
        listed(cx, "workbench.in_force", "/orders?view=active", self.orders.is_empty(), rows)
    }

    /// 缺货: more is promised than there is.
    pub fn stock(&self, cx: &Cx) -> Markup {
        let rows = html! { @for row in &self.short { (stock::balance_row(cx.lang, row)) } };
        listed(cx, "workbench.short", "/stock", self.short.is_empty(), rows)
    }
}

/// A card with its rows and the way to all of them; nothing where there are none.
fn listed(cx: &Cx, title: &str, all: &str, is_empty: bool, rows: Markup) -> Markup {
    if is_empty {
        return html! {};
    }
    card(Some(&t!(cx.lang, title)), Some((all, &t!(cx.lang, "workbench.all"))), rows)
}
