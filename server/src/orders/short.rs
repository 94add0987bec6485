//! An order that wants more than its warehouse has: what its page says, and the ways out.

use maud::{Markup, html};

use super::Body;
use crate::documents::Full;
use crate::kernel::i18n::{Lang, t};
use crate::lines::Weighed;
use crate::ui::form::ButtonKind;
use crate::ui::tag::{Tone, tag};
use crate::ui::{cell, link_button};

/// Whether the order cannot be submitted: it would come into force at once, and stock is short.
pub(super) fn is_held(needs: &[&str], lines: &[Weighed]) -> bool {
    needs.is_empty() && lines.iter().any(Weighed::is_short)
}

/// Whether the stock is enough for all lines.
pub(super) fn stock_cell(lang: Lang, order: &Full<Body>, lines: &[Weighed]) -> Markup {
    let short = lines.iter().filter(|line| line.is_short()).count();
    cell(
        &t!(lang, "orders.stock"),
        html! {
            @if short == 0 { (tag(&t!(lang, "orders.stock_enough"), Tone::Good)) }
            @else { (tag(&t!(lang, "orders.stock_lines_short", n = short), Tone::Bad)) }
            @if let Some(warehouse) = &order.body.warehouse { br; small { (warehouse) } }
        },
    )
}

/// Where a shortage is put right: the first short line's quantity, another warehouse.
pub(super) fn ways_out(lang: Lang, order: &Full<Body>, lines: &[Weighed]) -> Markup {
    let edit = format!("{}/edit", order.head.address());
    html! {
        @if let Some(place) = lines.iter().position(Weighed::is_short) {
            div.row.full {
                (link_button(format!("{edit}#f-quantity_{place}"), t!(lang, "orders.change_quantity"), ButtonKind::Primary))
                (link_button(format!("{edit}#f-warehouse_id"), t!(lang, "orders.change_warehouse"), ButtonKind::Quiet))
            }
        }
    }
}
