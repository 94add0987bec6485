//! The agent's commands at the shell: how soon a message starts, and what bad input is told.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::scene::Scene;

const A: &str = "+8613900000001";

#[test]
fn what_is_queued_while_the_agent_works_starts_at_once() {
    let scene = Scene::new(1, &[]);
    let _agent = scene.start();
    scene.ready(0, 0);
    let mut took = Vec::new();
    for n in 0..10 {
        let to = format!("+861390000040{n}");
        std::thread::sleep(Duration::from_millis(150));
        scene.send(&to, "now");
        let returned = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
        scene.until("it is on the air", || scene.times().contains_key(&to));
        let at = scene.on_air().last().unwrap()["at"].as_i64().unwrap();
        took.push(at - returned);
    }
    took.sort_unstable();
    println!("from the end of `send` to the air, ms: {took:?}");
    assert!(took[8] <= 100, "{took:?}");
}

#[test]
fn bad_input_at_the_shell_gives_one_clear_line() {
    let scene = Scene::new(1, &[]);
    let path = |name: &str| scene.path(name).to_string_lossy().into_owned();
    let (data, nowhere, file) = (path("box"), path("nowhere"), path("file"));
    fs::write(&file, "x").unwrap();
    scene.send(A, "waits");
    for bad in ["m0 12", "m0 abcd", "m0"] {
        fs::create_dir_all(scene.path("pins-bad")).unwrap();
        fs::write(scene.path("pins-bad/pins"), bad).unwrap();
        refused(&scene, &["run", "--data", &path("pins-bad")], "pin");
    }
    fs::create_dir_all(scene.path("claim-bad")).unwrap();
    fs::write(scene.path("claim-bad/claim.json"), "{").unwrap();
    let simulator = path("simulator");
    let id = "01a20982-3643-7498-8337-9b12e93b952f";
    for (arguments, says) in [
        (vec!["send", "--data", &data, "--to", "nobody", "--text", "x"], "nobody"),
        (vec!["send", "--data", &data, "--to", "", "--text", "x"], "\"\""),
        (vec!["send", "--data", &file, "--to", A, "--text", "x"], "exists"),
        (vec!["queue", "--data", &nowhere], "nowhere"),
        (vec!["inbox", "--data", &nowhere], "nowhere"),
        (vec!["settle", id, "sent", "--data", &data], id),
        (vec!["settle", "nonsense", "sent", "--data", &data], "nonsense"),
        (vec!["cancel", id, "--data", &data], id),
        (vec!["optout", "add", "12", "--data", &data], "12"),
        (vec!["optout", "add", A, "--data", &nowhere], "nowhere"),
        (vec!["probe", &nowhere], "No such file"),
        (vec!["probe", &file], "line"),
        (vec!["pdu", "decode", "zz"], "hex"),
        (vec!["pdu", "decode", "00"], "octet 0"),
        (vec!["pdu", "encode", "--to", "nobody", "--text", "x"], "number"),
        (vec!["claim", "http://127.0.0.1:1", "K7Q2M9XD", "--data", &nowhere], "127.0.0.1:1"),
        (vec!["run", "--data", &file], "exists"),
        (vec!["run", "--data", &path("claim-bad")], "EOF"),
        (vec!["simulate", "--dir", &file], "file"),
        (vec!["play", "--dir", &nowhere, "ledger"], "nowhere"),
        (vec!["play", "--dir", &simulator, "sms", A, "x", "--on", "modem7"], "modem7"),
        (vec!["play", "--dir", &simulator, "call", A, "--on", "line7"], "line7"),
        (vec!["play", "--dir", &simulator, "fault", "hang", "--on", "line0"], "line"),
        (vec!["play", "--dir", &simulator, "sms", A, "x", "--parts", "2"], "part 2"),
    ] {
        refused(&scene, &arguments, says);
    }
    assert_eq!(scene.state(A), "queued");
}

fn refused(scene: &Scene, arguments: &[&str], says: &str) {
    let output = scene.run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?} succeeds");
    assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    assert!(error.starts_with("gateway-agent: ") && error.contains(says), "{arguments:?}: {error}");
    assert!(!error.contains("panicked"), "{arguments:?}: {error}");
}
