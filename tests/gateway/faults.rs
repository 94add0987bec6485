//! What goes wrong with modems, SIMs and networks, with the real agent and the simulator.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use super::scene::Scene;

const A: &str = "+8613900000001";
const B: &str = "+8613900000002";
const C: &str = "+8613900000003";

/// Which modem a recipient's messages went by, in their order.
fn by(scene: &Scene, to: &str) -> Vec<String> {
    let all = scene.on_air();
    all.iter().filter(|entry| entry["to"] == to).map(|entry| entry["modem"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_of_two_modems_dies_and_the_other_goes_on() {
    let scene = Scene::new(2, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.ready(1, 0);
    scene.send_by("m1", A, "by the second");
    scene.until("it is delivered", || scene.state(A) == "delivered");
    // A correspondent keeps the number that wrote before.
    for text in ["one", "two", "three"] {
        scene.send(A, text);
    }
    scene.until("all four are on the air", || by(&scene, A).len() == 4);
    assert_eq!(by(&scene, A), ["modem1"; 4]);
    scene.wish(&json!({ "fault": { "kind": "unplug", "on": "modem1" } }));
    scene.until("the path is gone", || !scene.modem(1).exists());
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    scene.send(A, "four");
    scene.send(B, "another");
    scene.until("the first modem sends both", || by(&scene, A).len() == 5 && by(&scene, B).len() == 1);
    assert_eq!((by(&scene, A)[4].as_str(), by(&scene, B)[0].as_str()), ("modem0", "modem0"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_stick_that_is_pulled_out_and_put_in_is_used_again() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    for round in 0..3 {
        scene.until("the modem is set up", || scene.heard(0, "+CMGL") > round);
        let to = format!("+861390000010{round}");
        scene.send(&to, "hello");
        scene.until("it is delivered", || scene.state(&to) == "delivered");
        scene.fault("unplug");
        scene.until("the path is gone", || !scene.modem(0).exists());
        scene.comes(A, &format!("while it was out {round}"));
        scene.fault("replug");
        scene.until("what came meanwhile is there", || scene.inbox().len() as u64 == round + 1);
    }
    assert!(scene.times().values().all(|times| *times == 1), "{:?}", scene.times());
}

#[test]
fn a_slow_answer_is_waited_for_and_nothing_is_sent_again() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.wish(&json!({ "fault": { "kind": "slow", "ms": 12_000, "times": 1 } }));
    scene.send(A, "slow");
    scene.send(B, "behind it");
    scene.until("both are delivered", || scene.state(A) == "delivered" && scene.state(B) == "delivered");
    let times = scene.times();
    assert_eq!((times[A], times[B]), (1, 1));
}

#[test]
fn an_answer_that_never_comes_leaves_one_message_on_the_air() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.wish(&json!({ "fault": { "kind": "hang", "times": 1 } }));
    scene.send(A, "never answered");
    scene.until("it is on the air", || scene.times().contains_key(A));
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(scene.times()[A], 1);
}

#[test]
#[ignore = "takes minutes: longer than the longest wait for an answer"]
fn an_answer_that_comes_after_four_minutes_settles_the_message() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    for (kind, to) in [("slow", A), ("late", B)] {
        scene.wish(&json!({ "fault": { "kind": kind, "ms": 240_000, "times": 1 } }));
        scene.send(to, "very slow");
        scene.within(400, "it is sent", || matches!(scene.state(to).as_str(), "sent" | "delivered"));
        assert_eq!(scene.times()[to], 1);
    }
}

#[test]
fn a_message_that_is_delivered_twice_comes_in_once() {
    let scene = Scene::new(1, &[]);
    scene.fault("duplicate");
    scene.comes(A, "once");
    let _agent = scene.start();
    scene.until("it came in", || !scene.inbox().is_empty());
    scene.comes(A, "and again");
    scene.until("the second came in", || scene.inbox().len() > 1);
    scene.until("all four slots are freed", || scene.heard(0, "+CMGD") >= 4);
    assert_eq!(scene.inbox(), ["once", "and again"]);
}

#[test]
fn parts_in_any_order_across_a_restart_make_one_message() {
    let scene = Scene::new(1, &[]);
    let text: String = ('一'..).take(67 * 3 + 20).collect();
    let part = |parts: &[u8], reference: u16| {
        scene.wish(&json!({ "sms": {
            "from": A, "text": text, "parts": parts, "reference": reference, "at": 1_795_363_200_000_i64 } }));
    };
    for reference in [7, 300] {
        let agent = scene.start();
        let (freed, read) = (scene.heard(0, "+CMGD"), scene.inbox().len());
        part(&[4, 2], reference);
        scene.until("two parts are received", || scene.heard(0, "+CMGD") >= freed + 2);
        drop(agent);
        part(&[3], reference);
        let _agent = scene.start();
        scene.until("three parts are received", || scene.heard(0, "+CMGD") >= freed + 3);
        assert_eq!(scene.inbox().len(), read);
        part(&[1], reference);
        scene.until("the message is whole", || scene.inbox().len() > read);
        assert_eq!(scene.inbox().last(), Some(&text));
    }
}

#[test]
fn a_full_sim_loses_nothing() {
    let scene = Scene::new(1, &["--slots", "3"]);
    for n in 0..5 {
        scene.comes(A, &format!("message {n}"));
    }
    let kept = || scene.wish(&json!("uses"))["modem0"]["kept"].as_u64().unwrap();
    scene.until("the network keeps two", || kept() == 2);
    let _agent = scene.start();
    scene.until("all came in", || scene.inbox().len() == 5);
    // A SIM without any room: it waits, and sending goes on.
    scene.fault("sim-full");
    scene.comes(A, "last");
    scene.send(B, "out");
    scene.until("it goes out", || scene.times().contains_key(B));
    assert_eq!((kept(), scene.inbox().len()), (1, 5));
    scene.fault("none");
    scene.until("the last came in", || scene.inbox().len() == 6);
    let mut inbox = scene.inbox();
    inbox.sort();
    assert_eq!(inbox, ["last", "message 0", "message 1", "message 2", "message 3", "message 4"]);
}

#[test]
fn a_slot_that_is_refused_once_is_read_later() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.wish(&json!({ "fault": { "kind": "error", "times": 1 } }));
    scene.comes(A, "the SIM was busy");
    scene.within(90, "it came in", || scene.inbox() == ["the SIM was busy"]);
}

#[test]
fn without_credit_messages_wait_and_go_out_later() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.fault("no-credit");
    scene.send(A, "one");
    scene.send(B, "two");
    scene.until("it was tried", || scene.heard(0, "+CMGS") > 0);
    std::thread::sleep(Duration::from_secs(2));
    // A modem that cannot send rests, and does not try all of the queue.
    assert_eq!(scene.heard(0, "+CMGS"), 1);
    assert_eq!((scene.state(A).as_str(), scene.state(B).as_str()), ("queued", "queued"));
    scene.fault("none");
    scene.until("both are delivered", || scene.state(A) == "delivered" && scene.state(B) == "delivered");
    assert!(scene.times().values().all(|times| *times == 1));
}

#[test]
fn a_bad_number_blocks_nobody_and_a_busy_network_is_tried_again() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.wish(&json!({ "fault": { "kind": "refuse", "code": 1, "times": 1 } }));
    scene.send(A, "unassigned");
    scene.until("it has failed", || scene.state(A) == "failed");
    scene.wish(&json!({ "fault": { "kind": "refuse", "code": 38, "times": 1 } }));
    scene.send(B, "later");
    scene.until("it was refused", || scene.heard(0, "+CMGS") == 2);
    scene.send(C, "now");
    scene.until("another goes out meanwhile", || scene.state(C) == "delivered");
    assert!(!scene.times().contains_key(B));
    scene.until("the first is tried again", || scene.state(B) == "delivered");
}

#[test]
fn no_network_holds_messages_until_it_is_back() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.fault("no-network");
    scene.send(A, "out");
    scene.comes(B, "in");
    scene.until("it was tried", || scene.heard(0, "+CMGS") > 0);
    scene.until("it waits again", || scene.state(A) == "queued");
    assert_eq!(scene.inbox().len(), 0);
    scene.fault("none");
    scene.until("it goes out and the other comes in", || scene.state(A) == "delivered" && scene.inbox().len() == 1);
    assert_eq!(scene.times()[A], 1);
}

#[test]
fn a_pin_opens_the_sim_and_a_wrong_one_is_tried_once() {
    let scene = Scene::new(1, &["--pin", "1234"]);
    fs::create_dir(scene.path("box")).unwrap();
    fs::write(scene.path("box/pins"), "m0 4321\n").unwrap();
    for _ in 0..3 {
        let agent = scene.start();
        std::thread::sleep(Duration::from_secs(4));
        drop(agent);
    }
    let probed = scene.run(&["probe", scene.modem(0).to_str().unwrap()]);
    let probed = String::from_utf8(probed.stdout).unwrap();
    assert!(probed.contains("+CPIN: SIM PIN"), "{probed}");
    fs::write(scene.path("box/pins"), "m0 1234\n").unwrap();
    let _agent = scene.start();
    scene.send(A, "open");
    scene.until("it is delivered", || scene.state(A) == "delivered");
    // The PIN is wanted again whenever the modem gets power.
    scene.fault("cut");
    scene.send(B, "open again");
    scene.until("it is delivered", || scene.state(B) == "delivered");
}

#[test]
fn noise_on_the_line_sends_nothing_twice_and_loses_nothing() {
    let scene = Scene::new(1, &[]);
    scene.fault("garbage");
    scene.comes(A, "in the noise");
    let _agent = scene.start();
    let all: Vec<String> = (0..10).map(|n| format!("+86139000002{n:02}")).collect();
    for to in &all {
        scene.send(to, "through the noise");
    }
    let left = |states: &[&str]| all.iter().any(|to| states.contains(&scene.state(to).as_str()));
    scene.within(60, "all are sent", || !left(&["queued", "sending"]));
    scene.until("and the other came in", || scene.inbox() == ["in the noise"]);
    scene.fault("none");
    assert!(!left(&["failed", "unknown"]), "{:?}", scene.queue());
    assert!(scene.times().values().all(|times| *times == 1), "{:?}", scene.times());
    assert_eq!(scene.times().len(), all.len());
}

#[test]
fn half_answers_and_errors_to_everything_are_got_over() {
    for fault in ["half", "error", "mute"] {
        let scene = Scene::new(1, &[]);
        scene.wish(&json!({ "fault": { "kind": fault } }));
        let _agent = scene.start();
        scene.send(A, "as soon as it is well");
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(scene.state(A), "queued", "{fault}");
        scene.fault("none");
        scene.within(60, fault, || scene.state(A) == "delivered");
        assert_eq!(scene.times()[A], 1, "{fault}");
    }
}

#[test]
fn errors_to_everything_in_the_middle_of_work_lose_nothing() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.fault("error");
    scene.send(A, "refused at first");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(scene.state(A), "queued");
    scene.fault("none");
    scene.within(60, "it is delivered", || scene.state(A) == "delivered");
    assert_eq!(scene.times()[A], 1);
}

#[test]
fn what_is_announced_in_the_middle_of_an_answer_is_heard() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.fault("urc");
    for n in 0..5 {
        let to = format!("+861390000030{n}");
        scene.comes(A, &format!("number {n}"));
        scene.send(&to, "out");
        scene.until("it is sent", || matches!(scene.state(&to).as_str(), "sent" | "delivered"));
        scene.until("the other came in", || scene.inbox().len() == n + 1);
    }
    assert!(scene.times().values().all(|times| *times == 1));
}

#[test]
fn reports_settle_messages_in_any_order_and_say_when_one_was_not_delivered() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.fault("report-reordered");
    scene.send(A, "first");
    scene.send(B, "second");
    scene.until("both are delivered", || scene.state(A) == "delivered" && scene.state(B) == "delivered");
    scene.fault("undelivered");
    scene.send(C, "to nobody");
    scene.until("it is undelivered", || scene.state(C) == "undelivered");
    scene.fault("report-lost");
    scene.send("+8613900000004", "no report");
    scene.until("it is sent", || scene.state("+8613900000004") == "sent");
    scene.wish(&json!({ "fault": { "kind": "report-late", "ms": 3_000 } }));
    scene.send("+8613900000005", "late report");
    scene.until("it is sent", || scene.state("+8613900000005") == "sent");
    scene.until("the report came", || scene.state("+8613900000005") == "delivered");
    assert_eq!(scene.state("+8613900000004"), "sent");
}

#[test]
fn a_report_that_could_not_be_written_is_brought_again() {
    let scene = Scene::new(1, &["--vendor", "ublox"]);
    let _agent = scene.start();
    scene.ready(0, 0);
    scene.wish(&json!({ "fault": { "kind": "report-late", "ms": 1_500 } }));
    scene.send(A, "hello");
    scene.until("it is sent", || scene.state(A) == "sent");
    let acknowledged = scene.heard(0, "+CNMA");
    scene.on_queue(
        "CREATE TRIGGER full BEFORE UPDATE ON parts BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    scene.until("the report is refused", || scene.heard(0, "+CNMA") > acknowledged);
    assert_eq!(scene.state(A), "sent");
    scene.on_queue("DROP TRIGGER full");
    scene.until("it is delivered", || scene.state(A) == "delivered");
    // And reports are handed over still.
    scene.send(B, "hello");
    scene.until("the other is delivered", || scene.state(B) == "delivered");
}

#[test]
fn every_kind_of_modem_sends_receives_and_reports() {
    std::thread::scope(|scope| {
        for vendor in ["generic", "quectel", "simcom", "huawei", "ublox", "air"] {
            scope.spawn(move || {
                let scene = Scene::new(1, &["--vendor", vendor]);
                scene.comes(A, "before");
                let _agent = scene.start();
                scene.send(A, "短信 of one part");
                scene.send(B, &"of three parts ".repeat(25));
                scene.until(vendor, || scene.state(A) == "delivered" && scene.state(B) == "delivered");
                scene.comes(A, &"回答".repeat(60));
                scene.until(vendor, || scene.inbox().len() == 2);
                let inbox = scene.inbox();
                assert!(
                    inbox.contains(&"before".to_owned()) && inbox.contains(&"回答".repeat(60)),
                    "{vendor}: {inbox:?}"
                );
                assert_eq!(scene.on_air().len(), 4, "{vendor}");
            });
        }
    });
}
