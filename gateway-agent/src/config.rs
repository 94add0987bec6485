//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::simulator::faults::FaultKind;
use crate::simulator::personalities::Kind;

/// The box.
#[derive(Debug, Parser)]
#[command(
    name = "gateway-agent",
    version,
    about = "SMS and caller ID between a GSM modem, a telephone line and Fieldline"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve modems and lines. Works without a broker too.
    ///
    /// Example: gateway-agent run --data /var/lib/gateway-agent --modem /dev/serial/by-id/usb-Quectel…
    ///
    /// PINs of SIMs stand in the file `pins` of the data folder, a line `m0 1234` for each modem.
    Run(Run),
    /// Take a new box in with the code from the web page.
    ///
    /// Example: gateway-agent claim https://crm.example.com K7Q2M9XD --data /var/lib/gateway-agent
    Claim(ClaimArgs),
    /// Put a message into the queue and print its id.
    ///
    /// Example: gateway-agent send --data DIR --to +8613805362417 --text 您好
    ///
    /// Without --to and --text, one JSON object a line is read from standard input, and all are accepted or none:
    /// {"to":"+8613805362417","text":"您好","modem":"m1","class":"marketing","policy":"at_least_once",
    /// "not_before":1795363200000,"expires":1795449600000,"validity_s":86400,"report":true}
    #[command(verbatim_doc_comment)]
    Send(SendArgs),
    /// Print every message of the queue with its parts as JSON lines.
    ///
    /// Example: gateway-agent queue --data DIR
    Queue(QueueArgs),
    /// Print what came in as JSON lines.
    ///
    /// Example: gateway-agent inbox --data DIR
    Inbox(QueueArgs),
    /// Say what became of an unknown message: sent, failed, or retry.
    ///
    /// Example: gateway-agent settle 01a20982-3643-7498-8337-9b12e93b952f sent --data DIR
    Settle(SettleArgs),
    /// Take a message back that has not begun to leave.
    ///
    /// Example: gateway-agent cancel 01a20982-3643-7498-8337-9b12e93b952f --data DIR
    Cancel(CancelArgs),
    /// Say that the clock of this computer is right, where a jump made the agent doubt it.
    ///
    /// Messages that only became due by the jump wait for this, or for the server's time.
    ///
    /// Example: gateway-agent clock --data DIR
    Clock(QueueArgs),
    /// Numbers that get no marketing: add or remove one.
    ///
    /// Example: gateway-agent optout add +8613805362417 --data DIR
    Optout(OptoutArgs),
    /// Say which modem it is and what it can do. Only asks; nothing is sent or changed, but for the echo.
    ///
    /// Example: gateway-agent probe /dev/serial/by-id/usb-Quectel…
    Probe(ProbeArgs),
    /// Encode or decode PDUs as JSON lines.
    ///
    /// Example: gateway-agent pdu encode --to +8613805362417 --text 你好
    Pdu(PduArgs),
    /// Modems and caller-ID lines on pseudo-terminals, for trying everything without hardware.
    ///
    /// Example: gateway-agent simulate --dir ./simulator --modems 2 --vendor quectel
    Simulate(Simulate),
    /// Make something happen at a running simulator.
    ///
    /// Example: gateway-agent play --dir ./simulator call 13805362417
    Play(PlayArgs),
}

/// `run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Folder of the queue and the claim.
    #[arg(long)]
    pub data: PathBuf,
    /// A modem's serial line; may be given several times.
    #[arg(long)]
    pub modem: Vec<String>,
    /// A caller-ID line; may be given several times.
    #[arg(long)]
    pub caller_id: Vec<String>,
    /// Seconds that a modem may be without a network, or answer nothing, before it is switched off and on; each further
    /// time it has twice as long.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub patience: u64,
    /// Use this broker instead of the claim's, such as mqtt://192.168.1.2:1883.
    #[arg(long)]
    pub broker: Option<String>,
    /// End when the process that started this one ends.
    #[arg(long)]
    pub exit_with_parent: bool,
}

/// `claim`.
#[derive(Debug, Args)]
pub struct ClaimArgs {
    /// Address of the server.
    pub server: String,
    /// The code.
    pub code: String,
    /// Folder to keep the credential in.
    #[arg(long)]
    pub data: PathBuf,
}

/// `send`.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// Folder of the queue.
    #[arg(long)]
    pub data: PathBuf,
    /// E.164, such as +8613805362417.
    #[arg(long, requires = "text")]
    pub to: Option<String>,
    /// The text; it may begin with `-`.
    #[arg(long, requires = "to", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// Do not ask for a delivery report.
    #[arg(long)]
    pub no_report: bool,
    /// The modem, such as m1; any where not given.
    #[arg(long, default_value = "auto")]
    pub modem: String,
    /// Advertising: quiet hours and opt-outs hold.
    #[arg(long)]
    pub marketing: bool,
    /// Send it again when it is not known whether it was sent, such as a code for signing in.
    #[arg(long)]
    pub at_least_once: bool,
    /// How long the network tries, in seconds.
    #[arg(long)]
    pub validity: Option<u32>,
}

/// `queue`.
#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Folder of the queue.
    #[arg(long)]
    pub data: PathBuf,
}

/// `settle`.
#[derive(Debug, Args)]
pub struct SettleArgs {
    /// The message.
    pub id: String,
    /// What became of it.
    pub outcome: Settled,
    /// Folder of the queue.
    #[arg(long)]
    pub data: PathBuf,
}

/// `cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The message.
    pub id: String,
    /// Folder of the queue.
    #[arg(long)]
    pub data: PathBuf,
}

/// `optout`.
#[derive(Debug, Args)]
pub struct OptoutArgs {
    /// What to do.
    pub what: OptoutWay,
    /// E.164, such as +8613805362417.
    pub number: String,
    /// Folder of the queue.
    #[arg(long)]
    pub data: PathBuf,
}

/// What to do with a number.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum OptoutWay {
    /// It gets no more marketing.
    Add,
    /// It may get marketing again.
    Remove,
}

/// `probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// The modem's serial line.
    pub path: String,
}

/// A person's word.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Settled {
    /// It went out.
    Sent,
    /// It did not.
    Failed,
    /// Send it once more.
    Retry,
}

/// `pdu`.
#[derive(Debug, Args)]
pub struct PduArgs {
    /// Which way.
    #[command(subcommand)]
    pub way: PduWay,
}

/// Which way.
#[derive(Debug, Subcommand)]
pub enum PduWay {
    /// A text into its parts.
    ///
    /// Example: gateway-agent pdu encode --to +8613805362417 --text 你好
    ///
    /// Without --to and --text, one JSON object a line is read from standard input, each answered with a line:
    /// {"to":"+8613805362417","text":"你好","report":true,"validity":3600,"reference":7,"flash":true}
    #[command(verbatim_doc_comment)]
    Encode(EncodeArgs),
    /// What a modem gave, in hexadecimal, into its fields.
    ///
    /// Example: gateway-agent pdu decode 0791683108200005F0040D91683108352614F70008621132900000230460597D21
    ///
    /// Without HEX, one is read from each line of standard input.
    #[command(verbatim_doc_comment)]
    Decode {
        /// PDUs with the service centre's address in front.
        hex: Vec<String>,
        /// They are SMS-SUBMIT: what goes to the network.
        #[arg(long)]
        submit: bool,
    },
}

/// `pdu encode`.
#[derive(Debug, Args)]
pub struct EncodeArgs {
    /// E.164, such as +8613805362417.
    #[arg(long, requires = "text")]
    pub to: Option<String>,
    /// The text; it may begin with `-`.
    #[arg(long, requires = "to", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// Ask for a delivery report.
    #[arg(long)]
    pub report: bool,
    /// How long the network tries, in seconds.
    #[arg(long)]
    pub validity: Option<u32>,
    /// Names the parts of one message.
    #[arg(long, default_value_t = 0)]
    pub reference: u16,
    /// Write the reference with sixteen bits.
    #[arg(long)]
    pub wide_reference: bool,
    /// Shown at once and not stored (class 0).
    #[arg(long)]
    pub flash: bool,
    /// 1 to 7: replace what was sent under the same number before.
    #[arg(long)]
    pub replace: Option<u8>,
}

/// `simulate`.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// Where the links modem0… and line0…, the control socket and the ledger are put.
    #[arg(long)]
    pub dir: PathBuf,
    /// How many modems.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub modems: u8,
    /// How many caller-ID lines.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub lines: u8,
    /// Which kind of modem is played.
    #[arg(long, default_value = "generic")]
    pub vendor: Kind,
    /// The SIM wants this PIN whenever the modem gets power.
    #[arg(long)]
    pub pin: Option<String>,
    /// Slots for messages.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=255))]
    pub slots: u8,
    /// How long the network takes for a message, milliseconds.
    #[arg(long, default_value_t = 300)]
    pub network_ms: u64,
    /// How long until the delivery report, milliseconds.
    #[arg(long, default_value_t = 500)]
    pub report_ms: u64,
    /// End when the process that started this one ends.
    #[arg(long)]
    pub exit_with_parent: bool,
}

/// `play`.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// The simulator's folder.
    #[arg(long)]
    pub dir: PathBuf,
    /// What happens.
    #[command(subcommand)]
    pub what: Play,
}

/// What happens.
#[derive(Clone, Debug, Subcommand)]
pub enum Play {
    /// A telephone rings.
    Call {
        /// As the exchange sends it; `P` for withheld.
        number: String,
        /// How often it rings.
        #[arg(long, default_value_t = 3)]
        rings: u32,
        /// Which, such as line0 or modem1; the first line where not given.
        #[arg(long)]
        on: Option<String>,
        /// Somebody answers after the last ring (modems only: a line cannot tell).
        #[arg(long)]
        answered: bool,
    },
    /// A message comes in.
    Sms {
        /// From whom.
        from: String,
        /// Its text; it may begin with `-`.
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Which modem; the first where not given.
        #[arg(long)]
        on: Option<String>,
        /// Only these parts of a long one, in this order, such as 3,1.
        #[arg(long, value_delimiter = ',')]
        parts: Vec<u8>,
        /// What the parts have in common, for sending the others later; above 255 in two octets.
        #[arg(long)]
        reference: Option<u16>,
    },
    /// Something goes wrong, until `none`.
    Fault {
        /// What.
        kind: FaultKind,
        /// Which modem, or line for unplug and replug; all modems where not given.
        #[arg(long)]
        on: Option<String>,
        /// Milliseconds, for those that take time.
        #[arg(long)]
        ms: Option<u64>,
        /// The number of the refusal, or of the report.
        #[arg(long)]
        code: Option<u16>,
        /// How often it strikes.
        #[arg(long)]
        times: Option<u32>,
    },
    /// What really went on the air, as JSON lines.
    Ledger,
    /// How each modem was used: command lines by their first command, and microseconds from handing a message over
    /// to its answer.
    Uses,
}
