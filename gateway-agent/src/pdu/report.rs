//! SMS-STATUS-REPORT (3GPP TS 23.040, 9.2.2.3): what became of a message of ours.

use super::BadPdu;
use super::address::{self, Address};
use super::reader::Reader;
use super::time::timestamp;

/// What became of a message of ours. What may stand behind the status (TP-PI and on) tells nothing more of it and
/// is cut off by some centres, so it is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// TP-MR, as `+CMGS` gave it.
    pub mr: u8,
    /// TP-RA.
    pub to: Address,
    /// TP-SCTS: when the centre had it, UTC milliseconds.
    pub sent_at: Option<i64>,
    /// TP-DT: when it was decided, UTC milliseconds.
    pub at: Option<i64>,
    /// TP-ST.
    pub status: Delivery,
}

/// TP-ST in a word (9.2.3.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// 00–1F: the phone has it; or (01) it was handed on and nobody can say more, or (02) replaced.
    Delivered,
    /// 20–3F: the network still tries.
    Trying,
    /// 46: its time ran out.
    Expired,
    /// 40–7F otherwise, and what is reserved: given up, with the code.
    Failed(u8),
}

impl Delivery {
    /// The status of an octet.
    #[must_use]
    pub fn of(octet: u8) -> Delivery {
        match octet {
            0x00..=0x1f => Delivery::Delivered,
            0x20..=0x3f => Delivery::Trying,
            0x46 => Delivery::Expired,
            code => Delivery::Failed(code),
        }
    }
}

/// Reads a report behind its first octet.
///
/// # Errors
/// [`BadPdu`].
pub fn decode(reader: &mut Reader<'_>) -> Result<Report, BadPdu> {
    let mr = reader.octet("message reference")?;
    let to = address::decode(reader, "recipient address")?;
    let sent_at = timestamp(reader, "service centre's time")?;
    let at = timestamp(reader, "discharge time")?;
    let status = Delivery::of(reader.octet("status")?);
    Ok(Report { mr, to, sent_at, at, status })
}
