//! What can be set on a modem, and is forgotten without power.

use super::personalities::Personality;
use super::stores::Place;

/// A modem's settings.
#[derive(Clone, Debug)]
pub(super) struct Modes {
    pub echo: bool,
    /// +CMEE
    pub verbose: u8,
    /// +CMGF=1
    pub text: bool,
    /// +CSCS
    pub charset: Charset,
    /// +CSMP: first octet, validity, protocol, coding.
    pub parameters: [u8; 4],
    /// +CSDH
    pub details: bool,
    /// +CPMS: read from, written to, received into.
    pub places: [Place; 3],
    /// +CNMI
    pub announce: Announce,
    /// +CSMS=1: what is handed over directly wants +CNMA.
    pub acknowledged: bool,
    /// +CMMS
    pub link: u8,
    /// +CLIP, +CRC, +CUSD
    pub clip: bool,
    pub cring: bool,
    pub codes: bool,
    /// +CREG, +CGREG, +CEREG
    pub registration: [u8; 3],
    /// +COPS=3,n
    pub operator_format: u8,
    /// +CSCA
    pub centre: String,
}

/// +CNMI (27.005, 3.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announce {
    pub mode: u8,
    pub mt: u8,
    pub bm: u8,
    pub ds: u8,
    pub bfr: u8,
}

/// How text mode shows letters (27.007, 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Ira,
    Gsm,
    Ucs2,
    Hex,
}

impl Charset {
    pub(super) fn word(self) -> &'static str {
        match self {
            Charset::Ira => "IRA",
            Charset::Gsm => "GSM",
            Charset::Ucs2 => "UCS2",
            Charset::Hex => "HEX",
        }
    }

    pub(super) fn named(word: &str) -> Option<Charset> {
        [Charset::Ira, Charset::Gsm, Charset::Ucs2, Charset::Hex].into_iter().find(|one| one.word() == word)
    }
}

impl Modes {
    /// As they are with the power.
    pub(super) fn new(personality: &Personality) -> Modes {
        Modes {
            echo: true,
            verbose: 0,
            text: false,
            charset: Charset::Ira,
            parameters: [17, 167, 0, 0],
            details: false,
            places: [personality.begins_in; 3],
            announce: Announce { mode: 2, mt: 1, bm: 0, ds: 0, bfr: 0 },
            acknowledged: false,
            link: 0,
            clip: false,
            cring: false,
            codes: false,
            registration: [0; 3],
            operator_format: 0,
            centre: "+8613800250500".to_owned(),
        }
    }
}
