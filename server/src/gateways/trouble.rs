//! What is wrong with a modem or a box, and what to do about it, in words for whoever stands beside it.

use std::borrow::Cow;

use fieldline_protocol::messages::{BoxTrouble, ModemTrouble};

use crate::kernel::i18n::{Lang, t};

/// What is wrong, and what helps.
#[derive(Debug)]
pub struct Words {
    /// In a few words.
    pub what: Cow<'static, str>,
    /// What to do, as a sentence.
    pub remedy: Cow<'static, str>,
}

/// A modem's trouble in words.
#[must_use]
pub fn of_modem(lang: Lang, trouble: ModemTrouble) -> Words {
    let (what, remedy) = match trouble {
        ModemTrouble::Unplugged => (t!(lang, "gateways.unplugged"), t!(lang, "gateways.unplugged_do")),
        ModemTrouble::Silent => (t!(lang, "gateways.silent"), t!(lang, "gateways.silent_do")),
        ModemTrouble::Refusing => (t!(lang, "gateways.refusing"), t!(lang, "gateways.refusing_do")),
        ModemTrouble::NoSim => (t!(lang, "gateways.no_sim"), t!(lang, "gateways.no_sim_do")),
        ModemTrouble::PinNeeded => (t!(lang, "gateways.pin_needed"), t!(lang, "gateways.pin_needed_do")),
        ModemTrouble::PinWrong => (t!(lang, "gateways.pin_wrong"), t!(lang, "gateways.pin_wrong_do")),
        ModemTrouble::PukNeeded => (t!(lang, "gateways.puk_needed"), t!(lang, "gateways.puk_needed_do")),
        ModemTrouble::NoNetwork => (t!(lang, "gateways.no_network"), t!(lang, "gateways.no_network_do")),
        ModemTrouble::Denied => (t!(lang, "gateways.denied"), t!(lang, "gateways.denied_do")),
        ModemTrouble::NoCredit => (t!(lang, "gateways.no_credit"), t!(lang, "gateways.no_credit_do")),
        ModemTrouble::SimFull => (t!(lang, "gateways.sim_full"), t!(lang, "gateways.sim_full_do")),
        ModemTrouble::Limit => (t!(lang, "gateways.limit"), t!(lang, "gateways.limit_do")),
        ModemTrouble::Other => (t!(lang, "gateways.other_trouble"), t!(lang, "gateways.other_trouble_do")),
    };
    Words { what, remedy }
}

/// A box's own trouble in words.
#[must_use]
pub fn of_box(lang: Lang, trouble: BoxTrouble) -> Words {
    let (what, remedy) = match trouble {
        BoxTrouble::DiskFull => (t!(lang, "gateways.disk_full"), t!(lang, "gateways.disk_full_do")),
        BoxTrouble::Clock => (t!(lang, "gateways.clock"), t!(lang, "gateways.clock_do")),
        BoxTrouble::UpdateFailed => (t!(lang, "gateways.update_failed"), t!(lang, "gateways.update_failed_do")),
        BoxTrouble::Other => (t!(lang, "gateways.other_trouble"), t!(lang, "gateways.other_trouble_do")),
    };
    Words { what, remedy }
}
