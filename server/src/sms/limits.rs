//! How many messages, to which numbers, at which hours. Decisions only.

use crate::kernel::clock::{self, MINUTE, Millis};
use crate::kernel::words::words;
use crate::sms::Refusal;

words! {
    /// What a message is for.
    pub enum Class {
        /// About the receiver's own business: an order, a delivery, an answer.
        Service = "service",
        /// Advertising and greetings: quiet hours, consent and opt-out hold.
        Marketing = "marketing",
        /// Questions to our own people and what came of their answers: no other message uses up their cap.
        Staff = "staff",
    }
}

/// How many messages may be sent in a China day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Written by one person.
    pub person: i64,
    /// To one number.
    pub recipient: i64,
    /// Through one box: the operator closes cards that send more than people do.
    pub gateway: i64,
    /// By the company.
    pub company: i64,
    /// In the campaigns of one person.
    pub campaign: i64,
    /// Questions and confirmations to one member of staff.
    pub staff: i64,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { person: 200, recipient: 10, gateway: 1000, company: 2000, campaign: 2000, staff: 100 }
    }
}

/// How many were sent today of what a message counts against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentToday {
    /// By this person, or in this person's campaigns.
    pub sender: i64,
    /// To this number.
    pub recipient: i64,
    /// By the company.
    pub company: i64,
}

/// Whether one more is allowed today. What people write and their campaigns have caps of their own.
///
/// # Errors
/// Which cap is reached.
pub fn within(caps: Caps, sent: SentToday, class: Class) -> Result<(), Refusal> {
    let (sender, sender_cap) = match class {
        Class::Staff if sent.recipient >= caps.staff => return Err(Refusal::StaffCap(caps.staff)),
        Class::Staff => return Ok(()),
        Class::Service => (caps.person, Refusal::PersonCap(caps.person)),
        Class::Marketing => (caps.campaign, Refusal::CampaignCap(caps.campaign)),
    };
    if sent.recipient >= caps.recipient {
        Err(Refusal::RecipientCap(caps.recipient))
    } else if sent.sender >= sender {
        Err(sender_cap)
    } else if sent.company >= caps.company {
        Err(Refusal::CompanyCap(caps.company))
    } else {
        Ok(())
    }
}

/// The hours in which no marketing goes out, in minutes of the China day; equal ends mean none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute.
    pub from: i64,
    /// The first minute after.
    pub to: i64,
}

impl Default for Quiet {
    fn default() -> Self {
        Quiet { from: 21 * 60, to: 8 * 60 }
    }
}

impl Quiet {
    /// Whether `now` lies in them.
    #[must_use]
    pub fn holds(self, now: Millis) -> bool {
        let minute = (now - clock::start_of(clock::day(now))) / MINUTE;
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// The beginnings of numbers that may be written to, as typed: `130 131,1380536`. None mean every mainland
/// mobile.
///
/// # Errors
/// The piece that begins no mobile number.
pub fn ranges(text: &str) -> Result<Vec<String>, String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';'))
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let fits = piece.starts_with('1') && piece.len() <= 11 && piece.bytes().all(|b| b.is_ascii_digit());
            if fits { Ok(piece.to_owned()) } else { Err(piece.to_owned()) }
        })
        .collect()
}

/// Whether a number lies in the allowed ranges.
#[must_use]
pub fn allowed(ranges: &[String], digits: &str) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| digits.starts_with(range.as_str()))
}

words! {
    /// Why a number is not written to.
    pub enum Block {
        /// 黑名单: it gets nothing at all.
        Blacklist = "blacklist" => "sms.block_blacklist",
        /// 退订: its owner wants no marketing.
        OptOut = "optout" => "sms.block_optout",
    }
}

impl Block {
    /// Whether it stops a message of this class.
    #[must_use]
    pub fn stops(self, class: Class) -> bool {
        match (self, class) {
            (Block::OptOut, Class::Service | Class::Staff) => false,
            (Block::OptOut, Class::Marketing)
            | (Block::Blacklist, Class::Service | Class::Marketing | Class::Staff) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Caps, Class, Quiet, SentToday, allowed, ranges, within};
    use crate::kernel::clock::{HOUR, MINUTE, parse_day, start_of};
    use crate::sms::Refusal;

    #[test]
    fn caps_hold() {
        let caps = Caps { person: 2, recipient: 1, gateway: 9, company: 3, campaign: 4, staff: 5 };
        let sent = |sender, recipient, company| SentToday { sender, recipient, company };
        assert_eq!(within(caps, sent(1, 0, 2), Class::Service), Ok(()));
        assert_eq!(within(caps, sent(0, 1, 0), Class::Service), Err(Refusal::RecipientCap(1)));
        assert_eq!(within(caps, sent(2, 0, 2), Class::Service), Err(Refusal::PersonCap(2)));
        assert_eq!(within(caps, sent(2, 0, 2), Class::Marketing), Ok(()));
        assert_eq!(within(caps, sent(4, 0, 2), Class::Marketing), Err(Refusal::CampaignCap(4)));
        assert_eq!(within(caps, sent(9, 4, 9), Class::Staff), Ok(()));
        assert_eq!(within(caps, sent(0, 5, 0), Class::Staff), Err(Refusal::StaffCap(5)));
        assert_eq!(within(caps, sent(0, 0, 3), Class::Marketing), Err(Refusal::CompanyCap(3)));
    }

    #[test]
    fn quiet_hours_reach_over_midnight() {
        let day = start_of(parse_day("2026-11-23").unwrap());
        let night = Quiet::default();
        assert!(night.holds(day) && night.holds(day + 8 * HOUR - 1) && night.holds(day + 21 * HOUR));
        assert!(!night.holds(day + 8 * HOUR) && !night.holds(day + 21 * HOUR - MINUTE));
        let noon = Quiet { from: 12 * 60, to: 14 * 60 };
        assert!(noon.holds(day + 13 * HOUR) && !noon.holds(day + 14 * HOUR) && !noon.holds(day));
        assert!(!Quiet { from: 60, to: 60 }.holds(day + HOUR));
    }

    #[test]
    fn ranges_are_beginnings_of_mobile_numbers() {
        let known = ranges("138 139，1890536").unwrap();
        assert!(allowed(&known, "13805362417") && allowed(&known, "18905360000"));
        assert!(!allowed(&known, "18805360000"));
        assert!(allowed(&[], "18805360000"));
        assert_eq!(ranges("138 0536"), Err("0536".to_owned()));
    }
}
