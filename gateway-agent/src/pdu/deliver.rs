//! SMS-DELIVER (3GPP TS 23.040, 9.2.2.1) and the entry point for everything that the network sends.

use super::BadPdu;
use super::address::{self, Address};
use super::data::{self, UserData};
use super::dcs::Scheme;
use super::header::Concatenation;
use super::reader::Reader;
use super::report::{self, Report};
use super::time::timestamp;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message or a part of one.
    Deliver(Deliver),
    /// What became of a message of ours.
    Report(Report),
}

/// A message or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// TP-OA: a number with `+` when international, or a name.
    pub from: Address,
    /// TP-SCTS, UTC milliseconds.
    pub at: Option<i64>,
    /// TP-PID: 41 to 47 replace an earlier message of the same sender and kind (9.2.3.9).
    pub pid: u8,
    /// TP-DCS.
    pub scheme: Scheme,
    /// Header and text.
    pub data: UserData,
    /// TP-MMS: the centre has more for us.
    pub more: bool,
    /// TP-RP: the way back is the way it came.
    pub reply_path: bool,
}

impl Deliver {
    /// The text of this message or part.
    #[must_use]
    pub fn text(&self) -> String {
        data::text([&self.data.body])
    }

    /// Where it belongs, when it is a part. One of one is whole.
    #[must_use]
    pub fn part(&self) -> Option<Concatenation> {
        self.data.header.part.filter(|part| part.total > 1)
    }
}

/// Reads what the modem gives for `+CMGR`, `+CMGL`, `+CMT` and `+CDS`: the service centre's address, then the
/// message. A few modems leave that address out; what can be read to its last octet only without it, is.
///
/// # Errors
/// [`BadPdu`] names the octet, counted from 0 with the service centre's address.
pub fn decode(octets: &[u8]) -> Result<Incoming, BadPdu> {
    read(octets).map(|(message, _)| message)
}

/// Reads only what has nothing behind its end: a message that was not damaged on the way, as far as it can tell.
///
/// # Errors
/// [`BadPdu`].
pub fn decode_whole(octets: &[u8]) -> Result<Incoming, BadPdu> {
    match read(octets)? {
        (message, true) => Ok(message),
        (_, false) => Err(BadPdu { octet: octets.len(), what: "more than the message" }),
    }
}

/// The message, and whether it ends with the octets.
fn read(octets: &[u8]) -> Result<(Incoming, bool), BadPdu> {
    let mut reader = Reader::new(octets);
    let read = centre(&mut reader).and_then(|()| message(&mut reader));
    let at_end = reader.is_at_end();
    read.map(|message| (message, at_end)).or_else(|bad| {
        let mut reader = Reader::new(octets);
        message(&mut reader).ok().filter(|_| reader.is_at_end()).map(|message| (message, true)).ok_or(bad)
    })
}

/// The service centre's address: here the length counts octets (27.005, 3.1). A type of address stands in it with its
/// highest bit set, and a number behind that; what has none is the beginning of a message.
pub(super) fn centre(reader: &mut Reader<'_>) -> Result<(), BadPdu> {
    let length = usize::from(reader.octet("service centre length")?);
    if length > 12 || length == 1 {
        return Err(reader.bad("service centre length"));
    }
    let address = reader.take(length, "service centre")?;
    if address.first().is_some_and(|kind| kind & 0x80 == 0) {
        return Err(reader.bad("service centre"));
    }
    Ok(())
}

fn message(reader: &mut Reader<'_>) -> Result<Incoming, BadPdu> {
    let first = reader.octet("first octet")?;
    match first & 0x03 {
        // 9.2.3.1: what is reserved is taken as a delivery.
        0x00 | 0x03 => deliver(reader, first).map(Incoming::Deliver),
        0x02 => report::decode(reader).map(Incoming::Report),
        _ => Err(reader.bad("neither DELIVER nor STATUS-REPORT")),
    }
}

fn deliver(reader: &mut Reader<'_>, first: u8) -> Result<Deliver, BadPdu> {
    let from = address::decode(reader, "originator address")?;
    let pid = reader.octet("protocol identifier")?;
    let scheme = Scheme::of(reader.octet("data coding scheme")?);
    let at = timestamp(reader, "service centre's time")?;
    let data = UserData::read(reader, scheme, first & 0x40 != 0)?;
    Ok(Deliver { from, at, pid, scheme, data, more: first & 0x04 == 0, reply_path: first & 0x80 != 0 })
}
