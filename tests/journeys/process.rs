//! The real server as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; it is killed when the value goes, and by the kernel when this process ends.
pub struct Server {
    child: Child,
    /// Its address.
    pub base: String,
    /// From the start of the process to its first answer.
    pub ready_after: Duration,
}

/// A program of this workspace, as built beside the tests.
pub fn program(name: &str) -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let path = deps.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "{} is not built: cargo build --workspace", path.display());
    path
}

impl Server {
    /// Starts `server` with these arguments and waits until it answers.
    pub fn start(arguments: &[impl AsRef<OsStr>], environment: &[(&str, &str)]) -> Server {
        Server::start_as(&[], arguments, environment)
    }

    /// The same through another program, such as one that sets limits and then becomes the server.
    pub fn start_as(through: &[&str], arguments: &[impl AsRef<OsStr>], environment: &[(&str, &str)]) -> Server {
        let begun = Instant::now();
        // `setpriv` sets the signal that the kernel sends when the starting thread ends, then becomes the server.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(through).arg(program("server")).args(arguments);
        command.envs(environment.iter().copied()).env("FIELDLINE_LOG", "warn");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("the server ended before it printed its address").unwrap();
            if let Some((_, rest)) = line.split_once("http://") {
                let address = rest.split(|c: char| c.is_whitespace() || c == '/').next().unwrap();
                break format!("http://{address}");
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let address = base.trim_start_matches("http://").to_owned();
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        Server { child, base, ready_after: begun.elapsed() }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it ever held, in megabytes.
    pub fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
    }

    /// SIGKILL: no goodbye, no flush.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
