//! Settings: command line and environment, parsed once and passed down.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::kernel::clock::{MINUTE, Millis};
use crate::limits::Limits;
use crate::web::caller::Network;

/// Connections to PostgreSQL: a write holds one while it waits for a row, and a page that reads holds one for a
/// millisecond.
const CONNECTIONS: u32 = 24;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "server", version, about = "Fieldline 外勤通: the office of a sales company on its reps' phones")]
pub struct Cli {
    /// What to run.
    #[command(subcommand)]
    pub command: Command,
}

/// What to run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the company in the data folder; an empty one asks for its first admin in the browser.
    Serve(Config),
    /// Serve a demo company with a simulated modem and caller-ID line, all on this machine.
    Demo(Demo),
    /// Make somebody an active administrator with a one-time password, for a company whose administrators are locked
    /// out. Whoever runs it has the data anyway; the operation log says that it was done on the machine.
    Admin(Admin),
    /// Print the route table with its gates.
    Routes,
}

/// Who becomes an administrator.
#[derive(Clone, Debug, Args)]
pub struct Admin {
    /// The sign-in name.
    pub username: String,
    /// Make a new person where nobody has this name.
    #[arg(long)]
    pub create: bool,
    /// Settings of the server: where its data is.
    #[command(flatten)]
    pub config: Config,
}

/// Settings of the demo company.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Customers to generate, up to 100,000.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub customers: u32,
    /// Do not start the simulated box.
    #[arg(long)]
    pub no_box: bool,
    /// Settings of the server.
    #[command(flatten)]
    pub config: Config,
}

/// Settings of a server.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Folder of the database, files and keys.
    #[arg(long, env = "FIELDLINE_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Address of the pages.
    #[arg(long, env = "FIELDLINE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address of the embedded MQTT broker. It speaks TLS wherever another machine can reach it.
    #[arg(long, env = "FIELDLINE_MQTT_LISTEN", default_value = "127.0.0.1:1883")]
    pub mqtt_listen: SocketAddr,
    /// Let the embedded broker speak without TLS on an address that other machines can reach: for a closed network.
    #[arg(long, env = "FIELDLINE_MQTT_PLAIN")]
    pub mqtt_plain: bool,
    /// Use this broker instead of the embedded one, such as mqtt://user:password@broker:1883.
    #[arg(long, env = "FIELDLINE_BROKER")]
    pub broker: Option<String>,
    /// That broker is a Mosquitto with its dynamic-security plugin, and the user of --broker its administrator:
    /// boxes get their rights there, and revocation drops them there too.
    #[arg(long, env = "FIELDLINE_BROKER_DYNSEC", requires = "broker")]
    pub broker_dynsec: bool,
    /// PostgreSQL instead of SQLite, such as postgres://user@host/database.
    #[arg(long, env = "DATABASE_URL")]
    pub database_url: Option<String>,
    /// Connections to PostgreSQL at most; a third of them only reads.
    #[arg(long, env = "FIELDLINE_DATABASE_CONNECTIONS", default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u32).range(3..=1000))]
    pub database_connections: u32,
    /// Certificate chain (PEM); with --tls-key the pages are served over HTTPS.
    #[arg(long, env = "FIELDLINE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM).
    #[arg(long, env = "FIELDLINE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Minutes without a request after which a session ends.
    #[arg(long, env = "FIELDLINE_IDLE_MINUTES", default_value_t = 30)]
    pub idle_minutes: u32,
    /// Hosts, besides the known push services, to which web push may be sent.
    #[arg(long, env = "FIELDLINE_PUSH_HOSTS", value_delimiter = ',')]
    pub push_hosts: Vec<String>,
    /// The address that people open, for links in messages and for boxes, such as https://crm.example.com.
    #[arg(long, env = "FIELDLINE_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Reverse proxies in front of this server, as addresses or networks such as 10.0.0.0/8. What they say about the
    /// client (X-Forwarded-For, -Proto, -Host) is believed, and the bound on connections per address does not hold for
    /// them.
    #[arg(long = "proxy", env = "FIELDLINE_PROXIES", value_name = "ADDR", value_delimiter = ',')]
    pub proxies: Vec<Network>,
    /// Open connections per client address (IPv6: per /64 network). An office behind one address needs about two for
    /// each person over HTTPS.
    #[arg(long, env = "FIELDLINE_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = PER_ADDRESS)]
    pub connections_per_address: usize,
    /// What connections and bodies may cost.
    #[arg(skip)]
    pub limits: Limits,
}

const PER_ADDRESS: usize = 64;

impl Config {
    /// Whether the pages are served over TLS.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// How long a session may be idle.
    #[must_use]
    pub fn idle(&self) -> Millis {
        Millis::from(self.idle_minutes) * MINUTE
    }
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Config {
            data: PathBuf::from("data"),
            listen: loopback(8080),
            mqtt_listen: loopback(1883),
            mqtt_plain: false,
            broker: None,
            broker_dynsec: false,
            database_url: None,
            database_connections: CONNECTIONS,
            tls_cert: None,
            tls_key: None,
            idle_minutes: 30,
            push_hosts: Vec::new(),
            public_url: None,
            proxies: Vec::new(),
            connections_per_address: PER_ADDRESS,
            limits: Limits::default(),
        }
    }
}
