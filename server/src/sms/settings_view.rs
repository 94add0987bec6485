//! What the rules for messages and the blocked numbers look like.

use maud::html;

use crate::kernel::clock;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::t;
use crate::sms::blocks::Blocked;
use crate::sms::limits::Block;
use crate::sms::shown;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, empty, link_cell, pager, plain_cell, search_bar};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// 短信设置
pub fn page(cx: &Cx, form: &Form) -> String {
    let lang = cx.lang;
    let text = |name: &str, label: &str, hint: &str, kind: InputKind, max: usize| {
        let field = form.field(name, label);
        fields::text(&if hint.is_empty() { field } else { field.hint(hint) }, kind, max)
    };
    let body = html! {
        (fields::post("/sms/settings", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(Some(&t!(lang, "sms.settings_text")), html! {
                (text("signature", &t!(lang, "sms.signature"), &t!(lang, "sms.signature_hint"), InputKind::Text, 20))
                (text("way_out", &t!(lang, "sms.way_out"), &t!(lang, "sms.way_out_hint"), InputKind::Text, 20))
                (text("price", &t!(lang, "sms.price"), "", InputKind::Money, 12))
            }))
            (fields::fields(Some(&t!(lang, "sms.settings_marketing")), html! {
                (text("quiet_from", &t!(lang, "sms.quiet_from"), "", InputKind::Time, 5))
                (text("quiet_to", &t!(lang, "sms.quiet_to"), "", InputKind::Time, 5))
                (fields::checkbox(&form.field("consent", &t!(lang, "sms.consent_needed"))))
            }))
            (fields::fields(Some(&t!(lang, "sms.settings_caps")), html! {
                (text("cap_person", &t!(lang, "sms.cap_person"), "", InputKind::Quantity, 7))
                (text("cap_recipient", &t!(lang, "sms.cap_recipient"), "", InputKind::Quantity, 7))
                (text("cap_gateway", &t!(lang, "sms.cap_gateway"), "", InputKind::Quantity, 7))
                (text("cap_company", &t!(lang, "sms.cap_company"), "", InputKind::Quantity, 7))
                (text("cap_campaign", &t!(lang, "sms.cap_campaign"), &t!(lang, "sms.cap_campaign_hint"), InputKind::Quantity, 7))
                (text("cap_staff", &t!(lang, "sms.cap_staff"), &t!(lang, "sms.cap_staff_hint"), InputKind::Quantity, 7))
                (text("ranges", &t!(lang, "sms.ranges"), &t!(lang, "sms.ranges_hint"), InputKind::Text, 600))
            }))
            (fields::submit(t!(lang, "sms.save"), ButtonKind::Primary))
        }))
        (card(None, None, link_cell("/sms/blocks", html! { (t!(lang, "sms.blocks")) }, html! {})))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "sms.settings")).back("/sms");
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// 不发名单
pub fn blocks(cx: &Cx, listing: &Listing<Blocked>, form: &Form) -> String {
    let lang = cx.lang;
    let q = cx.query("q").unwrap_or_default();
    let body = html! {
        (search_bar("/sms/blocks", q, &t!(lang, "sms.search"), &[]))
        @if listing.rows.is_empty() { (empty(t!(lang, "sms.no_blocks"), None)) }
        @else {
            (card(None, None, html! {
                @for row in &listing.rows {
                    (plain_cell(
                        html! {
                            b.num { (shown(&row.digits)) } " "
                            (tag(row.kind.name(lang), match row.kind { Block::OptOut => Tone::Plain, Block::Blacklist => Tone::Bad }))
                            @if row.uncertain { " " (tag(t!(lang, "sms.doubtful"), Tone::Warn)) }
                            p { (clock::iso_minute(row.at)) " " @match (&row.by_name, &row.words) {
                                (Some(name), _) => (name),
                                (None, Some(words)) => (t!(lang, "sms.block_words", words = words)),
                                (None, None) => "",
                            } @if !row.note.is_empty() { " · " (row.note) } }
                        },
                        html! {
                            @if row.uncertain { (fields::act_form(&format!("/sms/blocks/{}/confirmation", row.id), &cx.op_id(), None, t!(lang, "sms.is_opt_out"), ButtonKind::Quiet)) }
                            (fields::act_form(&format!("/sms/blocks/{}/ending", row.id), &cx.op_id(), None, if row.uncertain { t!(lang, "sms.not_opt_out") } else { t!(lang, "sms.block_end") }, ButtonKind::Quiet))
                        },
                    ))
                }
            }))
            (pager(lang, "/sms/blocks", &[("q", q)], listing.page, listing.more))
        }
        (fields::post("/sms/blocks", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(Some(&t!(lang, "sms.block_new")), html! {
                (fields::text(&form.field("digits", &t!(lang, "sms.number")).required(), InputKind::Phone, 40))
                (fields::select(&form.field("kind", &t!(lang, "sms.block_kind")).required(), &Block::choices(lang)))
                (fields::text(&form.field("note", &t!(lang, "sms.block_note")), InputKind::Text, 100))
            }))
            (fields::submit(t!(lang, "sms.save"), ButtonKind::Primary))
        }))
    };
    let body = html! {
        (body)
        (card(None, None, link_cell("/contacts/consents", html! { (t!(lang, "sms.consents")) }, html! {})))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "sms.blocks")).back("/sms");
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}
