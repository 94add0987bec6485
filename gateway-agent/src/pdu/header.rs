//! The user data header (3GPP TS 23.040, 9.2.3.24) and its elements.

use super::BadPdu;
use super::national::Shift;
use super::reader::Reader;

/// A part's place (9.2.3.24.1 and .8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Concatenation {
    /// Names the message; 8 or 16 bits.
    pub reference: u16,
    /// How many parts there are.
    pub total: u8,
    /// Which this is, from 1.
    pub n: u8,
}

/// For which program of the phone it is (9.2.3.24.3 and .4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Ports {
    /// To this.
    pub destination: u16,
    /// From this.
    pub source: u16,
}

/// What stands in a header.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Header {
    /// Octets with the length in front; 0 where there is none.
    #[serde(skip)]
    pub length: usize,
    /// Where the part belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Concatenation>,
    /// For a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<Ports>,
    /// National language tables.
    #[serde(skip)]
    pub shift: Shift,
    /// Elements of other kinds, which do not change the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<u8>,
}

impl Header {
    /// Reads a header from its length on.
    ///
    /// # Errors
    /// [`BadPdu`] where the header or an element in it ends early.
    pub fn read(reader: &mut Reader<'_>) -> Result<Header, BadPdu> {
        let length = usize::from(reader.octet("user data header")?);
        let mut elements = reader.part(length, "user data header")?;
        let mut header = Header { length: length + 1, ..Header::default() };
        while !elements.is_at_end() {
            let kind = elements.octet("element")?;
            let size = usize::from(elements.octet("element length")?);
            let data = elements.take(size, "element data")?;
            header.element(kind, data);
        }
        Ok(header)
    }

    /// Of repeated elements the last counts (9.2.3.24); one of another size than its kind has is passed over.
    fn element(&mut self, kind: u8, data: &[u8]) {
        let part = |reference, total, n| {
            // A total of 0, or a number beyond it, means to ignore the element.
            let right = total > 0 && (1..=total).contains(&n);
            right.then_some(Concatenation { reference, total, n })
        };
        match (kind, data) {
            (0x00, [reference, total, n]) => self.part = part(u16::from(*reference), *total, *n).or(self.part),
            (0x08, [high, low, total, n]) => {
                self.part = part(u16::from_be_bytes([*high, *low]), *total, *n).or(self.part);
            }
            (0x04, [destination, source]) => {
                self.ports = Some(Ports { destination: u16::from(*destination), source: u16::from(*source) });
            }
            (0x05, [d1, d2, s1, s2]) => {
                self.ports =
                    Some(Ports { destination: u16::from_be_bytes([*d1, *d2]), source: u16::from_be_bytes([*s1, *s2]) });
            }
            (0x24, [language]) => self.shift.single = *language,
            (0x25, [language]) => self.shift.locking = *language,
            (other, _) => self.others.push(other),
        }
    }

    /// Zero bits behind the header, up to the next septet.
    #[must_use]
    pub fn fill(length: usize) -> usize {
        (7 - length * 8 % 7) % 7
    }

    /// The element that numbers a part, as a whole header. `wide`: with a 16-bit reference.
    #[must_use]
    pub fn numbering(part: Concatenation, wide: bool) -> Vec<u8> {
        let [high, low] = part.reference.to_be_bytes();
        if wide { vec![6, 8, 4, high, low, part.total, part.n] } else { vec![5, 0, 3, low, part.total, part.n] }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Concatenation, Header, Ports};
    use crate::pdu::from_hex;
    use crate::pdu::reader::Reader;

    fn read(hex: &str) -> Header {
        Header::read(&mut Reader::new(&from_hex(hex).unwrap())).unwrap()
    }

    #[test]
    fn elements_of_every_kind_stand_beside_each_other() {
        let header = read("140003CC0201240101250103050423F400000A0100");
        assert_eq!(header.part, Some(Concatenation { reference: 0xcc, total: 2, n: 1 }));
        assert_eq!((header.shift.single, header.shift.locking, header.others.as_slice()), (1, 3, [0x0a].as_slice()));
        assert_eq!(header.ports, Some(Ports { destination: 0x23f4, source: 0 }));
        assert_eq!(read("0505030B8400").ports, None, "of another size than it has");
        assert_eq!(read("06050423F423F4").ports, Some(Ports { destination: 9204, source: 9204 }));
        assert_eq!(read("040402F0F1").ports, Some(Ports { destination: 0xf0, source: 0xf1 }));
        assert_eq!(read("0608040102FF01").part, Some(Concatenation { reference: 0x0102, total: 255, n: 1 }));
        assert_eq!(read("0470027788").others, [0x70]);
        assert_eq!(read("00").length, 1);
    }

    #[test]
    fn numbering_that_cannot_be_is_passed_over() {
        for hex in ["050003CC0001", "050003CC0203", "050003CC0200", "040002CC02"] {
            assert_eq!(read(hex).part, None, "{hex}");
        }
        // The last of two counts, and a wrong one takes nothing away.
        assert_eq!(read("0A0003CC02010003DD0302").part.unwrap().reference, 0xdd);
        assert_eq!(read("0A0003CC02010003DD0309").part.unwrap().reference, 0xcc);
    }

    #[test]
    fn what_ends_early_names_its_octet() {
        let bad = |hex: &str| Header::read(&mut Reader::new(&from_hex(hex).unwrap())).unwrap_err().octet;
        assert_eq!(bad(""), 0);
        assert_eq!(bad("050003CC"), 4);
        assert_eq!(bad("020003"), 3);
        assert_eq!(bad("0100"), 2);
    }

    #[test]
    fn our_own_headers_read_back() {
        let part = Concatenation { reference: 0x1234, total: 9, n: 3 };
        let header = Header::numbering(part, true);
        assert_eq!(Header::read(&mut Reader::new(&header)).unwrap().part, Some(part));
        let narrow = Header::read(&mut Reader::new(&Header::numbering(part, false))).unwrap().part.unwrap();
        assert_eq!((narrow.reference, narrow.total, narrow.n), (0x34, 9, 3));
    }
}
