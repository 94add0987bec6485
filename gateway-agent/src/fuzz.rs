//! What fuzzing feeds to the readers of everything that comes from outside, and what must hold of it whatever comes.

use crate::modem::call::Calls;
use crate::modem::cusd::{self, Way};
use crate::modem::lines::{Lines, Said};
use crate::modem::urc;
use crate::pdu::deliver::{self, Incoming};
use crate::pdu::{salvage, submit};

/// Octets as a PDU of either direction.
pub fn pdu(octets: &[u8]) {
    match deliver::decode(octets) {
        Ok(Incoming::Deliver(message)) => {
            // No message is longer than 160 characters, of which each may be a ligature of the tables.
            assert!(message.text().chars().count() <= 160, "too long");
            assert!(message.part().is_none_or(|part| part.total > 1 && (1..=part.total).contains(&part.n)), "no place");
        }
        Ok(Incoming::Report(report)) => assert!(report.to.text.chars().count() <= 20, "a long number"),
        Err(bad) => assert!(bad.octet <= octets.len(), "outside: {bad}"),
    }
    let _ = salvage::read(&crate::pdu::to_hex(octets));
    if let Err(bad) = submit::decode(octets) {
        assert!(bad.octet <= octets.len(), "outside: {bad}");
    }
}

/// Bytes as a modem or a caller-ID line says them: in one piece and byte by byte they must be the same.
pub fn line(bytes: &[u8]) {
    let whole = Lines::default().feed(bytes);
    let mut slowly = Lines::default();
    let pieces: Vec<Said> = bytes.iter().flat_map(|byte| slowly.feed(std::slice::from_ref(byte))).collect();
    assert_eq!(whole, pieces, "cut differently");
    let (mut calls, mut now) = (Calls::default(), 0);
    for said in whole {
        let Said::Line(line) = said else { continue };
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "not a line");
        let _ = (urc::parse(&line), cusd::read(&line, Way::default()), salvage::read(&line));
        calls.line(&line, now);
        calls.listed(std::slice::from_ref(&line), now);
        now += 500;
    }
    // A quiet line ends every call.
    calls.tick(now + 60_000);
    assert!(!calls.under_way(), "it rings for ever");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::path::Path;

    /// Every file of a corpus, and a great many of each with some octets changed.
    fn replay(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move || {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 16).unwrap()
        };
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 20, "{name}: {} files", files.len());
        for file in files {
            let octets = std::fs::read(&file).unwrap();
            target(&octets);
            for _ in 0..200 {
                let mut changed = octets.clone();
                for _ in 0..=random() % 4 {
                    let at = random() % (changed.len() + 1);
                    match random() % 3 {
                        0 => changed.insert(at, (random() & 0xff) as u8),
                        1 if at < changed.len() => drop(changed.remove(at)),
                        _ if at < changed.len() => changed[at] = (random() & 0xff) as u8,
                        _ => {}
                    }
                }
                target(&changed);
            }
        }
    }

    #[test]
    fn the_corpus_of_pdus() {
        replay("pdu", super::pdu);
    }

    #[test]
    fn the_corpus_of_lines() {
        replay("line", super::line);
    }
}
