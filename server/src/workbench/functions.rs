//! The functions 常用功能 on the first page: which, and in which order, is each person's choice.

use maud::{Markup, html};
use poem::Response;

use crate::kernel::access::{Gate, Role};
use crate::kernel::db::gather::Gathered;
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::button::ButtonKind;
use crate::ui::layout::Page;
use crate::ui::{Act, Icon, acts, form};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::web::form::Form;

use super::Select;

/// The fields of the form: what is shown, the order of all, and the function that a button moves.
const SHOWN: &str = "shown";
const ORDER: &str = "order";
const UP: &str = "up";
const DOWN: &str = "down";

/// The functions that a person sees, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen(Vec<Module>);

impl Chosen {
    /// What a person chose, among gathered rows; else what their role begins with.
    pub fn among(rows: &[Gathered], role: Role) -> Chosen {
        match rows.iter().find(|row| row.what == "functions") {
            Some(row) => Chosen(modules(row.text.split(','))),
            None => Chosen(usual(role).to_vec()),
        }
    }

    pub fn as_slice(&self) -> &[Module] {
        &self.0
    }
}

/// What each role begins with.
fn usual(role: Role) -> &'static [Module] {
    match role {
        Role::Rep => &[
            Module::Orders,
            Module::Quotes,
            Module::Payments,
            Module::Products,
            Module::Stock,
            Module::Sms,
            Module::Calls,
        ],
        Role::Manager => &[
            Module::Orders,
            Module::Payments,
            Module::Quotes,
            Module::Tasks,
            Module::Stock,
            Module::Sms,
            Module::Calls,
        ],
        Role::Clerk => &[
            Module::Orders,
            Module::Payments,
            Module::Stock,
            Module::Sms,
            Module::Calls,
            Module::Products,
            Module::Quotes,
        ],
        Role::Admin => &[
            Module::Users,
            Module::Gateways,
            Module::Products,
            Module::Stock,
            Module::Orders,
            Module::Payments,
            Module::Sms,
        ],
    }
}

/// Modules by their nouns, each once; other words are left out.
fn modules<'a>(nouns: impl Iterator<Item = &'a str>) -> Vec<Module> {
    let mut found = Vec::new();
    for module in nouns.filter_map(|noun| Module::ALL.into_iter().find(|module| module.noun() == noun)) {
        if !found.contains(&module) {
            found.push(module);
        }
    }
    found
}

/// Appends the select of a person's choice.
pub(super) fn select(user: Id) -> Select<'static> {
    Box::new(move |query| {
        query
            .push(
                "SELECT 'functions' AS what, f.user_id AS id, CAST(0 AS BIGINT) AS at, CAST(NULL AS BIGINT) AS ended_at, \
                 '' AS person, '' AS title, f.functions AS text, '' AS state, '' AS more FROM user_functions f WHERE f.user_id = ",
            )
            .arg(user)
    })
}

async fn chosen(db: &Db, user: Id, role: Role) -> Result<Vec<Module>, DbError> {
    let stored: Option<String> =
        sql("SELECT functions FROM user_functions WHERE user_id = $1").bind(user).optional_scalar(db).await?;
    Ok(stored.map_or_else(|| usual(role).to_vec(), |stored| modules(stored.split(','))))
}

async fn set(tx: &mut Tx, user: Id, chosen: &[Module]) -> Result<(), DbError> {
    let nouns: Vec<_> = chosen.iter().map(|module| module.noun()).collect();
    sql("INSERT INTO user_functions (user_id, functions) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET functions = excluded.functions")
    .bind(user)
    .bind(nouns.join(","))
    .run(tx)
    .await
    .map(|_| ())
}

/// Whether a module can stand on this person's first page.
fn can_choose(cx: &Cx, module: Module) -> bool {
    module.has_page() && cx.may(Gate::view(module))
}

/// The functions as a grid, and the way to change them.
pub(super) fn tiles(cx: &Cx, chosen: &[Module]) -> Markup {
    let tile = |href: &'static str, label: String, icon: Icon| Act { href, label, icon };
    let modules = chosen.iter().filter(|module| can_choose(cx, **module));
    let mut items: Vec<Act<&'static str>> =
        modules.map(|module| tile(module.href(), module.title(cx.lang).into_owned(), module.icon())).collect();
    items.push(tile("/functions", t!(cx.lang, "workbench.choose").into_owned(), Icon::Settings));
    acts(&items)
}

/// `GET /functions`
pub(super) async fn show(cx: Cx) -> Result<Response> {
    let chosen = chosen(&cx.office.db, cx.actor().id, cx.actor().role).await?;
    Ok(html(page(&cx, &chosen)))
}

fn page(cx: &Cx, chosen: &[Module]) -> String {
    let lang = cx.lang;
    // First what is shown, in its order; then what is not.
    let others = Module::ALL.into_iter().filter(|module| !chosen.contains(module));
    let all: Vec<Module> = chosen.iter().copied().chain(others).filter(|module| can_choose(cx, *module)).collect();
    let order: Vec<_> = all.iter().map(|module| module.noun()).collect();
    let last = all.len().saturating_sub(1);
    let body = form::post("/functions", &cx.op_id()).holding(html! {
        (form::hidden(ORDER, &order.join(",")))
        (form::fields(None, html! {
            @for (place, module) in all.iter().enumerate() {
                div.split {
                    label.cell {
                        input type="checkbox" name=(SHOWN) value=(module.noun()) checked[chosen.contains(module)];
                        div.g { span.lead { (module.icon().markup()) (module.title(lang)) } }
                    }
                    (arrow(UP, *module, "↑", &t!(lang, "workbench.up", name = module.title(lang)), place == 0))
                    (arrow(DOWN, *module, "↓", &t!(lang, "workbench.down", name = module.title(lang)), place == last))
                }
            }
        }))
        (form::submit(t!(lang, "workbench.save"), ButtonKind::Primary))
    });
    Page::new(&cx.frame(), t!(lang, "workbench.functions"))
        .subtitle(t!(lang, "workbench.functions_hint"))
        .back("/")
        .render(body)
}

/// A button that moves a function by one place.
fn arrow(name: &str, module: Module, sign: &str, label: &str, at_the_end: bool) -> Markup {
    html! { button.ib name=(name) value=(module.noun()) aria-label=(label) disabled[at_the_end] { (sign) } }
}

/// `POST /functions`: saves; a button that moves a function shows the page again.
pub(super) async fn update(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let (order, moved) = ordered(&form)?;
    let shown = modules(form.values(SHOWN));
    let chosen: Vec<Module> =
        order.into_iter().filter(|module| shown.contains(module) && can_choose(&cx, *module)).collect();
    let mut write = cx.write(&form).await?;
    set(&mut write.tx, cx.actor().id, &chosen).await?;
    write.finish(if moved { "/functions" } else { "/?done=saved" }).await
}

/// The order of the form after its button was pressed, and whether one was.
fn ordered(form: &Form) -> Result<(Vec<Module>, bool)> {
    let mut order = modules(form.value(ORDER).split(','));
    let (noun, up) = match (form.value(UP), form.value(DOWN)) {
        ("", "") => return Ok((order, false)),
        ("", noun) => (noun, false),
        (noun, _) => (noun, true),
    };
    let place =
        order.iter().position(|module| module.noun() == noun).ok_or(AppError::BadRequest("no such function"))?;
    let to = if up { place.saturating_sub(1) } else { (place + 1).min(order.len().saturating_sub(1)) };
    let module = order.remove(place);
    order.insert(to, module);
    Ok((order, true))
}

#[cfg(test)]
mod tests {
    use super::{Form, Module, modules, ordered, usual};
    use crate::kernel::access::Role;
    use crate::kernel::i18n::Lang;

    #[test]
    fn a_function_moves_by_one_place_and_never_past_the_end() {
        let form = |up: &str, down: &str| {
            Form::blank(Lang::Zh).with("order", "orders,stock,sms").with("up", up).with("down", down)
        };
        let order = |up: &str, down: &str| ordered(&form(up, down)).ok();
        let (orders, stock, sms) = (Module::Orders, Module::Stock, Module::Sms);
        assert_eq!(order("", ""), Some((vec![orders, stock, sms], false)));
        assert_eq!(order("sms", ""), Some((vec![orders, sms, stock], true)));
        assert_eq!(order("orders", ""), Some((vec![orders, stock, sms], true)));
        assert_eq!(order("", "orders"), Some((vec![stock, orders, sms], true)));
        assert_eq!(order("", "sms"), Some((vec![orders, stock, sms], true)));
        assert_eq!(order("", "moon"), None);
    }

    #[test]
    fn words_that_are_no_modules_and_repetitions_are_left_out() {
        assert_eq!(modules("orders,moon,,orders,sms".split(',')), [Module::Orders, Module::Sms]);
        assert!(Role::ALL.into_iter().all(|role| usual(role).iter().all(|module| module.has_page())));
    }
}
