//! Times in PDUs: TP-SCTS and TP-DT (3GPP TS 23.040, 9.2.3.11), and TP-VP (9.2.3.12).

use super::BadPdu;
use super::reader::Reader;

/// Reads seven swapped semi-octets: local time, then its zone in quarters of an hour with bit 3 as the sign.
/// UTC milliseconds; `None` for what is no date, such as the zeros that some centres send: the text counts more
/// than its time.
///
/// # Errors
/// [`BadPdu`] where the octets end early.
pub fn timestamp(reader: &mut Reader<'_>, what: &'static str) -> Result<Option<i64>, BadPdu> {
    let octets = reader.take(7, what)?;
    Ok(read(octets))
}

fn read(octets: &[u8]) -> Option<i64> {
    let digits: Option<Vec<i64>> = octets.get(..6)?.iter().map(|octet| two_digits(*octet)).collect();
    let [year, month, day, hour, minute, second] = digits?.try_into().ok()?;
    let zone = *octets.get(6)?;
    let quarters = two_digits(zone & 0xf7)?;
    let quarters = if zone & 0x08 == 0 { quarters } else { -quarters };
    let real = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60
        && quarters.abs() <= 14 * 4;
    if !real {
        return None;
    }
    // Days from civil (proleptic Gregorian): the year begins in March. Two digits are of this century.
    let (y, m) = if month <= 2 { (2000 + year - 1, month + 9) } else { (2000 + year, month - 3) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 3600 + minute * 60 + second - quarters * 900) * 1000)
}

fn two_digits(octet: u8) -> Option<i64> {
    let (tens, ones) = (octet & 0x0f, octet >> 4);
    (tens <= 9 && ones <= 9).then(|| i64::from(tens * 10 + ones))
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        // 2000 to 2099: every fourth year is a leap year.
        2 => 28 + i64::from(year % 4 == 0),
        _ => 31,
    }
}

/// How long the network tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Seconds from the submission.
    Seconds(u32),
    /// Until this time, UTC milliseconds; `None` for what is no date.
    Until(Option<i64>),
}

/// Reads TP-VP in the format that bits 4 and 3 of the first octet (TP-VPF) name.
///
/// # Errors
/// [`BadPdu`] where the octets end early.
pub fn validity(reader: &mut Reader<'_>, first: u8) -> Result<Option<Validity>, BadPdu> {
    Ok(match first & 0x18 {
        0x10 => Some(Validity::Seconds(relative_seconds(reader.octet("validity period")?))),
        0x18 => Some(Validity::Until(timestamp(reader, "validity period")?)),
        0x08 => enhanced(reader.take(7, "validity period")?),
        _ => None,
    })
}

/// 9.2.3.12.3: a functionality indicator, then up to six octets.
fn enhanced(octets: &[u8]) -> Option<Validity> {
    let indicator = *octets.first()?;
    // Bit 7: another indicator octet follows, which no standard fills yet; the value comes behind it.
    let value = octets.get(if indicator & 0x80 == 0 { 1 } else { 2 }..)?;
    match indicator & 0x07 {
        1 => Some(Validity::Seconds(relative_seconds(*value.first()?))),
        2 => Some(Validity::Seconds(u32::from(*value.first()?))),
        3 => {
            let [hours, minutes, seconds] =
                [value.first()?, value.get(1)?, value.get(2)?].map(|octet| two_digits(*octet));
            u32::try_from(hours? * 3600 + minutes? * 60 + seconds?).ok().map(Validity::Seconds)
        }
        _ => None,
    }
}

/// TP-VP, relative format (9.2.3.12.1), in seconds.
#[must_use]
pub fn relative_seconds(value: u8) -> u32 {
    let minutes = match u32::from(value) {
        value @ 0..=143 => (value + 1) * 5,
        value @ 144..=167 => 720 + (value - 143) * 30,
        value @ 168..=196 => (value - 166) * 1440,
        value => (value - 192) * 10_080,
    };
    minutes * 60
}

/// The relative format for at least so many seconds, or the longest one.
#[must_use]
pub fn relative(seconds: u32) -> u8 {
    (0..=u8::MAX).find(|value| relative_seconds(*value) >= seconds).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Validity, read, relative, relative_seconds, validity};
    use crate::pdu::from_hex;
    use crate::pdu::reader::Reader;

    fn at(hex: &str) -> Option<i64> {
        read(&from_hex(hex).unwrap())
    }

    #[test]
    fn zones_go_both_ways_in_quarters_of_an_hour() {
        // 2026-11-23 09:00:00 in China, in UTC, in Newfoundland (-03:30) and in Nepal (+05:45).
        let nine = 1_795_395_600_000;
        assert_eq!(at("62113290000023"), Some(nine));
        assert_eq!(at("62113290000000"), Some(nine + 8 * 3_600_000));
        assert_eq!(at("62113290000049"), Some(nine + 11 * 3_600_000 + 1_800_000));
        assert_eq!(at("62113290000032"), Some(nine + 8 * 3_600_000 - 20_700_000));
    }

    #[test]
    fn what_is_no_date_has_no_time() {
        for bad in ["00000000000000", "62312190000023", "62200390000023", "621132420000A3", "FFFFFFFFFFFFFF"] {
            assert_eq!(at(bad), None, "{bad}");
        }
        assert!(at("82209290000023").is_some(), "28 is a leap year");
        assert!(at("62209290000023").is_none(), "26 is none");
    }

    #[test]
    fn relative_validity_is_rounded_up() {
        for (seconds, value) in
            [(0, 0), (300, 0), (301, 1), (43_200, 143), (86_400, 167), (172_800, 168), (u32::MAX, 255)]
        {
            assert_eq!(relative(seconds), value, "{seconds} s");
        }
        assert!((0..255).all(|value| relative_seconds(value) < relative_seconds(value + 1)));
        assert_eq!(relative_seconds(255), 63 * 7 * 86_400);
    }

    #[test]
    fn every_format_of_a_validity() {
        let read = |hex: &str, first: u8| validity(&mut Reader::new(&from_hex(hex).unwrap()), first).unwrap();
        assert_eq!(read("", 0x01), None);
        assert_eq!(read("A7", 0x11), Some(Validity::Seconds(86_400)));
        assert_eq!(read("62113290000023", 0x19), Some(Validity::Until(Some(1_795_395_600_000))));
        assert_eq!(read("01A70000000000", 0x09), Some(Validity::Seconds(86_400)));
        assert_eq!(read("022D0000000000", 0x09), Some(Validity::Seconds(45)));
        assert_eq!(read("03213254000000", 0x09), Some(Validity::Seconds(12 * 3600 + 23 * 60 + 45)));
        assert_eq!(read("00000000000000", 0x09), None);
        assert!(validity(&mut Reader::new(&[1, 2]), 0x19).is_err());
    }
}
