//! What comes: read from its slot or taken as it is said, committed, and only then freed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::driver::{Fault, SHORT};
use super::said::{Heard, is_foreign, looks_pdu};
use super::urc::{self, Slot};
use super::work::Shift;
use crate::outbox::Unreadable;
use crate::pdu::deliver::{Incoming, decode, decode_whole};
use crate::pdu::{from_hex, salvage};

/// How often a slot is read in a row until it was read whole.
const READINGS: u32 = 4;
const BETWEEN: Duration = Duration::from_millis(150);
/// From this look on that finds a slot damaged a person is told.
const TOLD: u32 = 2;
/// So many looks soon after one another, then only with those into every storage.
const SOON: u32 = 3;
/// A slot that gave the same each time, so that it is what lies there, is freed; what it gave is kept.
const GIVEN_UP: u32 = 6;
/// How often a message that came damaged is refused, so that the network brings it again.
const REFUSALS: u32 = 3;

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    /// A PDU of the length that its header gives.
    Whole(String),
    Empty,
    /// Stored for sending.
    Ours,
    /// Not now.
    Refused(String),
    /// What the modem gave instead.
    Damaged(String),
}

/// A slot that could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    given: String,
    /// Looks that gave the same.
    same: u32,
    looks: u32,
}

/// Slots that could not be read whole.
pub(super) type Damages = BTreeMap<Slot, Damage>;

impl Shift<'_> {
    /// Takes in what was announced in a slot, which may lie in another storage than messages are received in.
    pub(super) async fn take(&mut self, slot: &Slot, is_report: bool) -> anyhow::Result<()> {
        let mut all = vec![slot.storage.as_str()];
        // EC25 announces reports in SM and stores them in SR.
        if is_report && slot.storage != "SR" && self.modes.storages.iter().any(|known| known == "SR") {
            all.push("SR");
        }
        self.go_home().await?;
        for storage in all {
            if !self.is_at(storage) && self.choose(storage).await?.is_none() {
                self.storages.look_again();
                continue;
            }
            let slot = Slot { storage: storage.to_owned(), index: slot.index };
            let reading = self.reading(slot.index).await?;
            let empty = reading == Reading::Empty;
            self.settle_slot(&slot, reading).await?;
            self.go_home().await?;
            if !empty {
                break;
            }
        }
        Ok(())
    }

    /// Takes in what lies in a slot of the storage that is chosen; whether the slot is free now.
    pub(super) async fn read_slot(&mut self, slot: &Slot) -> anyhow::Result<bool> {
        let reading = self.reading(slot.index).await?;
        self.settle_slot(slot, reading).await
    }

    async fn reading(&mut self, index: u32) -> Result<Reading, Fault> {
        let mut given: Vec<String> = Vec::new();
        for time in 0..READINGS {
            if time > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            let lines = match self.modem.command(&format!("AT+CMGR={index}"), SHORT).await {
                Ok(lines) => lines,
                // 27.005, 3.2.5: there is no such slot; it was emptied before its announcement was heard.
                Err(Fault::Refused(why)) if why == "+CMS ERROR: 321" => return Ok(Reading::Empty),
                Err(Fault::Refused(why)) => return Ok(Reading::Refused(why)),
                Err(fault) => return Err(fault),
            };
            match read(&lines) {
                Reading::Damaged(one) => given.push(one),
                other @ (Reading::Whole(_) | Reading::Empty | Reading::Ours | Reading::Refused(_)) => return Ok(other),
            }
        }
        let last = given.pop().unwrap_or_default();
        // A modem that gives the same each time, whole to its last octet, gives another length only in the header.
        let steady = given.iter().all(|one| *one == last);
        let whole = steady && from_hex(&last).is_some_and(|octets| decode_whole(&octets).is_ok());
        Ok(if whole { Reading::Whole(last) } else { Reading::Damaged(last) })
    }

    /// Whether the slot is free now.
    async fn settle_slot(&mut self, slot: &Slot, reading: Reading) -> anyhow::Result<bool> {
        let name = self.seat.name.clone();
        match reading {
            Reading::Whole(pdu) => {
                self.damages.remove(slot);
                if !self.take_in(&pdu).await {
                    self.storages.look_again();
                    return Ok(false);
                }
            }
            Reading::Empty => {
                tracing::debug!(name, ?slot, "a slot is empty already");
                self.damages.remove(slot);
                return Ok(true);
            }
            Reading::Ours => return Ok(false),
            Reading::Refused(why) => {
                // A SIM that is busy says no as well: it is asked again.
                tracing::warn!(name, ?slot, why, "a slot cannot be read now");
                self.storages.look_again();
                return Ok(false);
            }
            Reading::Damaged(given) => {
                let fresh = Damage { given: given.clone(), same: 0, looks: 0 };
                let damage = self.damages.entry(slot.clone()).or_insert(fresh);
                damage.looks += 1;
                damage.same = if damage.given == given { damage.same + 1 } else { 1 };
                damage.given.clone_from(&given);
                let (looks, same) = (damage.looks, damage.same);
                if looks <= SOON {
                    self.storages.look_again();
                }
                if looks == TOLD {
                    tracing::warn!(name, ?slot, "a slot cannot be read whole; what the modem gives is shown");
                    if !self.show(&given, "the modem gives it damaged").await {
                        self.damages.remove(slot);
                    }
                }
                if looks < GIVEN_UP || same < GIVEN_UP {
                    return Ok(false);
                }
                self.damages.remove(slot);
            }
        }
        self.modem.optional(&format!("AT+CMGD={}", slot.index)).await?;
        Ok(true)
    }

    /// Takes in what the modem handed over without storing it.
    pub(super) async fn handed_over(&mut self, heard: Heard, length: Option<usize>) -> anyhow::Result<()> {
        let Some(pdu) = heard.pdu else { return Ok(()) };
        let whole = is_whole(&pdu, length) || from_hex(&pdu).is_some_and(|octets| decode_whole(&octets).is_ok());
        // The network shall bring a damaged one again; where it cannot, or does so in vain, it is shown as it is.
        let again = !whole && self.vendor.acknowledges && self.refused_damaged < REFUSALS;
        let taken = if again {
            self.refused_damaged += 1;
            false
        } else if whole {
            self.refused_damaged = 0;
            self.take_in(&pdu).await
        } else {
            self.refused_damaged = 0;
            self.show(&pdu, "it came damaged").await
        };
        match (self.vendor.acknowledges, taken) {
            (true, true) => {
                self.modem.optional("AT+CNMA").await?;
            }
            // A modem that waited in vain hands over nothing more until it is asked anew (27.005, 3.4.4).
            (true, false) => {
                self.modem.optional("AT+CNMA=2").await?;
                if let Some(announce) = self.modes.announce.clone() {
                    self.modem.optional(&announce).await?;
                }
            }
            (false, _) => {}
        }
        Ok(())
    }

    /// Keeps a text that came in text mode, which the modem fell back into.
    pub(super) async fn handed_over_as_text(&mut self, heard: Heard) {
        let text = heard.pdu.unwrap_or_default();
        let from = heard.line.split_once(':').and_then(|(_, rest)| urc::fields(rest).into_iter().next());
        let one = Unreadable {
            from: from.unwrap_or_default(),
            raw: format!("{}\n{text}", heard.line),
            text,
            at: None,
            why: "it came in text mode".to_owned(),
        };
        if let Err(error) = self.seat.outbox.unreadable(&one, &self.seat.name, self.seat.clock.judged()).await {
            self.disk(&error).await;
        }
    }

    /// Takes a PDU in, durably; `false` where the disk refused. One that cannot be read is shown as it is: kept in its
    /// slot it would block it for ever.
    pub(super) async fn take_in(&self, hex: &str) -> bool {
        let Some(octets) = from_hex(hex) else { return self.show(hex, "it is no hexadecimal").await };
        let (outbox, now) = (&self.seat.outbox, self.seat.clock.judged());
        let done = match decode(&octets) {
            Ok(Incoming::Deliver(deliver)) => outbox.received(&deliver, hex, &self.seat.name, now).await,
            Ok(Incoming::Report(report)) => match outbox.reported(&report, &self.seat.name, now).await {
                Ok(true) => Ok(()),
                Ok(false) => {
                    tracing::info!(name = self.seat.name, mr = report.mr, "a delivery report fits no message");
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Err(bad) => return self.show(hex, &bad.to_string()).await,
        };
        if let Err(error) = &done {
            self.disk(error).await;
        }
        done.is_ok()
    }

    /// Shows a person what cannot be read, with what can be made out of it; `false` where the disk refused.
    async fn show(&self, given: &str, why: &str) -> bool {
        let read = salvage::read(given);
        tracing::warn!(name = self.seat.name, why, length = given.len(), "a PDU cannot be read; it is shown as it is");
        let one = Unreadable {
            from: read.from.unwrap_or_default(),
            text: read.text.unwrap_or_default(),
            at: read.at,
            raw: given.to_owned(),
            why: why.to_owned(),
        };
        let shown = self.seat.outbox.unreadable(&one, &self.seat.name, self.seat.clock.judged()).await;
        if let Err(error) = &shown {
            self.disk(error).await;
        }
        shown.is_ok()
    }
}

/// Reads the answer to `AT+CMGR`: other lines may stand between, such as `^RSSI`.
fn read(lines: &[String]) -> Reading {
    let header = lines.iter().position(|line| line.starts_with("+CMGR:"));
    let Some((at, fields)) =
        header.and_then(|at| Some((at, urc::fields(lines.get(at)?.strip_prefix("+CMGR:").unwrap_or_default()))))
    else {
        let given = lines.iter().find(|line| looks_pdu(line));
        // Many modems say only OK for an empty slot.
        return given.map_or(Reading::Empty, |given| Reading::Damaged(given.clone()));
    };
    let status = fields.first().map(String::as_str).unwrap_or_default();
    if matches!(status, "2" | "3" | "STO UNSENT" | "STO SENT") {
        return Reading::Ours;
    }
    let behind = lines.get(at + 1..).unwrap_or_default();
    let given = behind.iter().find(|line| looks_pdu(line)).or_else(|| behind.iter().find(|line| !is_foreign(line)));
    let given = given.cloned().unwrap_or_default();
    let length = fields.last().and_then(|length| length.parse().ok());
    if given.is_empty() && length == Some(0) {
        return Reading::Empty;
    }
    if is_whole(&given, length) { Reading::Whole(given) } else { Reading::Damaged(given) }
}

/// Whether a PDU is hexadecimal and as long as its header says, which leaves the service centre's address out of it
/// (27.005, 3.1). Some modems leave that address out of the PDU too.
fn is_whole(hex: &str, length: Option<usize>) -> bool {
    let Some(octets) = from_hex(hex) else { return false };
    let Some(length) = length else { return decode_whole(&octets).is_ok() };
    let centre = octets.first().map_or(0, |length| usize::from(*length));
    octets.len() == length + 1 + centre || (octets.len() == length && decode_whole(&octets).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Reading, read};

    const PDU: &str = "00040D91683108352614F70008621132900000230460A8597D";

    #[test]
    fn only_what_is_whole_is_taken() {
        let all = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let whole = || Reading::Whole(PDU.to_owned());
        let damaged = |text: &str| Reading::Damaged(text.to_owned());
        let one = PDU.replacen("83", "8?", 1);
        let (two, eight) = (&PDU[..PDU.len() - 2], &PDU[..PDU.len() - 8]);
        let middle = format!("{}{}", &PDU[..10], &PDU[12..]);
        for (what, lines, reading) in [
            ("whole", &["+CMGR: 1,,24", PDU][..], whole()),
            ("with a name", &["+CMGR: 0,\"Wang, J\",24", PDU], whole()),
            ("without the name's field", &["+CMGR: 0,24", PDU], whole()),
            ("Huawei", &["^RSSI:20", "+CMGR: 1,,24", "^HCSQ:\"LTE\",44", PDU], whole()),
            ("no service centre", &["+CMGR: 1,,24", &PDU[2..]], Reading::Whole(PDU[2..].to_owned())),
            ("no hex", &["+CMGR: 1,,24", &one], damaged(&one)),
            ("two digits short", &["+CMGR: 1,,24", two], damaged(two)),
            ("eight digits short", &["+CMGR: 1,,24", eight], damaged(eight)),
            ("two digits short in the middle", &["+CMGR: 1,,24", &middle], damaged(&middle)),
            ("no PDU", &["+CMGR: 1,,24"], damaged("")),
            ("no header", &[PDU], damaged(PDU)),
            ("stored for sending", &["+CMGR: 2,,24", PDU], Reading::Ours),
            ("empty", &[], Reading::Empty),
            ("empty, EC25", &["+CMGR: 0,,0"], Reading::Empty),
        ] {
            assert_eq!(read(&all(lines)), reading, "{what}");
        }
    }
}
