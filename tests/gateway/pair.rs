//! A simulated modem and an agent's data folder, and what each of the two says of a message.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::journeys::process::program;

/// A process that is killed when the value goes, and by the kernel when the thread that started it ends.
pub struct Process(Child);

impl Process {
    fn start(program: &Path, arguments: &[&str]) -> Process {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).args(arguments).env("FIELDLINE_LOG", "off");
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Its id is known before it does anything: it becomes `program` only at [`Process::go`].
    fn held(program: &Path, arguments: &[&str]) -> Process {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "sh", "-c", "read -r go && exec \"$0\" \"$@\""]);
        command.arg(program).args(arguments).env("FIELDLINE_LOG", "off");
        Process(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Lets a held process begin.
    pub fn go(&mut self) {
        writeln!(self.0.stdin.take().unwrap(), "go").unwrap();
    }

    /// Waits for its end, which must come by itself.
    pub fn end(&mut self) {
        let begun = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the process goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its id; `setpriv` becomes the program, so it is the program's.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the modem and the queue say together.
#[derive(Debug, Default)]
pub struct Count {
    /// Parts on the air.
    pub on_air: usize,
    /// Parts on the air more than once.
    pub twice: Vec<String>,
    /// Messages neither wholly on the air nor held as unknown or failed.
    pub lost: Vec<String>,
    /// Messages held as unknown.
    pub unknown: usize,
    /// Messages given up or left over, though nobody refused them.
    pub failed: Vec<String>,
}

/// A simulator with one modem, and the folder of an agent that may come and go.
pub struct Pair {
    folder: TempDir,
    agent: PathBuf,
    /// Parts of each message by its recipient.
    asked: BTreeMap<String, usize>,
    _simulator: Process,
}

impl Pair {
    /// A simulator that listens, and an empty queue for `agent`.
    pub fn new(agent: &Path) -> Pair {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("simulator");
        let arguments = ["simulate", "--dir", place.to_str().unwrap(), "--network-ms", "5", "--report-ms", "10"];
        let simulator = Process::start(&program("gateway-agent"), &arguments);
        let begun = Instant::now();
        while UnixStream::connect(place.join("control.sock")).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the simulator does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        Pair { folder, agent: agent.to_owned(), asked: BTreeMap::new(), _simulator: simulator }
    }

    /// Asks the simulator for something.
    pub fn wish(&self, wish: &Value) -> Value {
        let mut connection = UnixStream::connect(self.folder.path().join("simulator/control.sock")).unwrap();
        writeln!(connection, "{wish}").unwrap();
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Somebody writes to the SIM.
    pub fn message_in(&self, from: &str, text: &str) {
        let mut play = Command::new(program("gateway-agent"));
        play.args(["play", "--dir"]).arg(self.folder.path().join("simulator")).args(["sms", from, text]);
        assert!(play.stdout(Stdio::null()).status().unwrap().success());
    }

    /// The agent's data folder.
    pub fn data(&self) -> String {
        self.folder.path().join("box").to_string_lossy().into_owned()
    }

    /// Starts the agent.
    pub fn start(&self) -> Process {
        let mut agent = self.hold();
        agent.go();
        agent
    }

    /// The agent, before it begins.
    pub fn hold(&self) -> Process {
        let modem = self.folder.path().join("simulator/modem0");
        Process::held(&self.agent, &["run", "--data", &self.data(), "--modem", modem.to_str().unwrap()])
    }

    /// Queues a message for each of these counts of parts.
    pub fn queue(&mut self, parts: &[usize]) {
        let mut child = Command::new(&self.agent)
            .args(["send", "--data", &self.data()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        for parts in parts {
            let to = format!("+86139{:08}", self.asked.len());
            let text = "Visit at nine ".repeat(if *parts == 1 { 1 } else { parts * 10 });
            writeln!(input, "{}", json!({ "to": to, "text": text })).unwrap();
            self.asked.insert(to, *parts);
        }
        drop(input);
        assert!(child.wait().unwrap().success(), "the message is not queued");
    }

    /// The queue, as the shell shows it.
    pub fn listed(&self) -> Vec<Value> {
        let output = Command::new(&self.agent).args(["queue", "--data", &self.data()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// State of each message of the queue by its recipient.
    pub fn states(&self) -> BTreeMap<String, String> {
        let field = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        self.listed().iter().map(|value| (field(value, "to"), field(value, "state"))).collect()
    }

    /// Waits until no part is queued or under way.
    pub fn settle(&self, what: &str) {
        let begun = Instant::now();
        let open = |part: &Value| part["state"] == "queued" || part["state"] == "sending";
        loop {
            let listed = self.listed();
            if !listed.iter().flat_map(|message| message["parts"].as_array().unwrap()).any(open) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: stuck: {listed:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Compares the modem's ledger with the queue.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        let mut parts: BTreeMap<String, BTreeMap<u64, usize>> = BTreeMap::new();
        for entry in self.wish(&json!("ledger")).as_array().unwrap() {
            count.on_air += 1;
            let n = entry["part"][0].as_u64().unwrap_or(1);
            *parts.entry(entry["to"].as_str().unwrap().to_owned()).or_default().entry(n).or_default() += 1;
        }
        let states = self.states();
        for (to, asked) in &self.asked {
            let sent = parts.remove(to).unwrap_or_default();
            if sent.values().any(|times| *times > 1) {
                count.twice.push(format!("{to} {sent:?}"));
            }
            match states.get(to).map(String::as_str) {
                Some("unknown") => count.unknown += 1,
                Some(state @ ("failed" | "queued" | "sending")) => count.failed.push(format!("{to} {state} {sent:?}")),
                Some(_) if sent.len() == *asked => {}
                other => count.lost.push(format!("{to} {other:?}: {} of {asked} parts on the air", sent.len())),
            }
        }
        assert!(parts.is_empty(), "on the air and never asked for: {parts:?}");
        count
    }
}
