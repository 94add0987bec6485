//! The dialogue: bytes into command lines and PDUs, and answers out. One command after the other: what is heard
//! while the network has not decided about a message waits.

use super::faults::FaultKind;
use super::modem::{Modem, Prompt};
use super::reply::{Command, Refusal, Reply, commands};

const CTRL_Z: u8 = 0x1a;
const ESC: u8 = 0x1b;
/// Longer lines are cut off.
const LONGEST: usize = 4096;

impl Modem<'_> {
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.unheard.extend(bytes);
        self.go_on();
    }

    /// Works on what was heard, as far as it may.
    fn go_on(&mut self) {
        while !self.busy {
            let Some(byte) = self.unheard.pop_front() else { return };
            match (byte, self.prompt.clone()) {
                (CTRL_Z, Some(prompt)) => self.handed_over(prompt),
                (ESC, Some(_)) => {
                    self.prompt = None;
                    self.line.clear();
                    self.say("\r\nOK\r\n");
                }
                (b'\r', None) => self.line_ended(),
                // A text may have lines.
                (b'\r', Some(Prompt::Text { .. })) => self.line.push(b'\n'),
                (b'\n', _) | (b'\r', Some(Prompt::Pdu { .. })) | (ESC | CTRL_Z, None) => {}
                (other, _) if self.line.len() < LONGEST => self.line.push(other),
                _ => {}
            }
        }
    }

    fn take_line(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned()
    }

    fn handed_over(&mut self, prompt: Prompt) {
        self.prompt = None;
        let line = self.take_line();
        if self.modes.echo {
            self.say(&line);
        }
        if self.step("Ctrl-Z heard") {
            return;
        }
        if let Some(reply) = self.take_message(prompt, &line) {
            self.answer(&reply);
        }
    }

    fn line_ended(&mut self) {
        let line = self.take_line();
        if self.modes.echo {
            self.say(&format!("{line}\r"));
        }
        if line.is_empty() || self.step(&format!("{line} heard")) {
            return;
        }
        if self.fault.is(FaultKind::Mute) {
            return;
        }
        if self.fault.is(FaultKind::Dead) {
            if line.ends_with("+CFUN=1,1") {
                self.fault = super::faults::Fault::default();
                self.cut();
            }
            return;
        }
        if let Some(rule) = self.rule(&line, true) {
            let reply = if rule.obey || rule.damage.is_some() { self.obey(&line) } else { self.unobeyed(&line) };
            match (rule.damage, rule.say) {
                (Some(damage), _) => {
                    self.damage = Some(damage);
                    self.answer(&reply);
                    self.damage = None;
                }
                (None, Some(say)) => self.say(&say),
                (None, None) => {}
            }
            return;
        }
        let reply = self.obey(&line);
        self.answer(&reply);
        self.step(&format!("{line} answered"));
    }

    /// A command that is only counted.
    fn unobeyed(&mut self, line: &str) -> Reply {
        if let Some(all) = commands(line) {
            self.watch.command(all.first().map_or("AT", |first| first.name.as_str()));
        }
        Reply::ok()
    }

    fn obey(&mut self, line: &str) -> Reply {
        let Some(all) = commands(line) else { return Reply::Refused(Refusal::Plain) };
        self.watch.command(all.first().map_or("AT", |first| first.name.as_str()));
        if self.fault.strikes(FaultKind::Error) {
            return Reply::Refused(Refusal::Plain);
        }
        let mut lines = Vec::new();
        for command in &all {
            if let Some(refusal) = self.locked(&command.name) {
                return Reply::Refused(refusal);
            }
            match self.command(command) {
                Reply::Lines(more) => lines.extend(more),
                other @ (Reply::Refused(_) | Reply::Prompt | Reply::Later) => return other,
            }
        }
        Reply::Lines(lines)
    }

    /// The subjects in turn; what nobody knows is an error.
    fn command(&mut self, command: &Command) -> Reply {
        None.or_else(|| self.basic_command(command))
            .or_else(|| self.sim_command(command))
            .or_else(|| self.network_command(command))
            .or_else(|| self.storage_command(command))
            .or_else(|| self.sending_command(command))
            .or_else(|| self.arriving_command(command))
            .or_else(|| self.call_command(command))
            .or_else(|| self.code_command(command))
            .unwrap_or(Reply::Refused(Refusal::Plain))
    }

    pub(super) fn answer(&mut self, reply: &Reply) {
        match reply {
            Reply::Lines(lines) => {
                let lines: String = lines.iter().map(|line| format!("\r\n{line}\r\n")).collect();
                self.say_answer(&lines, "\r\nOK\r\n");
            }
            Reply::Refused(refusal) => {
                let line = refusal.line(self.modes.verbose);
                self.say_answer("", &format!("\r\n{line}\r\n"));
            }
            Reply::Prompt => {
                let say = self.rule("prompt", false).and_then(|rule| rule.say);
                let prompt = say.unwrap_or_else(|| self.make.personality.prompt.to_owned());
                self.say_answer("", &prompt);
            }
            Reply::Later => {}
        }
    }

    /// An answer, with what the fault makes of it: something in its middle, or only its half.
    pub(super) fn say_answer(&mut self, lines: &str, end: &str) {
        let between = std::mem::take(&mut self.held);
        let whole = format!("{lines}{between}{end}");
        let whole = self.damage.map_or(whole.clone(), |damage| damage.on(&whole));
        if self.fault.strikes(FaultKind::Half) {
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            return self.say(&half);
        }
        self.say(&whole);
    }

    /// The network has decided about a message.
    pub(super) fn answered(&mut self, text: &str, since: Option<u64>) {
        let name = text.split_whitespace().next().unwrap_or_default().to_owned();
        if self.step(&format!("before {name}")) {
            return;
        }
        match text.split_once("\r\n\r\n") {
            Some((line, end)) => self.say_answer(&format!("{line}\r\n"), &format!("\r\n{end}")),
            None => self.say_answer("", text),
        }
        if let Some(since) = since {
            self.watch.busy(since);
        }
        if self.step(&format!("after {name}")) {
            return;
        }
        self.busy = false;
        self.go_on();
    }
}
