//! SMS-SUBMIT (3GPP TS 23.040, 9.2.2.2): what is handed to `+CMGS`.

use super::split::{UserData, split};
use super::{address, gsm7};

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Submit<'a> {
    /// E.164 with `+`.
    pub to: &'a str,
    /// The text.
    pub text: &'a str,
    /// TP-SRR: ask for a status report.
    pub report: bool,
    /// TP-VP in seconds; none leaves it to the network.
    pub validity_s: Option<u32>,
    /// Names the parts of one message; 8 bits.
    pub reference: u8,
}

/// One part, ready for the modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Octets with the empty service-centre address in front.
    pub octets: Vec<u8>,
}

impl Part {
    /// What stands behind `AT+CMGS=`: octets without the service centre's (27.005, 3.5.1).
    #[must_use]
    pub fn length(&self) -> usize {
        self.octets.len().saturating_sub(1)
    }
}

/// Why a message has no PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Not a number of 3 to 20 digits.
    #[error("number")]
    Number,
    /// More than 255 parts.
    #[error("length")]
    Length,
}

/// Encodes a message into its parts.
///
/// # Errors
/// [`Unsendable`].
pub fn encode(submit: &Submit<'_>) -> Result<Vec<Part>, Unsendable> {
    let to = address::encode(submit.to).ok_or(Unsendable::Number)?;
    let parts = split(submit.text).ok_or(Unsendable::Length)?;
    let total = u8::try_from(parts.len()).map_err(|_| Unsendable::Length)?;
    Ok(parts.iter().zip(1u8..).map(|(data, n)| part(submit, &to, data, n, total)).collect())
}

fn part(submit: &Submit<'_>, to: &[u8], data: &UserData, n: u8, total: u8) -> Part {
    let header: &[u8] = if total > 1 { &[5, 0, 3, submit.reference, total, n] } else { &[] };
    // TP-MTI SUBMIT 01, TP-VPF relative 10, TP-SRR bit 5, TP-UDHI bit 6.
    let mut first = 0x01;
    if submit.validity_s.is_some() {
        first |= 0x10;
    }
    if submit.report {
        first |= 0x20;
    }
    if !header.is_empty() {
        first |= 0x40;
    }
    let (scheme, length, body) = match data {
        UserData::Gsm7(septets) => {
            // The text begins at a septet boundary behind the header.
            let fill = (7 - header.len() * 8 % 7) % 7;
            let length = (header.len() * 8 + fill) / 7 + septets.len();
            (0x00, length, gsm7::pack(septets, fill))
        }
        UserData::Ucs2(units) => {
            let body: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            (0x08, header.len() + body.len(), body)
        }
    };
    // TP-MR 00: the modem counts.
    let mut octets = vec![0, first, 0];
    octets.extend_from_slice(to);
    octets.extend_from_slice(&[0, scheme]);
    if let Some(seconds) = submit.validity_s {
        octets.push(relative_validity(seconds));
    }
    octets.push(u8::try_from(length).unwrap_or(u8::MAX));
    octets.extend_from_slice(header);
    octets.extend_from_slice(&body);
    Part { octets }
}

/// TP-VP, relative format (23.040, 9.2.3.12.1), rounded up.
fn relative_validity(seconds: u32) -> u8 {
    let minutes = seconds.div_ceil(60);
    let value = match minutes {
        0..=720 => minutes.div_ceil(5).saturating_sub(1),
        721..=1440 => (minutes - 720).div_ceil(30) + 143,
        1441..=43_200 => minutes.div_ceil(1440) + 166,
        43_201.. => minutes.div_ceil(10_080) + 192,
    };
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Submit, Unsendable, encode, relative_validity};
    use crate::pdu::to_hex;

    fn submit<'a>(to: &'a str, text: &'a str) -> Submit<'a> {
        Submit { to, text, report: false, validity_s: None, reference: 7 }
    }

    #[test]
    fn a_known_message() {
        let parts = encode(&submit("+46708251358", "hellohello")).unwrap();
        assert_eq!(to_hex(&parts[0].octets), "0001000B916407281553F800000AE8329BFD4697D9EC37");
        assert_eq!(parts[0].length(), 22);
    }

    #[test]
    fn chinese_with_report_and_validity() {
        let parts =
            encode(&Submit { report: true, validity_s: Some(86_400), ..submit("+8613805362417", "你好") }).unwrap();
        assert_eq!(to_hex(&parts[0].octets), "0031000D91683108352614F70008A7044F60597D");
    }

    #[test]
    fn parts_carry_their_number() {
        let parts = encode(&submit("+8613805362417", &"您".repeat(100))).unwrap();
        assert_eq!(parts.len(), 2);
        assert!(to_hex(&parts[1].octets).contains("050003070202"));
        assert!(parts.iter().all(|part| part.length() <= 12 + 1 + 2 + 140));
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        assert_eq!(encode(&submit("abc", "x")), Err(Unsendable::Number));
        assert_eq!(encode(&submit("+8613805362417", &"您".repeat(20_000))), Err(Unsendable::Length));
    }

    #[test]
    fn validity_is_rounded_up() {
        for (seconds, value) in
            [(0, 0), (300, 0), (301, 1), (43_200, 143), (86_400, 167), (172_800, 168), (u32::MAX, 255)]
        {
            assert_eq!(relative_validity(seconds), value, "{seconds} s");
        }
    }
}
