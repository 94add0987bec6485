//! What a modem says without being asked, put together from its lines: a PDU behind its header, an answer of several
//! lines. Pure.

use super::urc::{self, Urc};

/// A URC with the line that came behind it, where one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What it is.
    pub urc: Urc,
    /// The line itself; an answer of several lines with its line ends.
    pub line: String,
    /// The PDU of `+CDS` and `+CMT`, or the text in text mode.
    pub pdu: Option<String>,
}

impl Heard {
    fn of(urc: Urc, line: &str) -> Heard {
        Heard { urc, line: line.to_owned(), pdu: None }
    }
}

/// Other lines that may stand between a header and its PDU.
const BETWEEN: usize = 12;
/// Lines of one answer to a code; its text has 182 characters at most (3GPP TS 23.038, 5).
const ANSWER_LINES: usize = 40;

/// What is heard of something that has more lines than one.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// A header whose PDU is to come, and how many other lines came instead.
    header: Option<(Heard, usize)>,
    /// An answer to a code whose quotes are open, and its lines so far.
    answer: Option<(String, usize)>,
}

impl Hearing {
    /// Takes a line in: whether it was no answer to a command, and what is complete with it.
    pub(super) fn take(&mut self, line: &str) -> (bool, Vec<Heard>) {
        let mut complete = Vec::new();
        let urc = urc::parse(line);
        if let Some((header, others)) = self.header.take() {
            let text = header.urc == Urc::TextFollows && urc.is_none() && !is_foreign(line);
            if text || looks_pdu(line) {
                complete.push(Heard { pdu: Some(line.to_owned()), ..header });
                return (true, complete);
            }
            let another = matches!(urc, Some(Urc::ReportFollows(_) | Urc::DeliverFollows(_) | Urc::TextFollows));
            if another || others >= BETWEEN {
                // Its PDU is lost: what the modem still has of it is looked for.
                complete.push(Heard::of(Urc::Look, &header.line));
            } else {
                self.header = Some((header, others + 1));
            }
        }
        if let Some((begun, lines)) = self.answer.take() {
            // What the network writes may look like anything but the modem's own lines.
            if urc.is_none() || !is_foreign(line) {
                let whole = format!("{begun}\n{line}");
                if is_closed(&whole) || lines >= ANSWER_LINES {
                    complete.push(Heard { urc: Urc::Ussd, line: whole, pdu: None });
                } else {
                    self.answer = Some((whole, lines + 1));
                }
                return (true, complete);
            }
            if urc == Some(Urc::Ussd) {
                complete.push(Heard { urc: Urc::Ussd, line: begun, pdu: None });
            } else {
                self.answer = Some((begun, lines));
            }
        }
        match urc {
            Some(urc @ (Urc::ReportFollows(_) | Urc::DeliverFollows(_) | Urc::TextFollows)) => {
                self.header = Some((Heard::of(urc, line), 0));
            }
            Some(Urc::Ussd) if !is_closed(line) => self.answer = Some((line.to_owned(), 1)),
            Some(urc) => complete.push(Heard::of(urc, line)),
            None => return (false, complete),
        }
        (true, complete)
    }

    /// What there is of an answer whose end does not come.
    pub(super) fn give_up(&mut self) -> Option<Heard> {
        self.answer.take().map(|(line, _)| Heard { urc: Urc::Ussd, line, pdu: None })
    }
}

/// Whether the text of an answer to a code has its closing quote: behind it stand the coding scheme or nothing.
fn is_closed(answer: &str) -> bool {
    let Some((_, text)) = answer.split_once('"') else { return true };
    let Some((_, behind)) = text.rsplit_once('"') else { return false };
    let behind = behind.trim().trim_start_matches(',').trim();
    behind.chars().all(|c| c.is_ascii_digit())
}

/// A line of the modem's own, in the way that they all begin.
pub(super) fn is_foreign(line: &str) -> bool {
    line.starts_with(['+', '^', '*', '#', '$', '%']) || matches!(line, "OK" | "ERROR" | "RING" | "NO CARRIER" | "BUSY")
}

/// Whether a line is hexadecimal, or was: octets may have been damaged on the way. The shortest PDU has 9 octets.
pub(super) fn looks_pdu(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_hexdigit).count();
    let all = line.chars().count();
    !is_foreign(line) && all >= 16 && digits * 10 >= all * 9
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Heard, Hearing};
    use crate::modem::urc::Urc;

    const REPORT: &str = "0006FF0D91683108352614F7621132900000236211329050212300";
    const MESSAGE: &str = "00040D91683108352614F70008621132900000230460A8597D";

    fn all(lines: &[&str]) -> Vec<Heard> {
        let mut hearing = Hearing::default();
        lines.iter().flat_map(|line| hearing.take(line).1).collect()
    }

    #[test]
    fn lines_between_a_header_and_its_pdu_are_neither() {
        for (maker, between) in [
            ("nothing", &[][..]),
            ("Huawei", &["^RSSI:20"]),
            ("Huawei", &["^BOOT:27710117,0,0,0,77", "^HCSQ:\"LTE\",44,40,131,20"]),
            ("a call", &["RING"]),
            ("a call with its number", &["+CRING: VOICE", "+CLIP: \"13805362417\",161"]),
            ("ZTE", &["+ZUSIMR:2"]),
            ("Quectel", &["+QIND: \"csq\",31,99"]),
            ("another announcement", &["+CMTI: \"SM\",3"]),
            ("registration", &["+CREG: 1,\"5A1B\",\"0D2E\",7"]),
        ] {
            for (header, pdu) in [("+CDS: 26", REPORT), ("+CMT: ,24", MESSAGE)] {
                let lines: Vec<&str> = [header].into_iter().chain(between.iter().copied()).chain([pdu]).collect();
                let heard = all(&lines);
                assert_eq!(heard.last().unwrap().pdu.as_deref(), Some(pdu), "{maker}: {lines:?}");
                assert_eq!(heard.iter().filter(|one| one.pdu.is_some()).count(), 1, "{maker}");
            }
        }
        // What came between them is acted upon too.
        let heard = all(&["+CDS: 26", "+CMTI: \"SM\",3", REPORT]);
        assert!(matches!(heard[0].urc, Urc::Stored(_)) && matches!(heard[1].urc, Urc::ReportFollows(_)));
    }

    #[test]
    fn a_pdu_that_was_damaged_is_still_one_and_one_that_is_lost_is_looked_for() {
        let damaged = REPORT.replacen('F', "?", 1);
        assert_eq!(all(&["+CDS: 26", &damaged])[0].pdu.as_deref(), Some(damaged.as_str()));
        let heard = all(&["+CDS: 26", "+CMT: ,24", MESSAGE]);
        assert_eq!((heard[0].urc.clone(), heard[1].pdu.as_deref()), (Urc::Look, Some(MESSAGE)));
        let lost: Vec<&str> = ["+CMT: ,24"].into_iter().chain([r#"^RSSI:20"#; 14]).collect();
        assert_eq!(all(&lost).iter().filter(|one| one.urc == Urc::Look).count(), 1);
    }

    #[test]
    fn an_answer_to_a_code_has_all_of_its_lines() {
        let heard = all(&["+CUSD: 1,\"1 Balance", "2 Packages", "+CMTI: \"SM\",3", "0 Back\",15", "OK"]);
        assert!(matches!(heard[0].urc, Urc::Stored(_)));
        assert_eq!(heard[1].line, "+CUSD: 1,\"1 Balance\n2 Packages\n0 Back\",15");
        assert_eq!(all(&["+CUSD: 0,\"he said \"yes\"\",15"]).len(), 1);
        assert_eq!(all(&["+CUSD: 2"]).len(), 1);
        assert_eq!(all(&["+CUSD: 0,00420061,72"]).len(), 1);
        assert_eq!(all(&["+CUSD: 0,\"never closed", "+CUSD: 0,\"the next\",15"]).len(), 2);
    }

    #[test]
    fn a_text_of_text_mode_is_kept_with_its_header() {
        let heard = all(&["+CMT: \"+8613900000001\",,\"26/11/23,00:00:00+32\"", "^RSSI:20", "hello"]);
        assert_eq!((heard[0].urc.clone(), heard[0].pdu.as_deref()), (Urc::TextFollows, Some("hello")));
    }
}
