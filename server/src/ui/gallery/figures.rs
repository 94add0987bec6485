//! Amounts, lengths, charts, tables and pictures of the gallery.

use maud::{Markup, html};

use crate::kernel::i18n::Lang;
use crate::ui::cell::plain_cell;
use crate::ui::chart::{ChartKind, Mark, chart};
use crate::ui::meter::{meter, money, progress, yuan};
use crate::ui::photo::{Photo, photo_grid};
use crate::ui::table::{Column, table};
use crate::ui::{card, full_card};

pub(super) fn figures(lang: Lang) -> Markup {
    let few = [("除草剂", 42_600), ("杀虫剂", 31_800), ("杀菌剂", 22_400), ("植物生长调节剂", 9_700), ("其他", 3_100)];
    let few: Vec<Mark> = few.iter().map(|(label, value)| mark(label, *value)).collect();
    let months: Vec<Mark> =
        (1..=12).map(|month| mark(&format!("{month}月"), 20_000 + (month * 7_919) % 31_000)).collect();
    let photo =
        |n| Photo { href: "/gallery".to_owned(), src: "/icons/icon-192.png".to_owned(), alt: format!("门头照 {n}") };
    html! {
        (card(Some("寿光绿野植保站"), None, html! {
            (money(1_280_000))
            (plain_cell(html! { "信用占用 ¥31,400 / 40,000" (meter(31_400, 40_000, "信用占用")) }, html! { b.num { "78%" } }))
            (plain_cell(html! { "信用占用 ¥39,800 / 40,000" (meter(39_800, 40_000, "信用占用，接近上限")) }, html! { b.num { "99%" } }))
            (progress(430, 1_000, "导入客户", "430 / 1,000 行，可离开本页"))
        }))
        @for kind in ChartKind::ALL {
            @let marks = if matches!(kind, ChartKind::Line) { &months } else { &few };
            (chart(lang, kind, &format!("{kind:?} · 本年销售额"), "品类", "销售额（元）", marks))
        }
        (full_card(Some("表格 Table"), None, table(
            "订单",
            &[Column::text("单号").sort("/gallery"), Column::text("客户"), Column::text("状态"), Column::number("金额")],
            &[
                vec![link("DD20261123-017"), html! { "寿光绿野植保站" }, html! { "审批中" }, html! { "12,800.00" }],
                vec![link("DD20261121-009"), html! { "临朐惠民农资" }, html! { "执行中" }, html! { "8,460.00" }],
            ],
            Some(&[html! { "合计" }, html! {}, html! {}, html! { "21,260.00" }]),
        )))
        (card(Some("照片 Photos"), None, photo_grid(&[photo(1), photo(2), photo(3)])))
    }
}

fn link(label: &str) -> Markup {
    html! { a href="/gallery" { (label) } }
}

fn mark(label: &str, value: i64) -> Mark {
    Mark {
        label: label.to_owned(),
        value,
        text: yuan(value * 100).trim_end_matches(".00").to_owned(),
        href: Some("/gallery".to_owned()),
    }
}
