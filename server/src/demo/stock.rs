//! A few stock documents of the last days, written and posted as the clerk would.

use super::goods::{Good, Goods};
use crate::documents::{self, State};
use crate::kernel::audit::Author;
use crate::kernel::clock::{DAY, HOUR, Millis};
use crate::kernel::db::Tx;
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::lines::NewLine;
use crate::lines::sheet::{self, NewSheet};
use crate::stock;
use crate::stock_documents::{Counting, Effect, Issuing, Receiving, StockDocument, Terms, Transferring};

/// A line in the larger unit, or in the base unit where there is none.
fn line(good: &Good, quantity: Milli) -> NewLine {
    let (unit, ratio) = good.larger.unwrap_or((good.base, Milli(1000)));
    let cost = good.cost.times(quantity.in_base(ratio).unwrap_or_default());
    let (product, unit) = (good.id, unit.to_owned());
    NewLine { product, unit, ratio, quantity, price: Fen::ZERO, list_price: Fen::ZERO, amount: Fen::ZERO, cost }
}

pub(super) async fn write(tx: &mut Tx, clerk: Id, goods: &Goods, today: Millis) -> anyhow::Result<()> {
    let warehouses: Vec<(Id, String)> =
        stock::warehouses(&mut *tx).await?.into_iter().map(|warehouse| (warehouse.id, warehouse.name)).collect();
    let [main, branch] = warehouses.as_slice() else { anyhow::bail!("the demo company has two warehouses") };
    let packed: Vec<&Good> = goods.list.iter().filter(|good| !good.bulk && good.larger.is_some()).collect();
    let some = |from: usize, count: usize, boxes: i64| -> Vec<NewLine> {
        packed.iter().skip(from).take(count).map(|good| line(good, Milli(boxes * 1000))).collect()
    };
    let new = |to: Option<&(Id, String)>, note: &str, lines: Vec<NewLine>| NewSheet {
        owner: clerk,
        customer: None,
        visit: None,
        source: None,
        state: State::Draft,
        lines,
        terms: Terms { warehouse: main.clone(), to: to.cloned() },
        note: note.to_owned(),
    };
    let by = |days: i64| Author { user: Some(clerk), origin: "demo".to_owned(), at: today - days * DAY + 10 * HOUR };
    post::<Receiving>(tx, &by(6), &new(None, "采购到货", some(0, 3, 30))).await?;
    post::<Transferring>(tx, &by(5), &new(Some(branch), "青岛分仓补货", some(0, 2, 5))).await?;
    post::<Issuing>(tx, &by(4), &new(None, "示范田试验用药", some(3, 1, 1))).await?;
    post::<Receiving>(tx, &by(3), &new(None, "客户退货入库", some(4, 1, 2))).await?;
    post::<Issuing>(tx, &by(2), &new(None, "破损报废", some(1, 1, 1))).await?;
    let mut counted = Vec::new();
    for (missing, good) in [0, 2, -1].into_iter().zip(packed.iter().skip(5)) {
        let balances = stock::of_product(&mut *tx, good.id).await?;
        let there = balances.iter().find(|balance| balance.warehouse == main.1).map_or(0, |balance| balance.on_hand.0);
        let quantity = Milli((there - missing * 1000).max(0));
        let mut base = (*good).clone();
        base.larger = None;
        counted.push(line(&base, quantity));
    }
    post::<Counting>(tx, &by(1), &new(None, "月末盘点", counted)).await?;
    // Written and not posted yet.
    write_draft::<Receiving>(tx, &by(1), &new(None, "采购在途，待验收", some(8, 2, 20))).await?;
    write_draft::<Transferring>(tx, &by(1), &new(Some(branch), "", some(10, 1, 3))).await?;
    Ok(())
}

async fn write_draft<E: Effect>(tx: &mut Tx, author: &Author, new: &NewSheet<Terms>) -> anyhow::Result<Id> {
    let (id, _) = sheet::create::<StockDocument<E>>(tx, author, new).await?;
    Ok(id)
}

async fn post<E: Effect>(tx: &mut Tx, author: &Author, new: &NewSheet<Terms>) -> anyhow::Result<()> {
    let id = write_draft::<E>(tx, author, new).await?;
    documents::submit_for::<StockDocument<E>>(tx, author, new.owner, id, String::new(), Lang::Zh).await?;
    Ok(())
}
