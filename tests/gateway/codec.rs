//! The codec beside two others that share nothing with it, in both directions: each reads what the other writes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::journeys::process::program;
use crate::support::sources::root;

/// Generated texts.
const TEXTS: usize = 1_500;
/// Of parts: no septet of a header with it reads as an escape, which smspdudecoder takes for one.
const REFERENCE: u8 = 0x42;

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn one_of(&mut self, all: &[char]) -> char {
        all[self.below(all.len())]
    }
}

const EXTENDED: &str = "^{}\\[~]|€";

/// Texts of every kind and length, many around the limits of one part and of several.
fn texts() -> Vec<String> {
    let set = |text: &str| text.chars().collect::<Vec<char>>();
    let plain = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà");
    let words = set("abcdefghijklmnopqrstuvwxyz 0123456789.,");
    let chinese = set("您好尊敬的客户明天上午送货请注意查收农药种子化肥余额元（）：，。！");
    let emoji = set("👍😀🚚🌾𠮷");
    let extended = set(EXTENDED);
    let lengths = [1, 7, 8, 15, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 305, 306, 307, 459, 460];
    let mut random = Random(0x5eed_1234_5678_9abc);
    let mut all = vec![String::new(), "hellohello".to_owned(), "1234567".to_owned(), "1234567\r".to_owned()];
    while all.len() < TEXTS {
        let kind = all.len() % 6;
        let length = match random.below(3) {
            0 => lengths[random.below(lengths.len())],
            1 => random.below(40),
            _ => random.below(500),
        };
        let text = (0..length).map(|_| match (kind, random.below(10)) {
            (0, _) => random.one_of(&words),
            (1, _) => random.one_of(&plain),
            (2, 0..3) => random.one_of(&extended),
            (2, _) => random.one_of(&plain),
            (3, _) => random.one_of(&chinese),
            (4, 0..3) => random.one_of(&emoji),
            (4, _) => random.one_of(&chinese),
            (_, 0) => random.one_of(&emoji),
            (_, 1..4) => random.one_of(&chinese),
            (_, _) => random.one_of(&plain),
        });
        all.push(text.collect());
    }
    all
}

fn number(n: usize) -> String {
    match n % 4 {
        0 => format!("+8613{:09}", n * 7919 % 1_000_000_000),
        1 => format!("13{:09}", n * 104_729 % 1_000_000_000),
        2 => format!("106{:05}", n % 100_000),
        _ => format!("+1202555{:04}", n % 10_000),
    }
}

/// A number that node-pdu leaves as it is; it guesses at others and drops their first digits.
fn abroad(n: usize) -> String {
    format!("+8613{:09}", n * 7919 % 1_000_000_000)
}

/// Hands lines to a process and takes as many back.
fn ask(command: &mut Command, lines: Vec<Value>) -> Vec<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let count = lines.len();
    let writing = std::thread::spawn(move || {
        for line in lines {
            match line {
                Value::String(plain) => writeln!(input, "{plain}"),
                other => writeln!(input, "{other}"),
            }
            .unwrap();
        }
    });
    let output = BufReader::new(child.stdout.take().unwrap());
    let answers: Vec<Value> = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writing.join().unwrap();
    child.wait().unwrap();
    assert_eq!(answers.len(), count, "an answer for each line");
    answers
}

fn ours() -> Command {
    let mut command = Command::new(program("gateway-agent"));
    command.stderr(Stdio::null()).arg("pdu");
    command
}

fn target() -> std::path::PathBuf {
    program("gateway-agent").parent().unwrap().parent().unwrap().to_owned()
}

fn by_smspdudecoder() -> Command {
    let python = target().join("oracles/bin/python");
    assert!(python.exists(), "{} is missing: bash tests/run makes it", python.display());
    let mut command = Command::new(python);
    command.arg(script("by_smspdudecoder.py"));
    command
}

fn by_node_pdu() -> Command {
    let modules = target().join("browser");
    assert!(modules.join("node_modules/node-pdu").exists(), "node-pdu is missing: bash tests/run fetches it");
    let mut command = Command::new("node");
    command.arg(script("by_node_pdu.mjs")).arg(modules);
    command
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(&root()).join("tests/gateway/oracles").join(name)
}

fn strings(value: &Value, name: &str, field: &str) -> Vec<String> {
    let all = value[name].as_array().unwrap_or_else(|| panic!("{value}"));
    all.iter().map(|one| one[field].as_str().unwrap_or_else(|| panic!("{value}")).to_owned()).collect()
}

/// What we make of each text: its parts in hexadecimal.
fn written_by_us(texts: &[String]) -> Vec<Vec<String>> {
    let asked = texts.iter().enumerate().map(|(n, text)| {
        json!({ "to": number(n), "text": text, "reference": REFERENCE, "report": n % 2 == 0,
            "validity": if n % 3 == 0 { Value::Null } else { json!(86_400) } })
    });
    let answers = ask(ours().arg("encode"), asked.collect());
    answers.iter().map(|answer| strings(answer, "parts", "pdu")).collect()
}

/// What we read from each message's parts: whose number, which text, in which order.
fn read_by_us(messages: &[Vec<String>], submit: bool) -> Vec<(String, String)> {
    let mut command = ours();
    command.arg("decode");
    if submit {
        command.arg("--submit");
    }
    let lines = messages.iter().flatten().map(|pdu| Value::String(pdu.clone())).collect();
    let mut answers = ask(&mut command, lines).into_iter();
    let field = if submit { "to" } else { "from" };
    messages
        .iter()
        .map(|parts| {
            let read: Vec<Value> = answers.by_ref().take(parts.len()).collect();
            for (part, n) in read.iter().zip(1u64..) {
                assert!(part.get("error").is_none(), "{part}");
                if parts.len() > 1 {
                    let place = &part["header"]["part"];
                    assert_eq!(
                        (place["n"].as_u64(), place["total"].as_u64()),
                        (Some(n), Some(parts.len() as u64)),
                        "{part}"
                    );
                }
            }
            let texts: String = read.iter().map(|part| part["text"].as_str().unwrap()).collect();
            (read[0][field].as_str().unwrap().to_owned(), texts)
        })
        .collect()
}

/// Differences by what explains them; what nothing explains fails.
#[derive(Default)]
struct Differences(BTreeMap<&'static str, usize>, Vec<String>);

impl Differences {
    fn note(&mut self, why: Option<&'static str>, what: String) {
        match why {
            Some(why) => *self.0.entry(why).or_default() += 1,
            None => self.1.push(what),
        }
    }

    fn judge(self, whose: &str, compared: usize) {
        println!("{whose}: {compared} texts, of which explained: {:?}", self.0);
        let few = self.1.len();
        assert!(few == 0, "{whose}: {few} differences:\n{}", self.1[..few.min(5)].join("\n"));
        let explained: usize = self.0.values().sum();
        assert!(compared - explained >= 1_000, "only {} texts are compared", compared - explained);
    }
}

fn compare(whose: &str, texts: &[String], answers: &[Value], excuse: impl Fn(&str, &str) -> Option<&'static str>) {
    let mut differences = Differences::default();
    for (n, (text, answer)) in texts.iter().zip(answers).enumerate() {
        let Some(parts) = answer["parts"].as_array() else {
            differences.note(excuse(text, ""), format!("{text:?}: {answer}"));
            continue;
        };
        let read: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
        if read != *text {
            differences.note(excuse(text, &read), format!("{text:?}\n{read:?}"));
        }
        for (part, at) in parts.iter().zip(1u64..) {
            assert_eq!(part["to"], number(n), "{whose}: {part}");
            let place = if parts.len() > 1 { json!([REFERENCE, parts.len(), at]) } else { Value::Null };
            assert_eq!(part["place"], place, "{whose}: {part}");
        }
    }
    differences.judge(whose, texts.len());
}

#[test]
fn smspdudecoder_reads_what_we_write() {
    let texts = texts();
    let asked = written_by_us(&texts).into_iter().map(|pdus| json!({ "decode": pdus })).collect();
    let answers = ask(&mut by_smspdudecoder(), asked);
    compare("smspdudecoder", &texts, &answers, |text, read| {
        // TP-UDL counts septets (23.040, 9.2.3.16); it cuts characters, so that a part with characters of two
        // septets, whose last octet has seven bits to spare, keeps these as a @.
        let without = |text: &str| text.replace('@', "");
        (text.contains(|c| EXTENDED.contains(c)) && without(text) == without(read)).then_some("spare bits read as @")
    });
}

#[test]
fn we_read_what_smspdudecoder_writes() {
    let texts = texts();
    let asked = texts
        .iter()
        .enumerate()
        .map(|(n, text)| json!({ "encode": { "from": number(n), "text": text, "reference": REFERENCE } }));
    let answers = ask(&mut by_smspdudecoder(), asked.collect());
    let written: Vec<Vec<String>> = answers
        .iter()
        .map(|answer| {
            let pdus = answer["pdus"].as_array().unwrap_or_else(|| panic!("{answer}"));
            pdus.iter().map(|pdu| pdu.as_str().unwrap().to_owned()).collect()
        })
        .collect();
    for (n, (text, read)) in texts.iter().zip(read_by_us(&written, false)).enumerate() {
        assert_eq!(read, (number(n), text.clone()), "{:?}", written[n]);
    }
}

#[test]
fn node_pdu_reads_what_we_write() {
    let texts = texts();
    let asked = written_by_us(&texts).into_iter().map(|pdus| json!({ "decode": pdus })).collect();
    let answers = ask(&mut by_node_pdu(), asked);
    compare("node-pdu", &texts, &answers, node_pdu_excuse);
}

/// Where node-pdu is wrong.
fn node_pdu_excuse(text: &str, _read: &str) -> Option<&'static str> {
    // 23.038, 6.2.1: 5F is §; it has a backquote there.
    text.contains('§').then_some("5F is §")
}

#[test]
fn we_read_what_node_pdu_writes() {
    let texts = texts();
    let asked = texts.iter().enumerate().map(|(n, text)| json!({ "encode": { "to": abroad(n), "text": text } }));
    let answers = ask(&mut by_node_pdu(), asked.collect());
    let mut differences = Differences::default();
    let (mut kept, mut written) = (Vec::new(), Vec::new());
    for (n, answer) in answers.iter().enumerate() {
        match answer["pdus"].as_array() {
            Some(pdus) if !pdus.is_empty() => {
                kept.push(n);
                written.push(pdus.iter().map(|pdu| pdu.as_str().unwrap().to_owned()).collect::<Vec<_>>());
            }
            _ => {
                let nothing = texts[n].is_empty().then_some("it writes no empty message");
                differences.note(nothing, format!("{:?}: {answer}", texts[n]));
            }
        }
    }
    for (n, (to, text)) in kept.into_iter().zip(read_by_us(&written, true)) {
        assert_eq!(to, abroad(n));
        if text != texts[n] {
            // Each part is read by itself here; the box joins units before it reads them.
            let cut = texts[n].chars().any(|c| c.len_utf16() == 2) && text.contains('\u{fffd}');
            let why = if cut { Some("it cuts surrogate pairs") } else { node_pdu_excuse(&texts[n], &text) };
            differences.note(why, format!("{:?}\n{text:?}", texts[n]));
        }
    }
    differences.judge("node-pdu, writing", texts.len());
}
