//! A simulator and the programs that use it, for tests of what goes wrong.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};
use tempfile::TempDir;

use crate::journeys::process::program;

/// A process that is killed when the value goes, and by the kernel when the thread that started it ends.
pub struct Process(Child);

impl Process {
    /// Starts a program in silence.
    pub fn start(program: &Path, arguments: &[&str]) -> Process {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).args(arguments).env("FIELDLINE_LOG", "off");
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A simulator with its folder.
pub struct Scene {
    folder: TempDir,
    agent: PathBuf,
    modems: usize,
    _simulator: Process,
}

impl Scene {
    /// A simulator with so many modems and these arguments; its network is fast.
    pub fn new(modems: usize, more: &[&str]) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let agent = program("gateway-agent");
        let (place, count) = (folder.path().join("simulator"), modems.to_string());
        let mut arguments = vec!["simulate", "--dir", place.to_str().unwrap(), "--modems", &count];
        arguments.extend(["--network-ms", "20", "--report-ms", "50"]);
        arguments.extend(more);
        let simulator = Process::start(&agent, &arguments);
        let scene = Scene { folder, agent, modems, _simulator: simulator };
        scene.until("the simulator listens", || UnixStream::connect(scene.path("simulator/control.sock")).is_ok());
        scene.until("the modems are there", || (0..modems).all(|n| scene.modem(n).exists()));
        scene
    }

    /// A place in the scene's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The n-th modem's path.
    pub fn modem(&self, n: usize) -> PathBuf {
        self.path(&format!("simulator/modem{n}"))
    }

    fn data(&self) -> String {
        self.path("box").to_string_lossy().into_owned()
    }

    /// Asks the simulator for something.
    pub fn wish(&self, wish: &Value) -> Value {
        let mut connection = UnixStream::connect(self.path("simulator/control.sock")).unwrap();
        writeln!(connection, "{wish}").unwrap();
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{wish}: {answer}");
        answer
    }

    /// Something goes wrong on all modems.
    pub fn fault(&self, kind: &str) {
        self.wish(&json!({ "fault": { "kind": kind } }));
    }

    /// A message comes in.
    pub fn comes(&self, from: &str, text: &str) {
        self.wish(&json!({ "sms": { "from": from, "text": text } }));
    }

    /// Starts the agent with all modems.
    pub fn start(&self) -> Process {
        self.start_with(&[])
    }

    /// Starts the agent with all modems and these arguments.
    pub fn start_with(&self, more: &[&str]) -> Process {
        let (data, modems) = (self.data(), (0..self.modems).map(|n| self.modem(n)).collect::<Vec<_>>());
        let mut arguments = vec!["run", "--data", &data];
        for modem in &modems {
            arguments.extend(["--modem", modem.to_str().unwrap()]);
        }
        arguments.extend(more);
        // Its bell hangs where it serves the queue; one of an earlier run may hang there still.
        let bell = self.path("box/bell.sock");
        if bell.exists() {
            std::fs::remove_file(&bell).unwrap();
        }
        let agent = Process::start(&self.agent, &arguments);
        self.until("the agent serves its queue", || bell.exists());
        agent
    }

    /// A command of the agent.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.agent);
        command.args(arguments).env("FIELDLINE_LOG", "off").stdin(Stdio::null());
        command.output().unwrap()
    }

    /// A command about the agent's folder that succeeds; its lines as JSON.
    fn asked(&self, command: &str) -> Vec<Value> {
        let output = self.run(&[command, "--data", &self.data()]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Queues a message.
    pub fn send(&self, to: &str, text: &str) {
        self.send_by("auto", to, text);
    }

    /// Queues a message for a modem.
    pub fn send_by(&self, modem: &str, to: &str, text: &str) {
        let output = self.run(&["send", "--data", &self.data(), "--modem", modem, "--to", to, "--text", text]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The queue.
    pub fn queue(&self) -> Vec<Value> {
        self.asked("queue")
    }

    /// A message's state by its recipient.
    pub fn state(&self, to: &str) -> String {
        let queue = self.queue();
        let one = queue.iter().find(|one| one["to"] == to).unwrap_or_else(|| panic!("{to} is not queued"));
        one["state"].as_str().unwrap().to_owned()
    }

    /// Something happens to the first modem, as a test wants it.
    pub fn happens(&self, what: &Value) {
        self.wish(&json!({ "happens": { "what": what } }));
    }

    /// From now on these rules hold for the first modem.
    pub fn script(&self, rules: &Value) {
        self.happens(&json!({ "script": { "rules": rules } }));
    }

    /// What came in, as the shell shows it.
    pub fn came_in(&self) -> Vec<Value> {
        self.asked("inbox")
    }

    /// Runs SQL on the box's queue from outside, and gives the first column of its rows.
    pub fn on_queue(&self, sql: &'static str) -> Vec<String> {
        let path = self.path("box/queue.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut queue = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            let rows = sqlx::raw_sql(sql).fetch_all(&mut queue).await.unwrap();
            rows.iter().map(|row| row.try_get::<String, _>(0).unwrap_or_default()).collect()
        })
    }

    /// Events of a topic that the server has not heard of, oldest first.
    pub fn events(&self, topic: &str) -> Vec<Value> {
        let all = self.on_queue("SELECT json_object('topic', topic, 'event', json(payload)) FROM events ORDER BY seq");
        let all = all.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
        all.filter(|one| one["topic"] == topic).map(|one| one["event"].clone()).collect()
    }

    /// Texts that came in, in their order.
    pub fn inbox(&self) -> Vec<String> {
        self.asked("inbox").iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    }

    /// What went on the air.
    pub fn on_air(&self) -> Vec<Value> {
        self.wish(&json!("ledger")).as_array().unwrap().clone()
    }

    /// How often each recipient was sent to.
    pub fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for entry in self.on_air() {
            *times.entry(entry["to"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        times
    }

    /// Commands that a modem heard, by name.
    pub fn heard(&self, modem: usize, name: &str) -> u64 {
        self.wish(&json!("uses"))[format!("modem{modem}")]["commands"][name].as_u64().unwrap_or(0)
    }

    /// Waits until a modem was set up: it was asked for what lies on its SIM, once more than `before`.
    pub fn ready(&self, modem: usize, before: u64) {
        self.until("the agent has set the modem up", || self.heard(modem, "+CMGL") > before);
    }

    /// Waits for something.
    pub fn until(&self, what: &str, is: impl Fn() -> bool) {
        self.within(30, what, is);
    }

    /// Waits for something so many seconds.
    pub fn within(&self, seconds: u64, what: &str, is: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is() {
            let queue = || if self.path("box/queue.db").exists() { self.queue() } else { Vec::new() };
            assert!(begun.elapsed() < Duration::from_secs(seconds), "{what}: not within {seconds} s; {:?}", queue());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
