//! What comes: read from its slot or taken as it is said, committed, and only then freed.

use std::time::Duration;

use super::driver::{Fault, SHORT};
use super::urc::Slot;
use super::work::Shift;
use crate::clock::now;
use crate::pdu::deliver::{Incoming, decode};
use crate::pdu::from_hex;

impl Shift<'_> {
    /// Reads a slot, commits, and only then frees it. Where the commit fails the slot is kept for later.
    pub(super) async fn take(&mut self, slot: &Slot) -> anyhow::Result<()> {
        let elsewhere = slot.storage != "SM" && !self.vendor.storages.contains(&format!("\"{}\"", slot.storage));
        if elsewhere {
            self.modem.optional(&format!("AT+CPMS=\"{}\"", slot.storage)).await?;
        }
        let read = self.modem.command(&format!("AT+CMGR={}", slot.index), SHORT).await;
        match read {
            Ok(lines) => {
                // Only the line behind the header: others may stand between, such as ^RSSI.
                let header = lines.iter().position(|line| line.starts_with("+CMGR:"));
                let pdu = header.and_then(|at| lines.get(at + 1..)?.iter().find(|line| from_hex(line).is_some()));
                let kept = match pdu {
                    Some(pdu) => self.take_in(pdu).await,
                    None => true,
                };
                if kept {
                    self.modem.optional(&format!("AT+CMGD={}", slot.index)).await?;
                }
            }
            // 27.005, 3.2.5: there is no such slot; it was emptied before its announcement was heard.
            Err(Fault::Refused(why)) if why == "+CMS ERROR: 321" => {
                tracing::debug!(name = self.seat.name, ?slot, "a slot is empty already");
            }
            Err(Fault::Refused(why)) => {
                // A SIM that is busy says no as well: it is asked again.
                tracing::warn!(name = self.seat.name, ?slot, why, "a slot cannot be read now");
                self.unread = true;
            }
            Err(fault) => return Err(fault.into()),
        }
        if elsewhere {
            self.modem.optional(self.vendor.storages).await?;
        }
        Ok(())
    }

    /// What lies on the SIM already: it came while nobody listened, or while nothing could be written.
    pub(super) async fn empty_slots(&mut self) -> anyhow::Result<()> {
        self.unread = false;
        let lines = match self.modem.command("AT+CMGL=4", Duration::from_secs(20)).await {
            Ok(lines) => lines,
            Err(Fault::Refused(_)) => {
                self.unread = true;
                Vec::new()
            }
            Err(fault) => return Err(fault.into()),
        };
        // What was stored for sending is not ours to free, but for what `recover` knows.
        let slots: Vec<u32> = lines
            .iter()
            .filter_map(|line| {
                let mut fields = line.strip_prefix("+CMGL:")?.split(',');
                let (slot, status) = (fields.next()?.trim().parse().ok()?, fields.next()?.trim());
                matches!(status, "0" | "1").then_some(slot)
            })
            .collect();
        for index in slots {
            self.take(&Slot { storage: "SM".to_owned(), index }).await?;
        }
        Ok(())
    }

    /// Takes a PDU in, durably; `false` where the disk refused. One that cannot be read is kept as it is, or
    /// it would block its slot for ever.
    pub(super) async fn take_in(&self, hex: &str) -> bool {
        let octets = from_hex(hex).unwrap_or_default();
        let outbox = &self.seat.outbox;
        let done = match decode(&octets) {
            Ok(Incoming::Deliver(deliver)) => outbox.received(&deliver, hex, &self.seat.name, now()).await,
            Ok(Incoming::Report(report)) => match outbox.reported(&report, &self.seat.name, now()).await {
                Ok(true) => Ok(()),
                Ok(false) => {
                    tracing::info!(name = self.seat.name, mr = report.mr, "a delivery report fits no message");
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Err(bad) => {
                tracing::warn!(name = self.seat.name, %bad, octets = octets.len(), "a PDU cannot be read; it is kept");
                outbox.unreadable(hex, now()).await
            }
        };
        if let Err(error) = &done {
            self.disk(error).await;
        }
        done.is_ok()
    }
}
