//! Pages of staff, sign-in and own settings.

use maud::{Markup, PreEscaped, html};

use crate::kernel::access::{Gate, Role};
use crate::kernel::china::phone::Phone;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::ui::form::{self as fields, ButtonKind, FieldView, InputKind};
use crate::ui::layout::{Page, TextSize, Theme, language_switch};
use crate::ui::state::Standing;
use crate::ui::tag::{Tone, tag};
use crate::ui::{Column, Record, Width, card, cell, empty, link_button, link_cell, pager, records, search_bar};
use crate::users::captcha::Question;
use crate::users::sign_in::Kept;
use crate::users::store::{Department, Status, User};
use crate::web::cx::{Cx, Guest};
use crate::web::form::{Form, RESUMED};

fn needed(field: FieldView<'_>) -> FieldView<'_> {
    FieldView { required: true, ..field }
}

/// The name of a role.
pub fn role_name(lang: Lang, role: Role) -> std::borrow::Cow<'static, str> {
    match role {
        Role::Rep => t!(lang, "role.rep"),
        Role::Manager => t!(lang, "role.manager"),
        Role::Clerk => t!(lang, "role.clerk"),
        Role::Admin => t!(lang, "role.admin"),
    }
}

/// The product's mark, as in its icon.
fn mark() -> Markup {
    PreEscaped(r##"<svg viewBox="0 0 512 512" aria-hidden="true"><rect width="512" height="512" rx="112" fill="#0a7446"/><path d="M256 420s122-104 122-196a122 122 0 10-244 0c0 92 122 196 122 196z" fill="#fff"/><path d="M198 228l42 42 76-84" fill="none" stroke="#0a7446" stroke-width="36" stroke-linecap="round" stroke-linejoin="round"/></svg>"##.to_owned())
}

/// The sign-in page; `notice` says why it appeared in place of what was asked for.
/// `question` must be answered before a password is looked at.
pub fn sign_in(guest: &Guest, form: &Form, notice: Option<&str>, question: Option<&Question>) -> String {
    let lang = guest.lang;
    let body = html! {
        div.face.full { (mark()) p { b { (t!(lang, "users.product")) } } p { (t!(lang, "users.promise")) } }
        @if let Some(notice) = notice { (card(None, None, html! { div.cell { div.g { (notice) } } })) }
        (fields::post("/login", &guest.op_id()).holding(html! {
            @if !form.is_right() {
                section.card.errors.full role="alert" tabindex="-1" autofocus { @for (_, message) in form.errors() { p { (message) } } }
            }
            (fields::hidden("next", form.value("next")))
            @if !form.value("kept").is_empty() { (fields::hidden("kept", form.value("kept"))) }
            (fields::fields(None, html! {
                (fields::text(&needed(FieldView { error: None, ..form.field("username", &t!(lang, "users.username")) }), InputKind::Account, 30))
                (fields::text(&needed(form.field("password", &t!(lang, "users.password"))), InputKind::Password, 128))
                @if let Some(question) = question {
                    (fields::hidden("captcha_for", &question.sealed))
                    (fields::text(&needed(form.field("captcha", &question.text)).hint(&t!(lang, "users.captcha_hint")), InputKind::Quantity, 4))
                }
            }))
            (fields::submit(&t!(lang, "users.sign_in"), ButtonKind::Primary))
        }))
        (language_switch(&guest.frame()))
    };
    let frame = guest.frame();
    let page = Page::new(&frame, t!(lang, "users.sign_in_title"));
    if form.is_right() { page.render(body) } else { page.error_title().render(body) }
}

/// After signing in again: the way on to the form, which is shown with what was typed.
pub fn go_on(guest: &Guest, kept: &Kept) -> String {
    let lang = guest.lang;
    let body = html! {
        (card(None, None, html! { div.cell { div.g { (t!(lang, "users.kept_text")) } } }))
        (fields::post(&kept.path, &guest.op_id()).holding(html! {
            @for (name, value) in &kept.fields { (fields::hidden(name, value)) }
            (fields::hidden(RESUMED, "1"))
            (fields::submit(&t!(lang, "users.kept_on"), ButtonKind::Primary))
        }))
    };
    Page::new(&guest.frame(), t!(lang, "users.kept_title")).back("/").render(body)
}

/// The first admin of an empty company.
pub fn setup(guest: &Guest, form: &Form) -> String {
    let lang = guest.lang;
    let body = html! {
        (fields::post("/setup", &guest.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&needed(form.field("company", &t!(lang, "users.company"))), InputKind::Text, 60))
                (fields::text(&needed(form.field("name", &t!(lang, "users.your_name"))), InputKind::Text, 30))
                (fields::text(&needed(form.field("username", &t!(lang, "users.username"))), InputKind::Text, 30))
                (fields::text(&needed(form.field("new", &t!(lang, "users.password"))), InputKind::Password, 128))
                (fields::text(&needed(form.field("again", &t!(lang, "users.password_again"))), InputKind::Password, 128))
            }))
            (fields::submit(&t!(lang, "users.setup_submit"), ButtonKind::Primary))
        }))
        (language_switch(&guest.frame()))
    };
    Page::new(&guest.frame(), t!(lang, "users.setup_title")).subtitle(t!(lang, "users.setup_text")).render(body)
}

/// 我
pub fn me(cx: &Cx) -> String {
    let lang = cx.lang;
    let actor = cx.actor();
    let large = match cx.look.text {
        TextSize::Normal => "",
        TextSize::Large => "large",
    };
    let theme = match cx.look.theme {
        Theme::Auto => "",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let look = cx.blank().with("text", large).with("theme", theme);
    let options = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(value, key)| ((*value).to_owned(), t!(lang, *key).into_owned())).collect()
    };
    let body = html! {
        (card(None, None, html! {
            @for module in Module::ALL.into_iter().filter(|module| cx.may(Gate::view(*module)) && module.has_page()) {
                (link_cell(module.href(), html! { span.lead { (module.icon().markup()) (module.title(lang)) } }, html! {}))
            }
        }))
        (card(Some(&t!(lang, "users.look")), None, fields::post("/me/look", &cx.op_id()).holding(html! {
            (fields::select(&look.field("text", &t!(lang, "users.text_size")), &options(&[("", "users.text_normal"), ("large", "users.text_large")])))
            (fields::select(&look.field("theme", &t!(lang, "users.theme")), &options(&[("", "users.theme_auto"), ("light", "users.theme_light"), ("dark", "users.theme_dark")])))
            (fields::submit(&t!(lang, "users.save"), ButtonKind::Quiet))
        })))
        (card(None, None, html! {
            (link_cell("/outbox", html! { (t!(lang, "users.outbox")) }, html! {}))
            @if cx.may(Gate::approve(Module::Approvals)) { (link_cell("/decisions", html! { (t!(lang, "decisions.title")) }, html! {})) }
            (link_cell("/me/password", html! { (t!(lang, "users.change_password")) }, html! {}))
        }))
        (language_switch(&cx.frame()))
        (fields::post("/logout", &cx.op_id()).holding(fields::submit(&t!(lang, "users.sign_out"), ButtonKind::Quiet)))
    };
    Page::new(&cx.frame(), actor.name.clone()).subtitle(role_name(lang, actor.role)).tabs().render(body)
}

/// Changing one's own password.
pub fn password(cx: &Cx, form: &Form) -> String {
    let lang = cx.lang;
    let body = html! {
        @if cx.actor().must_change_password {
            (card(None, None, html! { div.cell { div.g { (t!(lang, "users.must_change")) } } }))
        }
        (fields::post("/me/password", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&needed(form.field("current", &t!(lang, "users.password_current"))), InputKind::Password, 128))
                (fields::text(&needed(form.field("new", &t!(lang, "users.password_new"))), InputKind::Password, 128))
                (fields::text(&needed(form.field("again", &t!(lang, "users.password_again"))), InputKind::Password, 128))
            }))
            (fields::submit(&t!(lang, "users.save"), ButtonKind::Primary))
        }))
    };
    Page::new(&cx.frame(), t!(lang, "users.change_password")).back("/me").render(body)
}

fn shown_phone(digits: &str) -> String {
    Phone::parse(digits).map_or_else(|| digits.to_owned(), |phone| phone.to_string())
}

fn role_tag(lang: Lang, user: &User) -> Markup {
    html! {
        @if let Some(role) = Role::from_code(&user.role) { (tag(role_name(lang, role), Tone::Plain)) }
        @if user.status != Status::Active { (Standing::Off.tag(lang)) }
    }
}

/// Staff.
pub fn list(cx: &Cx, users: &Listing<User>) -> String {
    let lang = cx.lang;
    let q = cx.query("q").unwrap_or_default();
    let columns = [
        Column::new(t!(lang, "users.column_name"), Width::Share),
        Column::new(t!(lang, "users.role"), Width::Code),
        Column::new(t!(lang, "users.department"), Width::Share),
        Column::new(t!(lang, "users.mobile"), Width::Code),
    ];
    let body = html! {
        (search_bar("/users", q, &t!(lang, "users.search"), &[]))
        @if users.rows.is_empty() { (empty(&t!(lang, "users.none"), None)) }
        @else {
            (records(&columns, users.rows.iter().map(|user| {
                Record::new(format!("/users/{}", user.id), &user.name)
                    .thumb(&user.name)
                    .tags(role_tag(lang, user))
                    .detail(&user.department)
                    .side(html! { span.num { (shown_phone(&user.mobile)) } })
            })))
        }
        (pager(lang, "/users", &[("q", q)], users.page, users.more))
    };
    let frame = cx.frame();
    let mut page = Page::new(&frame, Module::Users.title(lang).into_owned()).back("/me");
    if cx.may(Gate::create(Module::Users)) {
        page = page.bar(link_button("/users/new", &t!(lang, "users.new"), ButtonKind::Primary));
    }
    page.render(body)
}

/// One member of staff.
pub fn show(cx: &Cx, user: &User) -> String {
    let lang = cx.lang;
    let body = card(
        None,
        None,
        html! {
            (cell(&t!(lang, "users.username"), html! { (user.username) }))
            (cell(&t!(lang, "users.role"), role_tag(lang, user)))
            (cell(&t!(lang, "users.department"), html! { (user.department) }))
            (cell(&t!(lang, "users.mobile"), html! { span.num { (shown_phone(&user.mobile)) } }))
        },
    );
    let frame = cx.frame();
    let mut page = Page::new(&frame, user.name.clone()).back("/users");
    if cx.may(Gate::edit(Module::Users)) {
        page = page.bar(link_button(format!("/users/{}/edit", user.id), &t!(lang, "users.edit"), ButtonKind::Primary));
    }
    page.render(body)
}

/// The form for a new (`user` is `None`) or changed member of staff, and below it one for a new department.
pub fn edit(cx: &Cx, user: Option<&User>, form: &Form, departments: &[Department]) -> String {
    let lang = cx.lang;
    let roles: Vec<(String, String)> =
        Role::ALL.iter().map(|role| (role.code().to_owned(), role_name(lang, *role).into_owned())).collect();
    let places: Vec<(String, String)> = departments.iter().map(|d| (d.id.to_string(), indented(d))).collect();
    let action = user.map_or_else(|| "/users".to_owned(), |user| format!("/users/{}", user.id));
    let (password_label, password_hint) = if user.is_some() {
        (t!(lang, "users.password_reset"), t!(lang, "users.password_reset_hint"))
    } else {
        (t!(lang, "users.password_first"), t!(lang, "users.password_first_hint"))
    };
    let body = html! {
        (fields::post(&action, &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&needed(form.field("name", &t!(lang, "users.name"))), InputKind::Text, 30))
                @if user.is_none() { (fields::text(&needed(form.field("username", &t!(lang, "users.username"))), InputKind::Text, 30)) }
                (fields::text(&form.field("mobile", &t!(lang, "users.mobile")), InputKind::Phone, 20))
                (fields::select(&needed(form.field("role", &t!(lang, "users.role"))), &roles))
                (fields::select(&needed(form.field("department_id", &t!(lang, "users.department"))), &places))
                (fields::text(&FieldView { required: user.is_none(), hint: Some(&password_hint), ..form.field("password", &password_label) }, InputKind::NewPassword, 128))
                @if user.is_some() { (fields::checkbox(&form.field("locked", &t!(lang, "users.lock")))) }
            }))
            (fields::submit(&t!(lang, "users.save"), ButtonKind::Primary))
        }))
        @if user.is_none() {
            (card(Some(&t!(lang, "users.new_department")), None, fields::post("/departments", &cx.op_id()).holding(html! {
                (fields::text(&needed(form.field("department", &t!(lang, "users.department"))), InputKind::Text, 30))
                (fields::select(&form.field("parent_id", &t!(lang, "users.department_above")), &places))
                (fields::submit(&t!(lang, "users.add"), ButtonKind::Quiet))
            })))
        }
    };
    let title = if user.is_some() { t!(lang, "users.edit") } else { t!(lang, "users.new") };
    let back = user.map_or_else(|| "/users".to_owned(), |user| format!("/users/{}", user.id));
    Page::new(&cx.frame(), title).back(back).render(body)
}

/// A department's name, set in as deep as it lies in the tree.
fn indented(department: &Department) -> String {
    let depth = department.path.matches('/').count().saturating_sub(2);
    format!("{}{}", "　".repeat(depth), department.name)
}
