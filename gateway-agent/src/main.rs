//! Parse arguments, start logs, run.

use std::io::{BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::Context;
use clap::Parser;
use fieldline_protocol::messages::{Claim, Class, Policy, SmsCommand, SmsState};
use gateway_agent::config::{ClaimArgs, Cli, Command, PduWay, SendArgs, SettleArgs, Settled};
use gateway_agent::outbox::Outbox;
use gateway_agent::pdu::deliver::{Incoming, decode};
use gateway_agent::pdu::submit::{Submit, encode};
use gateway_agent::{agent, clock, parent, pdu, simulator};
use tracing_subscriber::EnvFilter;
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
    let logs = EnvFilter::try_from_env("FIELDLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(logs).with_writer(std::io::stderr).init();
    match Cli::parse().command {
        Command::Run(run) => {
            if run.exit_with_parent {
                parent::end_with_it()?;
            }
            tokio::select! {
                ended = agent::run(&run) => ended,
                signal = stopped() => signal,
            }
        }
        Command::Claim(arguments) => claim(&arguments).await,
        Command::Send(arguments) => send(&arguments).await,
        Command::Queue(arguments) => {
            for message in Outbox::open(&arguments.data).await?.list().await? {
                println!("{}", serde_json::to_string(&message)?);
            }
            Ok(())
        }
        Command::Settle(arguments) => settle(&arguments).await,
        Command::Pdu(arguments) => convert(&arguments.way),
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
    let answer = reqwest::Client::new()
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

async fn send(arguments: &SendArgs) -> anyhow::Result<()> {
    let outbox = Outbox::open(&arguments.data).await?;
    let queue = async |to: &str, text: &str| -> anyhow::Result<()> {
        let sms = SmsCommand {
            id: Uuid::now_v7(),
            to: to.to_owned(),
            text: text.to_owned(),
            modem: "auto".to_owned(),
            validity_s: None,
            not_before: None,
            expires: None,
            report: !arguments.no_report,
            policy: Policy::AtMostOnce,
            class: Class::Service,
        };
        outbox.queue(&sms, clock::now()).await?;
        println!("{}", sms.id);
        Ok(())
    };
    if let (Some(to), Some(text)) = (&arguments.to, &arguments.text) {
        return queue(to, text).await;
    }
    for line in std::io::stdin().lock().lines() {
        let value: serde_json::Value =
            serde_json::from_str(&line?).context("standard input: not one JSON object a line")?;
        let field = |name: &str| {
            value.get(name).and_then(serde_json::Value::as_str).with_context(|| format!("a line without \"{name}\""))
        };
        queue(field("to")?, field("text")?).await?;
    }
    Ok(())
}

async fn settle(arguments: &SettleArgs) -> anyhow::Result<()> {
    let state = match arguments.outcome {
        Settled::Sent => SmsState::Sent,
        Settled::Failed => SmsState::Failed,
        Settled::Retry => SmsState::Queued,
    };
    let settled = Outbox::open(&arguments.data).await?.settle(&arguments.id, state, clock::now()).await?;
    anyhow::ensure!(settled, "{} has no unknown part", arguments.id);
    Ok(())
}

fn convert(way: &PduWay) -> anyhow::Result<()> {
    match way {
        PduWay::Encode { to, text } => {
            let submit = Submit { to, text, report: true, validity_s: None, reference: 1 };
            for part in encode(&submit)? {
                println!("{}", serde_json::json!({ "length": part.length(), "pdu": pdu::to_hex(&part.octets) }));
            }
        }
        PduWay::Decode { hex } => {
            let octets = pdu::from_hex(hex).context("not hex")?;
            let json = match decode(&octets)? {
                Incoming::Deliver(message) => serde_json::json!({
                    "kind": "deliver", "from": message.from, "at": message.at, "text": message.text,
                    "part": message.part.map(|part| serde_json::json!({ "reference": part.reference, "n": part.n, "total": part.total })),
                }),
                Incoming::Report(report) => serde_json::json!({
                    "kind": "report", "mr": report.mr, "to": report.to, "at": report.at, "status": format!("{:?}", report.status),
                }),
            };
            println!("{json}");
        }
    }
    Ok(())
}
