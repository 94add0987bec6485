//! Stock 库存: what lies where, what is promised, and the moves that changed it.
//!
//! Stock belongs to the company and not to a person, so its reads take no `Scope`; the gates decide. Names of
//! products are joined in, nothing of theirs is called: products show stock, not the other way round.
//!
//! Tables: warehouses, stock_balances, stock_moves, stock_reservations
//! Events: none
//! Uses: none

mod pages;
mod posting;
mod rules;
mod store;
mod view;

use crate::kernel::access::Gate;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::modules::Module;
use crate::web::routes::Routes;

pub use posting::{Entry, Posting, changes_of, post, reverse};
pub use rules::{Kind, Shortage};
pub use store::{InWarehouse, short};
pub use store::{has_moved, insert_warehouses, of_product, release, reserve, warehouses};
pub use view::{balance_row, level};

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/stock", Gate::view(Module::Stock), pages::list);
    routes.get("/stock/moves/new", Gate::create(Module::Stock), pages::new_move);
    routes.post("/stock/moves", Gate::create(Module::Stock), pages::create_move);
    routes.get("/stock/:id", Gate::view(Module::Stock), pages::show);
}

/// Gives a new company a first warehouse, named in its language.
pub async fn begin(tx: &mut Tx, lang: Lang) -> Result<(), DbError> {
    if store::warehouses(&mut *tx).await?.is_empty() {
        store::insert_warehouses(tx, &[(Id::new(), t!(lang, "stock.first_warehouse").into_owned(), None)]).await?;
    }
    Ok(())
}

/// A warehouse 仓库.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Warehouse {
    /// The warehouse.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The region it serves first.
    pub region_id: Option<Id>,
}

/// What lies in one warehouse.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Balance {
    /// Its name.
    pub warehouse: String,
    /// In the warehouse.
    pub on_hand: Milli,
    /// Promised to orders in force.
    pub reserved: Milli,
}

impl Balance {
    /// What can still be promised.
    #[must_use]
    pub fn available(&self) -> Milli {
        Milli(self.on_hand.0.saturating_sub(self.reserved.0))
    }
}

/// A quantity in base units that an order wants.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The product.
    pub product: Id,
    /// Its name, for the words of a shortage.
    pub name: String,
    /// In base units.
    pub quantity: Milli,
}
