//! TP-DCS, the data coding scheme (3GPP TS 23.038, 4).

/// How the user data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// The GSM 7-bit default alphabet and its national tables.
    Gsm7,
    /// Octets for a program.
    Data,
    /// UCS-2; read as UTF-16BE, since phones write characters beyond it so.
    Ucs2,
}

/// Message class (23.038, 4): where the phone puts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 0: shown at once and not stored, known as flash.
    Flash,
    /// 1: the phone's memory.
    Phone,
    /// 2: the SIM.
    Sim,
    /// 3: a connected device.
    Device,
}

impl Class {
    fn of(bits: u8) -> Class {
        match bits & 0x03 {
            0 => Class::Flash,
            1 => Class::Phone,
            2 => Class::Sim,
            _ => Class::Device,
        }
    }
}

/// What a message-waiting indication is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// 语音留言
    Voicemail,
    /// Fax.
    Fax,
    /// E-mail.
    Mail,
    /// Something else.
    Other,
}

/// What TP-DCS says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Scheme {
    /// How the user data is written.
    pub alphabet: Alphabet,
    /// Where the phone puts it.
    pub class: Option<Class>,
    /// Compressed (23.042): its text cannot be read.
    pub compressed: bool,
    /// To be deleted once read.
    pub delete_when_read: bool,
    /// Something waits, or (`false`) waits no more.
    pub waiting: Option<(Waiting, bool)>,
}

impl Scheme {
    /// Reads the octet. Reserved codings count as the default alphabet, as 4 asks for.
    #[must_use]
    pub fn of(octet: u8) -> Scheme {
        let alphabet = match octet & 0x0c {
            0x04 => Alphabet::Data,
            0x08 => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        };
        let plain =
            Scheme { alphabet: Alphabet::Gsm7, class: None, compressed: false, delete_when_read: false, waiting: None };
        match octet {
            // 00xx general data coding, 01xx the same for what deletes itself.
            0x00..=0x7f => Scheme {
                alphabet,
                class: (octet & 0x10 != 0).then(|| Class::of(octet)),
                compressed: octet & 0x20 != 0,
                delete_when_read: octet & 0x40 != 0,
                waiting: None,
            },
            // 1000 to 1011 reserved.
            0x80..=0xbf => plain,
            // 1100 discard, 1101 store in the default alphabet, 1110 store in UCS-2.
            0xc0..=0xef => Scheme {
                alphabet: if octet >= 0xe0 { Alphabet::Ucs2 } else { Alphabet::Gsm7 },
                waiting: Some((
                    match octet & 0x03 {
                        0 => Waiting::Voicemail,
                        1 => Waiting::Fax,
                        2 => Waiting::Mail,
                        _ => Waiting::Other,
                    },
                    octet & 0x08 != 0,
                )),
                ..plain
            },
            // 1111 data coding and class; bit 3 is reserved.
            0xf0..=0xff => Scheme {
                alphabet: if octet & 0x04 == 0 { Alphabet::Gsm7 } else { Alphabet::Data },
                class: Some(Class::of(octet)),
                ..plain
            },
        }
    }

    /// The octet for sending.
    #[must_use]
    pub fn octet(alphabet: Alphabet, flash: bool) -> u8 {
        let coding = match alphabet {
            Alphabet::Gsm7 => 0x00,
            Alphabet::Data => 0x04,
            Alphabet::Ucs2 => 0x08,
        };
        if flash { 0x10 | coding } else { coding }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Alphabet, Class, Scheme, Waiting};

    #[test]
    fn every_group_of_the_standard() {
        for (octet, alphabet, class) in [
            (0x00, Alphabet::Gsm7, None),
            (0x03, Alphabet::Gsm7, None),
            (0x04, Alphabet::Data, None),
            (0x08, Alphabet::Ucs2, None),
            (0x0c, Alphabet::Gsm7, None),
            (0x10, Alphabet::Gsm7, Some(Class::Flash)),
            (0x15, Alphabet::Data, Some(Class::Phone)),
            (0x1a, Alphabet::Ucs2, Some(Class::Sim)),
            (0x48, Alphabet::Ucs2, None),
            (0x80, Alphabet::Gsm7, None),
            (0xbf, Alphabet::Gsm7, None),
            (0xf0, Alphabet::Gsm7, Some(Class::Flash)),
            (0xf1, Alphabet::Gsm7, Some(Class::Phone)),
            (0xf6, Alphabet::Data, Some(Class::Sim)),
            (0xff, Alphabet::Data, Some(Class::Device)),
        ] {
            let scheme = Scheme::of(octet);
            assert_eq!((scheme.alphabet, scheme.class), (alphabet, class), "{octet:02X}");
        }
        assert!(Scheme::of(0x20).compressed && !Scheme::of(0x00).compressed);
        assert!(Scheme::of(0x40).delete_when_read && !Scheme::of(0xd8).delete_when_read);
        assert_eq!(Scheme::of(0xc8).waiting, Some((Waiting::Voicemail, true)));
        assert_eq!(Scheme::of(0xd1).waiting, Some((Waiting::Fax, false)));
        assert_eq!(
            (Scheme::of(0xea).waiting, Scheme::of(0xea).alphabet),
            (Some((Waiting::Mail, true)), Alphabet::Ucs2)
        );
    }

    #[test]
    fn what_we_send_reads_back() {
        for alphabet in [Alphabet::Gsm7, Alphabet::Data, Alphabet::Ucs2] {
            for flash in [false, true] {
                let scheme = Scheme::of(Scheme::octet(alphabet, flash));
                assert_eq!((scheme.alphabet, scheme.class.is_some()), (alphabet, flash));
            }
        }
    }
}
