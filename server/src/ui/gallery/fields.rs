//! The form fields of the gallery, right and wrong.

use maud::{Markup, html};

use crate::kernel::i18n::Lang;
use crate::ui::button::ButtonKind;
use crate::ui::card;
use crate::ui::form::{
    FieldView, InputKind, check_cells, checkbox, error_summary, file, file_photo, location, post, quantity,
    radio_cells, search_choice, select, submit, text, textarea,
};

pub(super) fn fields(lang: Lang) -> Markup {
    let errors = [("phone", "手机不是有效的电话号码，例如 13805362417"), ("level", "请从列表里选择级别")];
    html! {
        (error_summary(lang, &errors))
        (post("/gallery", "019373a2-0000-7000-8000-000000000000").version(3).files().holding(html! {
            (card(Some("填写 Fields"), None, html! {
                (text(&FieldView::new("name", "企业名称").value("昌乐县丰源农资").required(), InputKind::Text, 60))
                (text(&FieldView::new("phone", "手机").value("1380536").error(Some("手机不是有效的电话号码，例如 13805362417")).required(), InputKind::Phone, 20))
                (text(&FieldView::new("email", "邮箱").hint("用于发送对账单"), InputKind::Email, 80))
                (text(&FieldView::new("limit", "信用额度").value("40000"), InputKind::Money, 16))
                (quantity(lang, &FieldView::new("qty", "数量").value("20"), "箱"))
                (text(&FieldView::new("due", "下次拜访").value("2026-11-23"), InputKind::Date, 10))
                (text(&FieldView::new("at", "提醒时间").value("2026-11-23T14:00"), InputKind::DateTime, 16))
                (select(&FieldView::new("level", "级别").error(Some("请从列表里选择级别")), &[("", "请选择"), ("a", "甲级"), ("b", "乙级")]))
                (search_choice(&FieldView::new("industry", "行业"), &["零售商", "合作社", "种植大户"]))
                (textarea(&FieldView::new("note", "备注").value("老客户备货"), 500))
            }))
            (card(Some("选择 Choices"), None, html! {
                (radio_cells(&FieldView::new("result", "拜访结果").value("order").required(), &[("order", "下单"), ("follow", "继续跟进"), ("no", "无意向")]))
                (check_cells(&FieldView::new("tags", "标签"), &[("vip", "重点客户", true), ("far", "路远", false)]))
                (checkbox(&FieldView::new("urgent", "紧急，短信通知对方").value("1").hint("一个工作日内只提醒一次")))
            }))
            (card(Some("现场 On site"), None, html! {
                (file_photo(&FieldView::new("photo", "拍门头照").required(), true))
                (location(lang))
                (file(&FieldView::new("sheet", "附件").hint("Excel 或 CSV，最大 5 MB"), ".xlsx,.csv"))
            }))
            (submit("保存", ButtonKind::Primary))
        }))
    }
}
