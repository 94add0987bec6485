//! What kinds of modems differ in, as far as a dialogue shows it. Written from the makers' AT command manuals and
//! not held against the modules themselves; it shares nothing with what the agent believes of them.

use super::stores::Place;

/// Which kind of modem is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// What 3GPP TS 27.005 and 27.007 say, and no more.
    #[default]
    Generic,
    /// EC20, EC25, EG25.
    Quectel,
    /// SIM800, SIM7600.
    Simcom,
    /// E3372, K-series.
    Huawei,
    /// SARA, LARA.
    Ublox,
    /// Air724UG.
    Air,
    /// A7670: reports cannot be handed over directly.
    A7670,
    /// SIM7670G: its prompt ends a line.
    Sim7670,
}

/// How a kind of modem behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Personality {
    pub maker: &'static str,
    pub model: &'static str,
    pub firmware: &'static str,
    /// Storages that +CPMS takes, and where it begins.
    pub storages: &'static [Place],
    pub begins_in: Place,
    /// Number of the first slot.
    pub first_slot: u32,
    /// Where delivery reports are stored, and what +CDSI calls that place.
    pub reports: Place,
    pub reports_called: &'static str,
    /// The command for the SIM card's number, and what stands before its answer.
    pub card: (&'static str, &'static str),
    /// +CSMS=1 with +CNMA.
    pub acknowledges: bool,
    /// +CMMS.
    pub keeps_link: bool,
    /// Codes and their answers as hexadecimal of packed septets.
    pub packed_ussd: bool,
    /// Said every few seconds.
    pub chatter: Option<&'static str>,
    /// Said beside NO CARRIER when a call is over.
    pub call_over: Option<&'static str>,
    /// Said when it has power.
    pub boot: &'static [&'static str],
    /// Before a PDU.
    pub prompt: &'static str,
    /// +CNMI takes ds=1.
    pub direct_reports: bool,
}

const GENERIC: Personality = Personality {
    maker: "Fieldline",
    model: "SIM-1",
    firmware: "simulator 2",
    storages: &[Place::Sim, Place::Device, Place::Reports],
    begins_in: Place::Sim,
    first_slot: 1,
    reports: Place::Reports,
    reports_called: "SR",
    card: ("+CCID", "+CCID: "),
    acknowledges: true,
    keeps_link: true,
    packed_ussd: false,
    chatter: None,
    call_over: None,
    boot: &[],
    prompt: "\r\n> ",
    direct_reports: true,
};

const QUECTEL: Personality = Personality {
    maker: "Quectel",
    model: "EC25",
    firmware: "EC25EFAR06A06M4G",
    begins_in: Place::Device,
    first_slot: 0,
    reports_called: "SM",
    card: ("+QCCID", "+QCCID: "),
    boot: &["RDY", "+CPIN: READY", "+QUSIM: 1", "+CFUN: 1", "+QIND: SMS DONE", "+QIND: PB DONE"],
    ..GENERIC
};

const SIMCOM: Personality = Personality {
    maker: "SIMCOM INCORPORATED",
    model: "SIMCOM_SIM7600CE",
    firmware: "LE11B12SIM7600C",
    card: ("+CICCID", "+ICCID: "),
    boot: &["RDY", "+CPIN: READY", "SMS DONE", "PB DONE"],
    ..GENERIC
};

const HUAWEI: Personality = Personality {
    maker: "huawei",
    model: "E3372",
    firmware: "21.180.01.00.00",
    storages: &[Place::Sim, Place::Device],
    begins_in: Place::Device,
    first_slot: 0,
    reports: Place::Sim,
    reports_called: "SM",
    card: ("^ICCID", "^ICCID: "),
    acknowledges: false,
    keeps_link: false,
    packed_ussd: true,
    chatter: Some("^RSSI:18"),
    call_over: Some("^CEND:1,0,104,16"),
    boot: &["^BOOT:27710117,0,0,0,77", "^SIMST:1"],
    ..GENERIC
};

const UBLOX: Personality = Personality {
    maker: "u-blox",
    model: "SARA-U270",
    firmware: "23.60",
    begins_in: Place::Device,
    card: ("+CCID", "+CCID: "),
    boot: &["+UUSIMSTAT: 1"],
    ..GENERIC
};

const AIR: Personality = Personality {
    maker: "AirM2M",
    model: "Air724UG",
    firmware: "AirM2M_Air724UG_V402864_LTE_AT",
    card: ("+ICCID", "+ICCID: "),
    keeps_link: false,
    boot: &["RDY", "^MODE: 17,17", "+E_UTRAN Service", "+CPIN: READY", "SMS READY"],
    ..GENERIC
};

const A7670: Personality = Personality {
    model: "A7670E-FASE",
    firmware: "A011B05A7670M7_F",
    direct_reports: false,
    keeps_link: false,
    acknowledges: false,
    boot: &["*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"],
    ..SIMCOM
};

const SIM7670: Personality =
    Personality { model: "SIM7670G-MNGV", firmware: "2374B05SIM767XM5A_M", prompt: "\r\n>\r\n", ..A7670 };

impl Kind {
    pub(super) fn personality(self) -> &'static Personality {
        match self {
            Kind::Generic => &GENERIC,
            Kind::Quectel => &QUECTEL,
            Kind::Simcom => &SIMCOM,
            Kind::Huawei => &HUAWEI,
            Kind::Ublox => &UBLOX,
            Kind::Air => &AIR,
            Kind::A7670 => &A7670,
            Kind::Sim7670 => &SIM7670,
        }
    }
}
