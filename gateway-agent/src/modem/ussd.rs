//! Codes to the network and their answers (27.007, 7.15 +CUSD), such as `*100#` for the balance.

use std::time::{Duration, Instant};

use fieldline_protocol::messages::UssdEvent;
use fieldline_protocol::settings::Setting;
use fieldline_protocol::topics::Topic;
use uuid::Uuid;

use super::driver::{Fault, SHORT};
use super::urc::Urc;
use super::work::{Job, Shift};
use crate::clock::now;
use crate::pdu::national;
use crate::pdu::{from_hex, gsm7};

/// The command that asks a code. `packed`: the modem takes hexadecimal of the packed septets (3GPP TS 23.038,
/// 6.1.2.3.1) in place of text.
#[must_use]
pub fn command(code: &str, packed: bool) -> Option<String> {
    // It goes to the modem inside quotes: only what a code is made of may.
    if code.is_empty() || !code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'+')) {
        return None;
    }
    let text = if packed { crate::pdu::to_hex(&pack(code.as_bytes())) } else { code.to_owned() };
    Some(format!("AT+CUSD=1,\"{text}\",15"))
}

/// Digits, `*`, `#` and `+` have their ASCII places in GSM-7. Seven septets are filled up with CR, or the
/// receiver would read a `@` behind them.
fn pack(septets: &[u8]) -> Vec<u8> {
    let mut all = septets.to_vec();
    if all.len() % 8 == 7 {
        all.push(0x0d);
    }
    gsm7::pack(&all, 0)
}

/// The text of a `+CUSD:` line, or why there is none.
///
/// # Errors
/// In words: ended by the network, refused, timed out.
pub fn answer(line: &str) -> Result<String, String> {
    let rest = line.strip_prefix("+CUSD:").unwrap_or(line).trim();
    let status = rest.split(',').next().unwrap_or_default().trim();
    let Some((_, quoted)) = rest.split_once('"') else {
        return Err(match status {
            "2" => "ended by the network".to_owned(),
            "4" => "not supported".to_owned(),
            "5" => "network time-out".to_owned(),
            other => format!("no text (+CUSD: {other})"),
        });
    };
    let (text, coding) = quoted.rsplit_once('"').unwrap_or((quoted, ""));
    let coding = coding.trim_start_matches(',').trim().parse::<u8>().unwrap_or(15);
    Ok(read(text, coding))
}

/// Modems give the text in hexadecimal or as it is, whatever the coding scheme says: what is whole hexadecimal
/// is read as such.
fn read(text: &str, coding: u8) -> String {
    let octets = if text.len() >= 4 { from_hex(text) } else { None };
    let Some(octets) = octets else { return text.to_owned() };
    if is_ucs2(coding) || looks_ucs2(&octets) {
        let unit = |pair: &[u8]| pair.iter().fold(0u16, |unit, octet| unit << 8 | u16::from(*octet));
        let units: Vec<u16> = octets.chunks_exact(2).map(unit).collect();
        return String::from_utf16_lossy(&units);
    }
    let septets = gsm7::unpack(&octets, octets.len() * 8 / 7, 0);
    gsm7::decode(&septets, national::Shift::default()).trim_end_matches(['\r', '@']).to_owned()
}

/// Every high octet is that of Latin letters or of Chinese characters.
fn looks_ucs2(octets: &[u8]) -> bool {
    octets.len().is_multiple_of(2) && octets.iter().step_by(2).all(|high| *high == 0 || (0x4e..=0x9f).contains(high))
}

/// 23.038, 5: 0x11 UCS-2 behind a language; 01xx with 10 in bits 3 and 2.
fn is_ucs2(coding: u8) -> bool {
    coding == 0x11 || (coding & 0xc0 == 0x40 && coding & 0x0c == 0x08)
}

impl Shift<'_> {
    pub(super) async fn job(&mut self, job: Job) -> anyhow::Result<()> {
        match job {
            Job::Ussd { command, code } => self.ask_network(command, &code).await,
        }
    }

    /// The balance, as often as was set.
    pub(super) async fn ask_balance(&mut self) -> anyhow::Result<()> {
        let settings = self.seat.outbox.settings();
        let (code, hours) = {
            let settings = settings.borrow();
            (settings.text(Setting::BalanceCode).to_owned(), settings.number(Setting::BalanceHours))
        };
        let every = Duration::from_secs(u64::try_from(hours).unwrap_or(24) * 3600);
        if code.is_empty() || self.balance_asked.is_some_and(|asked| asked.elapsed() < every) {
            return Ok(());
        }
        self.balance_asked = Some(Instant::now());
        self.ask_network(None, &code).await
    }

    async fn ask_network(&mut self, asked_by: Option<Uuid>, code: &str) -> anyhow::Result<()> {
        let answered = match command(code, self.vendor.packed_ussd) {
            None => Err("not a code".to_owned()),
            Some(line) => match self.modem.command(&line, SHORT).await {
                Err(Fault::Refused(line)) => Err(line),
                Err(fault) => return Err(fault.into()),
                Ok(lines) => self.ussd_answer(lines).await?,
            },
        };
        if let (Ok(text), settings) = (&answered, self.seat.outbox.settings())
            && settings.borrow().text(Setting::BalanceCode) == code
        {
            self.seat.about.modem(&self.seat.name, |state| state.balance = Some(text.clone()));
        }
        let (answer, error) = match answered {
            Ok(text) => (Some(text), None),
            Err(why) => (None, Some(why)),
        };
        let (modem, code) = (self.seat.name.clone(), code.to_owned());
        let event = |head| UssdEvent { head, command: asked_by, modem, code, answer, error };
        Ok(self.seat.outbox.happened(&Topic::UssdEvent, now(), event).await?)
    }

    /// The `+CUSD:` line comes before OK or up to half a minute later; what else is heard meanwhile is acted upon.
    async fn ussd_answer(&mut self, lines: Vec<String>) -> anyhow::Result<Result<String, String>> {
        if let Some(line) = lines.iter().find(|line| line.starts_with("+CUSD:")) {
            return Ok(answer(line));
        }
        let until = tokio::time::Instant::now() + Duration::from_secs(30);
        while let Ok(heard) = tokio::time::timeout_at(until, self.modem.listen()).await {
            let heard = heard.map_err(Fault::from)?;
            if heard.urc == Urc::Ussd {
                return Ok(answer(&heard.line));
            }
            self.act(heard).await?;
        }
        self.modem.optional("AT+CUSD=2").await?;
        Ok(Err("no answer from the network".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{answer, command};

    #[test]
    fn a_code_is_asked_as_text_or_packed() {
        assert_eq!(command("*100#", false).unwrap(), "AT+CUSD=1,\"*100#\",15");
        assert_eq!(command("*100#", true).unwrap(), "AT+CUSD=1,\"AA180C3602\",15");
        assert_eq!(command("", false), None);
        assert_eq!(command("*1\",15\rAT+CFUN=0", false), None);
    }

    #[test]
    fn answers_come_as_text_as_ucs2_and_packed() {
        assert_eq!(answer("+CUSD: 0,\"Balance 38.20\",15").unwrap(), "Balance 38.20");
        assert_eq!(answer("+CUSD: 0,\"4F59989D00330038\",72").unwrap(), "余额38");
        assert_eq!(answer("+CUSD: 0,\"AA180C3602\",15").unwrap(), "*100#");
        assert_eq!(answer("+CUSD: 2").unwrap_err(), "ended by the network");
        assert_eq!(answer("+CUSD: 0,\"\",15").unwrap(), "");
        assert_eq!(answer("+CUSD: 0,\"half"), Ok("half".to_owned()));
    }
}
