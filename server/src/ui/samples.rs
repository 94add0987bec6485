//! Pages as the features will compose them, written out for looking at: `UI_SAMPLES=<folder> cargo test`.

use maud::html;

use crate::kernel::i18n::Lang;
use crate::ui::button::{ButtonKind, button, button_for, link_button};
use crate::ui::cell::{cell, entry, figure, link_cell, plain_cell};
use crate::ui::form::{FieldView, InputKind, error_summary, location, post, quantity, select, text, textarea};
use crate::ui::layout::{Frame, Look, Page, Sheet, TabItem, TextSize, Theme, badge};
use crate::ui::list::{View, views};
use crate::ui::timeline::{Moment, TimelineItem, timeline};
use crate::ui::*;

fn tr(lang: Lang, zh: &'static str, en: &'static str) -> String {
    match lang {
        Lang::Zh => zh.to_owned(),
        Lang::En => en.to_owned(),
    }
}

fn frame(lang: Lang, look: Look, path: &str) -> Frame {
    let tab = |href, zh, en, icon, badge| TabItem {
        href,
        label: tr(lang, zh, en),
        icon,
        badge: Some(badge),
        current: path == href,
        tab: true,
        heading: None,
    };
    Frame {
        lang,
        look,
        sheet: Sheet::Inlined,
        tabs: vec![
            tab("/", "工作台", "Home", Icon::Home, 0),
            tab("/customers", "客户", "Customers", Icon::Customers, 0),
            tab("/visits", "拜访", "Visits", Icon::Visits, 0),
            tab("/approvals", "审批", "Approvals", Icon::Approvals, 2),
            tab("/me", "我", "Me", Icon::Me, 120),
        ],
        path: path.to_owned(),
        came_from: None,
        signed_in: true,
        live: true,
        user_key: "k3v9".to_owned(),
        toast: None,
    }
}

fn workbench(f: &Frame) -> String {
    let item = |href, n: &str, zh, en, hot| StripItem { href, number: n.to_owned(), label: tr(f.lang, zh, en), hot };
    let act = |zh, en, icon| Act { href: "/orders", label: tr(f.lang, zh, en), icon };
    let bell = html! { a.ib href="/announcements" aria-label=(tr(f.lang, "公告", "Announcements")) { (Icon::Bell.markup()) (badge("/announcements", 0)) } };
    Page::new(f, tr(f.lang, "王芳，上午好", "Good morning, Wang Fang"))
        .subtitle(tr(f.lang, "11月23日 周一 · 潍坊片区", "Mon 23 Nov · Weifang"))
        .header_action(bell)
        .tabs()
        .refresh()
        .render(html! {
            (strip(&[item("/visits", "2/6", "今日拜访", "Visits", false), item("/tasks", "4", "待办", "Tasks", false), item("/approvals", "2", "待我审批", "To approve", false), item("/calls", "1", "未接来电", "Missed calls", true)]))
            (card(Some(&tr(f.lang, "下一站", "Next stop")), Some(("/visits", &tr(f.lang, "全部路线", "Whole route"))), html! {
                (link_cell("/customers/1", entry("昌乐县丰源农资", tag(tr(f.lang, "欠款 ¥18,600", "Owes ¥18,600"), Tone::Warn), tr(f.lang, "城关街道新昌路 · 2.4 km · 上次 11月9日", "Xinchang Road · 2.4 km · last 9 Nov")), html! {}))
                div.row { (link_button("/visits/1/check-in", tr(f.lang, "签到", "Check in"), ButtonKind::Primary)) (link_button("https://example.com/", tr(f.lang, "导航", "Directions"), ButtonKind::Quiet)) }
            }))
            (acts(&[act("开单", "New order", Icon::Order), act("回款", "Payment", Icon::Payment), act("库存", "Stock", Icon::Stock), act("请示", "Request", Icon::Request)]))
            (card(Some(&tr(f.lang, "今天", "Today")), Some(("/calendar", &tr(f.lang, "日程", "Calendar"))), html! {
                (link_cell("/visits/2", entry("寿光绿野植保站", tag(tr(f.lang, "已拜访", "Visited"), Tone::Good), tr(f.lang, "09:10–09:42 · 订单 ¥12,800 待审批", "09:10–09:42 · order ¥12,800 in approval")), html! {}))
                (link_cell("/tasks/2", entry(tr(f.lang, "回访 李建国（青州兴农）", "Call Li Jianguo back"), tag(tr(f.lang, "待办", "To do"), Tone::Warn), tr(f.lang, "今天 14:00 前 · 主管指派", "Before 14:00 · from the manager")), html! {}))
                div.cell { div.g { (entry("138 0536 2417", tag(tr(f.lang, "未接", "Missed"), Tone::Bad), tr(f.lang, "10:26 · 临朐惠民农资 张经理", "10:26 · Linqu Huimin, Mr Zhang"))) } (link_button("tel:13805362417", tr(f.lang, "回拨", "Call"), ButtonKind::Quiet)) }
            }))
        })
}

fn customers(f: &Frame) -> String {
    let view = |zh, en, count, current| View { href: "/customers?view=x", label: tr(f.lang, zh, en), count, current };
    let names = [
        "昌乐县丰源农资",
        "临朐惠民农资",
        "寿光绿野植保站",
        "青州兴农合作社",
        "安丘金穗种业农药",
        "高密田园农资连锁",
        "诸城百姓农资",
        "坊子区沃土农资",
        "寒亭农友之家",
        "昌邑丰收植保",
    ];
    Page::new(f, tr(f.lang, "客户", "Customers"))
        .subtitle(tr(f.lang, "我的 214 家 · 今日应回访 5 家", "214 of mine · 5 to call back today"))
        .header_action(html! { a.btn.q href="/customers/new" { (Icon::Plus.markup()) (tr(f.lang, "新建", "New")) } })
        .tabs()
        .render(html! {
            (search_bar("/customers", "", &tr(f.lang, "名称、拼音首字母、电话后四位", "Name, initials, last digits"), &[]))
            (views(&tr(f.lang, "视图", "Views"), &[view("我的", "Mine", Some(214), true), view("今日回访", "Due today", Some(5), false), view("公海", "Pool", None, false), view("30 天未联系", "Silent 30 days", Some(12), false)]))
            (card(None, None, html! { @for name in names.iter().chain(&names) {
                (link_cell("/customers/1", entry(name, tag(tr(f.lang, "欠款", "Owes"), Tone::Warn), "李丰源 · 139 6361 0087"), html! { small.num { "2.4 km" } }))
            } }))
            (pager(f.lang, "/customers", &[("view", "mine")], 2, true))
        })
}

fn customer(f: &Frame) -> String {
    let act = |href, zh, en, icon| Act { href, label: tr(f.lang, zh, en), icon };
    let item = |n: &str, zh, en| StripItem {
        href: "/orders".to_owned(),
        number: n.to_owned(),
        label: tr(f.lang, zh, en),
        hot: false,
    };
    Page::new(f, "临朐惠民农资").subtitle("零售商 · 甲级 · 潍坊/临朐 · 王芳").back("/customers").tabs().render(html! {
        (acts(&[act("tel:1", "拨号", "Call", Icon::Phone), act("sms:1", "短信", "Message", Icon::Sms), act("/x", "导航", "Directions", Icon::Navigate), act("/visits/new", "拜访", "Visit", Icon::Visits)]))
        (strip(&[item("18,600", "欠款", "Owes"), item("40,000", "信用额度", "Credit"), item("12.6万", "本年进货", "This year")]))
        (card(Some(&tr(f.lang, "联系人", "Contacts")), Some(("/contacts/new", &tr(f.lang, "添加", "Add"))), html! {
            (link_cell("/contacts/1", cell::person("张卫东", "经理", "138 0536 2417"), tag("农历八月初三生日", Tone::Info)))
            (link_cell("/contacts/2", cell::person("刘敏", "会计", "0536-311 2290"), html! {}))
        }))
        (card(Some(&tr(f.lang, "往来", "History")), Some(("/x", &tr(f.lang, "筛选", "Filter"))), timeline(&[
            TimelineItem::new(html! { "未接来电 " (tag("待回拨", Tone::Bad)) }, "今天 10:26 · 响铃 24 秒").moment(Moment::Bad),
            TimelineItem::new("短信 已送达", "11月21日 · “您订购的 20 箱……已发货，安能 3100…”"),
            TimelineItem::new(html! { "拜访 32 分钟 " (tag("定位可信", Tone::Good)) }, "11月9日 · 货架缺 30% 苯甲·丙环唑；下次 11月23日").link("/visits/1"),
        ])))
        (card(Some(&tr(f.lang, "资料", "Details")), None, html! { (cell::cell(tr(f.lang, "结算", "Settlement"), "赊销 30 天")) (cell::cell(tr(f.lang, "地址", "Address"), "山东省潍坊市临朐县城关街道兴隆路 77 号")) }))
    })
}

fn approval(f: &Frame) -> String {
    Page::new(f, tr(f.lang, "订单审批", "Order approval"))
        .subtitle("DD20261123-017 · 王芳 10:02")
        .back("/approvals")
        .header_action(tag(tr(f.lang, "待我审批", "Mine to decide"), Tone::Warn))
        .bar(html! {
            (link_button("/approvals/1/return", tr(f.lang, "驳回", "Refuse"), ButtonKind::Danger))
            (link_button("/approvals/1/handover", tr(f.lang, "转办", "Hand over"), ButtonKind::Quiet))
            (post("/orders/1/approval", "0").version(2).holding(button(tr(f.lang, "同意", "Agree"), ButtonKind::Primary)))
        })
        .render(html! {
            (card(Some("寿光绿野植保站"), None, html! { (money(1_280_000)) (plain_cell(html! { small { "触发规则：金额超过 10,000 元" } }, html! {})) }))
            (card(None, None, html! {
                (plain_cell(html! { "毛利率" }, figure("14.2%", "部门均值 17.8%")))
                (plain_cell(html! { "信用占用 " span.num { "¥31,400 / 40,000" } (meter(31_400, 40_000, "信用占用")) }, html! { small { "本单后" } br; b.num { "78%" } }))
                (cell("逾期欠款", html! { b { "无" } })) (cell("库存", tag("均充足", Tone::Good)))
            }))
            (card(Some("明细 3 行"), Some(("/orders/1", "展开")), html! {
                (plain_cell(html! { "2.5% 高效氯氟氰菊酯" p.num { "20 箱 × ¥" span.was { "268" } "252" } }, figure("5,040", "上次 ¥260")))
                (plain_cell(html! { "30% 苯甲·丙环唑" p.num { "10 箱 × ¥412" } }, figure("4,120", "")))
            }))
            (card(Some("流转"), None, timeline(&[
                TimelineItem::new("王芳 提交", "10:02 · “老客户备货，12 月 5 日前付清”"),
                TimelineItem::new(html! { b { "您" } "（销售部主管）" }, "等待中 8 分钟").moment(Moment::Next),
                TimelineItem::new("财务部 周敏", "毛利率低于 15% 时会签").moment(Moment::Next),
            ])))
        })
}

fn order_form(f: &Frame) -> String {
    let errors = [("lines.1.quantity", "第 2 行数量请填大于 0 的数"), ("due", "交货日期不能早于今天")];
    let (unit, qty, price) = (tr(f.lang, "单位", "Unit"), tr(f.lang, "数量", "Quantity"), tr(f.lang, "单价", "Price"));
    Page::new(f, tr(f.lang, "新建订单", "New order")).subtitle("临朐惠民农资 · 批发价").back("/customers/1").error_title()
        .bar(html! { (link_button("/orders", tr(f.lang, "存草稿", "Save draft"), ButtonKind::Quiet)) (button_for("order", tr(f.lang, "提交", "Submit"), ButtonKind::Primary)) })
        .render(html! {
            (error_summary(f.lang, &errors))
            (post("/orders", "0").id("order").offline("order").holding(html! {
                @for (place, name, count, error) in [(0, "2.5% 高效氯氟氰菊酯 · 40 瓶/箱", "20", None), (1, "30% 苯甲·丙环唑 · 20 瓶/箱", "0", Some("第 2 行数量请填大于 0 的数"))] {
                    (card(Some(name), Some(("/x", &tr(f.lang, "移除", "Remove"))), html! {
                        (quantity(&FieldView::new(&format!("lines.{place}.quantity"), &qty).value(count).error(error).required(), "箱"))
                        (select(&FieldView::new(&format!("lines.{place}.unit"), &unit).value("c"), &[("b", "瓶"), ("c", "箱")]))
                        (text(&FieldView::new(&format!("lines.{place}.price"), &price).value("252.00").hint("上次 ¥260.00"), InputKind::Money, 16))
                    }))
                }
                (card(None, None, html! {
                    (text(&FieldView::new("due", &tr(f.lang, "交货日期", "Delivery date")).value("2026-11-20").error(Some("交货日期不能早于今天")), InputKind::Date, 10))
                    (textarea(&FieldView::new("note", &tr(f.lang, "备注", "Note")), 500))
                    (location(f.lang))
                }))
            }))
        })
}

#[test]
fn samples_are_written_where_asked() -> std::io::Result<()> {
    let Some(folder) = std::env::var_os("UI_SAMPLES") else { return Ok(()) };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    for lang in Lang::ALL {
        for text in [TextSize::Normal, TextSize::Large] {
            for theme in [Theme::Auto, Theme::Dark] {
                let look = Look { text, theme };
                let pages = [
                    ("gallery", gallery(&frame(lang, look, "/gallery"))),
                    ("workbench", workbench(&frame(lang, look, "/"))),
                    ("customers", customers(&frame(lang, look, "/customers"))),
                    ("customer", customer(&frame(lang, look, "/customers"))),
                    ("approval", approval(&frame(lang, look, "/approvals"))),
                    ("order", order_form(&frame(lang, look, "/orders"))),
                    ("outbox", outbox_page(&frame(lang, look, "/outbox"))),
                ];
                for (name, page) in pages {
                    std::fs::write(folder.join(format!("{name}.{}.{text:?}.{theme:?}.html", lang.code())), page)?;
                }
            }
        }
    }
    for asset in assets::all() {
        let path = folder.join(asset.path.trim_start_matches('/'));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, asset.body)?;
    }
    std::fs::write(folder.join("csp.txt"), layout::csp_style_hash())
}
