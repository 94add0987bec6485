//! A handful of quotes, made through the same functions as a person's: a draft, offers that hold, one that has expired.

use chrono::Days;

use super::customers::Shop;
use super::goods::Goods;
use crate::documents::{self, State};
use crate::kernel::audit::Author;
use crate::kernel::clock::{self, DAY, HOUR, Millis};
use crate::kernel::db::Tx;
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::lines::Discount;
use crate::lines::editor::{self, Prices, Setting};
use crate::lines::sheet::{self, NewSheet};
use crate::quotes::{Quote, Terms};
use crate::web::error::Result;
use crate::web::form::Form;

/// For whom a quote is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    customer: Id,
    owner: Id,
    level: Option<Id>,
}

impl Asker {
    pub fn of(shop: &Shop, goods: &Goods) -> Asker {
        Asker { customer: shop.id, owner: shop.owner_id, level: goods.levels.get(shop.level).copied() }
    }
}

/// One quote: how many days ago, how many days it holds, at which percentage, what of it, and whether it was submitted.
type Plan = (i64, u64, &'static str, &'static [(usize, &'static str)], &'static str, bool);

const PLANS: [Plan; 4] = [
    (40, 15, "", &[(0, "20"), (3, "10")], "秋季备货报价", true),
    (3, 30, "98", &[(1, "30"), (4, "12"), (5, "6")], "含送货，现款 98 折", true),
    (1, 15, "", &[(2, "15")], "", true),
    (0, 15, "95", &[(0, "24"), (6, "10")], "新客户首单优惠", false),
];

/// Writes the quotes of the first customers.
pub(super) async fn write(tx: &mut Tx, askers: &[Asker], goods: &Goods, now: Millis) -> Result<()> {
    for (asker, (ago, holds, discount, rows, note, submitted)) in askers.iter().zip(PLANS) {
        let at = now - ago * DAY - HOUR;
        let author = Author { user: Some(asker.owner), origin: "demo".to_owned(), at };
        let mut form = Form::blank(Lang::Zh);
        for (place, (good, quantity)) in rows.iter().enumerate() {
            let Some(good) = goods.list.get(*good) else { continue };
            let product = good.id.to_string();
            form = form.with(&format!("product_id_{place}"), product).with(&format!("quantity_{place}"), *quantity);
        }
        let setting = Setting { customer: Some(asker.customer), prices: Prices::At(asker.level) };
        let lines = editor::held_at(tx, at, &mut form, Lang::Zh, setting).await?;
        let new = NewSheet {
            owner: asker.owner,
            customer: Some(asker.customer),
            visit: None,
            source: None,
            state: State::Draft,
            lines,
            terms: Terms {
                discount: Discount::parse(discount).unwrap_or(Discount::NONE),
                valid_until: clock::day(at) + Days::new(holds),
            },
            note: note.to_owned(),
        };
        let (quote, _) = sheet::create::<Quote>(tx, &author, &new).await?;
        if submitted {
            documents::submit_for::<Quote>(tx, &author, asker.owner, quote, String::new(), Lang::Zh).await?;
        }
    }
    Ok(())
}
