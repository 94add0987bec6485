//! The box's benchmark: our agent beside smstools and gammu-smsd, where they are installed, on the same simulated
//! modem, the same disk and in the same run.
//!
//! `cargo build --release --workspace && target/release/box-bench`
//!
//! `--quick` leaves out the rows of a modem that takes 3 s and sends fewer messages by the others. It ends by itself.

mod client;
mod kills;
mod simulator;
mod steady;
mod usage;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use client::{Client, Kind};
use kills::{Killed, killed};
use steady::{Run, steady};
use usage::flushes;

/// What to measure.
#[derive(Debug, Parser)]
struct Arguments {
    /// Leave out what takes minutes.
    #[arg(long)]
    quick: bool,
    /// The agent's program; by default the one beside this program.
    #[arg(long)]
    agent: Option<PathBuf>,
    /// Only our agent.
    #[arg(long)]
    alone: bool,
    /// Messages of a row.
    #[arg(long, default_value_t = 100)]
    messages: usize,
}

/// The goals of our agent, and what was measured for them.
#[derive(Debug, Default)]
struct Goals(Vec<(String, bool)>);

impl Goals {
    fn at_most(&mut self, what: &str, measured: f64, most: f64) {
        self.0.push((format!("{what}: {measured:.3}, at most {most}"), measured <= most));
    }

    fn at_least(&mut self, what: &str, measured: f64, least: f64) {
        self.0.push((format!("{what}: {measured:.4}, at least {least}"), measured >= least));
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let own = std::env::current_exe()?;
    let beside = own.parent().context("this program lies in no folder")?;
    let agent = arguments.agent.clone().unwrap_or_else(|| beside.join("gateway-agent"));
    if !agent.exists() {
        bail!("{} is missing: cargo build --release -p gateway-agent", agent.display());
    }
    let folder = tempfile::Builder::new().prefix("box-bench-").tempdir_in(beside)?;
    let clients: Vec<Client> = Kind::ALL
        .into_iter()
        .filter(|kind| !arguments.alone || *kind == Kind::Ours)
        .filter_map(|kind| Client::find(kind, &agent))
        .collect();
    println!("machine: {} cores, modem and clients on the same ones", std::thread::available_parallelism()?);
    println!("clients: {}", clients.iter().map(Client::name).collect::<Vec<_>>().join(", "));
    let missing = Kind::ALL.into_iter().filter(|kind| clients.iter().all(|client| client.kind != *kind));
    for kind in missing.filter(|_| !arguments.alone) {
        println!("not installed: {}", kind.name());
    }
    let mut goals = Goals::default();
    at_once(&arguments, &clients, folder.path(), &mut goals)?;
    tenth(&arguments, &clients, folder.path(), &mut goals)?;
    if !arguments.quick {
        three_seconds(&arguments, &clients, folder.path(), &mut goals)?;
    }
    with_kills(&clients, folder.path(), &mut goals)?;
    println!("\ngoals of our agent");
    for (what, met) in goals.0 {
        println!("  {} {what}", if met { "met   " } else { "MISSED" });
    }
    Ok(())
}

/// What a client adds to a modem that takes no time.
fn at_once(arguments: &Arguments, clients: &[Client], folder: &Path, goals: &mut Goals) -> Result<()> {
    // Before and after our own, since the disk is not the same at all times.
    let bare = |when: &str| -> Result<()> {
        let (half, most) = flushes(folder, 200)?;
        println!("{:<26} {half:>9.2} {most:>9.2} {:>9}", format!("two fdatasyncs {when}"), 200);
        Ok(())
    };
    println!("\nwhat is added to each message of a modem that takes no time, ms");
    println!("{:<26} {:>9} {:>9} {:>9}", "", "p50", "p95", "messages");
    bare("before")?;
    for client in clients {
        let ours = client.kind == Kind::Ours;
        let messages = if ours || !arguments.quick { arguments.messages } else { arguments.messages.min(20) };
        for report in if ours { vec![false, true] } else { vec![false] } {
            let run = steady(client, folder, 0, messages, report)?;
            let name = format!("{}{}", client.name(), if report { " with reports" } else { "" });
            println!("{name:<26} {:>9.2} {:>9.2} {:>9}", run.added(0.5), run.added(0.95), run.sent);
            if ours && !report {
                goals.at_most("added to each message, p95, ms", run.added(0.95), 15.0);
            }
        }
        if ours {
            bare("after")?;
        }
    }
    Ok(())
}

fn head(title: &str) {
    println!("\n{title}");
    println!(
        "{:<26} {:>6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "sent", "wall s", "useful", "busy", "AT each", "CPU s", "RSS MB", "peak MB"
    );
}

fn row(name: &str, run: &Run) {
    println!(
        "{name:<26} {:>6} {:>9.2} {:>8.4} {:>8.4} {:>8.2} {:>8.2} {:>8.1} {:>8.1}",
        run.sent, run.wall, run.useful, run.busy, run.commands, run.cpu, run.rss, run.peak
    );
}

/// A fast modem.
fn tenth(arguments: &Arguments, clients: &[Client], folder: &Path, goals: &mut Goals) -> Result<()> {
    head("a modem that takes 0.1 s");
    for client in clients {
        let ours = client.kind == Kind::Ours;
        let messages = if ours || !arguments.quick { arguments.messages } else { arguments.messages.min(20) };
        let run = steady(client, folder, 100, messages, true)?;
        row(client.name(), &run);
        if ours {
            goals.at_most("AT commands a message", run.commands, 1.1);
            goals.at_most("CPU seconds", run.cpu, 0.2);
            goals.at_most("resident memory, MB", run.rss, 15.0);
        }
    }
    Ok(())
}

/// A modem as most are. Nearly all of it is waiting, so the clients wait side by side, each with a modem of its own.
fn three_seconds(arguments: &Arguments, clients: &[Client], folder: &Path, goals: &mut Goals) -> Result<()> {
    head("a modem that takes 3 s");
    let runs: Vec<Result<Run>> = std::thread::scope(|scope| {
        let all: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(move || steady(client, folder, 3_000, arguments.messages, true)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a run ended early"))).collect()
    });
    for (client, run) in clients.iter().zip(runs) {
        let run = run?;
        row(client.name(), &run);
        if client.kind == Kind::Ours {
            goals.at_least("useful share at 3 s", run.useful, 0.99);
            goals.at_most("AT commands a message at 3 s", run.commands, 1.1);
            goals.at_most("wall seconds a hundred messages at 3 s", run.wall * 100.0 / run.sent.max(1) as f64, 303.0);
        }
    }
    Ok(())
}

/// Killed nine times.
fn with_kills(clients: &[Client], folder: &Path, goals: &mut Goals) -> Result<()> {
    println!("\nkilled nine times at random while 20 messages go out by a modem that takes 1 s");
    println!("{:<26} {:>6} {:>8} {:>8} {:>9}", "", "sent", "twice", "lost", "unknown");
    let all: Vec<Result<Killed>> = std::thread::scope(|scope| {
        let all: Vec<_> = clients
            .iter()
            .zip(1..)
            .map(|(client, seed)| scope.spawn(move || killed(client, folder, 20, 9, seed)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a run ended early"))).collect()
    });
    for (client, killed) in clients.iter().zip(all) {
        let killed = killed?;
        println!(
            "{:<26} {:>6} {:>8} {:>8} {:>9}",
            client.name(),
            killed.sent,
            killed.twice,
            killed.lost,
            killed.unknown
        );
        if client.kind == Kind::Ours {
            goals.at_most("sent twice", killed.twice as f64, 0.0);
            goals.at_most("lost", killed.lost as f64, 0.0);
        }
    }
    Ok(())
}

/// For a file, a process or a step that may take a moment.
fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if begun.elapsed() > within {
            bail!("{what}: not within {} s", within.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
