//! A ringing line as calls: analog caller ID (`AT+VCID=1`, before or after RING) and GSM (+CLIP) alike.
//! Pure: lines and the time in, phases out. On an analog line nobody can tell whether a parallel phone was
//! lifted, so the ringing only ever ends.

use fieldline_protocol::messages::CallPhase;
use uuid::Uuid;

/// Milliseconds without a ring after which a call is over.
const SILENCE: i64 = 7_000;
/// How long a number may precede its first ring.
const BEFORE_RING: i64 = 4_000;

/// A call under way.
#[derive(Clone, Debug)]
struct Ringing {
    call: Uuid,
    rings: u32,
    last: i64,
    told: bool,
    identified: bool,
    answered: bool,
    number: Option<String>,
    name: Option<String>,
    withheld: bool,
    raw: Vec<String>,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The call.
    pub call: Uuid,
    /// What happened to it.
    pub phase: CallPhase,
    /// Its number.
    pub number: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Withheld or out of area.
    pub withheld: bool,
    /// The lines as they came.
    pub raw: Vec<String>,
}

/// One line's calls.
#[derive(Clone, Debug)]
pub struct Calls {
    ringing: Option<Ringing>,
    silence: i64,
}

impl Default for Calls {
    fn default() -> Calls {
        Calls { ringing: None, silence: SILENCE }
    }
}

impl Calls {
    /// Sets how long the line may be quiet before a call is over, milliseconds.
    pub fn patience(&mut self, silence: i64) {
        self.silence = silence;
    }

    /// Whether a call is under way.
    #[must_use]
    pub fn under_way(&self) -> bool {
        self.ringing.is_some()
    }

    /// What `+CLCC` says of the calls there are (27.007, 7.18): a modem that rings no more was answered, or
    /// its caller hung up, and the list of calls tells which.
    pub fn listed(&mut self, lines: &[String], now: i64) -> Vec<Told> {
        let states: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("+CLCC:"))
            .filter(|rest| rest.split(',').nth(1).is_some_and(|direction| direction.trim() == "1"))
            .filter_map(|rest| rest.split(',').nth(2).map(str::trim))
            .collect();
        let Some(ringing) = &mut self.ringing else { return Vec::new() };
        if states.is_empty() {
            return self.end().into_iter().collect();
        }
        // 0: active, 1: held; 4: incoming, 5: waiting.
        let answered = states.iter().any(|state| matches!(*state, "0" | "1"));
        ringing.last = now;
        if answered && !ringing.answered {
            ringing.answered = true;
            ringing.told = true;
            return vec![tell(ringing, CallPhase::Answered)];
        }
        Vec::new()
    }

    /// Takes a line in at `now`, milliseconds that only rise.
    pub fn line(&mut self, line: &str, now: i64) -> Vec<Told> {
        let mut told: Vec<Told> = self.tick(now).into_iter().collect();
        let Some(news) = read(line) else { return told };
        if news == News::Over {
            told.extend(self.end());
            return told;
        }
        let ringing = self.ringing.get_or_insert_with(|| Ringing {
            call: Uuid::now_v7(),
            rings: 0,
            last: now,
            told: false,
            identified: false,
            answered: false,
            number: None,
            name: None,
            withheld: false,
            raw: Vec::new(),
        });
        ringing.last = now;
        if ringing.raw.len() < 32 {
            ringing.raw.push(line.to_owned());
        }
        let knew = ringing.number.is_some() || ringing.withheld;
        match news {
            News::Ring => ringing.rings += 1,
            News::Number(number) => ringing.number = Some(number),
            News::Name(name) => ringing.name = Some(name),
            News::Withheld => ringing.withheld = true,
            News::Over | News::Detail => {}
        }
        let knows = ringing.number.is_some() || ringing.withheld;
        let phase = match (ringing.told, knows) {
            // As soon as the number is there; without one after the second ring, since FSK comes between them.
            (false, true) => Some(CallPhase::Ringing),
            (false, false) if ringing.rings >= 2 => Some(CallPhase::Ringing),
            (true, true) if !knew && !ringing.identified => Some(CallPhase::Identified),
            (false | true, _) => None,
        };
        if let Some(phase) = phase {
            ringing.told = true;
            ringing.identified |= knows;
            told.push(tell(ringing, phase));
        }
        told
    }

    /// Ends a call that has fallen silent by `now`.
    pub fn tick(&mut self, now: i64) -> Option<Told> {
        let ringing = self.ringing.as_ref()?;
        let patience = if ringing.rings == 0 { self.silence.max(BEFORE_RING) } else { self.silence };
        if now - ringing.last >= patience { self.end() } else { None }
    }

    /// Ends the call, as when the line is unplugged.
    pub fn end(&mut self) -> Option<Told> {
        self.ringing.take().filter(|ringing| ringing.told).map(|ringing| tell(&ringing, CallPhase::Ended))
    }
}

fn tell(ringing: &Ringing, phase: CallPhase) -> Told {
    Told {
        call: ringing.call,
        phase,
        number: ringing.number.clone(),
        name: ringing.name.clone(),
        withheld: ringing.withheld,
        raw: ringing.raw.clone(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    Ring,
    Number(String),
    Name(String),
    Withheld,
    /// Date and time: kept as they came, since exchanges send them wrong.
    Detail,
    Over,
}

fn read(line: &str) -> Option<News> {
    if let Some(urc) = super::urc::parse(line) {
        return match urc {
            super::urc::Urc::Ring => Some(News::Ring),
            super::urc::Urc::Clip { number: Some(number), .. } => Some(News::Number(number)),
            super::urc::Urc::Clip { number: None, .. } => Some(News::Withheld),
            super::urc::Urc::CallEnded => Some(News::Over),
            super::urc::Urc::Stored(_)
            | super::urc::Urc::ReportStored(_)
            | super::urc::Urc::ReportFollows
            | super::urc::Urc::DeliverFollows
            | super::urc::Urc::Ussd
            | super::urc::Urc::SentLate(_) => None,
        };
    }
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    match name.trim().to_ascii_uppercase().as_str() {
        "NMBR" | "DDN_NMBR" => match value {
            "O" | "P" => Some(News::Withheld),
            "" => None,
            number => Some(News::Number(number.to_owned())),
        },
        "NAME" => match value {
            "O" | "P" | "" => Some(News::Detail),
            name => Some(News::Name(name.to_owned())),
        },
        "MESG" => mdmf(value),
        "DATE" | "TIME" => Some(News::Detail),
        _ => None,
    }
}

/// `AT+VCID=2`: the message in hex, SDMF (04) or MDMF (80), its checksum verified.
fn mdmf(hex: &str) -> Option<News> {
    let octets = crate::pdu::from_hex(&hex.replace(' ', ""))?;
    let sum = octets.iter().fold(0u8, |sum, octet| sum.wrapping_add(*octet));
    let (kind, body) = (octets.first()?, octets.get(2..octets.len().checked_sub(1)?)?);
    if sum != 0 || usize::from(*octets.get(1)?) != body.len() {
        return None;
    }
    match kind {
        0x04 => text(body.get(8..)?)
            .map(|number| if number == "O" || number == "P" { News::Withheld } else { News::Number(number) }),
        0x80 => {
            let mut rest = body;
            while let [parameter, length, after @ ..] = rest {
                let (value, next) = after.split_at_checked(usize::from(*length))?;
                match parameter {
                    0x02 => return text(value).map(News::Number),
                    0x04 => return Some(News::Withheld),
                    _ => rest = next,
                }
            }
            Some(News::Detail)
        }
        _ => None,
    }
}

fn text(octets: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(octets).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Calls, Told};
    use fieldline_protocol::messages::CallPhase::{Answered, Ended, Identified, Ringing};

    fn play(lines: &[(&str, i64)]) -> Vec<Told> {
        let mut calls = Calls::default();
        let mut told: Vec<Told> = lines.iter().flat_map(|(line, at)| calls.line(line, *at)).collect();
        told.extend(calls.tick(1_000_000));
        told
    }

    fn phases(told: &[Told]) -> Vec<(fieldline_protocol::messages::CallPhase, Option<&str>)> {
        told.iter().map(|t| (t.phase, t.number.as_deref())).collect()
    }

    #[test]
    fn fsk_between_the_rings() {
        let told = play(&[
            ("RING", 0),
            ("DATE = 1123", 1500),
            ("TIME = 1026", 1500),
            ("NMBR = 13805362417", 1510),
            ("RING", 5000),
            ("RING", 10_000),
        ]);
        assert_eq!(phases(&told), [(Ringing, Some("13805362417")), (Ended, Some("13805362417"))]);
    }

    #[test]
    fn dtmf_before_the_first_ring() {
        let told = play(&[("NMBR=05363112290", 0), ("RING", 800), ("RING", 5_800)]);
        assert_eq!(phases(&told), [(Ringing, Some("05363112290")), (Ended, Some("05363112290"))]);
    }

    #[test]
    fn without_a_number_the_second_ring_tells() {
        assert_eq!(phases(&play(&[("RING", 0)])), []);
        assert_eq!(phases(&play(&[("RING", 0), ("RING", 5000)])), [(Ringing, None), (Ended, None)]);
        assert_eq!(
            phases(&play(&[("RING", 0), ("RING", 5000), ("NMBR = 10086", 6000)])),
            [(Ringing, None), (Identified, Some("10086")), (Ended, Some("10086"))]
        );
    }

    #[test]
    fn withheld_numbers_are_said_to_be() {
        for line in ["NMBR = P", "NMBR=O", "+CLIP: \"\",128,,,,1"] {
            let told = play(&[("RING", 0), (line, 1000)]);
            assert!(told[0].withheld && told[0].number.is_none(), "{line}");
        }
    }

    #[test]
    fn two_calls_are_two() {
        let told = play(&[
            ("RING", 0),
            ("NMBR = 1380", 1000),
            ("RING", 20_000),
            ("NMBR = 1390", 21_000),
            ("NO CARRIER", 22_000),
        ]);
        assert_eq!(
            phases(&told),
            [(Ringing, Some("1380")), (Ended, Some("1380")), (Ringing, Some("1390")), (Ended, Some("1390"))]
        );
        assert_ne!(told[0].call, told[2].call);
    }

    #[test]
    fn the_list_of_calls_tells_answered_from_missed() {
        let incoming = ["+CLCC: 1,1,4,0,0,\"13805362417\",129".to_owned()];
        let active = ["+CLCC: 1,1,0,0,0,\"13805362417\",129".to_owned()];
        let mut calls = Calls::default();
        calls.line("RING", 0);
        calls.line("+CLIP: \"13805362417\",129", 100);
        assert_eq!(calls.listed(&incoming, 1_000), []);
        assert_eq!(phases(&calls.listed(&active, 2_000)), [(Answered, Some("13805362417"))]);
        assert_eq!(calls.listed(&active, 3_000), []);
        assert_eq!(phases(&calls.listed(&[], 60_000)), [(Ended, Some("13805362417"))]);
        assert!(!calls.under_way());
    }

    #[test]
    fn hexadecimal_messages_need_their_checksum() {
        // MDMF: number 13805362417.
        let mut octets = vec![0x80u8, 13, 0x02, 11];
        octets.extend_from_slice(b"13805362417");
        let sum = octets.iter().fold(0u8, |sum, octet| sum.wrapping_add(*octet));
        octets.push(sum.wrapping_neg());
        let good = format!("MESG = {}", crate::pdu::to_hex(&octets));
        assert_eq!(phases(&play(&[("RING", 0), (&good, 1000)]))[0], (Ringing, Some("13805362417")));
        let bad = good.replace("31333830", "31333831");
        assert_eq!(phases(&play(&[("RING", 0), (&bad, 1000)])), []);
    }
}
