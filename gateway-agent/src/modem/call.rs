//! A ringing line as calls: analog caller ID (`AT+VCID=1`, before or after RING) and GSM (+CLIP) alike.
//! Pure: lines and the time in, phases out. On an analog line nobody can tell whether a parallel phone was
//! lifted, so the ringing only ever ends.

use fieldline_protocol::messages::CallPhase;
use uuid::Uuid;

use super::caller::{self, News};
use super::urc;

/// Milliseconds without a ring after which a call is over.
const SILENCE: i64 = 7_000;
/// How long a number may precede its first ring.
const BEFORE_RING: i64 = 4_000;
/// How long a number waits for the name, which most modems write in the next line.
const FOR_NAME: i64 = 200;

/// A call under way.
#[derive(Clone, Debug)]
struct Ringing {
    call: Uuid,
    rings: u32,
    last: i64,
    /// What was told of the caller; none as long as nothing was told.
    told: Option<Who>,
    /// When it is told without the name.
    tell_at: Option<i64>,
    answered: bool,
    who: Who,
    raw: Vec<String>,
}

/// What is known of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Who {
    number: Option<String>,
    name: Option<String>,
    withheld: bool,
}

impl Who {
    /// Adds what a line tells: a number counts more than a word that it is withheld, and the first of two stays.
    fn learn(&mut self, number: Option<String>, name: Option<String>, withheld: bool) {
        self.number = self.number.take().or(number);
        self.name = self.name.take().or(name);
        self.withheld = (self.withheld || withheld) && self.number.is_none();
    }

    fn is_known(&self) -> bool {
        self.number.is_some() || self.withheld
    }
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

    /// Whether something is to be told soon.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.ringing.as_ref().is_some_and(|ringing| ringing.tell_at.is_some())
    }

    /// What `+CLCC` says of the calls there are (27.007, 7.18): a modem that rings no more was answered, or
    /// its caller hung up, and the list of calls tells which; and it tells a number that +CLIP did not.
    pub fn listed(&mut self, lines: &[String], now: i64) -> Vec<Told> {
        let calls: Vec<Vec<String>> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("+CLCC:"))
            .map(urc::fields)
            .filter(|fields| fields.get(1).is_some_and(|direction| direction == "1"))
            .collect();
        let Some(ringing) = &mut self.ringing else { return Vec::new() };
        if calls.is_empty() {
            return self.end();
        }
        ringing.last = now;
        let number = calls.iter().find_map(|fields| {
            let (number, kind) = (fields.get(5)?, fields.get(6).and_then(|kind| kind.parse::<u8>().ok()).unwrap_or(0));
            let plus = if kind & 0x70 == 0x10 && !number.starts_with('+') { "+" } else { "" };
            number.bytes().any(|b| b.is_ascii_digit()).then(|| format!("{plus}{number}"))
        });
        ringing.who.learn(number, None, false);
        // 0: active, 1: held; 4: incoming, 5: waiting.
        let answered =
            calls.iter().any(|fields| fields.get(2).is_some_and(|state| matches!(state.as_str(), "0" | "1")));
        if answered && !ringing.answered {
            ringing.answered = true;
            return vec![ringing.tell(CallPhase::Answered)];
        }
        ringing.news(now, false).into_iter().collect()
    }

    /// Takes a line in at `now`, milliseconds that only rise.
    pub fn line(&mut self, line: &str, now: i64) -> Vec<Told> {
        let mut told = self.tick(now);
        let Some(news) = caller::read(line) else { return told };
        if news == News::Over {
            told.extend(self.end());
            return told;
        }
        let ringing = self.ringing.get_or_insert_with(|| Ringing {
            call: Uuid::now_v7(),
            rings: 0,
            last: now,
            told: None,
            tell_at: None,
            answered: false,
            who: Who::default(),
            raw: Vec::new(),
        });
        ringing.last = now;
        if ringing.raw.len() < 32 {
            ringing.raw.push(line.to_owned());
        }
        let more = match news {
            News::Ring => {
                ringing.rings += 1;
                false
            }
            News::Caller { number, name, withheld, more } => {
                ringing.who.learn(number, name, withheld);
                more
            }
            News::Over | News::Detail => true,
        };
        told.extend(ringing.news(now, more));
        told
    }

    /// Tells what has waited for long enough by `now`, and ends a call that has fallen silent.
    pub fn tick(&mut self, now: i64) -> Vec<Told> {
        let Some(ringing) = &mut self.ringing else { return Vec::new() };
        let mut told: Vec<Told> = Vec::new();
        if ringing.tell_at.is_some_and(|at| now >= at) {
            told.extend(ringing.news(now, false));
        }
        let patience = if ringing.rings == 0 { self.silence.max(BEFORE_RING) } else { self.silence };
        if now - ringing.last >= patience {
            told.extend(self.end());
        }
        told
    }

    /// Ends the call, as when the line is unplugged.
    pub fn end(&mut self) -> Vec<Told> {
        let Some(mut ringing) = self.ringing.take() else { return Vec::new() };
        let mut told: Vec<Told> = Vec::new();
        if ringing.told.is_none() && ringing.who.is_known() {
            told.push(ringing.tell(CallPhase::Ringing));
        }
        if ringing.told.is_some() {
            told.push(ringing.tell(CallPhase::Ended));
        }
        told
    }
}

impl Ringing {
    /// What is to be told now: the ringing as soon as the number is there, with the name where it follows at once;
    /// without a number at the second ring, since FSK comes between them; later what is new of the caller.
    fn news(&mut self, now: i64, more: bool) -> Option<Told> {
        let phase = match &self.told {
            None if self.who.is_known() => CallPhase::Ringing,
            None if self.rings >= 2 => return Some(self.tell(CallPhase::Ringing)),
            None => return None,
            Some(told) if *told != self.who => CallPhase::Identified,
            Some(_) => return None,
        };
        // The name is complete, or nothing was told of the number yet and the name may come in the next line.
        if more && self.who.name.is_none() {
            let at = *self.tell_at.get_or_insert(now + FOR_NAME);
            if now < at {
                return None;
            }
        }
        Some(self.tell(phase))
    }

    fn tell(&mut self, phase: CallPhase) -> Told {
        self.told = Some(self.who.clone());
        self.tell_at = None;
        let Who { number, name, withheld } = self.who.clone();
        Told { call: self.call, phase, number, name, withheld, raw: self.raw.clone() }
    }
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
    fn the_name_is_told_with_the_number_or_behind_it() {
        let names =
            |told: &[Told]| told.iter().map(|t| (t.phase, t.number.clone(), t.name.clone())).collect::<Vec<_>>();
        let (number, name) = (Some("13805362417".to_owned()), Some("ACME LTD".to_owned()));
        let whole = vec![(Ringing, number.clone(), name.clone()), (Ended, number.clone(), name.clone())];
        // The usual order, the other one, before the ring, and with the date behind.
        for lines in [
            &[("RING", 0), ("NMBR = 13805362417", 1_000), ("NAME = ACME LTD", 1_020)][..],
            &[("RING", 0), ("NAME = ACME LTD", 1_000), ("NMBR = 13805362417", 1_020)],
            &[("NMBR = 13805362417", 0), ("NAME = ACME LTD", 30), ("RING", 600)],
            &[("RING", 0), ("NMBR = 13805362417", 900), ("DATE = 1123", 910), ("NAME = ACME LTD", 1_000)],
        ] {
            assert_eq!(names(&play(lines)), whole, "{lines:?}");
        }
        // Too late to wait for, and with the next ring only.
        for at in [1_500, 5_500] {
            let told = play(&[("RING", 0), ("NMBR = 13805362417", 1_000), ("NAME = ACME LTD", at)]);
            let behind = [(Ringing, number.clone(), None), (Identified, number.clone(), name.clone())];
            assert_eq!(names(&told)[..2], behind[..], "{at}");
            assert_eq!(names(&told)[2], (Ended, number.clone(), name.clone()));
        }
        // A number alone is told at the first look behind its wait.
        let mut calls = Calls::default();
        assert_eq!(calls.line("NMBR = 13805362417", 0), []);
        assert!(calls.waits());
        assert_eq!(phases(&calls.tick(250)), [(Ringing, Some("13805362417"))]);
        assert!(!calls.waits());
    }

    #[test]
    fn a_number_behind_a_withheld_mark_is_the_number() {
        let told =
            play(&[("RING", 0), ("NMBR = P", 1_000), ("RING", 5_000), ("NMBR = 13805362417", 6_000), ("RING", 10_000)]);
        assert_eq!(phases(&told), [(Ringing, None), (Identified, Some("13805362417")), (Ended, Some("13805362417"))]);
        assert!(told[0].withheld && !told[1].withheld && !told[2].withheld);
        // Within one message, and the other way round.
        for lines in [["NMBR = P", "NMBR = 13805362417"], ["NMBR = 13805362417", "NMBR = O"]] {
            let told = play(&[("RING", 0), (lines[0], 1_000), (lines[1], 1_010)]);
            assert_eq!(phases(&told), [(Ringing, Some("13805362417")), (Ended, Some("13805362417"))]);
            assert!(!told[0].withheld, "{lines:?}");
        }
    }

    #[test]
    fn a_gsm_call_is_told_at_once_and_its_list_may_know_the_number() {
        let mut calls = Calls::default();
        calls.line("RING", 0);
        assert_eq!(phases(&calls.line("+CLIP: \"447700900123\",145", 10)), [(Ringing, Some("+447700900123"))]);
        let mut calls = Calls::default();
        calls.line("RING", 0);
        let listed = ["+CLCC: 1,1,4,0,0,\"447700900123\",145,\"Smith, J\"".to_owned()];
        assert_eq!(phases(&calls.listed(&listed, 1_000)), [(Ringing, Some("+447700900123"))]);
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
