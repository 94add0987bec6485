//! The simulated modem itself, spoken to as a terminal does: 3GPP TS 27.005 and 27.007 by what is said.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;

use super::scene::Scene;

const A: &str = "+8613900000001";

/// A terminal on a modem.
struct Wire {
    out: File,
    heard: Receiver<u8>,
    kept: String,
}

impl Wire {
    fn open(scene: &Scene) -> Wire {
        let out = OpenOptions::new().read(true).write(true).open(scene.modem(0)).unwrap();
        let mut from = out.try_clone().unwrap();
        let (to, heard) = channel();
        std::thread::spawn(move || {
            let mut byte = [0u8; 1];
            while from.read(&mut byte).is_ok_and(|count| count == 1) && to.send(byte[0]).is_ok() {}
        });
        let mut wire = Wire { out, heard, kept: String::new() };
        wire.ask("ATE0");
        wire
    }

    /// Waits until this was said, and gives everything up to it.
    fn until(&mut self, ends: &[&str]) -> String {
        let begun = Instant::now();
        loop {
            let found = ends.iter().filter_map(|end| self.kept.find(end).map(|at| at + end.len())).min();
            if let Some(at) = found {
                return self.kept.drain(..at).collect();
            }
            assert!(begun.elapsed() < Duration::from_secs(15), "not said: {ends:?}; but: {:?}", self.kept);
            if let Ok(byte) = self.heard.recv_timeout(Duration::from_millis(100)) {
                self.kept.push(char::from(byte));
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.out.write_all(text.as_bytes()).unwrap();
    }

    /// A command's answer, its lines joined by `|`.
    fn ask(&mut self, command: &str) -> String {
        self.write(&format!("{command}\r"));
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut said = self.until(&["OK\r\n", "ERROR", "> "]);
        if said.ends_with("ERROR") {
            said += &self.until(&["\r\n"]);
        }
        lines(&said)
    }

    /// A command with a prompt.
    fn hand_over(&mut self, command: &str, what: &str) -> String {
        assert_eq!(self.ask(command), ">");
        self.write(&format!("{what}\u{1a}"));
        self.answer()
    }

    /// A URC with the PDU behind it.
    fn direct(&mut self, start: &str) -> String {
        let line = self.line(start);
        self.until(&["\r\n"]);
        line
    }

    /// A line that is said by itself, with its end.
    fn line(&mut self, start: &str) -> String {
        self.until(&[start]);
        format!("{start}{}", self.until(&["\r\n"]).trim_end())
    }
}

fn lines(text: &str) -> String {
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("|")
}

/// `hello` to +8613900000001 in PDU mode, with a report.
const HELLO: (&str, &str) = ("AT+CMGS=19", "0021000D91683109000000F1000005E8329BFD06");

#[test]
fn identity_modes_and_errors() {
    let scene = Scene::new(1, &[]);
    let mut wire = Wire::open(&scene);
    for (command, answer) in [
        ("AT", "OK"),
        ("AT+CGMI", "Fieldline|OK"),
        ("AT+CGSN", "860000000000017|OK"),
        ("AT+CIMI", "460000000000017|OK"),
        ("AT+CREG?;+CSQ", "+CREG: 0,1|+CSQ: 21,99|OK"),
        ("AT+CREG=2;+CREG?", "+CREG: 2,1,\"5A1B\",\"0D2E\"|OK"),
        ("AT+COPS?", "+COPS: 0,0,\"CHINA MOBILE\",7|OK"),
        ("AT+COPS=3,2;+COPS?", "+COPS: 0,2,\"46000\",7|OK"),
        ("AT+NONSENSE", "ERROR"),
        ("AT+CPIN=\"1\"", "ERROR"),
        ("AT+CMEE=1;+CPIN=\"1\"", "+CME ERROR: 3"),
        ("AT+CMEE=2;+CPIN=\"1\"", "+CME ERROR: operation not allowed"),
        ("AT+CMGR=9", "+CMS ERROR: 321"),
        ("AT+CMGS=x", "+CMS ERROR: 304"),
        ("AT+CPMS=\"XX\"", "+CMS ERROR: 302"),
        ("AT+CPMS=\"ME\",\"SM\"", "+CPMS: 0,50,0,50,0,50|OK"),
        ("AT+CPMS?", "+CPMS: \"ME\",0,50,\"SM\",0,50,\"SM\",0,50|OK"),
        ("AT+CNMI=2,2;+CNMI?", "+CNMI: 2,2,0,0,0|OK"),
        ("AT+CNMI=2,9", "+CMS ERROR: 303"),
        ("AT+CNMA", "+CMS ERROR: 340"),
        ("AT+CUSD=1,\"*100#\",15", "OK"),
    ] {
        assert_eq!(wire.ask(command), answer, "{command}");
    }
    assert_eq!(wire.line("+CUSD:"), "+CUSD: 0,\"Balance 38.20 CNY, valid until 2027-11-24\",15");
}

#[test]
fn a_stored_message_is_sent_from_its_slot_and_the_slot_says_so() {
    let scene = Scene::new(1, &[]);
    let mut wire = Wire::open(&scene);
    wire.ask("AT+CMGF=0");
    assert_eq!(wire.hand_over("AT+CMGW=19", HELLO.1), "+CMGW: 1|OK");
    assert_eq!(wire.ask("AT+CMGR=1"), format!("+CMGR: 2,,19|{}|OK", HELLO.1));
    assert_eq!(wire.ask("AT+CMGL=2"), format!("+CMGL: 1,2,,19|{}|OK", HELLO.1));
    assert_eq!(wire.ask("AT+CMSS=1"), "+CMSS: 0|OK");
    assert_eq!(wire.ask("AT+CMGR=1"), format!("+CMGR: 3,,19|{}|OK", HELLO.1));
    assert_eq!(wire.ask("AT+CMSS=2"), "+CMS ERROR: 321");
    assert_eq!(scene.on_air()[0]["slot"], 1);
    // ESC leaves the prompt, and nothing is sent; a PDU that is not as long as it says is refused.
    assert_eq!(wire.ask(HELLO.0), ">");
    wire.write("0021\u{1b}");
    assert_eq!(wire.answer(), "OK");
    assert_eq!(wire.hand_over("AT+CMGS=20", HELLO.1), "+CMS ERROR: 305");
    assert_eq!(scene.on_air().len(), 1);
    assert_eq!(wire.ask("AT+CMGD=1,2"), "OK");
    assert_eq!(wire.ask("AT+CPMS?"), "+CPMS: \"SM\",0,50,\"SM\",0,50,\"SM\",0,50|OK");
}

#[test]
fn what_comes_is_announced_stored_or_handed_over_as_was_set() {
    let scene = Scene::new(1, &["--vendor", "quectel"]);
    let mut wire = Wire::open(&scene);
    wire.ask("AT+CMGF=0;+CPMS=\"SM\",\"SM\",\"SM\"");
    wire.ask("AT+CNMI=2,1,0,2,0");
    scene.comes(A, "hello");
    assert_eq!(wire.line("+CMTI:"), "+CMTI: \"SM\",0");
    assert!(wire.ask("AT+CMGL").starts_with("+CMGL: 0,0,,"));
    assert!(wire.ask("AT+CMGL=1").starts_with("+CMGL: 0,1,,"));
    // Its report lies in SR, though it says SM.
    assert_eq!(wire.hand_over(HELLO.0, HELLO.1), "+CMGS: 0|OK");
    assert_eq!(wire.line("+CDSI:"), "+CDSI: \"SM\",0");
    assert!(wire.ask("AT+CPMS=\"SR\"").starts_with("+CPMS: 1,50,1,50"));
    assert!(wire.ask("AT+CMGR=0").starts_with("+CMGR: 0,,26|0006000D91683109000000F1"));
    assert_eq!(wire.ask("AT+CMGD=0"), "OK");
    wire.ask("AT+CNMI=2,2,0,1,0");
    scene.comes(A, "direct");
    assert!(wire.direct("+CMT:").starts_with("+CMT: ,"));
    wire.hand_over(HELLO.0, HELLO.1);
    assert_eq!(wire.direct("+CDS:"), "+CDS: 26");
    // Not a word at the prompt.
    assert_eq!(wire.ask(HELLO.0), ">");
    scene.comes(A, "waits");
    std::thread::sleep(Duration::from_millis(200));
    wire.write(&format!("{}\u{1a}", HELLO.1));
    wire.direct("+CMT:");
}

#[test]
fn what_is_not_acknowledged_comes_again() {
    let scene = Scene::new(1, &["--vendor", "ublox"]);
    let mut wire = Wire::open(&scene);
    assert_eq!(wire.ask("AT+CSMS=1"), "+CSMS: 1,1,1|OK");
    wire.ask("AT+CMGF=0;+CNMI=2,2,0,1,0");
    scene.comes(A, "one");
    scene.comes(A, "two");
    wire.direct("+CMT:");
    assert_eq!(wire.ask("AT+CNMA"), "OK");
    wire.direct("+CMT:");
    // Ten seconds later the modem hands nothing over any more, and stores what nobody acknowledged.
    std::thread::sleep(Duration::from_millis(10_500));
    assert_eq!(wire.ask("AT+CNMI?"), "+CNMI: 2,0,0,0,0|OK");
    assert!(wire.ask("AT+CMGL=4").starts_with("+CMGL: 1,0,,"));
}

#[test]
fn text_mode_shows_and_takes_texts() {
    let scene = Scene::new(1, &[]);
    let mut wire = Wire::open(&scene);
    wire.ask("AT+CMGF=1;+CNMI=2,1,0,1,0;+CSMP=49,167,0,0");
    scene.wish(&json!({ "sms": { "from": A, "text": "hello", "at": 1_795_363_200_000_i64 } }));
    wire.line("+CMTI:");
    assert_eq!(wire.ask("AT+CMGR=1"), format!("+CMGR: \"REC UNREAD\",\"{A}\",,\"26/11/23,00:00:00+32\"|hello|OK"));
    assert_eq!(
        wire.ask("AT+CMGL=\"ALL\""),
        format!("+CMGL: 1,\"REC READ\",\"{A}\",,\"26/11/23,00:00:00+32\"|hello|OK")
    );
    assert_eq!(wire.ask("AT+CMGL=\"REC UNREAD\""), "OK");
    assert_eq!(wire.ask("AT+CMGL=4"), "+CMS ERROR: 305");
    assert_eq!(wire.hand_over(&format!("AT+CMGS=\"{A}\""), "plain text"), "+CMGS: 0|OK");
    assert!(wire.line("+CDS:").starts_with(&format!("+CDS: 6,0,\"{A}\",145,")));
    wire.ask("AT+CSCS=\"UCS2\"");
    let number: String = A.chars().map(|c| format!("00{:02X}", u32::from(c))).collect();
    assert_eq!(wire.hand_over(&format!("AT+CMGS=\"{number}\""), "60A8597D"), "+CMGS: 1|OK");
    let all = scene.on_air();
    assert_eq!((all[0]["text"].as_str(), all[1]["text"].as_str()), (Some("plain text"), Some("您好")));
    assert!(all.iter().all(|entry| entry["to"] == A), "{all:?}");
}

#[test]
fn a_call_rings_shows_its_number_is_listed_and_ends() {
    let scene = Scene::new(1, &["--vendor", "huawei"]);
    let mut wire = Wire::open(&scene);
    wire.ask("AT+CLIP=1;+CRC=1");
    scene.wish(&json!({ "call": { "number": "13805362417", "rings": 1, "on": "modem0", "answered": true } }));
    assert_eq!(wire.line("+CRING:"), "+CRING: VOICE");
    assert_eq!(wire.line("+CLIP:"), "+CLIP: \"13805362417\",129,,,,0");
    assert_eq!(wire.ask("AT+CLCC"), "+CLCC: 1,1,4,0,0,\"13805362417\",129|OK");
    std::thread::sleep(Duration::from_millis(3_500));
    assert_eq!(wire.ask("AT+CLCC").split("|+").next(), Some("+CLCC: 1,1,0,0,0,\"13805362417\",129|OK"));
    wire.line("^CEND:");
    wire.line("NO CARRIER");
    assert_eq!(wire.ask("AT+CLCC"), "OK");
}

#[test]
fn a_closed_sim_says_so_and_opens_with_its_pin() {
    let scene = Scene::new(1, &["--pin", "1234"]);
    let mut wire = Wire::open(&scene);
    for (command, answer) in [
        ("AT+CMEE=1", "OK"),
        ("AT+CPIN?", "+CPIN: SIM PIN|OK"),
        ("AT+CREG?", "+CME ERROR: 11"),
        ("AT+CMGF=0", "+CMS ERROR: 311"),
        ("AT+CPIN=\"9999\"", "+CME ERROR: 16"),
        ("AT+CPIN=\"1234\"", "OK"),
        ("AT+CPIN?", "+CPIN: READY|OK"),
        ("AT+CMGF=0", "OK"),
    ] {
        assert_eq!(wire.ask(command), answer, "{command}");
    }
    scene.fault("cut");
    std::thread::sleep(Duration::from_millis(300));
    let mut wire = Wire::open(&scene);
    for _ in 0..3 {
        wire.ask("AT+CPIN=\"9999\"");
    }
    assert_eq!(wire.ask("AT+CPIN?"), "+CPIN: SIM PUK|OK");
}
