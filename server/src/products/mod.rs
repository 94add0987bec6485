//! Products 产品: what is sold, in which units, at which price for which level of customer.
//!
//! Products belong to the company and not to a person, so their reads take no `Scope`; the gates decide.
//!
//! Tables: product_categories, products, product_units, price_levels, prices
//! Events: none
//! Uses: stock

mod editor;
mod form_view;
mod pages;
mod rules;
mod store;
mod view;

use futures_util::future::BoxFuture;

use crate::kernel::access::Gate;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::modules::Module;
use crate::web::cx::Cx;
use crate::web::routes::Routes;

pub use rules::mnemonic;
pub use store::{
    Category, NewPrice, NewProduct, NewUnit, categories, choices, default_level, hold, insert_categories,
    insert_levels, insert_prices, insert_products, insert_units, priced,
};

/// Whether a document names a product whose base unit is about to change. It is held; those who know stand downstream.
pub type UsedBy = for<'a> fn(&'a mut Tx, Id) -> BoxFuture<'a, Result<bool, DbError>>;

/// Addresses. `used_by` is asked before a base unit changes.
pub fn routes(routes: &mut Routes, used_by: UsedBy) {
    routes.get("/products", Gate::view(Module::Products), pages::list);
    routes.get("/products/new", Gate::create(Module::Products), editor::new);
    routes.post("/products", Gate::create(Module::Products), move |cx| editor::create(cx, used_by));
    routes.get("/products/:id/edit", Gate::edit(Module::Products), editor::edit);
    routes.post("/products/:id", Gate::edit(Module::Products), move |cx| editor::update(cx, used_by));
    routes.get("/products/:id", Gate::view(Module::Products), pages::show);
}

/// Who sees what a product costs the company, and so every margin: whoever may take orders out as data,
/// which in the presets is managers and administrators.
#[must_use]
pub fn sees_cost(cx: &Cx) -> bool {
    cx.may(Gate::export(Module::Orders))
}

/// Gives a new company its price levels and a first category, named in its language.
pub async fn begin(tx: &mut Tx, lang: Lang) -> Result<(), DbError> {
    let levels =
        [t!(lang, "products.level_retail"), t!(lang, "products.level_wholesale"), t!(lang, "products.level_dealer")];
    store::begin(tx, &levels.each_ref().map(AsRef::as_ref), &t!(lang, "products.first_category")).await
}

/// A unit that a product is sold in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// 瓶, 箱, 吨 …
    pub name: String,
    /// Base units in one of it.
    pub ratio: Milli,
}

/// A product with what a line of an order needs.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The product.
    pub id: Id,
    /// 名称
    pub name: String,
    /// 包装规格
    pub pack_spec: String,
    /// Whether it may be sold now.
    pub on_sale: bool,
    /// Whether stock is counted for it.
    pub tracked: bool,
    /// Base units that can be promised in the asked warehouse.
    pub available: Milli,
    /// What a base unit costs the company.
    pub cost_price: Fen,
    /// Price of a base unit at the asked level on the asked day; `None` where none is in force.
    pub price: Option<Fen>,
    /// The base unit first, then the others.
    pub units: Vec<Unit>,
}

impl Priced {
    /// The unit of a name.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name == name)
    }

    /// The level's price of one `unit`.
    #[must_use]
    pub fn list_price(&self, unit: &Unit) -> Option<Fen> {
        self.price.map(|price| price.times(unit.ratio))
    }
}
