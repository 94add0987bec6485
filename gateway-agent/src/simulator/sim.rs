//! The SIM card: its PIN (27.007, 8.3) and its numbers.

use super::modem::Modem;
use super::reply::{Command, Form, Refusal, Reply};

/// Wrong PINs until the SIM wants its PUK.
const TRIES: u8 = 3;

/// Whether the SIM is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    Open,
    /// It wants its PIN; so many tries are left.
    Pin(u8),
    Puk,
}

impl Lock {
    pub(super) fn new(pin: Option<&str>) -> Lock {
        if pin.is_some() { Lock::Pin(TRIES) } else { Lock::Open }
    }
}

impl Modem<'_> {
    pub(super) fn sim_command(&mut self, command: &Command) -> Option<Reply> {
        let number = self.make.number;
        let bare = matches!(command.form, Form::Bare(_) | Form::Ask);
        let (card, before) = self.make.personality.card;
        Some(match command.name.as_str() {
            "+CPIN" => match &command.form {
                Form::Ask => Reply::one(match self.lock {
                    Lock::Open => "+CPIN: READY",
                    Lock::Pin(_) => "+CPIN: SIM PIN",
                    Lock::Puk => "+CPIN: SIM PUK",
                }),
                Form::Set(_) => self.try_pin(command.form.fields().first().map(String::as_str).unwrap_or_default()),
                Form::Bare(_) | Form::Test => Reply::ok(),
            },
            "+CIMI" if bare => Reply::one(format!("4600000000{:05}", 17 + number)),
            name if name == card && bare => Reply::one(format!("{before}898600000000000{:05}", 17 + number)),
            "+CNUM" if bare => Reply::one(format!("+CNUM: \"\",\"+86139000000{:02}\",145", number % 100)),
            _ => return None,
        })
    }

    fn try_pin(&mut self, pin: &str) -> Reply {
        let Lock::Pin(tries) = self.lock else { return Reply::Refused(Refusal::Cme(3)) };
        if self.make.pin.as_deref() == Some(pin) {
            self.lock = Lock::Open;
            return Reply::ok();
        }
        self.lock = if tries > 1 { Lock::Pin(tries - 1) } else { Lock::Puk };
        Reply::Refused(Refusal::Cme(16))
    }

    /// What a closed SIM refuses a command with; `None` where it does not matter.
    pub(super) fn locked(&self, name: &str) -> Option<Refusal> {
        let harmless = ["+CPIN", "+CMEE", "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CFUN", "+CSQ", "+CSCS", "+GMI", "+GMM"];
        if !name.starts_with(['+', '^', '*']) || harmless.contains(&name) {
            return None;
        }
        let sms =
            name.starts_with("+CMG") || ["+CPMS", "+CNMI", "+CSCA", "+CSMS", "+CNMA", "+CMSS", "+CMMS"].contains(&name);
        match self.lock {
            Lock::Open => None,
            Lock::Pin(_) if sms => Some(Refusal::Cms(311)),
            Lock::Pin(_) => Some(Refusal::Cme(11)),
            Lock::Puk if sms => Some(Refusal::Cms(316)),
            Lock::Puk => Some(Refusal::Cme(12)),
        }
    }
}
