//! Makes the messages of running campaigns, a few ahead of the boxes; follows what becomes of them; and tells
//! open pages. The rest of a campaign stays with us, so that a pause holds it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::campaigns::rules::{self, AHEAD, State};
use crate::campaigns::store::{self, Campaign, Counters};
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock;
use crate::kernel::db::{On, Tx};
use crate::kernel::id::Id;
use crate::kernel::live::sse::Live;
use crate::kernel::{HookFuture, Office};
use crate::sms::{self, Class, NewSms, Sent};
use crate::web::error::Result;
use crate::{contacts, customers};

/// How often campaigns are fed.
pub const LOOK: Duration = Duration::from_secs(1);
/// Recipients in one transaction: others write in between.
const PIECE: i64 = 10;

/// A message was made or moved, inside the transaction that says so.
pub async fn moved(tx: &mut Tx, message: Id) -> Result<()> {
    if sms::came_back(tx, message).await? {
        return Ok(store::put_back(tx, message).await?);
    }
    if let Some(state) = sms::state_of(tx, message).await? {
        store::follow(tx, message, rules::stage_of(state)).await?;
    }
    Ok(())
}

/// Feeds what runs.
pub fn feed<'a>(office: &'a Office, key: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let open = store::open(&office.db).await?;
        tell(office, &open);
        if open.is_empty() {
            return Ok(());
        }
        let now = office.clock.now();
        // With a clock that nobody trusts, neither a start nor quiet hours can be told.
        let jumped = office.clock.hold().is_some();
        let scope = Scope::company(key);
        let quiet = sms::settings(&office.db).await?.quiet.holds(now);
        let mut room = AHEAD - open.iter().map(|campaign| campaign.queued).sum::<i64>();
        let due = |campaign: &&Campaign| {
            campaign.state == State::Running && campaign.starts_at.is_none_or(|starts| starts <= now)
        };
        for campaign in open.iter().filter(due) {
            if jumped {
                hold(office, campaign, "clock").await?;
                continue;
            }
            if quiet {
                hold(office, campaign, "quiet").await?;
                continue;
            }
            // Even without room: one that has nothing left ends here.
            let mut more = true;
            while more {
                let made = piece(office, &scope, campaign.id, room.min(PIECE)).await?;
                room -= made;
                more = made == PIECE && room > 0;
            }
        }
        Ok(())
    })
}

async fn hold(office: &Office, campaign: &Campaign, why: &str) -> Result<()> {
    if campaign.held != why {
        let mut tx = office.db.begin().await?;
        store::set_held(&mut tx, campaign.id, why).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Makes up to `most` messages of a campaign; returns how many.
async fn piece(office: &Office, scope: &Scope, id: Id, most: i64) -> Result<i64> {
    let now = office.clock.now();
    let company = sms::company_name(&office.db).await?;
    let author = Author { user: None, origin: "campaign".to_owned(), at: now };
    let mut tx = office.db.begin().await?;
    let found = store::to_change(&mut tx, scope, id).await?;
    let Some(campaign) = found.filter(|campaign| campaign.state == State::Running) else { return Ok(0) };
    let waiting = store::pending(&mut tx, id, most.max(1)).await?;
    if waiting.is_empty() {
        if campaign.queued == 0 {
            store::set_state(&mut tx, id, State::Done, Some(now)).await?;
            let changes = Changes::new().moved("state", State::Running.code(), State::Done.code());
            audit::record(&mut tx, &author, Action::Edit, "campaign", id, changes).await?;
            tx.commit().await?;
        }
        return Ok(0);
    }
    let mut made = 0;
    for recipient in waiting.iter().take(usize::try_from(most).unwrap_or_default()) {
        let text = match text_for(&mut tx, scope, &campaign, recipient.contact_id, &company, now).await? {
            Some(text) => text,
            None => {
                store::exclude(&mut tx, id, recipient.contact_id, rules::Reason::Gone).await?;
                continue;
            }
        };
        let new = NewSms {
            owner: recipient.owner_id,
            sender: campaign.owner_id,
            customer: Some(recipient.customer_id),
            digits: &recipient.digits,
            text: &text,
            class: Class::Marketing,
            cause: None,
        };
        match sms::send(&mut tx, &author, new).await? {
            Sent::Queued(message) | Sent::Before(message) => {
                store::queue(&mut tx, id, recipient.contact_id, message).await?;
                made += 1;
            }
            Sent::Refused(refusal) => match rules::reason_of(refusal) {
                Some(reason) => store::exclude(&mut tx, id, recipient.contact_id, reason).await?,
                None => {
                    store::set_held(&mut tx, id, rules::held_by(refusal)).await?;
                    break;
                }
            },
        }
    }
    tx.commit().await?;
    office.alarm.ring();
    Ok(made)
}

/// The text for one contact; `None` when the contact is gone.
pub async fn text_for(
    on: impl Into<On<'_>>,
    scope: &Scope,
    campaign: &Campaign,
    contact: Id,
    company: &str,
    now: clock::Millis,
) -> Result<Option<String>> {
    let mut on = on.into();
    let Some(person) = contacts::find(&mut on, scope, contact).await? else { return Ok(None) };
    let Some(customer) = customers::brief(&mut on, scope, person.customer_id).await? else { return Ok(None) };
    let address = sms::form_of_address(&person.name, &person.position);
    let values = [
        ("客户", customer.name.as_str()),
        ("称呼", address.as_str()),
        ("姓名", person.name.as_str()),
        ("公司", company),
        ("业务员", customer.owner_name.as_str()),
        ("产品", campaign.product.as_str()),
        ("日期", &clock::iso_day(now)),
    ];
    Ok(Some(sms::fill(&campaign.text, &values)))
}

/// What open pages were told last, by campaign: its counters, and what makes a page load anew.
#[derive(Default)]
struct Told(HashMap<Id, (Counters, String)>);

/// Tells whoever has a page open about campaigns that moved since the last look. Numbers change in place; a
/// page loads anew only for the bar's next twentieth and for what is said beside it, so that nobody loses
/// their place on it every second.
fn tell(office: &Office, open: &[Campaign]) {
    office.memory.with(|Told(told)| tell_anew(office, open, told));
}

fn tell_anew(office: &Office, open: &[Campaign], told: &mut HashMap<Id, (Counters, String)>) {
    for campaign in open {
        let counters = campaign.counters();
        let twentieth = campaign.finished() * 20 / campaign.total.max(1);
        let words = format!("{twentieth} {} {}", campaign.held, campaign.state.code());
        let (numbers_stand, words_stand) =
            told.get(&campaign.id).map_or((false, false), |(was, said)| (*was == counters, *said == words));
        if !words_stand {
            reload(office, campaign.id);
        } else if !numbers_stand {
            let numbers: serde_json::Map<String, serde_json::Value> =
                counters.iter().map(|(stage, n)| (campaign.address_of(*stage), (*n).into())).collect();
            everybody(office, "badges", &serde_json::Value::Object(numbers).to_string());
        }
        told.insert(campaign.id, (counters, words));
    }
    // One that has ended moved once more.
    let ended: Vec<Id> = told.keys().filter(|id| open.iter().all(|campaign| campaign.id != **id)).copied().collect();
    for id in ended {
        told.remove(&id);
        reload(office, id);
    }
}

fn reload(office: &Office, id: Id) {
    everybody(office, "reload", &serde_json::json!({ "path": format!("/campaigns/{id}") }).to_string());
}

fn everybody(office: &Office, name: &'static str, data: &str) {
    for person in office.hub.present() {
        office.hub.tell(person, Live { name, data: data.to_owned() });
    }
}
