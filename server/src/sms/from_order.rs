//! 订单确认短信: the message that an approved order sends to its customer.

use std::sync::Arc;

use crate::customers;
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::audit::Author;
use crate::kernel::clock;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::orders;
use crate::sms::rules::{self, fill, form_of_address};
use crate::sms::{Cause, Class, NewSms, Sent, send, store};
use crate::web::error::Result;

/// The template's code.
const TEMPLATE: &str = "order_approved";

/// After an order was approved: one message, if the template is switched on and somebody there has a mobile.
/// Safe to run twice, since the order is the message's cause.
pub async fn order_approved(office: &Office, key: &Arc<CompanyKey>, order: Id) -> Result<()> {
    let scope = Scope::company(key);
    let now = office.clock.now();
    let Some(template) = store::template_of(&office.db, TEMPLATE).await? else { return Ok(()) };
    if !template.enabled {
        return Ok(());
    }
    let Some(order_row) = orders::summary_for_sms(&office.db, &scope, order).await? else { return Ok(()) };
    let Some(customer) = customers::brief(&office.db, &scope, order_row.customer_id).await? else { return Ok(()) };
    let numbers = customers::numbers(&office.db, order_row.customer_id).await?;
    let Some(to) = numbers.iter().find(|number| rules::recipient(&number.digits).is_ok()) else {
        tracing::info!(%order, "no mobile number to confirm the order to");
        return Ok(());
    };
    let people = customers::by_phone(&office.db, &to.digits).await?;
    let person = people.iter().find(|person| person.customer_id == customer.id && !person.contact_name.is_empty());
    let address =
        person.map_or_else(|| customer.name.clone(), |person| form_of_address(&person.contact_name, &person.position));
    let company = store::company_name(&office.db).await?;
    let amount = order_row.total.to_string();
    let text = fill(
        &template.text,
        &[
            ("客户", customer.name.as_str()),
            ("称呼", address.as_str()),
            ("单号", order_row.number.as_str()),
            ("金额", amount.as_str()),
            ("公司", company.as_str()),
            ("姓名", person.map_or("", |person| person.contact_name.as_str())),
            ("业务员", customer.owner_name.as_str()),
            ("日期", clock::iso_day(now).as_str()),
        ],
    );
    let author = Author { user: None, origin: "order_approved".to_owned(), at: now };
    let mut tx = office.db.begin().await?;
    let sent = send(
        &mut tx,
        &author,
        NewSms {
            owner: order_row.owner_id,
            sender: order_row.owner_id,
            customer: Some(order_row.customer_id),
            digits: &to.digits,
            text: text.trim_start_matches("【】"),
            class: Class::Service,
            cause: Some(Cause::Document(Kind::Order, order)),
        },
    )
    .await?;
    match sent {
        Sent::Queued(_) | Sent::Before(_) => {}
        Sent::Refused(refusal) => tracing::warn!(%order, ?refusal, "the order's confirmation is not sent"),
    }
    tx.commit().await?;
    office.alarm.ring();
    Ok(())
}
