//! Getting a modem ready: who it is, its SIM's PIN, and the modes that the agent works in.

use std::time::Duration;

use fieldline_protocol::messages::{ModemInfo, ModemTrouble};

use super::driver::{Fault, Modem, SHORT};
use super::vendors::{Vendor, vendor};

/// Why a modem cannot be used now.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// What a person can do something about.
    #[error("{1}")]
    Trouble(ModemTrouble, String),
    /// It does not answer, or is gone.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What became of a configured PIN: an agent that tries a wrong one three times locks the SIM.
pub trait Pins {
    /// The PIN to try, unless this SIM refused it before.
    fn pin(&self) -> impl Future<Output = Option<String>>;
    /// It was refused.
    fn refused(&self) -> impl Future<Output = ()>;
}

/// Makes a modem answer, and says who it is.
///
/// # Errors
/// [`Fault`].
pub async fn identify(name: &str, modem: &mut Modem) -> Result<(ModemInfo, Vendor), Fault> {
    modem.abort().await?;
    // The first answers after opening may be echoes of somebody else's session.
    let mut answers = Err(Fault::Silent("AT".to_owned()));
    for _ in 0..3 {
        answers = modem.command("AT", Duration::from_secs(2)).await;
        if answers.is_ok() {
            break;
        }
    }
    answers?;
    modem.command("ATE0", SHORT).await?;
    modem.optional("AT+CMEE=1").await?;
    let first = |lines: Vec<String>| lines.into_iter().next().unwrap_or_default();
    let maker = first(modem.optional("AT+CGMI").await?);
    let model = first(modem.optional("AT+CGMM").await?);
    let firmware = first(modem.optional("AT+CGMR").await?);
    let imei = first(modem.optional("AT+CGSN").await?);
    let info = ModemInfo {
        id: name.to_owned(),
        imei,
        iccid: String::new(),
        model: format!("{maker} {model}").trim().to_owned(),
        firmware,
    };
    Ok((info, vendor(&maker, &model)))
}

/// The SIM card's own number. No standard has a command for it, so each maker has one of its own.
///
/// # Errors
/// [`Fault`].
pub async fn iccid(modem: &mut Modem) -> Result<String, Fault> {
    for command in ["AT+CCID", "AT+QCCID", "AT+CICCID", "AT+ICCID", "AT^ICCID?"] {
        let lines = modem.optional(command).await?;
        let number = lines.iter().flat_map(|line| line.split([' ', ':', '"', ','])).find(|word| {
            // ITU-T E.118: 18 to 20 digits from 89 on, filled up with F.
            (18..=20).contains(&word.len()) && word.starts_with("89") && word.bytes().all(|b| b.is_ascii_hexdigit())
        });
        if let Some(number) = number {
            return Ok(number.trim_end_matches(['F', 'f']).to_owned());
        }
    }
    Ok(String::new())
}

/// Opens the SIM, with its PIN where it wants one.
///
/// # Errors
/// [`Unusable`].
pub async fn unlock(modem: &mut Modem, pins: &impl Pins) -> Result<(), Unusable> {
    for attempt in 0..2 {
        let said = match modem.command("AT+CPIN?", SHORT).await {
            Ok(lines) => lines.join(" "),
            // +CME ERROR 10: not inserted; 13 to 15: failure, busy, wrong (27.007, 9.2).
            Err(Fault::Refused(line)) if line.ends_with(": 14") => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                continue;
            }
            Err(Fault::Refused(line)) if line == "ERROR" => {
                // A module without the command has no SIM of its own to ask about.
                return Ok(());
            }
            Err(Fault::Refused(line)) => return Err(Unusable::Trouble(ModemTrouble::NoSim, line)),
            Err(fault) => return Err(fault.into()),
        };
        if said.contains("READY") {
            return Ok(());
        }
        if said.contains("PUK") {
            return Err(Unusable::Trouble(ModemTrouble::PukNeeded, said));
        }
        let pin = match pins.pin().await {
            Some(pin) if attempt == 0 => pin,
            Some(_) | None => return Err(Unusable::Trouble(ModemTrouble::PinNeeded, said)),
        };
        match modem.command(&format!("AT+CPIN=\"{pin}\""), Duration::from_secs(20)).await {
            // The SIM is not ready at once; the network comes later still.
            Ok(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(Fault::Refused(line)) => {
                pins.refused().await;
                return Err(Unusable::Trouble(ModemTrouble::PinWrong, line));
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Unusable::Trouble(ModemTrouble::NoSim, "the SIM stays busy".to_owned()))
}

/// Sets the modes: PDU mode, storages, announcements, caller ID.
///
/// # Errors
/// [`Unusable::Trouble`] where the modem refuses what it cannot do without.
pub async fn prepare(modem: &mut Modem, vendor: &Vendor) -> Result<(), Unusable> {
    for command in vendor.besides {
        modem.optional(command).await?;
    }
    if vendor.acknowledges {
        modem.optional("AT+CSMS=1").await?;
    }
    needed(modem, "AT+CMGF=0").await?;
    modem.optional(vendor.storages).await?;
    needed(modem, vendor.announce).await?;
    modem.optional("AT+CLIP=1").await?;
    modem.optional("AT+CUSD=1").await?;
    Ok(())
}

async fn needed(modem: &mut Modem, command: &str) -> Result<(), Unusable> {
    match modem.command(command, SHORT).await {
        Ok(_) => Ok(()),
        Err(Fault::Refused(line)) => Err(Unusable::Trouble(ModemTrouble::Refusing, format!("{command}: {line}"))),
        Err(fault) => Err(fault.into()),
    }
}
