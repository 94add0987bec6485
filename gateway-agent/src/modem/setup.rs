//! Getting a modem ready: who it is, its radio, its SIM's PIN, and the modes that the agent works in.

use std::time::Duration;

use fieldline_protocol::messages::{ModemInfo, ModemTrouble};

use super::driver::{Fault, Modem, SHORT};
use super::said::is_foreign;
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

/// How a modem was set up, where its kind leaves it open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// The command by which messages are announced; none where the modem takes none of them, so that only looking
    /// finds what came.
    pub announce: Option<String>,
    /// The command that names the storages in which messages are read, written and received.
    pub home: String,
    /// Its first storage.
    pub receives_in: String,
    /// All storages that messages and reports may lie in.
    pub storages: Vec<String>,
    /// Texts of codes are hexadecimal of UCS-2, and nothing else was taken (+CSCS).
    pub ucs2: bool,
}

/// `+CFUN=1` starts the radio, and with it the SIM (27.007, 8.2).
pub const RADIO: Duration = Duration::from_secs(15);
/// Between two questions to a SIM that is not ready yet, and how often it is asked.
const SIM_AGAIN: Duration = Duration::from_secs(2);
const SIM_TIMES: u32 = 6;

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
    modem.note_echo();
    let maker = own(&modem.optional("AT+CGMI").await?, "+CGMI");
    let model = own(&modem.optional("AT+CGMM").await?, "+CGMM");
    let firmware = own(&modem.optional("AT+CGMR").await?, "+CGMR");
    let imei = own(&modem.optional("AT+CGSN").await?, "+CGSN");
    let info = ModemInfo {
        id: name.to_owned(),
        imei,
        iccid: String::new(),
        model: format!("{maker} {model}").trim().to_owned(),
        firmware,
    };
    Ok((info, vendor(&maker, &model)))
}

/// The modem's answer to a question for a name or number: some repeat the command before it, and others say
/// something else in between, such as `^RSSI:20`.
fn own(lines: &[String], command: &str) -> String {
    let answer = lines.iter().find_map(|line| match line.strip_prefix(command) {
        Some(rest) => Some(rest.trim_start_matches(':').trim().trim_matches('"')),
        None => (!is_foreign(line)).then_some(line.trim().trim_matches('"')),
    });
    answer.unwrap_or_default().to_owned()
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

/// Switches the radio on where somebody, or the module's own memory, has left it off (27.007, 8.2: 0 least
/// functions, 4 no radio).
///
/// # Errors
/// [`Fault`].
pub async fn power(modem: &mut Modem) -> Result<(), Fault> {
    let lines = modem.optional("AT+CFUN?").await?;
    let level = lines.iter().find_map(|line| line.strip_prefix("+CFUN:")?.split(',').next()?.trim().parse::<u8>().ok());
    if level.is_some_and(|level| level != 1) {
        tracing::info!(level, "the modem's radio was off");
        match modem.command("AT+CFUN=1", RADIO).await {
            Ok(_) | Err(Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// What the SIM says of itself (27.007, 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sim {
    /// Open. PIN2 and PUK2 are for other things than messages.
    Ready,
    /// Not yet.
    Wait,
    Absent,
    /// It wants its PIN.
    Pin,
    Puk,
    /// The phone is bound to another SIM or network.
    Bound,
}

/// Reads the answer to `AT+CPIN?`, or its refusal.
fn sim(said: &str) -> Sim {
    let said = said.to_ascii_uppercase();
    if let Some((kind, code)) = said.split_once(" ERROR: ").filter(|(kind, _)| matches!(*kind, "+CME" | "+CMS")) {
        return match (kind, code.trim()) {
            ("+CME", "14" | "SIM BUSY") | ("+CMS", "314") => Sim::Wait,
            ("+CME", "11" | "SIM PIN REQUIRED") | ("+CMS", "311") => Sim::Pin,
            ("+CME", "12" | "SIM PUK REQUIRED") | ("+CMS", "316") => Sim::Puk,
            ("+CME", "17" | "18" | "SIM PIN2 REQUIRED" | "SIM PUK2 REQUIRED") | ("+CMS", "317" | "318") => Sim::Ready,
            ("+CME", "5" | "6" | "7" | "PH-SIM PIN REQUIRED") | ("+CMS", "312") => Sim::Bound,
            _ => Sim::Absent,
        };
    }
    let word = said.split_once("+CPIN:").map_or(said.as_str(), |(_, word)| word).trim().trim_matches('"').trim();
    match word {
        // A module without the command has no SIM of its own to ask about.
        "READY" | "SIM PIN2" | "SIM PUK2" | "ERROR" | "" => Sim::Ready,
        "SIM PIN" => Sim::Pin,
        "SIM PUK" => Sim::Puk,
        word if word.starts_with("PH-") => Sim::Bound,
        word if word.contains("BLOCKED") => Sim::Puk,
        word if ["INSERTED", "NO SIM", "ABSENT", "REMOVED", "FAIL"].iter().any(|no| word.contains(no)) => Sim::Absent,
        _ => Sim::Wait,
    }
}

/// Opens the SIM, with its PIN where it wants one.
///
/// # Errors
/// [`Unusable`].
pub async fn unlock(modem: &mut Modem, pins: &impl Pins) -> Result<(), Unusable> {
    let mut tried = false;
    let mut said = String::new();
    for time in 0..SIM_TIMES {
        if time > 0 {
            tokio::time::sleep(SIM_AGAIN).await;
        }
        said = match modem.command("AT+CPIN?", SHORT).await {
            Ok(lines) => lines.into_iter().find(|line| line.starts_with("+CPIN")).unwrap_or_default(),
            Err(Fault::Refused(line)) => line,
            Err(fault) => return Err(fault.into()),
        };
        match sim(&said) {
            Sim::Ready => return Ok(()),
            Sim::Wait => continue,
            Sim::Absent => return Err(Unusable::Trouble(ModemTrouble::NoSim, said)),
            Sim::Puk => return Err(Unusable::Trouble(ModemTrouble::PukNeeded, said)),
            Sim::Bound => return Err(Unusable::Trouble(ModemTrouble::Refusing, said)),
            Sim::Pin if tried => continue,
            Sim::Pin => {}
        }
        let Some(pin) = pins.pin().await else { return Err(Unusable::Trouble(ModemTrouble::PinNeeded, said)) };
        match modem.command(&format!("AT+CPIN=\"{pin}\""), Duration::from_secs(20)).await {
            // The SIM is not ready at once; the network comes later still.
            Ok(_) => tried = true,
            Err(Fault::Refused(line)) if sim(&line) == Sim::Wait => {}
            Err(Fault::Refused(line)) => {
                pins.refused().await;
                return Err(Unusable::Trouble(ModemTrouble::PinWrong, line));
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Unusable::Trouble(if tried { ModemTrouble::PinNeeded } else { ModemTrouble::NoSim }, said))
}

/// Sets the modes: letters, PDU mode, storages, announcements, caller ID. Another program may have left any of them
/// otherwise.
///
/// # Errors
/// [`Unusable::Trouble`] where the modem refuses what it cannot do without.
pub async fn prepare(modem: &mut Modem, vendor: &Vendor) -> Result<Modes, Unusable> {
    for command in vendor.besides {
        modem.optional(command).await?;
    }
    let mut modes = Modes { ucs2: letters(modem).await?, ..Modes::default() };
    modem.optional(if vendor.acknowledges { "AT+CSMS=1" } else { "AT+CSMS=0" }).await?;
    needed(modem, "AT+CMGF=0").await?;
    storages(modem, vendor, &mut modes).await?;
    modes.announce = announce(modem, vendor).await?;
    if modes.announce.is_none() {
        tracing::warn!("this modem announces no messages; it is asked for them");
    }
    modem.optional("AT+CLIP=1").await?;
    modem.optional("AT+CUSD=1").await?;
    Ok(modes)
}

/// Chooses plain letters for texts; whether only UCS-2 is left.
async fn letters(modem: &mut Modem) -> Result<bool, Fault> {
    for charset in ["IRA", "GSM"] {
        if modem.asked(&format!("AT+CSCS=\"{charset}\"")).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(modem.optional("AT+CSCS?").await?.iter().any(|line| line.contains("UCS2")))
}

/// Finds out which storages there are, and chooses the SIM's where messages can be received into it: it outlives
/// the modem.
async fn storages(modem: &mut Modem, vendor: &Vendor, modes: &mut Modes) -> Result<(), Fault> {
    let groups = groups(&modem.optional("AT+CPMS=?").await?.join(""));
    let known = |n: usize, name: &str| groups.get(n).is_none_or(|group| group.iter().any(|one| one == name));
    (modes.home, modes.receives_in) = (vendor.storages.to_owned(), "SM".to_owned());
    for name in ["SM", "ME", "MT"] {
        let command =
            if name == "SM" { vendor.storages.to_owned() } else { format!("AT+CPMS=\"{name}\",\"{name}\",\"{name}\"") };
        if known(0, name) && known(2, name) && modem.asked(&command).await?.is_some() {
            (modes.home, modes.receives_in) = (command, name.to_owned());
            break;
        }
    }
    let all = groups.into_iter().next().unwrap_or_else(|| vec!["SM".to_owned(), "ME".to_owned()]);
    // MT is both at once; broadcasts (BM) are no messages to this SIM.
    let both = ["SM", "ME"].iter().all(|name| all.iter().any(|one| one == name));
    modes.storages = all.into_iter().filter(|name| name != "BM" && (name != "MT" || !both)).collect();
    Ok(())
}

/// The groups of `+CPMS: ("SM","ME"),("SM"),("SM")`; only what a storage is called may go back to the modem.
fn groups(answer: &str) -> Vec<Vec<String>> {
    let group = |text: &str| -> Vec<String> {
        let words = text.split(',').map(|word| word.trim().trim_matches('"'));
        let named = |word: &&str| (1..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphabetic());
        words.filter(named).map(str::to_owned).collect()
    };
    answer.split('(').skip(1).filter_map(|text| text.split_once(')')).map(|(text, _)| group(text)).collect()
}

/// Announcements from the best to the poorest: messages stored and announced, reports at once, or stored and
/// announced, or not at all; then what is handed over directly.
const ANNOUNCE: [&str; 9] =
    ["2,1,0,2,0", "2,1,0,0,0", "1,1,0,1,0", "1,1,0,2,0", "1,1,0,0,0", "3,1,0,1,0", "2,1", "2,2,0,1,0", "2,2,0,0,0"];

async fn announce(modem: &mut Modem, vendor: &Vendor) -> Result<Option<String>, Fault> {
    if modem.asked(vendor.announce).await?.is_some() {
        return Ok(Some(vendor.announce.to_owned()));
    }
    let offered = offered(&modem.optional("AT+CNMI=?").await?.join(""));
    for values in offered.iter().map(String::as_str).chain(ANNOUNCE) {
        let command = format!("AT+CNMI={values}");
        if modem.asked(&command).await?.is_some() {
            return Ok(Some(command));
        }
    }
    Ok(None)
}

/// The best announcement that `+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)` offers.
fn offered(answer: &str) -> Option<String> {
    let groups = answer.split('(').skip(1).filter_map(|text| text.split_once(')')).map(|(text, _)| {
        let values = text.split(',').flat_map(|piece| match piece.trim().split_once('-') {
            Some((from, to)) => from.parse::<u8>().unwrap_or(0)..=to.parse().unwrap_or(0),
            #[allow(clippy::reversed_empty_ranges)] // Nothing: it is no number.
            None => piece.trim().parse::<u8>().map_or(1..=0, |value| value..=value),
        });
        values.collect::<Vec<u8>>()
    });
    let groups: Vec<Vec<u8>> = groups.collect();
    let wishes: [&[u8]; 5] = [&[2, 1, 3, 0], &[1, 2], &[0], &[1, 2, 0], &[0, 1]];
    let chosen = wishes.iter().zip(&groups).map(|(wishes, offered)| wishes.iter().find(|wish| offered.contains(wish)));
    let chosen: Option<Vec<String>> = chosen.map(|one| one.map(u8::to_string)).collect();
    chosen.filter(|all| all.len() >= 2).map(|all| all.join(","))
}

/// Whether the modem still is as [`prepare`] left it: in PDU mode, and announcing.
///
/// # Errors
/// [`Fault`].
pub async fn still_set(modem: &mut Modem, modes: &Modes) -> Result<bool, Fault> {
    let values = |lines: Vec<String>, name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name).map(|rest| rest.replace(' ', "")));
        found.map(|text| text.trim_start_matches(':').to_owned())
    };
    let mode = values(modem.optional("AT+CMGF?").await?, "+CMGF");
    let announce = values(modem.optional("AT+CNMI?").await?, "+CNMI");
    let wanted = modes.announce.as_deref().and_then(|command| command.strip_prefix("AT+CNMI="));
    // What the modem does not tell is taken to be right.
    let announces = announce.is_none_or(|is| wanted.is_none_or(|wanted| is.starts_with(wanted)));
    Ok(mode.is_none_or(|mode| mode == "0") && announces)
}

async fn needed(modem: &mut Modem, command: &str) -> Result<(), Unusable> {
    match modem.command(command, SHORT).await {
        Ok(_) => Ok(()),
        Err(Fault::Refused(line)) => Err(Unusable::Trouble(ModemTrouble::Refusing, format!("{command}: {line}"))),
        Err(fault) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sim, groups, offered, own, sim};

    #[test]
    fn a_sim_says_in_many_words_how_it_is() {
        for (maker, said, meaning) in [
            ("27.007", "+CPIN: READY", Sim::Ready),
            ("no space", "+CPIN:READY", Sim::Ready),
            ("quoted", "+CPIN: \"READY\"", Sim::Ready),
            ("27.007", "+CPIN: SIM PIN", Sim::Pin),
            ("27.007", "+CPIN: SIM PUK", Sim::Puk),
            ("27.007", "+CPIN: SIM PIN2", Sim::Ready),
            ("27.007", "+CPIN: SIM PUK2", Sim::Ready),
            ("27.007", "+CPIN: PH-SIM PIN", Sim::Bound),
            ("27.007", "+CPIN: PH-NET PIN", Sim::Bound),
            ("27.007", "+CPIN: PH-NETSUB PUK", Sim::Bound),
            ("SIM800", "+CPIN: NOT READY", Sim::Wait),
            ("SIM800", "+CPIN: NOT INSERTED", Sim::Absent),
            ("SIM5320", "+CPIN: SIM REMOVED", Sim::Absent),
            ("Huawei", "+CPIN: SIM BLOCKED", Sim::Puk),
            ("busy", "+CME ERROR: 14", Sim::Wait),
            ("busy in words", "+CME ERROR: SIM busy", Sim::Wait),
            ("27.007, 9.2", "+CME ERROR: 10", Sim::Absent),
            ("in words", "+CME ERROR: SIM not inserted", Sim::Absent),
            ("27.007, 9.2", "+CME ERROR: 11", Sim::Pin),
            ("27.007, 9.2", "+CME ERROR: 12", Sim::Puk),
            ("27.007, 9.2", "+CME ERROR: 13", Sim::Absent),
            ("27.007, 9.2", "+CME ERROR: 17", Sim::Ready),
            ("27.007, 9.2", "+CME ERROR: 18", Sim::Ready),
            ("Quectel M95", "+CMS ERROR: 310", Sim::Absent),
            ("a module without a SIM", "ERROR", Sim::Ready),
            ("nothing but OK", "", Sim::Ready),
        ] {
            assert_eq!(sim(said), meaning, "{maker}: {said}");
        }
    }

    #[test]
    fn what_a_modem_is_called_stands_among_other_lines() {
        let all = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        for (lines, name) in [
            (&["huawei"][..], "huawei"),
            (&["^RSSI:20", "huawei"], "huawei"),
            (&["^BOOT:27710117,0,0,0,77", "^HCSQ:\"LTE\",44", "huawei"], "huawei"),
            (&["+CGMI: \"SIMCOM_Ltd\""], "SIMCOM_Ltd"),
            (&["+CREG: 1", "+CGMI: Neoway"], "Neoway"),
            (&[], ""),
        ] {
            assert_eq!(own(&all(lines), "+CGMI"), name, "{lines:?}");
        }
    }

    #[test]
    fn the_best_that_a_modem_offers_is_asked_for() {
        for (answer, best) in [
            ("+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)", Some("2,1,0,1,0")),
            ("+CNMI: (0,1,2),(0,1),(0),(0,2),(1)", Some("2,1,0,2,1")),
            ("+CNMI: (0-1),(0-2),(0),(0),(0)", Some("1,1,0,0,0")),
            ("+CNMI: (2),(1)", Some("2,1")),
            ("+CNMI: (0-2),(2,3),(0),(0-1),(0,1)", Some("2,2,0,1,0")),
            ("+CNMI: (0-2),(3),(0),(0-1),(0,1)", None),
            ("", None),
        ] {
            assert_eq!(offered(answer).as_deref(), best, "{answer}");
        }
    }

    #[test]
    fn storages_are_read_from_their_groups() {
        assert_eq!(groups("+CPMS: (\"SM\",\"ME\",\"SR\"),(\"SM\"),(\"SM\")").first().map(Vec::len), Some(3));
        assert_eq!(groups("+CPMS: (\"S;M\",\"ME\")"), [["ME"]]);
        assert!(groups("").is_empty());
    }
}
