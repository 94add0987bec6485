//! What goes wrong on demand.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// All is well again.
    #[default]
    None,
    /// A message goes on the air and the modem never says so: the case that decides about sending twice.
    Hang,
    /// The modem takes a message and neither sends nor answers.
    Deaf,
    /// The network refuses (--code, +CMS ERROR: 38 where none is given).
    Refuse,
    /// The answer to a message takes --ms (65 s); the modem hears nothing else meanwhile.
    Slow,
    /// A message's answer comes after --ms (65 s), and other commands are answered meanwhile.
    Late,
    /// The network refuses as it does without credit (+CMS ERROR: 50).
    NoCredit,
    /// No network: not registered, messages are refused (+CMS ERROR: 331), what comes waits.
    NoNetwork,
    /// The SIM has no free slot; the network keeps what comes.
    SimFull,
    /// ERROR to every command.
    Error,
    /// No answer to any command.
    Mute,
    /// No answer to any command until AT+CFUN=1,1 is heard.
    Dead,
    /// No network until the radio was switched off and on (+CFUN=4, then 1).
    LostNetwork,
    /// Noise between what is said.
    Garbage,
    /// The second half of each answer is lost.
    Half,
    /// What is announced comes in the middle of the next answer.
    Urc,
    /// What comes is delivered twice.
    Duplicate,
    /// Delivery reports are lost.
    ReportLost,
    /// Delivery reports come --ms (60 s) later.
    ReportLate,
    /// Of two delivery reports the second comes first.
    ReportReordered,
    /// Messages are reported as not delivered (--code is TP-ST, 64 where none is given).
    Undelivered,
    /// The stick is pulled out: its path vanishes. Also for a line.
    Unplug,
    /// It is put in again. Also for a line.
    Replug,
    /// The power fails for a moment: pulled out and put in at once.
    Cut,
}

/// A fault in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    pub ms: Option<u64>,
    pub code: Option<u16>,
    /// How often it still strikes; none: until it is taken back.
    pub times: Option<u32>,
}

impl Fault {
    /// Whether this fault is in force, without using it up.
    pub(super) fn is(&self, kind: FaultKind) -> bool {
        self.kind == kind && self.times != Some(0)
    }

    /// Whether this fault strikes now; one that strikes a number of times has struck once more.
    pub(super) fn strikes(&mut self, kind: FaultKind) -> bool {
        if !self.is(kind) {
            return false;
        }
        self.times = self.times.map(|times| times.saturating_sub(1));
        true
    }
}

/// Noise as a bad cable makes it, always the same.
#[derive(Clone, Debug)]
pub(super) struct Noise(u64);

impl Default for Noise {
    fn default() -> Noise {
        Noise(0x9e37_79b9_7f4a_7c15)
    }
}

impl Noise {
    /// Some octets, with a line's end sometimes.
    pub(super) fn some(&mut self) -> Vec<u8> {
        // Marsaglia's xorshift.
        let mut next = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()
        };
        let mut octets: Vec<u8> = (0..4).flat_map(|_| next()).collect();
        let short = next().iter().take(1).fold(0, |_, octet| usize::from(*octet) % 32);
        octets.truncate(short);
        // A prompt or an end of a PDU made of noise would be a fault of its own.
        octets.retain(|octet| !matches!(octet, b'>' | 0x1a | 0x1b));
        octets
    }
}
