//! The box of `server demo`: a simulated modem and line, and the agent that serves them, as children that are
//! started again when they die and end with this process, however it ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::gateways;
use crate::kernel::{Office, durable};

const AGENT: &str = "gateway-agent";
/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The first wait before a child is started again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A child that lived so long was well.
const WELL: Duration = Duration::from_secs(60);
/// How long a child may take to end when asked.
const GRACE: Duration = Duration::from_secs(3);

/// The running children; dropping it ends them.
#[derive(Debug)]
pub struct Simulation {
    agent: PathBuf,
    control: PathBuf,
    stop: Arc<AtomicBool>,
    keepers: Vec<JoinHandle<()>>,
}

/// Starts the simulator and the agent, claimed. `None`, with a word about it, where the agent is not built.
///
/// # Errors
/// When folders or the claim cannot be written.
pub(super) async fn start(office: &Office) -> anyhow::Result<Option<Simulation>> {
    let here = std::env::current_exe().context("this program's own path is unknown")?;
    let agent = here.with_file_name(AGENT);
    if !agent.is_file() {
        println!("{} is missing, so no box is started: build the workspace with `cargo build`.", agent.display());
        return Ok(None);
    }
    // Children get absolute paths: they may have another working folder one day.
    let data = std::fs::canonicalize(&office.config.data)?;
    let (simulator, home) = (data.join("simulator"), data.join("box"));
    durable::folder(&simulator)?;
    durable::folder(&home)?;
    claim(office, &home.join("claim.json")).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut keepers = Vec::new();
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let commands = [
        vec!["simulate".to_owned(), "--dir".to_owned(), text(simulator.clone()), "--exit-with-parent".to_owned()],
        vec![
            "run".to_owned(),
            "--data".to_owned(),
            text(home),
            "--modem".to_owned(),
            text(simulator.join("modem0")),
            "--caller-id".to_owned(),
            text(simulator.join("line0")),
            "--exit-with-parent".to_owned(),
        ],
    ];
    for arguments in commands {
        let (agent, stop) = (agent.clone(), Arc::clone(&stop));
        // The kernel's "end with the parent" means the thread that started the child, so that thread must
        // live as long as the child is wanted: its own, not one of a pool.
        let keeper =
            std::thread::Builder::new().name("box".to_owned()).spawn(move || keep(&agent, &arguments, &stop))?;
        keepers.push(keeper);
    }
    Ok(Some(Simulation { agent, control: simulator, stop, keepers }))
}

/// Gives the box of this data folder its credential, once, and the broker's address at every start: that can be
/// another each time.
async fn claim(office: &Office, path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        let mut claim: gateways::Claim =
            serde_json::from_slice(&std::fs::read(path)?).with_context(|| format!("{} is no claim", path.display()))?;
        let broker = gateways::broker_now(office);
        if claim.broker != broker {
            claim.broker = broker;
            keep_claim(&claim, path)?;
        }
        return Ok(());
    }
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let claim = gateways::claim_directly(office, &mut tx, "办公室网关", now).await?;
    tx.commit().await?;
    gateways::welcome(office, &claim);
    keep_claim(&claim, path)
}

fn keep_claim(claim: &gateways::Claim, path: &Path) -> anyhow::Result<()> {
    Ok(durable::write(path, &serde_json::to_vec_pretty(claim)?)?)
}

/// Runs a child over and over until told to stop.
fn keep(agent: &Path, arguments: &[String], stop: &AtomicBool) {
    let what = arguments.first().map_or("", String::as_str);
    let mut wait = FIRST_WAIT;
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match Command::new(agent).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn() {
            Ok(mut child) => {
                let ended = watch(&mut child, stop);
                if !stop.load(Ordering::Relaxed) {
                    tracing::warn!(what, %ended, "a part of the demo's box ended; it will be started again");
                }
            }
            Err(error) => tracing::warn!(what, %error, "a part of the demo's box cannot be started"),
        }
        wait = if begun.elapsed() >= WELL { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
        let until = Instant::now() + wait;
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
    }
}

/// Waits for a child's end, or ends it when told to stop.
fn watch(child: &mut Child, stop: &AtomicBool) -> String {
    let mut asked: Option<Instant> = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => {}
            Err(error) => return error.to_string(),
        }
        if stop.load(Ordering::Relaxed) {
            match asked {
                None => {
                    asked = Some(Instant::now());
                    // Not reaped yet, so the number is still this child's.
                    if let Ok(pid) = i32::try_from(child.id()) {
                        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                    }
                }
                Some(since) if since.elapsed() > GRACE => {
                    let _ = child.kill();
                }
                Some(_) => {}
            }
        }
        std::thread::sleep(LOOK);
    }
}

impl Simulation {
    /// How a person lets the telephone ring.
    #[must_use]
    pub fn how_to_play(&self) -> String {
        let (agent, control) = (self.agent.display(), self.control.display());
        format!(
            "The box is simulated. To let a customer call, or send you a message 模拟来电和短信:
  {agent} play --dir {control} call 13805362417
  {agent} play --dir {control} sms 13805362417 收到，谢谢"
        )
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for keeper in self.keepers.drain(..) {
            if keeper.join().is_err() {
                tracing::warn!("a keeper of the demo's box had panicked");
            }
        }
    }
}
