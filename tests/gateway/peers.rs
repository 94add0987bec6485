//! Programs of others against the simulated modem: what works with smstools and gammu-smsd is not only our own
//! agent's idea of a modem.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::scene::{Process, Scene};

const NUMBER: &str = "+8613805362417";

/// A program of a Debian package; `.ci/run` installs it.
fn installed(program: &str, package: &str) -> PathBuf {
    let places = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
    places.into_iter().find(|place| place.exists()).unwrap_or_else(|| panic!("{package} is not installed: .ci/run"))
}

fn folders(scene: &Scene) -> String {
    for name in ["outgoing", "checked", "incoming", "failed", "sent"] {
        fs::create_dir(scene.path(name)).unwrap();
    }
    scene.path("").to_string_lossy().trim_end_matches('/').to_owned()
}

/// All that came in, as the program wrote it down.
fn incoming(scene: &Scene) -> String {
    let all = fs::read_dir(scene.path("incoming")).unwrap();
    all.filter_map(|entry| fs::read(entry.unwrap().path()).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn sends_and_receives(scene: &Scene, texts: [&str; 2]) {
    scene.within(60, "both messages are on the air", || scene.on_air().len() >= 2);
    let mut sent: Vec<String> = scene.on_air().iter().map(|entry| entry["text"].as_str().unwrap().to_owned()).collect();
    sent.sort();
    assert_eq!(sent, ["Hello from a peer", "您好"]);
    assert!(scene.on_air().iter().all(|entry| entry["to"] == NUMBER));
    scene.within(60, "both messages have come in", || texts.iter().all(|text| incoming(scene).contains(text)));
    scene.until("their slots are free", || scene.heard(0, "+CMGD") >= 2);
}

#[test]
fn smstools_sends_and_receives() {
    let smsd = installed("smsd", "smstools");
    let scene = Scene::new(1, &[]);
    let at = folders(&scene);
    let conf = format!(
        "devices = GSM1\noutgoing = {at}/outgoing\nchecked = {at}/checked\nincoming = {at}/incoming\n\
         failed = {at}/failed\nsent = {at}/sent\nlogfile = {at}/log\npidfile = {at}/pid\ninfofile = {at}/working\n\
         delaytime = 1\nincoming_utf8 = yes\ndecode_unicode_text = yes\n[GSM1]\ndevice = {}\nincoming = yes\nbaudrate = 115200\n",
        scene.modem(0).display()
    );
    fs::write(scene.path("conf"), conf).unwrap();
    let number = NUMBER.trim_start_matches('+');
    fs::write(scene.path("outgoing/1"), format!("To: {number}\n\nHello from a peer")).unwrap();
    fs::write(scene.path("outgoing/2"), format!("To: {number}\nAlphabet: UTF-8\n\n您好")).unwrap();
    scene.comes(NUMBER, "plain");
    scene.comes(NUMBER, "收到");
    let smsd = Process::start(&smsd, &["-t", "-c", scene.path("conf").to_str().unwrap()]);
    sends_and_receives(&scene, ["plain", "收到"]);
    smsd.end();
    assert_eq!(fs::read_dir(scene.path("failed")).unwrap().count(), 0);
}

#[test]
fn gammu_smsd_sends_and_receives() {
    let gammu = installed("gammu-smsd", "gammu-smsd");
    let inject = installed("gammu-smsd-inject", "gammu-smsd");
    let scene = Scene::new(1, &[]);
    let at = folders(&scene);
    let conf = format!(
        "[gammu]\ndevice = {}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {at}/log\n\
         inboxpath = {at}/incoming/\ninboxformat = unicode\noutboxpath = {at}/outgoing/\nsentsmspath = {at}/sent/\n\
         errorsmspath = {at}/failed/\ncommtimeout = 1\nreceivefrequency = 1\n",
        scene.modem(0).display()
    );
    fs::write(scene.path("conf"), conf).unwrap();
    let conf = scene.path("conf");
    for (text, unicode) in [("Hello from a peer", false), ("您好", true)] {
        let mut command = Command::new(&inject);
        command.env("LC_ALL", "C.UTF-8").arg("-c").arg(&conf).args(["TEXT", NUMBER, "-text", text]);
        if unicode {
            command.arg("-unicode");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    scene.comes(NUMBER, "plain");
    scene.comes(NUMBER, "a second one");
    let gammu = Process::start(&gammu, &["-c", conf.to_str().unwrap()]);
    let both = || fs::read_dir(scene.path("incoming")).unwrap().count() >= 2;
    scene.within(60, "two files have come in", both);
    // Its files are UTF-16 here.
    let texts: Vec<String> = fs::read_dir(scene.path("incoming"))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .map(|bytes| {
            bytes.into_iter().filter(|byte| byte.is_ascii_graphic() || *byte == b' ').map(char::from).collect()
        })
        .collect();
    assert!(texts.iter().any(|text| text.ends_with("plain")), "{texts:?}");
    assert!(texts.iter().any(|text| text.ends_with("a second one")), "{texts:?}");
    sends_and_receives(&scene, [""; 2]);
    gammu.end();
    // What it could not send it files away as an error.
    let errors = fs::read_dir(scene.path("failed")).unwrap().count();
    assert_eq!(errors, 0, "{}", json!(scene.on_air()));
}
