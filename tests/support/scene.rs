//! The company as most tests of sales need it.

use server::testing::kernel::id::Id;

use super::app::App;
use super::client::Client;
use super::seed::{self, Goods};

/// Goods in a warehouse, and a customer of the first rep who buys them.
#[allow(dead_code, reason = "not every test needs everybody")]
pub struct Scene {
    /// Products, price levels and warehouses.
    pub goods: Goods,
    /// 潍坊丰源农资, who buys at wholesale prices and has credit for a million yuan.
    pub customer: Id,
    /// The first rep, signed in.
    pub rep: Client,
    /// Their manager, signed in.
    pub manager: Client,
}

impl Scene {
    /// Puts everything in.
    pub async fn set(app: &App) -> Scene {
        let goods = seed::goods(app).await;
        let customer = seed::buyer(app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 1_000_000).await;
        let (rep, manager) = (app.session_of(app.people.rep1).await, app.session_of(app.people.manager1).await);
        Scene { goods, customer, rep, manager }
    }
}
