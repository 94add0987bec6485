//! Command lines taken apart, and answers put together (ITU-T V.250, 5.2 to 5.7).

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// In capitals, such as `+CMGS`, `E`, `&F`.
    pub name: String,
    pub form: Form,
}

/// How a command stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `+CSQ`; for a basic command its number, such as 0 of `E0`.
    Bare(String),
    /// `+CSQ?`
    Ask,
    /// `+CSQ=?`
    Test,
    /// `+CSQ=1,2`
    Set(String),
}

impl Form {
    /// What stands behind `=`, cut at its commas, without quotes.
    pub(super) fn fields(&self) -> Vec<String> {
        match self {
            Form::Set(text) => fields(text),
            Form::Bare(_) | Form::Ask | Form::Test => Vec::new(),
        }
    }

    /// The n-th of these as a number.
    pub(super) fn number(&self, n: usize) -> Option<u32> {
        self.fields().get(n)?.parse().ok()
    }
}

fn fields(text: &str) -> Vec<String> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c if quoted || !c.is_whitespace() => {
                if let Some(last) = all.last_mut() {
                    last.push(c);
                }
            }
            _ => {}
        }
    }
    all
}

/// The commands of a line; `None` when it is no command line.
pub(super) fn commands(line: &str) -> Option<Vec<Command>> {
    let mut rest = line.strip_prefix("AT").or_else(|| line.strip_prefix("at")).or_else(|| line.strip_prefix("At"))?;
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ';']);
        let Some(first) = rest.chars().next() else { return Some(all) };
        let end = if first.is_ascii_alphabetic() || first == '&' { basic_end(rest) } else { extended_end(rest) };
        let (one, other) = rest.split_at_checked(end)?;
        all.push(command(one));
        rest = other;
    }
}

/// An extended command ends at a semicolon outside of quotes.
fn extended_end(text: &str) -> usize {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ';' && !quoted
    });
    end.map_or(text.len(), |(place, _)| place)
}

/// A basic command is a letter, or `&` with one, and a number; dialling takes the rest of the line.
fn basic_end(text: &str) -> usize {
    if text.starts_with(['D', 'd']) {
        return text.len();
    }
    let letters = if text.starts_with('&') { 2 } else { 1 };
    let register = text.starts_with(['S', 's']);
    let more = text
        .chars()
        .skip(letters)
        .take_while(|c| c.is_ascii_digit() || (register && matches!(c, '=' | '?')))
        .map(char::len_utf8)
        .sum::<usize>();
    (letters + more).min(text.len())
}

fn command(text: &str) -> Command {
    let basic = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '&');
    if basic && !text.starts_with(['S', 's']) {
        let letters = if text.starts_with('&') { 2 } else { 1 };
        let (name, number) = text.split_at_checked(letters).unwrap_or((text, ""));
        return Command { name: name.to_ascii_uppercase(), form: Form::Bare(number.to_owned()) };
    }
    let (name, form) = if let Some(name) = text.strip_suffix("=?") {
        (name, Form::Test)
    } else if let Some((name, values)) = text.split_once('=') {
        (name, Form::Set(values.to_owned()))
    } else if let Some(name) = text.strip_suffix('?') {
        (name, Form::Ask)
    } else {
        (text, Form::Bare(String::new()))
    };
    Command { name: name.trim().to_ascii_uppercase(), form }
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Plain,
    /// 27.007, 9.2.
    Cme(u16),
    /// 27.005, 3.2.5.
    Cms(u16),
}

impl Refusal {
    /// As it is said; `verbose` is +CMEE.
    pub(super) fn line(self, verbose: u8) -> String {
        match (self, verbose) {
            (Refusal::Plain, _) | (Refusal::Cme(_), 0) => "ERROR".to_owned(),
            (Refusal::Cme(code), 1) => format!("+CME ERROR: {code}"),
            (Refusal::Cme(code), _) => format!("+CME ERROR: {}", words(code)),
            (Refusal::Cms(code), _) => format!("+CMS ERROR: {code}"),
        }
    }
}

fn words(code: u16) -> &'static str {
    match code {
        3 => "operation not allowed",
        4 => "operation not supported",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        16 => "incorrect password",
        21 => "invalid index",
        30 => "no network service",
        50 => "incorrect parameters",
        _ => "unknown",
    }
}

/// What a command is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Lines, then OK.
    Lines(Vec<String>),
    Refused(Refusal),
    /// `> `
    Prompt,
    /// The network decides; the answer comes later.
    Later,
}

impl Reply {
    pub(super) fn ok() -> Reply {
        Reply::Lines(Vec::new())
    }

    pub(super) fn one(line: impl Into<String>) -> Reply {
        Reply::Lines(vec![line.into()])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Form, commands};

    #[test]
    fn lines_fall_into_commands() {
        let names = |line: &str| -> Vec<String> { commands(line).unwrap().into_iter().map(|c| c.name).collect() };
        assert_eq!(names("AT"), Vec::<String>::new());
        assert_eq!(names("ATE0V1&D2"), ["E", "V", "&D"]);
        assert_eq!(names("ATS0=0+CMGF=0;+CSQ"), ["S0", "+CMGF", "+CSQ"]);
        assert_eq!(names("AT+CUSD=1,\"a;b\";+CREG?"), ["+CUSD", "+CREG"]);
        assert_eq!(names("ATD13805362417;"), ["D"]);
        assert!(commands("hello").is_none());
        let cnmi = &commands("AT+CNMI=2,1,0,1,0").unwrap()[0];
        assert_eq!((cnmi.form.number(3), cnmi.form.number(5)), (Some(1), None));
        assert_eq!(commands("AT+CPMS=\"SM\",\"ME\"").unwrap()[0].form.fields(), ["SM", "ME"]);
        assert_eq!(commands("AT+CMGL=?").unwrap()[0].form, Form::Test);
    }

    #[test]
    fn no_line_panics() {
        for line in ["AT&", "AT=", "AT?", "AT\"", "AT+", "AT+CMGS=", "ATD", "ATS", "AT;;;", "AT您=?", "AT&您"] {
            let _ = commands(line);
        }
    }
}
