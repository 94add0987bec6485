//! Modems as people describe them in bug trackers and makers' notes: each case is one behaviour of a real module, which
//! the simulator plays, and what the box does about it.
//!
//! Long because: it is one table of cases.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::scene::{Scene, jumped_a_year};

const A: &str = "+8613900000001";
const B: &str = "+8613900000002";
const C: &str = "+8613900000003";
const D: &str = "+8613900000004";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn says(text: &str) -> Value {
    json!({ "say": { "text": text } })
}

/// 您好 from +8613805362417, as the modem gives it, and the length that its header gives.
const HELLO: (&str, usize) = ("00040D91683108352614F70008621132900000230460A8597D", 24);

/// Another message: the time makes it another.
fn hello(minute: u8) -> String {
    HELLO.0.replacen("62113290000023", &format!("621132900{}{}023", minute % 10, minute / 10), 1)
}

fn stored(place: &str, pdu: &str, say: Option<&str>) -> Value {
    json!({ "stores": { "place": place, "pdu": pdu, "length": pdu.len() / 2 - 1, "say": say } })
}

#[test]
fn a_slot_that_was_read_damaged_is_read_again_before_it_is_freed() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    for (n, damage) in ["no_hex", "two", "eight"].into_iter().enumerate() {
        for times in [1, 3] {
            scene.script(&json!([{ "when": "AT+CMGR", "damage": damage, "times": times }]));
            let text = format!("message {n} {times}");
            scene.comes(A, &text);
            scene.until(damage, || scene.inbox().last() == Some(&text));
        }
    }
    assert_eq!(scene.inbox().len(), 6);
    assert!(scene.came_in().iter().all(|one| one.get("unreadable").is_none()), "{:?}", scene.came_in());
}

#[test]
fn what_stays_unreadable_is_shown_with_its_octets_and_what_can_be_made_out() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    // It says that it is longer than it is.
    let longer = HELLO.0.replacen("0460A8", "0860A8", 1);
    scene.happens(&stored("SM", &longer, Some("\r\n+CMTI: \"SM\",1\r\n")));
    scene.until("it is shown", || scene.came_in().len() == 1);
    let shown = scene.came_in().remove(0);
    assert_eq!((shown["from"].as_str(), shown["text"].as_str()), (Some("+8613805362417"), Some("您好")));
    assert_eq!(shown["raw"], longer.as_str());
    assert!(shown["unreadable"].as_str().unwrap().starts_with("octet"), "{shown}");
    let told = scene.events("evt/inbox").remove(0);
    assert_eq!((&told["unreadable"], &told["pdus"][0]), (&shown["unreadable"], &json!(longer)));
    // A slot that the modem gives damaged again and again is kept, and shown meanwhile.
    let freed = scene.heard(0, "+CMGD");
    scene.script(&json!([{ "when": "AT+CMGR", "damage": "two" }]));
    scene.happens(&stored("SM", &hello(7), Some("\r\n+CMTI: \"SM\",1\r\n")));
    scene.within(60, "it is shown", || scene.came_in().len() == 2);
    assert_eq!(scene.heard(0, "+CMGD"), freed);
    assert_eq!(scene.came_in()[1]["from"], "+8613805362417");
    scene.script(&json!([]));
    scene.within(60, "it is read after all", || scene.inbox().len() == 3);
    assert!(scene.came_in()[2].get("unreadable").is_none());
    assert_eq!(scene.inbox()[2], "您好");
}

#[test]
fn what_lies_in_a_storage_is_found_without_its_announcement() {
    let scene = Scene::new(1, &[]);
    // In the other storage, before the agent starts.
    scene.happens(&stored("ME", &hello(1), None));
    scene.happens(&stored("SM", &hello(2), None));
    let _agent = scene.start();
    scene.until("what lay there is read", || scene.inbox().len() == 2);
    for (n, (place, notice)) in [
        ("SM", "+CMTI: \"SM\",-1"),
        ("SM", "+CMTI: ,-1"),
        ("ME", "^SMMEMFULL: \"ME\""),
        ("SM", "^SMMEMFULL: \"SM\""),
        ("SM", "+QIND: SMS FULL"),
        ("ME", "+QIND: \"smsfull\",\"ME\""),
        ("SM", "SMS FULL"),
    ]
    .into_iter()
    .enumerate()
    {
        let pdu = hello(u8::try_from(n).unwrap() + 10);
        scene.happens(&stored(place, &pdu, Some(&format!("\r\n{notice}\r\n"))));
        scene.within(10, notice, || scene.inbox().len() == n + 3);
    }
    // Without any word: the count says so.
    scene.happens(&stored("SM", &hello(30), None));
    scene.within(45, "it is counted", || scene.inbox().len() == 10);
    assert!(scene.came_in().iter().all(|one| one.get("unreadable").is_none()));
}

#[test]
fn a_modem_without_a_list_of_its_slots_is_asked_for_each() {
    let scene = Scene::new(1, &[]);
    scene.script(&json!([{ "when": "AT+CMGL", "say": "\r\n+CMS ERROR: 302\r\n" }]));
    for minute in 1..=3 {
        scene.happens(&stored("SM", &hello(minute), None));
    }
    let _agent = scene.start();
    scene.until("all are read", || scene.inbox().len() == 3);
}

#[test]
fn a_modem_that_refuses_to_go_back_to_its_storage_is_asked_again() {
    let scene = Scene::new(1, &[]);
    scene.script(&json!([{ "when": "AT+CPMS=\"SM\",\"SM\"", "say": "\r\nOK\r\n", "obey": true, "times": 1 },
        { "when": "AT+CPMS=\"SM\",\"SM\"", "say": "\r\nERROR\r\n", "times": 2 }]));
    let _agent = scene.start();
    scene.until("it was refused", || scene.heard(0, "+CPMS") >= 5);
    std::thread::sleep(Duration::from_secs(1));
    scene.comes(A, "in");
    scene.within(15, "it came in", || scene.inbox() == ["in"]);
}

#[test]
fn a_module_that_starts_anew_on_an_open_line_is_set_up_at_once() {
    for (n, lines) in [
        &["RDY", "+CFUN: 1", "+CPIN: READY"][..],
        &["SMS Ready"],
        &["*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"],
        // Without a word: it repeats commands again.
        &[],
    ]
    .into_iter()
    .enumerate()
    {
        let scene = Scene::new(1, &[]);
        let _agent = scene.start();
        scene.ready(0, 0);
        std::thread::sleep(Duration::from_millis(300));
        let before = scene.heard(0, "+CNMI");
        scene.happens(&json!({ "restarts": { "says": lines, "text_mode": true, "echo": true } }));
        if lines.is_empty() {
            scene.send(B, "asks first");
        }
        scene.within(15, "it is set up", || scene.heard(0, "+CNMI") > before);
        scene.comes(A, "after the start");
        scene.within(15, "it receives", || scene.inbox() == ["after the start"]);
        scene.send(A, "out");
        scene.until("it sends", || scene.state(A) == "delivered");
        assert!(scene.times().keys().all(|to| to.len() > 5), "{n}: a length is no number: {:?}", scene.times());
        assert!(scene.times().values().all(|times| *times == 1), "{n}");
    }
}

#[test]
fn a_module_that_starts_anew_while_sending_leaves_the_message_unknown_at_once() {
    for (within, lines) in [(10, "\r\nRDY\r\n\r\n+CFUN: 1\r\n"), (30, "\r\nSMS Ready\r\n")] {
        let scene = Scene::new(1, &[]);
        let _agent = scene.start();
        scene.ready(0, 0);
        scene.script(&json!([{ "when": "sent", "say": lines, "times": 1 }]));
        scene.wish(&json!({ "fault": { "kind": "report-lost", "times": 1 } }));
        scene.send(A, "cut off");
        scene.within(within, "it is unknown", || scene.state(A) == "unknown");
        scene.send(B, "behind it");
        scene.within(20, "the next goes out", || scene.state(B) == "delivered");
        assert_eq!((scene.times()[A], scene.state(A).as_str()), (1, "unknown"));
    }
    // A part that comes up late, behind a start that was heard, is no start: the answer counts.
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    let late = "\r\nPB DONE\r\n\r\n+CMGS: 7\r\n\r\nOK\r\n";
    scene.script(&json!([{ "when": "sent", "say": late, "times": 1 }]));
    scene.wish(&json!({ "fault": { "kind": "report-lost", "times": 1 } }));
    scene.send(A, "out");
    scene.until("it is sent", || scene.state(A) == "sent");
}

#[test]
fn a_modem_that_is_never_quiet_is_used() {
    for (text, ms) in [("^RSSI:20", 200), ("^BOOT:27710117,0,0,0,77", 90), ("+CREG: 1", 150)] {
        let scene = Scene::new(1, &[]);
        scene.happens(&json!({ "chatters": { "text": text, "ms": ms } }));
        let _agent = scene.start();
        scene.within(20, text, || scene.heard(0, "+CMGL") > 0);
        scene.comes(A, "in");
        scene.send(B, "out");
        scene.within(20, text, || scene.inbox() == ["in"] && scene.state(B) == "delivered");
    }
}

#[test]
fn two_messages_that_share_a_reference_are_not_mixed() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    let (one, other): (String, String) = ("one ".repeat(60), "two ".repeat(60));
    let at = 1_795_363_200_000_i64;
    let part = |text: &str, part: u8, at: i64| {
        scene.wish(&json!({ "sms": { "from": A, "text": text, "parts": [part], "reference": 7, "at": at } }));
    };
    part(&one, 1, at);
    part(&other, 2, at + 5 * 60_000);
    scene.until("both parts are kept", || scene.on_queue("SELECT CAST(n AS TEXT) FROM assembled").len() == 2);
    assert!(scene.inbox().is_empty(), "{:?}", scene.inbox());
    part(&other, 1, at + 5 * 60_000);
    scene.until("the second is whole", || scene.inbox() == [other.clone()]);
    part(&one, 2, at + 3_000);
    scene.until("the first is whole", || scene.inbox() == [other.clone(), one.clone()]);
}

#[test]
fn a_number_that_is_refused_blocks_nobody_and_shows_its_cause() {
    for code in [30, 10, 29, 50] {
        let scene = Scene::new(1, &[]);
        let _agent = scene.start();
        scene.ready(0, 0);
        let error = format!("+CMS ERROR: {code}");
        scene.script(&json!([{ "when": format!("to {A}"), "say": format!("\r\n{error}\r\n") }]));
        scene.send(A, "bad");
        let others: Vec<String> = (10..20).map(|n| format!("+86139000001{n}")).collect();
        for to in &others {
            scene.send(to, "good");
        }
        scene.within(20, "the others go out", || others.iter().all(|to| scene.times().contains_key(to)));
        let bad = scene.queue().into_iter().find(|one| one["to"] == A).unwrap();
        assert_eq!((bad["state"].as_str(), bad["error"].as_str()), (Some("queued"), Some(error.as_str())), "{bad}");
        scene.script(&json!([]));
        scene.within(60, "it goes out once it is taken", || scene.times().contains_key(A));
        scene.until("and nothing stands against it", || {
            scene.queue().into_iter().any(|one| one["to"] == A && one["error"].is_null())
        });
    }
}

#[test]
fn a_number_that_is_always_refused_fails_with_its_cause() {
    let scene = Scene::new(1, &[]);
    scene.script(&json!([{ "when": format!("to {A}"), "say": "\r\n+CMS ERROR: 30\r\n" }]));
    scene.send(A, "bad");
    // It has been tried for most of a day.
    scene.on_queue("UPDATE messages SET tries = 9");
    let _agent = scene.start();
    scene.until("it has failed", || scene.state(A) == "failed");
    assert_eq!(scene.queue()[0]["error"], "+CMS ERROR: 30");
}

#[test]
fn other_kinds_of_modem_send_receive_and_report() {
    std::thread::scope(|scope| {
        for vendor in ["a7670", "sim7670"] {
            scope.spawn(move || {
                let scene = Scene::new(1, &["--vendor", vendor]);
                scene.comes(A, "before");
                let _agent = scene.start();
                scene.send(B, "out");
                scene.until(vendor, || scene.state(B) == "delivered");
                scene.comes(A, "after");
                scene.until(vendor, || scene.inbox() == ["before", "after"]);
            });
        }
    });
}

#[test]
fn a_modem_that_takes_no_announcement_is_asked() {
    let scene = Scene::new(1, &[]);
    scene.script(&json!([{ "when": "AT+CNMI", "say": "\r\n+CMS ERROR: 303\r\n" }]));
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.happens(&stored("SM", &hello(1), None));
    scene.send(A, "out");
    scene.within(15, "it is found", || scene.inbox().len() == 1);
    scene.until("it goes out", || scene.times().contains_key(A));
}

#[test]
fn prompts_and_answers_of_many_shapes() {
    for (prompt, sent) in [
        ("\r\n>\r\n", "\r\n+CMGS: 7\r\n\r\nOK\r\n"),
        ("\r\n>", "\r\n+CMGS: 7\r\n\r\nOK\r\n"),
        ("\r\n^RSSI:20\r\n\r\n> ", "\r\n^RSSI:20\r\n\r\n+CMGS: 7\r\n\r\nOK\r\n"),
        // Sent, though nobody says under which number; and sent, though nobody says OK.
        ("\r\n> ", "\r\nOK\r\n"),
        ("\r\n> ", "\r\n+CMGS: 7\r\n"),
    ] {
        let scene = Scene::new(1, &[]);
        scene.script(&json!([{ "when": "prompt", "say": prompt }, { "when": "sent", "say": sent }]));
        scene.wish(&json!({ "fault": { "kind": "report-lost" } }));
        let _agent = scene.start();
        scene.send(A, "out");
        scene.within(15, prompt, || scene.state(A) == "sent");
        assert_eq!(scene.times()[A], 1, "{prompt:?} {sent:?}");
    }
}

#[test]
fn a_message_without_a_reference_finds_its_report_by_its_number() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.script(&json!([{ "when": "sent", "say": "\r\nOK\r\n", "times": 1 }]));
    scene.send(A, "out");
    scene.until("it is delivered", || scene.state(A) == "delivered");
}

#[test]
fn short_numbers_have_reports() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    for to in ["110", "1008", "10086", "95588"] {
        scene.send(to, "CXYE");
        scene.until(to, || scene.state(to) == "delivered");
    }
}

#[test]
fn a_text_may_begin_with_a_hyphen() {
    let scene = Scene::new(1, &[]);
    for text in ["-20% 优惠", "--help", "-"] {
        let sent = scene.run(&["send", "--data", scene.path("box").to_str().unwrap(), "--to", A, "--text", text]);
        assert!(sent.status.success(), "{text}: {}", String::from_utf8_lossy(&sent.stderr));
        for arguments in [vec!["--text", text], vec![]] {
            let joined = format!("--text={text}");
            let mut all = vec!["pdu", "encode", "--to", A];
            all.extend(if arguments.is_empty() { vec![joined.as_str()] } else { arguments });
            let encoded = scene.run(&all);
            assert!(encoded.status.success(), "{all:?}: {}", String::from_utf8_lossy(&encoded.stderr));
        }
    }
    assert_eq!(scene.queue().len(), 3);
}

#[test]
fn a_sim_is_used_or_not_by_what_it_says() {
    let cpin = |word: &str| json!([{ "when": "AT+CPIN?", "say": format!("\r\n{word}\r\n\r\nOK\r\n") }]);
    for word in ["+CPIN: SIM PUK2", "+CPIN: SIM PIN2", "+CPIN:READY", "^RSSI:20\r\n\r\n+CPIN: READY"] {
        let scene = Scene::new(1, &[]);
        fs::create_dir_all(scene.path("box")).unwrap();
        fs::write(scene.path("box/pins"), "m0 4321\n").unwrap();
        scene.script(&cpin(word));
        let _agent = scene.start();
        scene.send(A, "out");
        scene.until(word, || scene.times().contains_key(A));
        // A PIN is for PIN1 alone: it was not noted as refused either.
        assert!(scene.on_queue("SELECT name FROM notes WHERE name LIKE 'refused%'").is_empty(), "{word}");
    }
    let scene = Scene::new(1, &[]);
    scene.script(&cpin("+CPIN: NOT READY"));
    let _agent = scene.start();
    scene.send(A, "out");
    scene.until("the SIM is asked again", || scene.heard(0, "+CPIN") > 2);
    assert_eq!((scene.heard(0, "+CMGS"), scene.heard(0, "+CMGF")), (0, 0));
    scene.script(&json!([]));
    scene.until("it is ready", || scene.times().contains_key(A));
}

#[test]
fn a_radio_that_is_off_is_switched_on() {
    for level in [4, 0] {
        let scene = Scene::new(1, &[]);
        scene.happens(&json!({ "radio": { "level": level } }));
        let _agent = scene.start();
        scene.send(A, "out");
        scene.within(20, "it sends", || scene.state(A) == "delivered");
    }
}

#[test]
fn a_modem_that_lost_its_network_is_switched_off_and_on() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start_with(&["--patience", "10"]);
    scene.ready(0, 0);
    scene.fault("lost-network");
    scene.send(A, "out");
    scene.within(120, "it has a network again", || scene.state(A) == "delivered");
    assert!(scene.heard(0, "+CFUN") >= 3, "{}", scene.heard(0, "+CFUN"));
}

#[test]
fn a_silent_modem_is_reset() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start_with(&["--patience", "10"]);
    scene.ready(0, 0);
    scene.fault("dead");
    scene.send(A, "out");
    scene.within(120, "it answers again", || scene.times().contains_key(A));
}

#[test]
fn answers_of_the_network_to_a_code_are_whole_and_the_last() {
    for (what, said, answer) in [
        (
            "two lines",
            "\r\nOK\r\n\r\n+CUSD: 0,\"Balance 38.20\r\nvalid until 2027\",15\r\n",
            "Balance 38.20\nvalid until 2027",
        ),
        ("an amount", "\r\nOK\r\n\r\n+CUSD: 0,\"1250\",15\r\n", "1250"),
        ("before OK", "\r\n+CUSD: 0,\"Balance\r\n38.20\",15\r\n\r\nOK\r\n", "Balance\n38.20"),
        (
            "a first word",
            "\r\nOK\r\n\r\n+CUSD: 1,\"Request in progress\",15\r\n\r\n+CUSD: 0,\"Balance 38.20\",15\r\n",
            "Balance 38.20",
        ),
        ("ended behind it", "\r\nOK\r\n\r\n+CUSD: 1,\"Balance 38.20\",15\r\n\r\n+CUSD: 2\r\n", "Balance 38.20"),
        ("cut off", "\r\nOK\r\n\r\n+CUSD: 0,\"Balance 38.2\r\n", "Balance 38.2"),
    ] {
        let scene = Scene::new(1, &[]);
        scene.script(&json!([{ "when": "AT+CUSD=1,", "say": said }]));
        scene.send(A, "makes the queue");
        scene.on_queue("INSERT INTO settings (name, value) VALUES ('balance_code', '*100#')");
        let _agent = scene.start();
        scene.within(60, what, || !scene.events("evt/ussd").is_empty());
        assert_eq!(scene.events("evt/ussd")[0]["answer"], answer, "{what}");
    }
}

fn calls(scene: &Scene) -> Vec<(String, Option<String>, Option<String>, bool)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = scene.events("evt/call").into_iter();
    all.map(|one| (text(&one["phase"]).unwrap(), text(&one["number"]), text(&one["name"]), one["withheld"] == true))
        .collect()
}

fn on_line(scene: &Scene, text: &str) {
    scene.wish(&json!({ "happens": { "on": "line0", "what": says(text) } }));
}

#[test]
fn a_caller_has_a_name_or_withholds_the_number_in_any_words() {
    let scene = Scene::new(0, &["--lines", "1"]);
    let line = scene.path("simulator/line0");
    let _agent = scene.start_with(&["--caller-id", line.to_str().unwrap()]);
    std::thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    on_line(&scene, "\r\nRING\r\n");
    on_line(&scene, "\r\nDATE = 1123\r\n\r\nTIME = 1026\r\n\r\nNMBR = 05363112290\r\n\r\nNAME = ACME LTD\r\n");
    scene.until("it is told", || !calls(&scene).is_empty());
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let (number, name) = (Some("05363112290".to_owned()), Some("ACME LTD".to_owned()));
    assert_eq!(calls(&scene), [("ringing".to_owned(), number.clone(), name.clone(), false)]);
    scene.until("it is over", || calls(&scene).len() == 2);
    on_line(&scene, "\r\nRING\r\n\r\nNMBR = OUT-OF-AREA\r\n");
    scene.until("it is told", || calls(&scene).len() == 3);
    assert_eq!(calls(&scene)[2], ("ringing".to_owned(), None, None, true));
    on_line(&scene, "\r\nRING\r\n\r\nNMBR = 13805362417\r\n");
    scene.until("the number after all", || calls(&scene).len() == 4);
    assert_eq!(calls(&scene)[3], ("identified".to_owned(), Some("13805362417".to_owned()), None, false));
}

#[test]
fn a_line_modem_that_starts_anew_shows_callers_again() {
    let scene = Scene::new(0, &["--lines", "1"]);
    let line = scene.path("simulator/line0");
    let _agent = scene.start_with(&["--caller-id", line.to_str().unwrap()]);
    std::thread::sleep(Duration::from_secs(2));
    let restarts = json!({ "restarts": { "says": [], "text_mode": false, "echo": false } });
    scene.wish(&json!({ "happens": { "on": "line0", "what": restarts } }));
    std::thread::sleep(Duration::from_secs(17));
    scene.wish(&json!({ "call": { "number": "13805362417", "rings": 2 } }));
    scene.until("it is told", || !calls(&scene).is_empty());
    assert_eq!(calls(&scene)[0].1.as_deref(), Some("13805362417"));
}

#[test]
fn what_a_jump_of_the_clock_made_due_waits_for_a_person() {
    let scene = Scene::new(1, &[]);
    let data = scene.path("box").to_string_lossy().into_owned();
    let line = |to: &str, field: &str, at: i64| json!({ "to": to, "text": "x", field: at }).to_string();
    for one in [
        line(A, "not_before", now() - 3_600_000),
        line(B, "expires", now() - 86_400_000),
        json!({ "to": C, "text": "x" }).to_string(),
    ] {
        let mut child = std::process::Command::new(crate::journeys::process::program("gateway-agent"))
            .args(["send", "--data", &data])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), one.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }
    jumped_a_year(&scene.path("box"));
    let _agent = scene.start();
    scene.until("what has no time goes out", || scene.times().contains_key(C));
    scene.until("what has not expired by the time before does too", || scene.times().contains_key(B));
    // What was queued after it overtakes it.
    scene.send(D, "behind it");
    scene.until("the queue was gone through once more", || scene.times().contains_key(D));
    assert!(!scene.times().contains_key(A), "it became due by the jump alone");
    assert_eq!(scene.state(A), "queued");
    let said = scene.run(&["clock", "--data", &data]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    scene.within(15, "it goes out when a person has confirmed the clock", || scene.times().contains_key(A));
}

#[test]
fn what_the_box_writes_is_nobody_elses() {
    let scene = Scene::new(1, &[]);
    let data = scene.path("box");
    fs::create_dir_all(data.join("versions/0.0.1")).unwrap();
    for (name, mode) in [("claim.json.old", 0o644), ("versions/0.0.1/gateway-agent", 0o755)] {
        fs::write(data.join(name), "x").unwrap();
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    scene.send(A, "out");
    let _agent = scene.start();
    scene.until("it goes out", || scene.times().contains_key(A));
    let mode = |name: &str| fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    for (name, right) in [
        (".", 0o700),
        ("queue.db", 0o600),
        ("queue.db-wal", 0o600),
        ("run.lock", 0o600),
        ("bell.sock", 0o700),
        ("claim.json.old", 0o600),
        ("versions", 0o700),
        ("versions/0.0.1/gateway-agent", 0o700),
    ] {
        assert_eq!(mode(name), right, "{name}: {:o}", mode(name));
    }
}
