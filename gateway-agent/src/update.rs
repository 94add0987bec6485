//! A new version from afar (`cmd/update`): downloaded, checked, tried, and left again unless it is healthy in time.
//!
//! The command is signed by the server's key and names version and SHA-256, so it is the manifest. The packaged
//! program stays where it is; versions from afar lie in the data folder, and whichever starts decides here which
//! one is to run. A version that dies before it is healthy is started twice and then never again.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use fieldline_protocol::messages::{BoxTrouble, ModemHealth, UpdateCommand};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::about::About;
use crate::mqtt::Connected;
use crate::outbox::Outbox;
use crate::supervisor::Pulse;

/// How long a new version has to become healthy.
const HEALTHY_WITHIN: Duration = Duration::from_secs(120);
/// How often a version may start without becoming healthy.
const STARTS: u32 = 2;
/// Larger than any agent.
const LARGEST: u64 = 128 << 20;

/// What is known of the version from afar, in `update.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Update {
    /// The command that brought it.
    command: Uuid,
    version: String,
    /// The program.
    path: PathBuf,
    /// The program that was running before.
    before: PathBuf,
    state: State,
    /// How often another program gave way to it since it was healthy last; counted there, since one that dies
    /// at once counts nothing.
    starts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Not healthy yet.
    Trial,
    /// Was healthy.
    Good,
    /// Left.
    Bad,
}

/// What the program that starts has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Run as it is.
    Run,
    /// Run, and prove to be healthy.
    Prove,
    /// Give way to this program.
    Become(PathBuf),
    /// The version is bad; run as it is, or become the one before.
    Leave,
}

fn decide(update: Option<&Update>, me: &Path, version: &str) -> Step {
    let Some(update) = update else { return Step::Run };
    let is_me = update.path == me;
    match update.state {
        State::Bad if is_me => Step::Become(update.before.clone()),
        State::Bad => Step::Run,
        State::Trial | State::Good if is_me => Step::Prove,
        State::Trial | State::Good if update.starts >= STARTS => Step::Leave,
        // The package was brought up to date meanwhile.
        State::Good if number(version) >= number(&update.version) => Step::Run,
        State::Trial | State::Good => Step::Become(update.path.clone()),
    }
}

/// `1.10.2` as numbers, so that it comes after `1.9`.
fn number(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|piece| piece.parse().ok()).collect()
}

/// How this start stands to an update.
#[derive(Clone, Debug)]
pub struct Trial {
    prove: Option<Instant>,
    failed_before: bool,
}

impl Trial {
    /// Whether the last version from afar was left again.
    #[must_use]
    pub fn failed_before(&self) -> bool {
        self.failed_before
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("update.json")
}

fn read(data: &Path) -> anyhow::Result<Option<Update>> {
    let path = file(data);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path)?;
    Ok(Some(serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", path.display()))?))
}

/// Beside it and renamed: a crash leaves the old one or the new one.
fn write(data: &Path, update: &Update) -> anyhow::Result<()> {
    let beside = data.join("update.json.new");
    let mut open = std::fs::File::create(&beside)?;
    open.write_all(&serde_json::to_vec_pretty(update)?)?;
    open.sync_all()?;
    Ok(std::fs::rename(&beside, file(data))?)
}

/// Becomes another program with the arguments of this one; returns only when that fails.
fn become_program(program: &Path) -> anyhow::Error {
    tracing::info!(program = %program.display(), "giving way to another version");
    let error = std::process::Command::new(program).args(std::env::args_os().skip(1)).exec();
    anyhow::Error::from(error).context(format!("{} cannot be started", program.display()))
}

/// Decides at the start which version runs; where it is another one, this program becomes it.
///
/// # Errors
/// When `update.json` cannot be read or written.
pub fn begin(data: &Path) -> anyhow::Result<Trial> {
    let me = std::env::current_exe()?;
    let mut update = read(data)?;
    let step = decide(update.as_ref(), &me, env!("CARGO_PKG_VERSION"));
    let mut trial = Trial { prove: None, failed_before: false };
    match (step, &mut update) {
        (Step::Become(program), update) => {
            if let Some(update) = update.as_mut().filter(|update| update.path == program) {
                update.starts += 1;
                write(data, update)?;
            }
            let error = become_program(&program);
            tracing::error!("{error:#}; going on with this version");
        }
        (Step::Prove, _) => trial.prove = Some(Instant::now()),
        (Step::Leave, Some(update)) => {
            update.state = State::Bad;
            write(data, update)?;
        }
        (Step::Run | Step::Leave, _) => {}
    }
    trial.failed_before = update.is_some_and(|update| update.state == State::Bad);
    Ok(trial)
}

/// Watches a version that has to prove itself; leaves it when its time is over.
pub async fn watch(trial: Trial, data: PathBuf, about: About, connected: Connected, (claimed, pulse): (bool, Pulse)) {
    let Some(begun) = trial.prove else { return };
    loop {
        pulse.beat(HEALTHY_WITHIN);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let modems = about.watch().borrow().modems.clone();
        let works = modems.is_empty() || modems.iter().any(|(_, state)| state.health == ModemHealth::Ready);
        let healthy = works && (connected.get() || !claimed);
        let late = begun.elapsed() >= HEALTHY_WITHIN;
        if !healthy && !late {
            continue;
        }
        let noted = read(&data).and_then(|update| {
            let Some(mut update) = update else { return Ok(None) };
            (update.state, update.starts) = if healthy { (State::Good, 0) } else { (State::Bad, update.starts) };
            write(&data, &update)?;
            Ok(Some(update.before))
        });
        match noted {
            Ok(Some(before)) if !healthy => {
                tracing::error!("not healthy in time: going back to the version before");
                let error = become_program(&before);
                tracing::error!("{error:#}");
            }
            Ok(_) => tracing::info!(version = env!("CARGO_PKG_VERSION"), "this version is healthy"),
            Err(error) => tracing::error!("{error:#}"),
        }
        return;
    }
}

/// What of a command can be checked before anything is fetched.
///
/// # Errors
/// In a word, for the acknowledgement.
pub fn check(command: &UpdateCommand) -> Result<(), &'static str> {
    let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
    if command.version.is_empty()
        || command.version.len() > 40
        || !word(&command.version)
        || command.version.contains("..")
    {
        return Err("version");
    }
    if command.sha256.len() != 64 || !command.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("sha256");
    }
    let loopback = ["http://127.0.0.1:", "http://localhost:"].iter().any(|begin| command.url.starts_with(begin));
    if command.url.starts_with("https://") || loopback { Ok(()) } else { Err("url") }
}

/// Fetches, checks and starts a version. Returns only when it does not come to that.
///
/// # Errors
/// What stood against it; this version goes on.
pub async fn apply(data: &Path, outbox: &Outbox, command: &UpdateCommand) -> anyhow::Result<()> {
    if read(data)?.is_some_and(|update| update.command == command.id) {
        return Ok(());
    }
    let folder = data.join("versions").join(&command.version);
    std::fs::create_dir_all(&folder)?;
    let program = folder.join("gateway-agent");
    fetch(command, &program).await?;
    let said = tokio::process::Command::new(&program).arg("--version").output().await.context("it does not start")?;
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    ensure!(said == format!("gateway-agent {}", command.version), "it says that it is {said:?}");
    let me = std::env::current_exe()?;
    let update = Update {
        command: command.id,
        version: command.version.clone(),
        path: program.clone(),
        before: me,
        state: State::Trial,
        starts: 1,
    };
    write(data, &update)?;
    outbox.rest().await?;
    let error = become_program(&program);
    outbox.go_on();
    Err(error)
}

async fn fetch(command: &UpdateCommand, program: &Path) -> anyhow::Result<()> {
    let mut answer = reqwest::Client::builder()
        .timeout(Duration::from_secs(600))
        .build()?
        .get(&command.url)
        .send()
        .await?
        .error_for_status()?;
    ensure!(answer.content_length().unwrap_or_default() <= LARGEST, "it is too large");
    let beside = program.with_extension("new");
    if beside.exists() {
        std::fs::remove_file(&beside)?;
    }
    let mut open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(&beside)?;
    let (mut sum, mut length) = (Sha256::new(), 0u64);
    while let Some(piece) = answer.chunk().await? {
        length += piece.len() as u64;
        ensure!(length <= LARGEST, "it is too large");
        sum.update(&piece);
        open.write_all(&piece)?;
    }
    open.sync_all()?;
    drop(open);
    let sum = sum.finalize().iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    ensure!(sum == command.sha256.to_lowercase(), "its SHA-256 is {sum}");
    Ok(std::fs::rename(&beside, program)?)
}

/// Says that an update did not come to its end.
pub fn failed(about: &About, error: &anyhow::Error) {
    tracing::error!("the update failed: {error:#}");
    about.trouble(BoxTrouble::UpdateFailed, true);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{STARTS, State, Step, Update, check, decide};
    use fieldline_protocol::messages::UpdateCommand;
    use std::path::{Path, PathBuf};
    use uuid::Uuid;

    fn update(state: State, starts: u32) -> Update {
        Update {
            command: Uuid::nil(),
            version: "0.10.0".to_owned(),
            path: PathBuf::from("/data/new"),
            before: PathBuf::from("/usr/bin/old"),
            state,
            starts,
        }
    }

    #[test]
    fn the_program_that_starts_decides_which_one_runs() {
        let (old, new) = (Path::new("/usr/bin/old"), Path::new("/data/new"));
        assert_eq!(decide(None, old, "0.9.0"), Step::Run);
        assert_eq!(decide(Some(&update(State::Trial, 0)), old, "0.9.0"), Step::Become(new.to_owned()));
        assert_eq!(decide(Some(&update(State::Trial, 1)), new, "0.10.0"), Step::Prove);
        assert_eq!(decide(Some(&update(State::Trial, STARTS)), old, "0.9.0"), Step::Leave);
        assert_eq!(decide(Some(&update(State::Good, 0)), old, "0.9.0"), Step::Become(new.to_owned()));
        assert_eq!(decide(Some(&update(State::Good, 0)), old, "0.10.1"), Step::Run);
        assert_eq!(decide(Some(&update(State::Trial, STARTS)), new, "0.10.0"), Step::Prove);
        assert_eq!(decide(Some(&update(State::Bad, 0)), old, "0.9.0"), Step::Run);
        assert_eq!(decide(Some(&update(State::Bad, 0)), new, "0.10.0"), Step::Become(old.to_owned()));
    }

    #[test]
    fn a_command_that_cannot_be_meant_is_refused() {
        let command = |version: &str, url: &str, sha256: &str| UpdateCommand {
            id: Uuid::nil(),
            version: version.to_owned(),
            url: url.to_owned(),
            sha256: sha256.to_owned(),
        };
        let sum = "a".repeat(64);
        assert_eq!(check(&command("0.2.0", "https://x.example/a", &sum)), Ok(()));
        assert_eq!(check(&command("../../etc", "https://x.example/a", &sum)), Err("version"));
        assert_eq!(check(&command("..", "https://x.example/a", &sum)), Err("version"));
        assert_eq!(check(&command("0.2.0", "http://x.example/a", &sum)), Err("url"));
        assert_eq!(check(&command("0.2.0", "file:///bin/sh", &sum)), Err("url"));
        assert_eq!(check(&command("0.2.0", "https://x.example/a", "abc")), Err("sha256"));
    }
}
