//! The gallery: every component in every state on one page, for looking at and for checking accessibility.
//! What stands in the samples is data of an invented company, so it is not translated.

mod fields;
mod figures;

use maud::{Markup, html};

use crate::kernel::i18n::Lang;
use crate::ui::button::{ButtonKind, button, button_row, icon_link, link_button};
use crate::ui::cell::{cell, counted, entry, figure, link_cell, person, plain_cell, text_cell, timed_entry};
use crate::ui::dialog::{ask, confirm_link};
use crate::ui::form::act_form;
use crate::ui::icon::Icon;
use crate::ui::layout::{Frame, Page, language_switch};
use crate::ui::list::{View, pager, search_bar, sorting, views};
use crate::ui::state::Standing;
use crate::ui::strip::{Act, StripItem, acts, strip};
use crate::ui::tag::{Tone, tag};
use crate::ui::thumb::thumb_cell;
use crate::ui::timeline::{Moment, TimelineItem, timeline};
use crate::ui::{card, empty};

/// The gallery for the person of `frame`.
#[must_use]
pub fn gallery(frame: &Frame) -> String {
    Page::new(frame, "Gallery")
        .subtitle("外勤通 · Fieldline")
        .back("/me")
        .header_action(icon_link("/gallery", Icon::Settings, "设置 Settings"))
        .tabs()
        .render(html! {
            (numbers())
            (lists(frame))
            (icons())
            (cells(frame.lang))
            (buttons())
            (times())
            (figures::figures(frame.lang))
            (fields::fields(frame.lang))
            (empty("还没有拜访计划。从客户里挑选今天要去的几家。", Some(("/customers", "挑选客户"))))
            p.note { (Icon::Offline.markup()) " 离线 · 上次更新 09:12" }
            (language_switch(frame))
        })
}

fn numbers() -> Markup {
    let item = |href, number: &str, label: &str, hot| StripItem {
        href,
        number: number.to_owned(),
        label: label.to_owned(),
        hot,
    };
    let act = |label: &str, icon| Act { href: "/gallery", label: label.to_owned(), icon };
    html! {
        (strip(&[
            item("/visits", "2/6", "今日拜访", false),
            item("/tasks", "4", "待办", false),
            item("/approvals", "2", "待我审批", false),
            item("/calls", "1", "未接来电", true),
        ]))
        (acts(&[
            act("开单", Icon::Order),
            act("回款", Icon::Payment),
            act("库存", Icon::Stock),
            act("请示", Icon::Request),
            act("费用报销", Icon::Expense),
            act("考勤", Icon::Attendance),
        ]))
    }
}

fn lists(frame: &Frame) -> Markup {
    let view = |label: &'static str, count, current| View { href: "/gallery", label, count, current };
    html! {
        (search_bar("/gallery", "", "名称、拼音首字母、电话后四位", &[("view", "mine")]))
        (views("视图", &[view("我的", Some(214), true), view("今日应回访", Some(5), false), view("公海", None, false), view("30 天未联系", Some(12), false)]))
        (sorting(frame.lang, &[("/gallery".to_owned(), "最近联系".to_owned(), true), ("/gallery".to_owned(), "按名称".to_owned(), false)]))
        (card(Some("列表 List"), Some(("/gallery", "全部")), html! {
            (link_cell("/gallery", entry("昌乐县丰源农资", tag("欠款", Tone::Warn), "李丰源 · 139 6361 0087"), html! { small { "2.4 km" } }))
            (link_cell("/gallery", entry("潍坊市昌乐县五图街道庵上湖农业科技发展有限公司第二门市部", tag("未接来电", Tone::Bad), "张卫东 · 138 0536 2417"), html! { small { "3.1 km" } }))
            (thumb_cell("/gallery", "青州兴农", entry("青州兴农", html! {}, "孙建军 · 137 0536 8812"), html! { small { "4.8 km" } }))
            (link_cell("/gallery", timed_entry("寿光绿野植保站", tag("2 条未读", Tone::Bad), "10:26", "好的，明天上午到店"), html! {}))
            (link_cell("/gallery", entry("临朐惠民农资", html! { (tag("今日已访", Tone::Good)) " " (tag("新客户", Tone::Info)) }, "赵立新 · 136 8536 5520"), html! {}))
        }))
        (pager(frame.lang, "/gallery", &[("view", "mine")], 2, true))
    }
}

fn icons() -> Markup {
    let all: Vec<Act<&str, String>> =
        Icon::ALL.iter().map(|icon| Act { href: "/gallery", label: format!("{icon:?}"), icon: *icon }).collect();
    html! { h2 { "图标 Icons" } (acts(&all)) }
}

fn cells(lang: Lang) -> Markup {
    card(
        Some("单元格 Cells"),
        None,
        html! {
            (cell("业务员", "王芳"))
            (cell("收货地址", "山东省潍坊市寿光市圣城街道渤海路 1188 号农资大市场 3 排 12 号"))
            (plain_cell(person("张卫东", "经理", "138 0536 2417"), tag("农历八月初三生日", Tone::Info)))
            (plain_cell(html! { "2.5% 高效氯氟氰菊酯" p.num { "20 箱 × ¥" span.was { "268" } "252" } }, figure("5,040.00", "上次 ¥260")))
            (text_cell("备注", "老客户备货。\n12 月 5 日前付清。"))
            (cell("可用", counted("884", "桶")))
            (cell("状态", html! { @for state in Standing::ALL { (state.tag(lang)) " " } }))
            (cell("标签", html! { @for tone in Tone::ALL { (tag(format!("{tone:?}"), tone)) " " } }))
        },
    )
}

fn buttons() -> Markup {
    card(
        Some("按钮 Buttons"),
        None,
        html! {
            @for kind in ButtonKind::ALL { (button_row(html! { (button(format!("{kind:?}"), kind)) (link_button("/gallery", "链接 Link", kind)) })) }
            (button_row(html! { (confirm_link("/gallery", "作废订单", ButtonKind::Danger)) button.btn disabled { "不可用" } }))
            (ask("作废订单 DD20261123-017？", "预留的库存会释放，审批随之撤回。", button_row(html! {
                (link_button("/gallery", "先不作废", ButtonKind::Quiet))
                (act_form("/gallery", "0", Some(3), "作废", ButtonKind::Danger))
            })))
        },
    )
}

fn times() -> Markup {
    card(
        Some("往来 Timeline"),
        Some(("/gallery", "筛选")),
        timeline(&[
            TimelineItem::new(html! { "财务部 周敏" }, "毛利率低于 15% 时会签").moment(Moment::Next),
            TimelineItem::new(html! { "未接来电 " (tag("待回拨", Tone::Bad)) }, "今天 10:26 · 响铃 24 秒")
                .moment(Moment::Bad)
                .link("/gallery"),
            TimelineItem::new(
                html! { "拜访 32 分钟 " (tag("定位可信", Tone::Good)) },
                "11月9日 · 货架缺 30% 苯甲·丙环唑；下次 11月23日",
            )
            .link("/gallery"),
            TimelineItem::new("回款 ¥8,000", "11月2日 · 转账 · 核销 2 单"),
        ]),
    )
}
