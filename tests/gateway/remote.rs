//! What the office orders from afar, over a real broker: obeyed when the pinned key has signed it, and only then.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fieldline_protocol::signing::CommandSigner;
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::altered::build;
use super::pair::{Pair, Process};
use super::scene::jumped_a_year;
use crate::journeys::process::program;
use crate::support::mosquitto::Mosquitto;

const PATIENCE: Duration = Duration::from_secs(30);

/// The office's end: it signs, says, and remembers what it heard and nobody asked for yet.
struct Office {
    pair: Pair,
    signer: CommandSigner,
    mqtt: Client,
    heard: Receiver<(String, Value)>,
    kept: VecDeque<(String, Value)>,
    _broker: Mosquitto,
}

fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

impl Office {
    /// A broker, a simulated modem, and a box that was claimed.
    fn open() -> Office {
        let broker = Mosquitto::open();
        let pair = Pair::new(&program("gateway-agent"));
        let signer = CommandSigner::new(&[7; 32]);
        let claim = json!({ "box": "b1", "broker": broker.url(), "username": "b1", "password": "p",
            "server_key": signer.public_key() });
        std::fs::create_dir_all(pair.data()).unwrap();
        std::fs::write(Path::new(&pair.data()).join("claim.json"), claim.to_string()).unwrap();
        let url: reqwest::Url = broker.url().parse().unwrap();
        let mut options = MqttOptions::new("office", "127.0.0.1", url.port().unwrap());
        options.set_max_packet_size(256 << 10, 256 << 10);
        let (mqtt, mut wire) = Client::new(options, 64);
        mqtt.subscribe("gw/v1/b1/#", QoS::AtLeastOnce).unwrap();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for event in wire.iter() {
                let Ok(event) = event else { return };
                if let Event::Incoming(Packet::Publish(said)) = event {
                    let payload = serde_json::from_slice(&said.payload).unwrap_or_default();
                    let topic = said.topic.strip_prefix("gw/v1/b1/").unwrap().to_owned();
                    if !topic.starts_with("cmd/") && tell.send((topic, payload)).is_err() {
                        return;
                    }
                }
            }
        });
        Office { pair, signer, mqtt, heard, kept: VecDeque::new(), _broker: broker }
    }

    fn start(&mut self) -> Process {
        let running = self.pair.start();
        self.wait("status", |payload| payload["state"] == "online");
        self.wait("modem/m0/state", |payload| payload["health"] == "ready");
        running
    }

    /// The first thing said on a topic that fits; others are kept for later.
    fn wait(&mut self, topic: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        let is_it = |(on, payload): &(String, Value)| on == topic && fits(payload);
        loop {
            if let Some(at) = self.kept.iter().position(is_it) {
                return self.kept.remove(at).unwrap().1;
            }
            let rest = PATIENCE.saturating_sub(begun.elapsed());
            match self.heard.recv_timeout(rest) {
                Ok(said) => self.kept.push_back(said),
                Err(_) => panic!("nothing that fits on {topic}; heard: {:?}", self.kept),
            }
        }
    }

    fn say(&self, topic: &str, payload: Vec<u8>) {
        self.mqtt.publish(format!("gw/v1/b1/{topic}"), QoS::AtLeastOnce, false, payload).unwrap();
    }

    /// Signs a command and says it; the acknowledgement.
    fn order(&mut self, kind: &str, body: &Value) -> Value {
        let topic = format!("cmd/{kind}");
        let signed = self.signer.sign("b1", &topic, 1, now() + 60_000, body.to_string());
        self.say(&topic, serde_json::to_vec(&signed).unwrap());
        self.acknowledged(body)
    }

    fn acknowledged(&mut self, body: &Value) -> Value {
        self.wait(&format!("ack/{}", body["id"].as_str().unwrap()), |_| true)
    }

    fn send(&mut self, to: &str, more: &Value) -> String {
        let id = Uuid::now_v7().to_string();
        let mut sms = json!({ "id": id, "to": to, "text": "Visit at nine", "report": true });
        sms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(self.order("sms", &sms)["ok"], true);
        id
    }

    fn becomes(&mut self, id: &str, state: &str) -> Value {
        self.wait("evt/sms", |event| event["id"] == *id && event["state"] == *state)
    }

    fn on_air(&self) -> usize {
        self.pair.wish(&json!("ledger")).as_array().unwrap().len()
    }
}

#[test]
fn orders_of_the_pinned_key_are_obeyed_and_no_others() {
    let mut office = Office::open();
    let _running = office.start();
    let sms = |to: &str| json!({ "id": Uuid::now_v7(), "to": to, "text": "Visit at nine", "report": true });

    let right = sms("+8613900000001");
    for _ in 0..3 {
        assert_eq!(office.order("sms", &right)["ok"], true, "a repeat is acknowledged too");
    }
    office.becomes(right["id"].as_str().unwrap(), "delivered");
    assert_eq!(office.on_air(), 1, "a repeated order is one message");

    let stranger = CommandSigner::new(&[8; 32]);
    let later = now() + 60_000;
    type Forge<'a> = (&'a str, &'a CommandSigner, &'a str, &'a str, i64);
    let ours = CommandSigner::new(&[7; 32]);
    let forged: [Forge<'_>; 4] = [
        ("signature", &stranger, "b1", "cmd/sms", later),
        ("address", &ours, "b2", "cmd/sms", later),
        ("address", &ours, "b1", "cmd/cancel", later),
        ("expired", &ours, "b1", "cmd/sms", now() - 1_000),
    ];
    for (why, signer, name, topic, until) in forged {
        let body = sms("+8613900000002");
        let signed = signer.sign(name, topic, 2, until, body.to_string());
        office.say("cmd/sms", serde_json::to_vec(&signed).unwrap());
        let ack = office.acknowledged(&body);
        assert_eq!((ack["ok"].as_bool(), ack["err"].as_str()), (Some(false), Some(why)));
    }
    // Its text changed on the way.
    let body = sms("+8613900000003");
    let mut signed = office.signer.sign("b1", "cmd/sms", 3, later, body.to_string());
    signed.body = signed.body.replace("nine", "ten");
    office.say("cmd/sms", serde_json::to_vec(&signed).unwrap());
    assert_eq!(office.acknowledged(&body)["err"], "signature");

    for broken in [b"".to_vec(), b"{".to_vec(), b"null".to_vec(), vec![0xff; 200_000], b"{\"seq\":1}".to_vec()] {
        office.say("cmd/sms", broken);
    }
    let unreadable = office.signer.sign("b1", "cmd/sms", 4, later, "{\"v\":2}".to_owned());
    office.say("cmd/sms", serde_json::to_vec(&unreadable).unwrap());
    let after = office.send("+8613900000004", &json!({}));
    office.becomes(&after, "delivered");
    assert_eq!(office.on_air(), 2);
}

#[test]
fn a_box_whose_clock_jumped_holds_what_that_made_due_until_the_server_agrees() {
    let mut office = Office::open();
    office.pair.queue(&[1]);
    jumped_a_year(Path::new(&office.pair.data()));
    let _running = office.pair.start();
    office.wait("info", |info| info["troubles"] == json!(["clock"]));
    let held = office.send("+8613900000009", &json!({ "not_before": now() - 3_600_000 }));
    office.wait("evt/sms", |event| event["id"] != *held && event["state"] == "delivered");
    let early = json!({ "id": Uuid::now_v7(), "to": "+8613900000008", "text": "Visit at nine", "report": true });
    assert_eq!(office.order("sms", &early)["ok"], true);
    office.becomes(early["id"].as_str().unwrap(), "delivered");
    let time = |now: i64| json!({ "id": Uuid::now_v7(), "now": now });
    assert_eq!(office.order("time", &time(now() - 30 * 86_400_000))["err"], "clock");
    // The queue is gone through once more for another one.
    let behind = office.send("+8613900000006", &json!({}));
    office.becomes(&behind, "delivered");
    assert_eq!(office.on_air(), 3);
    assert_eq!(office.order("time", &time(now()))["ok"], true);
    office.becomes(&held, "delivered");
    office.wait("info", |info| info["troubles"] == json!([]));
    // The records from before the jump are still there, although they look a year old.
    assert_eq!(office.order("sms", &early)["ok"], true);
    let after = office.send("+8613900000007", &json!({}));
    office.becomes(&after, "delivered");
    assert_eq!(office.on_air(), 5, "an order that is repeated after the jump is one message");
}

#[test]
fn a_message_is_taken_back_until_it_leaves() {
    let mut office = Office::open();
    let _running = office.start();
    let waits = office.send("+8613900000001", &json!({ "not_before": now() + 3_600_000 }));
    let cancel = |sms: &str| json!({ "id": Uuid::now_v7(), "sms": sms });
    assert_eq!(office.order("cancel", &cancel(&waits))["ok"], true);
    office.becomes(&waits, "cancelled");
    assert_eq!(office.order("cancel", &cancel(&waits))["ok"], true, "it is taken back already");
    let gone = office.send("+8613900000002", &json!({}));
    office.becomes(&gone, "delivered");
    assert_eq!(office.order("cancel", &cancel(&gone))["err"], "too late");
    // Overtaken on the way: it must not be sent when it comes.
    let late = json!({ "id": Uuid::now_v7(), "to": "+8613900000003", "text": "Visit at nine", "report": true });
    assert_eq!(office.order("cancel", &cancel(late["id"].as_str().unwrap()))["ok"], true);
    assert_eq!(office.order("sms", &late)["ok"], true);
    let after = office.send("+8613900000004", &json!({}));
    office.becomes(&after, "delivered");
    assert_eq!(office.on_air(), 2);
}

#[test]
fn settings_hold_at_once_and_after_a_restart() {
    let mut office = Office::open();
    let running = office.start();
    let set = |settings: Value| json!({ "id": Uuid::now_v7(), "settings": settings });
    for wrong in [json!({ "limit_minute": "-1" }), json!({ "limit_minute": "many" }), json!({ "colour": "red" })] {
        assert_eq!(office.order("config", &set(wrong))["ok"], false);
    }
    assert_eq!(office.order("config", &set(json!({ "limit_minute": "2" })))["ok"], true);
    office.wait("info", |info| info["settings"]["limit_minute"] == "2");
    drop(running);
    let _running = office.start();
    office.wait("info", |info| info["settings"]["limit_minute"] == "2");

    let ids: Vec<String> = (1..=4).map(|n| office.send(&format!("+861390000000{n}"), &json!({}))).collect();
    office.becomes(&ids[0], "sent");
    office.becomes(&ids[1], "sent");
    office.wait("modem/m0/state", |state| state["trouble"] == "limit");
    // An order and its answer: the box went on meanwhile.
    assert_eq!(office.order("config", &set(json!({ "limit_minute": "2" })))["ok"], true);
    assert_eq!(office.on_air(), 2, "more than the SIM may send in a minute");
    assert_eq!(office.order("config", &set(json!({ "limit_minute": "0" })))["ok"], true);
    office.becomes(&ids[2], "sent");
    office.becomes(&ids[3], "sent");
}

#[test]
fn who_opted_out_gets_no_marketing_though_the_office_is_away() {
    let mut office = Office::open();
    let _running = office.start();
    // Marketing is held in the night; this test runs at any hour.
    let always = json!({ "id": Uuid::now_v7(), "settings": { "quiet_from": "0", "quiet_until": "0" } });
    assert_eq!(office.order("config", &always)["ok"], true);
    let marketing = json!({ "class": "marketing" });
    let listed = json!({ "id": Uuid::now_v7(), "add": ["+8613900000001"], "remove": [] });
    assert_eq!(office.order("optout", &listed)["ok"], true);
    let held = office.send("+8613900000001", &marketing);
    assert_eq!(office.becomes(&held, "cancelled")["error"], "optout");
    let service = office.send("+8613900000001", &json!({}));
    office.becomes(&service, "sent");

    // By a message to the box, and back again.
    office.pair.message_in("+8613900000002", "td");
    let wish = office.wait("evt/optout", |_| true);
    assert_eq!((wish["number"].as_str(), wish["out"].as_bool()), (Some("+8613900000002"), Some(true)));
    let held = office.send("+8613900000002", &marketing);
    assert_eq!(office.becomes(&held, "cancelled")["error"], "optout");
    office.pair.message_in("+8613900000002", "DY");
    office.wait("evt/optout", |event| event["out"] == false);
    let again = office.send("+8613900000002", &marketing);
    office.becomes(&again, "sent");
}

#[test]
fn logs_come_on_request_without_numbers_or_texts() {
    let mut office = Office::open();
    let _running = office.start();
    let id = office.send("+8613900000001", &json!({ "text": "a secret of the customer" }));
    office.becomes(&id, "delivered");
    let ask = json!({ "id": Uuid::now_v7(), "lines": 50 });
    assert_eq!(office.order("logs", &ask)["ok"], true);
    let said = office.wait("log", |lines| lines["id"] == ask["id"]);
    let lines = said["lines"].to_string();
    assert!(lines.contains("connected to the broker"), "{lines}");
    assert!(!lines.contains("13900000001") && !lines.contains("secret"), "{lines}");
}

/// Serves one file over HTTP for as long as the test runs.
fn serve(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/agent", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", file.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file));
        }
    });
    address
}

fn update(version: &str, file: &[u8], url: &str) -> Value {
    let sum: String = Sha256::digest(file).iter().map(|octet| format!("{octet:02x}")).collect();
    json!({ "id": Uuid::now_v7(), "version": version, "url": url, "sha256": sum })
}

#[test]
fn a_signed_version_takes_over_and_a_broken_one_is_left_again() {
    let newer = build(
        "newer-agent",
        &[("Cargo.toml", &|text| {
            text.replacen("[workspace.package]\nversion = \"", "[workspace.package]\nversion = \"9", 1)
        })],
    );
    let file = std::fs::read(newer).unwrap();
    let mut office = Office::open();
    let mut running = office.start();
    let own = office.wait("info", |_| true)["agent"].as_str().unwrap().to_owned();
    let version = format!("9{own}");

    // Not what was signed.
    let url = serve(file.clone());
    let mut wrong = update(&version, &file, &url);
    wrong["sha256"] = "0".repeat(64).into();
    assert_eq!(office.order("update", &wrong)["ok"], true);
    office.wait("info", |info| info["troubles"].to_string().contains("update_failed"));
    let plain = update(&version, &file, "http://example.com/agent");
    assert_eq!(office.order("update", &plain)["err"], "url");

    assert_eq!(office.order("update", &update(&version, &file, &url))["ok"], true);
    office.wait("info", |info| info["agent"] == *version);
    let id = office.send("+8613900000001", &json!({}));
    office.becomes(&id, "delivered");
    // The packaged program starts first, and gives way.
    let healthy = Path::new(&office.pair.data()).join("update.json");
    let begun = Instant::now();
    while !std::fs::read_to_string(&healthy).unwrap().contains("good") {
        assert!(begun.elapsed() < PATIENCE, "the new version is not found healthy");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(running);
    running = office.start();
    office.wait("info", |info| info["agent"] == *version);

    // Starts, says its version, and dies at work.
    let dead = b"#!/bin/sh\n[ \"$1\" = --version ] && echo gateway-agent 100.0.0\nexit 1\n".to_vec();
    let url = serve(dead.clone());
    assert_eq!(office.order("update", &update("100.0.0", &dead, &url))["ok"], true);
    running.end();
    // What the system does with a service that ended.
    let mut again = office.pair.start();
    again.end();
    let _running = office.start();
    office.wait("info", |info| info["troubles"].to_string().contains("update_failed"));
    let id = office.send("+8613900000002", &json!({}));
    office.becomes(&id, "delivered");
}
