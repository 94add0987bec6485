//! A new version 复制为新版本: a draft with the same lines and terms that names the former.

use poem::Response;

use super::sale::Sale;
use super::{NewSheet, create};
use crate::customers;
use crate::documents::{self, Full, State};
use crate::kernel::db::Hold;
use crate::lines::editor;
use crate::lines::{NewLine, store};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

pub(super) async fn copy<D: Sale>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let Full { head, body } = documents::seen::<D>(&cx, cx.id()?).await?;
    let customer = head.customer_id.ok_or(AppError::NotFound)?;
    let mut write = cx.write(&form).await?;
    customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let new = NewSheet {
        owner: head.owner_id,
        customer: Some(customer),
        visit: None,
        source: Some((D::KIND, head.id)),
        state: State::Draft,
        lines: store::of_document(&mut write.tx, head.id).await?.iter().map(NewLine::from).collect(),
        terms: D::renewed(D::terms(&body), cx.now),
        note: head.note,
    };
    let (id, _) = create::<D>(&mut write.tx, &write.author, &new).await?;
    write.finish(&editor::after_saving(D::KIND, id, true)).await
}
