//! Codes to the network and their answers (27.007, 7.15 +CUSD), such as `*100#` for the balance.

use std::time::{Duration, Instant};

use fieldline_protocol::messages::UssdEvent;
use fieldline_protocol::settings::Setting;
use fieldline_protocol::topics::Topic;
use tokio::time::{Instant as Moment, timeout_at};
use uuid::Uuid;

use super::cusd::{self, Way, is_in_progress};
use super::driver::{Fault, SHORT};
use super::urc::Urc;
use super::work::{Job, Shift};
use crate::clock::now;
use crate::pdu::{gsm7, to_hex};

/// How long the network is waited for.
const NETWORK: Duration = Duration::from_secs(30);
/// Behind an answer another may come, which counts then.
const ANOTHER: Duration = Duration::from_secs(2);
/// What the network says for so long behind a code is taken as its answer, though nobody waits any more.
const LATE: Duration = Duration::from_secs(600);

/// A code that the network was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    command: Option<Uuid>,
    code: String,
    at: Instant,
}

/// How a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Text,
    /// Hexadecimal of the packed septets (3GPP TS 23.038, 6.1.2.3.1).
    Packed,
    /// Hexadecimal of UCS-2, where the modem's letters are that.
    Ucs2,
}

/// Whether a code may be asked: it goes to the modem inside quotes, so only what a code is made of may.
#[must_use]
pub fn is_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'+'))
}

/// The command that asks a code.
#[must_use]
pub fn command(code: &str, form: Form) -> Option<String> {
    let text = match form {
        _ if !is_code(code) => return None,
        Form::Text => code.to_owned(),
        Form::Packed => to_hex(&pack(code.as_bytes())),
        Form::Ucs2 => code.bytes().map(|b| format!("00{b:02X}")).collect(),
    };
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
        let answered = if is_code(code) {
            match self.send_code(code).await? {
                Ok(()) => self.code_answered().await?,
                Err(refusal) => Err(refusal),
            }
        } else {
            Err("not a code".to_owned())
        };
        self.asked = Some(Asked { command: asked_by, code: code.to_owned(), at: Instant::now() });
        self.tell_answer(asked_by, code, answered).await
    }

    /// Asks, in the way of this kind of modem first; another where it refuses that.
    async fn send_code(&mut self, code: &str) -> anyhow::Result<Result<(), String>> {
        let forms = match (self.modes.ucs2, self.vendor.packed_ussd) {
            (true, _) => [Form::Ucs2, Form::Text],
            (false, true) => [Form::Packed, Form::Text],
            (false, false) => [Form::Text, Form::Packed],
        };
        let mut refused = String::new();
        for line in forms.into_iter().filter_map(|form| command(code, form)) {
            match self.modem.command(&line, SHORT).await {
                Ok(_) => return Ok(Ok(())),
                Err(Fault::Refused(why)) => {
                    // 27.007, 9.2: without a network, or with a bad SIM, no way of writing helps.
                    let other_way = why == "ERROR"
                        || ["3", "4", "50", "100"].iter().any(|code| why.ends_with(&format!(": {code}")));
                    if refused.is_empty() {
                        refused = why;
                    }
                    if !other_way {
                        break;
                    }
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(Err(refused))
    }

    /// The `+CUSD:` line comes before OK or up to half a minute later, and a second may follow that tells more than
    /// that the first was heard. What else is heard meanwhile is acted upon.
    async fn code_answered(&mut self) -> anyhow::Result<Result<String, String>> {
        let way = self.way();
        let (mut until, mut open) = (Moment::now() + NETWORK, false);
        let mut answer: Option<Result<String, String>> = None;
        loop {
            let line = match timeout_at(until, self.modem.listen()).await {
                Ok(heard) => {
                    let heard = heard?;
                    if heard.urc != Urc::Ussd {
                        self.act(heard).await?;
                        continue;
                    }
                    heard.line
                }
                // The end of its text may not come at all.
                Err(_) => match self.modem.unfinished() {
                    Some(heard) => heard.line,
                    None => break,
                },
            };
            let said = cusd::read(&line, way);
            open = said.status == Some(1);
            match said.text.clone().filter(|text| !text.is_empty()) {
                Some(text) => {
                    let more = if is_in_progress(&text) { NETWORK } else { ANOTHER };
                    until = Moment::now() + more;
                    answer = Some(Ok(text));
                }
                // The end of a session that has told something.
                None if matches!(answer, Some(Ok(_))) => break,
                None => {
                    answer = Some(said.text.clone().ok_or_else(|| said.reason()));
                    if !open {
                        break;
                    }
                }
            }
        }
        if open || answer.is_none() {
            self.modem.optional("AT+CUSD=2").await?;
        }
        Ok(answer.unwrap_or_else(|| Err("no answer from the network".to_owned())))
    }

    fn way(&self) -> Way {
        Way { packed: self.vendor.packed_ussd, ucs2: self.modes.ucs2 }
    }

    /// An answer that nobody waits for any more, or a word of the network's own.
    pub(super) async fn unasked(&mut self, line: &str) -> anyhow::Result<()> {
        let Some(text) = cusd::read(line, self.way()).text.filter(|text| !text.is_empty()) else { return Ok(()) };
        let asked = self.asked.clone().filter(|asked| asked.at.elapsed() < LATE);
        let (command, code) = asked.map_or((None, String::new()), |asked| (asked.command, asked.code));
        self.tell_answer(command, &code, Ok(text)).await
    }

    async fn tell_answer(
        &mut self,
        asked_by: Option<Uuid>,
        code: &str,
        answered: Result<String, String>,
    ) -> anyhow::Result<()> {
        if let (Ok(text), settings) = (&answered, self.seat.outbox.settings())
            && settings.borrow().text(Setting::BalanceCode) == code
            && !code.is_empty()
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
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Form, command};

    #[test]
    fn a_code_is_asked_as_text_or_packed_or_in_ucs2() {
        assert_eq!(command("*100#", Form::Text).unwrap(), "AT+CUSD=1,\"*100#\",15");
        assert_eq!(command("*100#", Form::Packed).unwrap(), "AT+CUSD=1,\"AA180C3602\",15");
        assert_eq!(command("*100#", Form::Ucs2).unwrap(), "AT+CUSD=1,\"002A0031003000300023\",15");
        for bad in ["", "*1\",15\rAT+CFUN=0", "100 "] {
            assert_eq!(command(bad, Form::Text), None, "{bad}");
        }
    }
}
