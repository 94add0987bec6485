//! What the pages of templates look like.

use maud::html;

use crate::kernel::access::Gate;
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::sms::rules::{LONGEST, VARIABLES};
use crate::sms::store::Template;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::state::Standing;
use crate::ui::{card, link_button, link_cell};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// 短信模板
pub fn templates(cx: &Cx, templates: &[Template]) -> String {
    let lang = cx.lang;
    let may_edit = cx.may(Gate::export(Module::Sms));
    let body = card(
        None,
        None,
        html! {
            @for template in templates {
                @let name = html! { b { (template.name) } " " @if !template.enabled { (Standing::Off.tag(lang)) } p { (template.text) } };
                @if may_edit { (link_cell(format!("/sms/templates/{}", template.id), name, html! {})) }
                @else { div.cell { div.g { (name) } } }
            }
        },
    );
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "sms.templates")).back("/sms");
    let page = if may_edit {
        page.bar(link_button("/sms/templates/new", t!(lang, "sms.new_template"), ButtonKind::Primary))
    } else {
        page
    };
    page.render(body)
}

/// A template's form; `other` is what somebody else saved meanwhile.
pub fn template(cx: &Cx, template: Option<&Template>, form: &Form, other: Option<&Template>) -> String {
    let lang = cx.lang;
    let variables = VARIABLES.map(|name| format!("{{{name}}}")).join(" ");
    let action =
        template.map_or_else(|| "/sms/templates".to_owned(), |template| format!("/sms/templates/{}", template.id));
    let body = html! {
        @if let Some(other) = other {
            (card(Some(&t!(lang, "sms.conflict")), None, html! {
                div.cell { div.g { small { (t!(lang, "sms.theirs")) } p.pre { (other.text) } } }
                div.cell { div.g { (t!(lang, "sms.conflict_text")) } }
            }))
        }
        (fields::post(&action, &cx.op_id()).version_if(template.map(|template| form.version_on(template.version))).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&form.field("name", &t!(lang, "sms.template_name")).required(), InputKind::Text, 40))
                (fields::textarea(&form.field("text", &t!(lang, "sms.text")).required().hint(&t!(lang, "sms.variables", names = variables)), LONGEST))
                (fields::checkbox(&form.field("enabled", &t!(lang, "sms.switched_on"))))
            }))
            (fields::submit(t!(lang, "sms.save"), ButtonKind::Primary))
        }))
    };
    let title = template.map_or_else(|| t!(lang, "sms.new_template").into_owned(), |template| template.name.clone());
    let frame = cx.frame();
    let page = Page::new(&frame, title).back("/sms/templates");
    let page = if form.is_right() && other.is_none() { page } else { page.error_title() };
    page.render(body)
}
