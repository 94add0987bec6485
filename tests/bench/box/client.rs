//! The clients: our agent, smstools and gammu-smsd, set up to send through one modem.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ours,
    /// As Debian's template sets it up.
    Smstools,
    /// As fast as its settings allow.
    SmstoolsTuned,
    /// With files.
    Gammu,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Ours, Kind::Smstools, Kind::SmstoolsTuned, Kind::Gammu];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Ours => "gateway-agent",
            Kind::Smstools => "smstools",
            Kind::SmstoolsTuned => "smstools, tuned",
            Kind::Gammu => "gammu-smsd",
        }
    }
}

/// A client that is installed.
#[derive(Debug)]
pub struct Client {
    pub kind: Kind,
    program: PathBuf,
    agent: PathBuf,
}

/// A running client; it is killed with the value.
pub struct Running(Child);

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL, also for what it started.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Every client has a process group of its own: smstools starts one process for each modem.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The n-th recipient, without a plus sign.
pub fn recipient(n: usize) -> String {
    format!("86139{n:08}")
}

impl Client {
    /// The client, where it is installed.
    pub fn find(kind: Kind, agent: &Path) -> Option<Client> {
        let places: &[&str] = match kind {
            Kind::Ours => &[],
            Kind::Smstools | Kind::SmstoolsTuned => &["/usr/sbin/smsd"],
            Kind::Gammu => &["/usr/bin/gammu-smsd"],
        };
        let program = match kind {
            Kind::Ours => agent.to_owned(),
            Kind::Smstools | Kind::SmstoolsTuned | Kind::Gammu => {
                places.iter().map(PathBuf::from).find(|place| place.exists())?
            }
        };
        Some(Client { kind, program, agent: agent.to_owned() })
    }

    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// The agent's program, which plays the modem too.
    pub fn agent(&self) -> &Path {
        &self.agent
    }

    /// Folders and settings.
    pub fn prepare(&self, folder: &Path, modem: &Path) -> Result<()> {
        for name in ["outgoing", "checked", "incoming", "failed", "sent"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let (at, modem) = (folder.display(), modem.display());
        match self.kind {
            Kind::Ours => fs::write(folder.join("modem"), modem.to_string())?,
            Kind::Smstools | Kind::SmstoolsTuned => {
                let (delay, fast) = match self.kind {
                    Kind::SmstoolsTuned => (1, "pre_init = no\ncheck_network = 0\nsignal_quality_ber_ignore = yes\n"),
                    Kind::Ours | Kind::Smstools | Kind::Gammu => (10, ""),
                };
                let text = format!(
                    "devices = GSM1\noutgoing = {at}/outgoing\nchecked = {at}/checked\nincoming = {at}/incoming\n\
                     failed = {at}/failed\nsent = {at}/sent\nlogfile = {at}/log\nloglevel = 4\npidfile = {at}/pid\n\
                     infofile = {at}/working\ndelaytime = {delay}\nerrorsleeptime = 1\nblocktime = 1\nreceive_before_send = no\n\
                     [GSM1]\ndevice = {modem}\nincoming = yes\nbaudrate = 115200\n{fast}",
                );
                fs::write(folder.join("conf"), text)?;
            }
            Kind::Gammu => {
                let text = format!(
                    "[gammu]\ndevice = {modem}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {at}/log\n\
                     debuglevel = 0\ninboxpath = {at}/incoming/\noutboxpath = {at}/outgoing/\nsentsmspath = {at}/sent/\n\
                     errorsmspath = {at}/failed/\ncommtimeout = 1\nreceivefrequency = 15\nCheckSecurity = 0\n",
                );
                fs::write(folder.join("conf"), text)?;
            }
        }
        Ok(())
    }

    /// Starts it.
    pub fn start(&self, folder: &Path) -> Result<Running> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&self.program);
        match self.kind {
            Kind::Ours => {
                command.arg("run").arg("--data").arg(folder.join("box"));
                command.arg("--modem").arg(fs::read_to_string(folder.join("modem"))?);
            }
            // In the foreground.
            Kind::Smstools | Kind::SmstoolsTuned => drop(command.arg("-t").arg("-c").arg(folder.join("conf"))),
            Kind::Gammu => drop(command.arg("-c").arg(folder.join("conf"))),
        }
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command
            .env("FIELDLINE_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", self.name()))?;
        Ok(Running(child))
    }

    /// Gives it messages of one part, all at once.
    pub fn queue(&self, folder: &Path, messages: usize, report: bool) -> Result<()> {
        let text = "Your order will come tomorrow at nine.";
        match self.kind {
            Kind::Ours => {
                let mut child = Command::new(&self.program)
                    .args(["send", "--data"])
                    .arg(folder.join("box"))
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .spawn()?;
                let mut input = child.stdin.take().context("no input")?;
                for n in 0..messages {
                    let to = format!("+{}", recipient(n));
                    writeln!(input, "{}", json!({ "to": to, "text": text, "report": report }))?;
                }
                drop(input);
                ensure!(child.wait()?.success(), "the agent does not take the messages");
            }
            Kind::Smstools | Kind::SmstoolsTuned => {
                for n in 0..messages {
                    let beside = folder.join("beside");
                    fs::write(&beside, format!("To: {}\n\n{text}", recipient(n)))?;
                    fs::rename(beside, folder.join(format!("outgoing/{n:04}")))?;
                }
            }
            Kind::Gammu => {
                for n in 0..messages {
                    let done = Command::new("gammu-smsd-inject")
                        .arg("-c")
                        .arg(folder.join("conf"))
                        .args(["TEXT", &format!("+{}", recipient(n)), "-text", text])
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status()?;
                    ensure!(done.success(), "gammu-smsd-inject fails");
                }
            }
        }
        Ok(())
    }

    fn listed(&self, folder: &Path) -> Result<Vec<Value>> {
        let output = Command::new(&self.program).args(["queue", "--data"]).arg(folder.join("box")).output()?;
        ensure!(output.status.success(), "the queue cannot be listed");
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Whether nothing is left to send.
    pub fn is_done(&self, folder: &Path) -> Result<bool> {
        match self.kind {
            Kind::Ours => {
                Ok(self.listed(folder)?.iter().all(|one| one["state"] != "queued" && one["state"] != "sending"))
            }
            Kind::Smstools | Kind::SmstoolsTuned | Kind::Gammu => {
                let left = |name: &str| fs::read_dir(folder.join(name)).map(|all| all.count()).unwrap_or(0);
                Ok(left("outgoing") + left("checked") == 0)
            }
        }
    }

    /// Recipients of messages of which it says that it does not know.
    pub fn unknown(&self, folder: &Path) -> Result<Vec<String>> {
        match self.kind {
            Kind::Ours => {
                let all = self.listed(folder)?;
                let unknown = all.iter().filter(|one| one["state"] == "unknown");
                Ok(unknown.filter_map(|one| Some(one["to"].as_str()?.trim_start_matches('+').to_owned())).collect())
            }
            Kind::Smstools | Kind::SmstoolsTuned | Kind::Gammu => Ok(Vec::new()),
        }
    }
}
