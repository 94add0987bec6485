//! What kinds of modems differ in, as data. Whoever adds one adds a row here and nothing elsewhere.
//!
//! Sources: the makers' AT command manuals. Nothing of this table was tried on the modules themselves yet, only
//! on the simulator's personalities of them.

/// How a kind of modem wants to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// What people call it.
    pub name: &'static str,
    /// Words in the answers to +CGMI and +CGMM by which it is known, in capitals.
    known_by: &'static [&'static str],
    /// Where messages are read, written and received (+CPMS). The SIM outlives the modem.
    pub storages: &'static str,
    /// Announcements (+CNMI): messages are stored and announced, so that none is lost while nobody listens;
    /// reports come at once (`ds=1`), since some modules announce them in another storage than they use.
    pub announce: &'static str,
    /// Reports are acknowledged with +CNMA (+CSMS=1), or the network repeats them.
    pub acknowledges: bool,
    /// +CMMS keeps the link to the network open between messages.
    pub keeps_link: bool,
    /// Whether a slot's status was proven to say truly if its message was sent: then a crash leaves no unknown.
    pub slots_proven: bool,
    /// A code is sent and answered as hexadecimal of the packed GSM-7 septets, not as text.
    pub packed_ussd: bool,
    /// Further commands at the beginning; a refusal is no fault.
    pub besides: &'static [&'static str],
}

const GENERIC: Vendor = Vendor {
    name: "generic",
    known_by: &[],
    storages: "AT+CPMS=\"SM\",\"SM\",\"SM\"",
    announce: "AT+CNMI=2,1,0,1,0",
    acknowledges: false,
    keeps_link: true,
    slots_proven: false,
    packed_ussd: false,
    besides: &[],
};

const VENDORS: [Vendor; 6] = [
    // EC20, EC25, EG25: +CDSI names "SM" and the report lies in "SR", so ds=1. `QURCCFG` sends URCs to this port.
    Vendor {
        name: "Quectel",
        known_by: &["QUECTEL"],
        besides: &["AT+QURCCFG=\"urcport\",\"usbat\"", "AT+QINDCFG=\"smsincoming\",1"],
        ..GENERIC
    },
    // SIM800, SIM7600.
    Vendor { name: "SIMCom", known_by: &["SIMCOM"], ..GENERIC },
    // E3372, K-series: ^RSSI and its like every few seconds; codes as packed septets.
    Vendor {
        name: "Huawei",
        known_by: &["HUAWEI"],
        packed_ussd: true,
        keeps_link: false,
        besides: &["AT^CURC=1"],
        ..GENERIC
    },
    Vendor { name: "u-blox", known_by: &["U-BLOX", "UBLOX"], acknowledges: true, ..GENERIC },
    // Air724UG and its family.
    Vendor { name: "Air", known_by: &["AIRM2M", "LUAT", "AIR7"], ..GENERIC },
    // The one whose storage we know to the bottom.
    Vendor { name: "simulator", known_by: &["FIELDLINE"], slots_proven: true, ..GENERIC },
];

/// The row for what a modem says of itself.
#[must_use]
pub fn vendor(maker: &str, model: &str) -> Vendor {
    let said = format!("{maker} {model}").to_uppercase();
    VENDORS.into_iter().find(|vendor| vendor.known_by.iter().any(|word| said.contains(word))).unwrap_or(GENERIC)
}

#[cfg(test)]
mod tests {
    use super::vendor;

    #[test]
    fn modems_are_known_by_what_they_say() {
        for (maker, model, name) in [
            ("Quectel", "EC25", "Quectel"),
            ("SIMCOM_Ltd", "SIMCOM_SIM800L", "SIMCom"),
            ("SIMCOM INCORPORATED", "SIMCOM_SIM7600CE", "SIMCom"),
            ("huawei", "E3372", "Huawei"),
            ("u-blox", "SARA-G350", "u-blox"),
            ("AirM2M", "Air724UG", "Air"),
            ("ZTE", "MF79U", "generic"),
            ("", "", "generic"),
        ] {
            assert_eq!(vendor(maker, model).name, name, "{maker} {model}");
        }
    }
}
