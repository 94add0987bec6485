//! How a modem is: signal, registration, operator, room on the SIM.

use fieldline_protocol::messages::{ModemHealth, ModemState, ModemTrouble, Registration};

use super::driver::{Fault, Modem};
use crate::about::troubled;

/// From this share of used slots on a person is told (percent).
const NEARLY_FULL: u32 = 90;

/// What a modem says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    registration: Registration,
    operator: String,
    signal_dbm: Option<i64>,
    room: Option<(u32, u32)>,
}

/// Asks a modem how it is; what it refuses to say stays unknown.
///
/// # Errors
/// [`Fault::Silent`] and [`Fault::Gone`].
pub async fn ask(modem: &mut Modem) -> Result<Health, Fault> {
    let signal = number(&modem.optional("AT+CSQ").await?, "+CSQ:", 0).filter(|rssi| (0..=31).contains(rssi));
    let circuit = registered(&modem.optional("AT+CREG?").await?);
    let registration = if has_network(circuit) {
        circuit
    } else {
        // A stick that knows LTE only is registered there and nowhere else.
        let packet = registered(&modem.optional("AT+CEREG?").await?);
        if has_network(packet) { packet } else { circuit }
    };
    let operator = modem.optional("AT+COPS?").await?;
    let operator = operator.iter().find_map(|line| line.split('"').nth(1)).unwrap_or_default().to_owned();
    let storage = modem.optional("AT+CPMS?").await?;
    let room = number(&storage, "+CPMS:", 1).zip(number(&storage, "+CPMS:", 2));
    let room = room.and_then(|(used, of)| Some((u32::try_from(used).ok()?, u32::try_from(of).ok()?)));
    Ok(Health { registration, operator, signal_dbm: signal.map(|rssi| rssi * 2 - 113), room })
}

impl Health {
    /// Whether it is registered; a modem that does not say so is taken at its messages.
    pub(super) fn has_network(&self) -> bool {
        // Off and on changes nothing for a SIM that is refused.
        !matches!(self.registration, Registration::NotRegistered | Registration::Searching)
    }

    /// How many messages are stored where messages are received.
    pub(super) fn used(&self) -> Option<u32> {
        self.room.map(|(used, _)| used)
    }

    /// Says so.
    pub fn write(self, state: &mut ModemState) {
        state.registration = self.registration;
        state.operator = self.operator;
        state.signal_dbm = self.signal_dbm;
        (state.sim_used, state.sim_capacity) = (self.room.map(|(used, _)| used), self.room.map(|(_, of)| of));
        let full = self.room.is_some_and(|(used, of)| of > 0 && used * 100 >= of * NEARLY_FULL);
        match self.registration {
            Registration::NotRegistered | Registration::Searching => {
                troubled(state, ModemTrouble::NoNetwork, "no network");
            }
            Registration::Denied => troubled(state, ModemTrouble::Denied, "the network refuses this SIM"),
            Registration::Home | Registration::Roaming | Registration::Unknown if full => {
                troubled(state, ModemTrouble::SimFull, "the SIM is nearly full");
            }
            Registration::Home | Registration::Roaming | Registration::Unknown => {
                (state.health, state.trouble, state.error) = (ModemHealth::Ready, None, None);
            }
        }
    }
}

fn has_network(registration: Registration) -> bool {
    matches!(registration, Registration::Home | Registration::Roaming)
}

fn registered(lines: &[String]) -> Registration {
    let name = if lines.iter().any(|line| line.starts_with("+CEREG:")) { "+CEREG:" } else { "+CREG:" };
    match number(lines, name, 1) {
        Some(0) => Registration::NotRegistered,
        Some(1 | 6) => Registration::Home,
        Some(2) => Registration::Searching,
        Some(3) => Registration::Denied,
        Some(5 | 7) => Registration::Roaming,
        Some(_) | None => Registration::Unknown,
    }
}

fn number(lines: &[String], prefix: &str, field: usize) -> Option<i64> {
    lines.iter().find_map(|line| line.strip_prefix(prefix)?.split(',').nth(field)?.trim().parse().ok())
}
