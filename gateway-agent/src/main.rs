//! Parse arguments, start logs, run.

use std::io::{BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use anyhow::Context;
use clap::Parser;
use fieldline_protocol::messages::{Claim, OptoutCommand, SmsCommand, SmsState};
use gateway_agent::config::{ClaimArgs, Cli, Command, OptoutArgs, OptoutWay, SendArgs, SettleArgs, Settled};
use gateway_agent::logs::Logs;
use gateway_agent::modem::probe;
use gateway_agent::outbox::{Cancel, NotQueued, Outbox, bell};
use gateway_agent::pdu::submit::Unsendable;
use gateway_agent::{agent, clock, convert, parent, simulator, upkeep};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // One line for the person at the shell; a backtrace would hide it.
            eprintln!("gateway-agent: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    // What this writes is nobody else's: numbers, texts, a credential.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    // The only provider that is built in; nothing installed one before.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let filter = EnvFilter::try_from_env("FIELDLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = Logs::default();
    let shown = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter);
    let kept = logs.clone().with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(shown).with(kept).init();
    match Cli::parse().command {
        Command::Run(run) => {
            if run.exit_with_parent {
                parent::end_with_it()?;
            }
            tokio::select! {
                ended = agent::run(&run, logs) => ended,
                signal = stopped() => signal,
            }
        }
        Command::Claim(arguments) => claim(&arguments).await,
        Command::Send(arguments) => send(&arguments).await,
        Command::Queue(arguments) => print_all(open(&arguments.data).await?.list().await?),
        Command::Inbox(arguments) => print_all(open(&arguments.data).await?.came_in().await?),
        Command::Settle(arguments) => settle(&arguments).await,
        Command::Cancel(arguments) => {
            match open(&arguments.data).await?.cancel(&arguments.id, clock::now()).await? {
                Cancel::Done => {}
                Cancel::TooLate => anyhow::bail!("{} has begun to leave: it is too late", arguments.id),
                Cancel::NotHere => anyhow::bail!("{} is not in the queue", arguments.id),
            }
            Ok(())
        }
        Command::Clock(arguments) => {
            open(&arguments.data).await?.set_note(upkeep::CLOCK_IS_RIGHT, &clock::now().to_string()).await?;
            ring(&arguments.data);
            Ok(())
        }
        Command::Optout(arguments) => optout(&arguments).await,
        Command::Probe(arguments) => probe::probe(&arguments.path).await,
        Command::Pdu(arguments) => {
            anyhow::ensure!(convert::run(&arguments.way)?, "not everything could be converted");
            Ok(())
        }
        Command::Simulate(simulate) => {
            if simulate.exit_with_parent {
                parent::end_with_it()?;
            }
            simulator::run(&simulate)
        }
        Command::Play(play) => simulator::control::play(&play),
    }
}

async fn stopped() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

async fn claim(arguments: &ClaimArgs) -> anyhow::Result<()> {
    let address = format!("{}/gateways/claim", arguments.server.trim_end_matches('/'));
    // A machine without any authority's certificate has no client at all.
    let client = reqwest::Client::builder()
        .build()
        .context("the certificates of this computer cannot be read; install the package ca-certificates")?;
    let answer = client
        .post(&address)
        .json(&serde_json::json!({ "code": arguments.code.trim() }))
        .send()
        .await
        .with_context(|| format!("{address} does not answer"))?;
    anyhow::ensure!(
        answer.status().is_success(),
        "the server refuses the code ({}); it is valid for ten minutes and once",
        answer.status()
    );
    let claim: Claim = answer.json().await.context("the server's answer is no claim")?;
    std::fs::create_dir_all(&arguments.data)?;
    let path = arguments.data.join("claim.json");
    // Beside it and renamed: a crash leaves the old credential or the new one.
    let beside = arguments.data.join("claim.json.new");
    if beside.exists() {
        std::fs::remove_file(&beside)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(&claim)?)?;
    file.sync_all()?;
    std::fs::rename(&beside, &path)?;
    println!("claimed as {}", claim.name);
    Ok(())
}

/// Opens a queue that is there: a mistyped folder must not become an empty one.
async fn open(data: &Path) -> anyhow::Result<Outbox> {
    anyhow::ensure!(data.join("queue.db").exists(), "{} holds no queue", data.display());
    Outbox::open(data).await
}

fn print_all<T: serde::Serialize>(rows: Vec<T>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for row in rows {
        writeln!(out, "{}", serde_json::to_string(&row)?)?;
    }
    Ok(())
}

/// What a line of `send` may hold.
const FIELDS: [&str; 10] =
    ["id", "to", "text", "modem", "class", "policy", "not_before", "expires", "validity_s", "report"];

async fn send(arguments: &SendArgs) -> anyhow::Result<()> {
    let (class, policy) = (
        if arguments.marketing { "marketing" } else { "service" },
        if arguments.at_least_once { "at_least_once" } else { "at_most_once" },
    );
    // One shape for both ways in: what a line leaves out comes from the arguments.
    let sms = |line: serde_json::Value| -> anyhow::Result<SmsCommand> {
        let serde_json::Value::Object(fields) = line else { anyhow::bail!("not a JSON object") };
        if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            anyhow::bail!("unknown field {name:?}; there are {}", FIELDS.join(", "));
        }
        let mut whole = serde_json::json!({
            "id": Uuid::now_v7(), "modem": arguments.modem, "report": !arguments.no_report, "class": class, "policy": policy,
            "validity_s": arguments.validity,
        });
        if let Some(whole) = whole.as_object_mut() {
            whole.extend(fields);
        }
        let sms: SmsCommand = serde_json::from_value(whole)?;
        anyhow::ensure!(!sms.text.trim().is_empty(), "the text is empty");
        let named = sms.modem.strip_prefix('m').is_some_and(|n| n.parse::<u8>().is_ok());
        anyhow::ensure!(named || sms.modem == "auto", "{:?} is no modem; they are m0, m1 and so on", sms.modem);
        Ok(sms)
    };
    let all = match (&arguments.to, &arguments.text) {
        (Some(to), Some(text)) => vec![sms(serde_json::json!({ "to": to, "text": text }))?],
        _ => {
            let mut all = Vec::new();
            for (line, n) in std::io::stdin().lock().lines().zip(1..) {
                let line = line?;
                if line.trim().is_empty() {
                    continue;
                }
                let value = serde_json::from_str(&line).with_context(|| format!("line {n}"))?;
                all.push(sms(value).with_context(|| format!("line {n}"))?);
            }
            all
        }
    };
    anyhow::ensure!(!all.is_empty(), "nothing to send: no line came");
    let outbox = Outbox::open(&arguments.data).await?;
    if let Err((place, error)) = outbox.queue_all(&all, clock::now()).await {
        let to = all.get(place).map(|sms| sms.to.as_str()).unwrap_or_default();
        let why = match &error {
            NotQueued::Unsendable(Unsendable::Number) => "that is no number of 3 to 20 digits".to_owned(),
            NotQueued::Unsendable(Unsendable::Length) => "the text needs more than 255 parts".to_owned(),
            NotQueued::Unsendable(Unsendable::Replace) | NotQueued::Sqlx(_) => error.to_string(),
        };
        anyhow::bail!("message {} to {to:?}: {why}; none was accepted", place + 1);
    }
    ring(&arguments.data);
    let mut out = std::io::stdout().lock();
    for sms in &all {
        writeln!(out, "{}", sms.id)?;
    }
    Ok(())
}

/// Wakes the agent. Nobody listens where none runs; it will look when it starts.
fn ring(data: &Path) {
    let rung = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"!", bell(data)));
    if let Err(error) = rung {
        tracing::debug!(%error, "no agent is running here");
    }
}

async fn optout(arguments: &OptoutArgs) -> anyhow::Result<()> {
    let digits = arguments.number.chars().filter(char::is_ascii_digit).count();
    anyhow::ensure!((7..=15).contains(&digits), "{:?} is no number", arguments.number);
    let number = vec![arguments.number.clone()];
    let (add, remove) = match arguments.what {
        OptoutWay::Add => (number, Vec::new()),
        OptoutWay::Remove => (Vec::new(), number),
    };
    let command = OptoutCommand { id: Uuid::now_v7(), add, remove };
    Ok(open(&arguments.data).await?.set_optouts(&command, clock::now()).await?)
}

async fn settle(arguments: &SettleArgs) -> anyhow::Result<()> {
    let state = match arguments.outcome {
        Settled::Sent => SmsState::Sent,
        Settled::Failed => SmsState::Failed,
        Settled::Retry => SmsState::Queued,
    };
    let settled = open(&arguments.data).await?.settle(&arguments.id, state, clock::now()).await?;
    anyhow::ensure!(settled, "{} has no unknown part", arguments.id);
    Ok(())
}
