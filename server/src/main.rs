//! Parse arguments, start logs, run.

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let logs = EnvFilter::try_from_env("FIELDLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info,mqtt5=warn,poem=warn"));
    tracing_subscriber::fmt().with_env_filter(logs).with_writer(std::io::stderr).init();
    server::app::run(server::config::Cli::parse()).await
}
