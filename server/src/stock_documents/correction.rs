//! 红冲: a document with the opposite moves takes back what was posted.

use poem::Response;

use super::{Act, Effect, StockDocument};
use crate::documents::{self, Begun, Full, State};
use crate::kernel::i18n::t;
use crate::kernel::money::{Fen, Milli};
use crate::lines::sheet::{self, NewSheet, Sheet};
use crate::lines::{self, NewLine};
use crate::stock::{self, Posting};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

pub(super) async fn correct<E: Effect>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let begun = documents::begin::<StockDocument<E>>(&cx, &form, cx.id()?, &[State::Active]).await?;
    let Begun::Ready(mut change) = begun else {
        return Err(documents::changed_meanwhile::<StockDocument<E>>(cx.lang));
    };
    let Full { head, body } = change.document.clone();
    if body.corrects.is_some() {
        return Err(AppError::Refused(t!(cx.lang, "stock_documents.is_correction").into_owned()));
    }
    let lines = lines::of_document(&mut change.write.tx, head.id).await?;
    let changed = stock::changes_of(&mut change.write.tx, head.id, body.warehouse_id).await?;
    let lines: Vec<NewLine> = lines
        .iter()
        .filter_map(|line| {
            let new = NewLine { cost: -line.cost, ..NewLine::from(line) };
            match E::ACT {
                Act::Receive | Act::Issue | Act::Transfer => Some(NewLine { quantity: Milli(-line.quantity.0), ..new }),
                // A count moved only the difference.
                Act::Count => {
                    let difference = changed.get(&line.product_id).copied().filter(|found| *found != Milli(0))?;
                    let (unit, ratio) = (line.base_unit.clone(), Milli(1000));
                    Some(NewLine { unit, ratio, quantity: Milli(-difference.0), cost: Fen::ZERO, ..new })
                }
            }
        })
        .collect();
    if lines.is_empty() {
        return Err(AppError::Refused(t!(cx.lang, "stock_documents.no_difference").into_owned()));
    }
    let new = NewSheet {
        owner: cx.actor().id,
        customer: None,
        visit: None,
        source: Some((E::KIND, head.id)),
        // It is posted at once, with the moves below.
        state: State::Active,
        lines,
        terms: StockDocument::<E>::terms(&body),
        note: t!(cx.lang, "stock_documents.corrects", number = head.number).into_owned(),
    };
    let author = change.write.author.clone();
    let (id, number) = sheet::create::<StockDocument<E>>(&mut change.write.tx, &author, &new).await?;
    let posting = Posting { document: id, number, user: new.owner, at: author.at };
    stock::reverse(&mut change.write.tx, &posting, head.id, cx.lang).await?;
    change.move_to(State::Closed).await?;
    change.write.finish(&format!("{}?done=saved", E::KIND.address(id))).await
}
