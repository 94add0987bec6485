//! The product's modules: their names, icons and what each role may do in them.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::kernel::access::{self, Gate, Right, Rights, RightsTable, Role};
use crate::kernel::i18n::{Lang, t};
use crate::kinds::Kind;
use crate::ui::icon::Icon;
use crate::ui::layout::TabItem;
use crate::web::cx::Cx;

/// A module. The same noun stands in table, folder, address and test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// Users 员工 and departments 部门.
    Users,
    /// Customers 客户 and their contacts.
    Customers,
    /// Visits 拜访.
    Visits,
    /// Tasks 待办.
    Tasks,
    /// Approvals 审批.
    Approvals,
    /// Quotes 报价.
    Quotes,
    /// Orders 订单.
    Orders,
    /// Payments 回款.
    Payments,
    /// Products 产品.
    Products,
    /// Stock 库存.
    Stock,
    /// SMS center 短信中心.
    Sms,
    /// Calls 来电.
    Calls,
    /// Gateways 网关.
    Gateways,
    /// Settings 设置 of the company.
    Settings,
}

impl Module {
    /// Every module.
    pub const ALL: [Module; 14] = [
        Module::Users,
        Module::Customers,
        Module::Visits,
        Module::Tasks,
        Module::Approvals,
        Module::Quotes,
        Module::Orders,
        Module::Payments,
        Module::Products,
        Module::Stock,
        Module::Sms,
        Module::Calls,
        Module::Gateways,
        Module::Settings,
    ];

    /// Its noun in addresses.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Module::Users => "users",
            Module::Customers => "customers",
            Module::Visits => "visits",
            Module::Tasks => "tasks",
            Module::Approvals => "approvals",
            Module::Quotes => "quotes",
            Module::Orders => "orders",
            Module::Payments => "payments",
            Module::Products => "products",
            Module::Stock => "stock",
            Module::Sms => "sms",
            Module::Calls => "calls",
            Module::Gateways => "gateways",
            Module::Settings => "settings",
        }
    }

    /// Its first page.
    #[must_use]
    pub fn href(self) -> &'static str {
        match self {
            Module::Users => "/users",
            Module::Customers => "/customers",
            Module::Visits => "/visits",
            Module::Tasks => "/tasks",
            Module::Approvals => "/approvals",
            Module::Quotes => "/quotes",
            Module::Orders => "/orders",
            Module::Payments => "/payments",
            Module::Products => "/products",
            Module::Stock => "/stock",
            Module::Sms => "/sms",
            Module::Calls => "/calls",
            Module::Gateways => "/gateways",
            Module::Settings => "/settings",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self, lang: Lang) -> Cow<'static, str> {
        match self {
            Module::Users => t!(lang, "module.users"),
            Module::Customers => t!(lang, "module.customers"),
            Module::Visits => t!(lang, "module.visits"),
            Module::Tasks => t!(lang, "module.tasks"),
            Module::Approvals => t!(lang, "module.approvals"),
            Module::Quotes => t!(lang, "module.quotes"),
            Module::Orders => t!(lang, "module.orders"),
            Module::Payments => t!(lang, "module.payments"),
            Module::Products => t!(lang, "module.products"),
            Module::Stock => t!(lang, "module.stock"),
            Module::Sms => t!(lang, "module.sms"),
            Module::Calls => t!(lang, "module.calls"),
            Module::Gateways => t!(lang, "module.gateways"),
            Module::Settings => t!(lang, "module.settings"),
        }
    }

    /// Whether the module has a page of its own in the menu.
    #[must_use]
    pub fn has_page(self) -> bool {
        self != Module::Settings
    }

    /// Its icon.
    #[must_use]
    pub fn icon(self) -> Icon {
        match self {
            Module::Users => Icon::User,
            Module::Customers => Icon::Customers,
            Module::Visits => Icon::Visits,
            Module::Tasks => Icon::Task,
            Module::Approvals => Icon::Approvals,
            Module::Quotes => Icon::Quote,
            Module::Orders => Icon::Order,
            Module::Payments => Icon::Payment,
            Module::Products => Icon::Product,
            Module::Stock => Icon::Stock,
            Module::Sms => Icon::Sms,
            Module::Calls => Icon::Call,
            Module::Gateways => Icon::Box,
            Module::Settings => Icon::Settings,
        }
    }

    /// What a role may do here: the presets a company starts with. To change approvals is to decide for others wherever
    /// they work.
    fn preset(self, role: Role) -> Rights {
        match (role, self) {
            (Role::Admin, _) => Rights::ALL,
            (
                Role::Rep,
                Module::Customers | Module::Visits | Module::Tasks | Module::Quotes | Module::Orders | Module::Payments,
            ) => Rights::WORK.and(Right::Delete),
            (
                Role::Manager,
                Module::Customers | Module::Visits | Module::Tasks | Module::Quotes | Module::Orders | Module::Payments,
            ) => Rights::WORK.and(Right::Delete).and(Right::Export),
            (Role::Rep | Role::Manager, Module::Approvals) => Rights::VIEW.and(Right::Approve),
            (Role::Rep | Role::Manager, Module::Products | Module::Stock) => Rights::VIEW,
            (Role::Rep, Module::Sms) | (Role::Rep | Role::Manager, Module::Calls) => Rights::WORK,
            // To approve in the SMS center is to let a campaign go.
            (Role::Manager, Module::Sms) => Rights::WORK.and(Right::Approve),
            (Role::Clerk, Module::Sms) => Rights::WORK.and(Right::Export).and(Right::Approve),
            (Role::Clerk, Module::Customers | Module::Quotes | Module::Orders | Module::Payments | Module::Tasks) => {
                Rights::WORK
            }
            (Role::Clerk, Module::Products | Module::Stock | Module::Calls) => Rights::WORK.and(Right::Export),
            (Role::Clerk, Module::Gateways) => Rights::VIEW,
            (Role::Clerk, Module::Approvals) => Rights::VIEW.and(Right::Approve),
            (Role::Manager, Module::Users) => Rights::VIEW,
            (Role::Rep | Role::Manager, Module::Gateways | Module::Settings)
            | (Role::Rep, Module::Users)
            | (Role::Clerk, Module::Users | Module::Visits | Module::Settings) => Rights::NONE,
        }
    }
}

impl access::Module for Module {
    fn index(self) -> usize {
        Module::ALL.iter().position(|module| *module == self).unwrap_or(access::MODULES)
    }

    fn noun(self) -> &'static str {
        Module::noun(self)
    }
}

/// The rights of every role, in the order of [`Role::ALL`]. Whoever asks what somebody may asks here.
static RIGHTS: LazyLock<[RightsTable; Role::ALL.len()]> = LazyLock::new(|| {
    let rights_in =
        |role: Role, index: usize| Module::ALL.get(index).map_or(Rights::NONE, |module| module.preset(role));
    Role::ALL.map(|role| RightsTable::build(|index| rights_in(role, index)))
});

/// The rights table of a role.
#[must_use]
pub fn rights(role: Role) -> RightsTable {
    let place = Role::ALL.iter().position(|known| *known == role);
    place.and_then(|place| RIGHTS.get(place)).copied().unwrap_or_else(|| RightsTable::build(|_| Rights::NONE))
}

/// The roles that a gate lets through.
pub fn roles_with(gate: Gate) -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(move |role| gate.admits(&rights(*role)))
}

/// What the desk's menu shows behind the workbench, by group. The tabs of a phone are among them, in their order:
/// 工作台 · 客户 · 拜访 · 审批 · 我.
const MENU: [(&str, &[Module]); 4] = [
    ("module.group.customers", &[Module::Customers, Module::Visits, Module::Tasks, Module::Sms, Module::Calls]),
    ("module.group.sales", &[Module::Approvals, Module::Quotes, Module::Orders, Module::Payments]),
    ("module.group.goods", &[Module::Products, Module::Stock]),
    ("module.group.company", &[Module::Users, Module::Gateways]),
];

/// The main menu, without what this person may not see.
#[must_use]
pub fn tabs(cx: &Cx) -> Vec<TabItem> {
    let here = place_of(&cx.path);
    let item = |href: &'static str, label: Cow<'static, str>, icon: Icon, tab: bool, heading: Option<String>| TabItem {
        href,
        label: label.into_owned(),
        icon,
        badge: cx.badges.iter().find(|(to, _)| *to == href).map(|(_, count)| *count),
        current: here == href,
        tab,
        heading,
    };
    let mut tabs = vec![item("/", t!(cx.lang, "module.workbench"), Icon::Home, true, None)];
    for (heading, modules) in MENU {
        let mut heading = Some(t!(cx.lang, heading).into_owned());
        for module in modules.iter().copied().filter(|module| cx.may(Gate::view(*module))) {
            let tab = matches!(module, Module::Customers | Module::Visits | Module::Approvals);
            tabs.push(item(module.href(), module.title(cx.lang), module.icon(), tab, heading.take()));
            if module == Module::Sms && cx.may(Gate::approve(Module::Sms)) {
                tabs.push(item(CAMPAIGNS, t!(cx.lang, "module.campaigns"), Icon::Announce, false, None));
            }
        }
    }
    tabs.push(item("/me", t!(cx.lang, "module.me"), Icon::Me, true, None));
    tabs
}

const CAMPAIGNS: &str = "/campaigns";

/// The entry of the menu that the page at `path` belongs to.
fn place_of(path: &str) -> &str {
    let noun = path.split('/').nth(1).unwrap_or_default();
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.paths().list.strip_prefix('/') == Some(noun)) {
        return kind.module().href();
    }
    match noun {
        "" | "failures" | "functions" => "/",
        "contacts" => Module::Customers.href(),
        "me" | "outbox" | "decisions" | "push" => "/me",
        "campaigns" => CAMPAIGNS,
        noun => Module::ALL.into_iter().find(|module| module.noun() == noun).map_or("", Module::href),
    }
}
