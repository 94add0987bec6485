//! Debian's Mosquitto as a process of the test: keeps nothing but, where asked, the users of its
//! dynamic-security plugin. And its own clients, as anybody at the network has them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use fieldline_protocol::messages::Claim;
use tempfile::TempDir;

/// The plugin's administrator.
const OFFICE: (&str, &str) = ("office", "only-for-this-test");

/// A broker.
pub struct Mosquitto {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    user: &'static str,
}

impl Mosquitto {
    /// Lets everybody in and forgets everything when it ends.
    pub fn open() -> Mosquitto {
        Mosquitto::made("", |_| "allow_anonymous true\n".to_owned())
    }

    /// Knows its users by the plugin.
    pub fn with_rights() -> Mosquitto {
        Mosquitto::made("office:only-for-this-test@", |folder| {
            let users = folder.join("users.json");
            let mut make = Command::new("mosquitto_ctrl");
            make.args(["dynsec", "init"]).arg(&users).args([OFFICE.0, OFFICE.1]);
            assert!(make.stdout(Stdio::null()).status().unwrap().success());
            format!("plugin {}\nplugin_opt_config_file {}\n", plugin().display(), users.display())
        })
    }

    fn made(user: &'static str, rights: impl FnOnce(&Path) -> String) -> Mosquitto {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let rights = rights(folder.path());
        let text =
            format!("listener {port} 127.0.0.1\npersistence false\nuser root\nper_listener_settings false\n{rights}");
        std::fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Mosquitto { folder, port, child: None, user };
        broker.start();
        broker
    }

    /// Its address for the office, with the administrator where there is one.
    pub fn url(&self) -> String {
        format!("mqtt://{}127.0.0.1:{}", self.user, self.port)
    }

    /// Starts it, with nothing remembered.
    pub fn start(&mut self) {
        let program = if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", program, "-c"]).arg(self.folder.path().join("mosquitto.conf"));
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the broker does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

fn plugin() -> PathBuf {
    let name = "mosquitto_dynamic_security.so";
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path().join(name));
    folders.chain([Path::new("/usr/lib").join(name)]).find(|path| path.exists()).expect("Mosquitto's plugin")
}

fn client(program: &str, claim: &Claim, password: &str) -> Command {
    let broker: reqwest::Url = claim.broker.parse().unwrap();
    let mut command = Command::new(program);
    command.args(["-h", broker.host_str().unwrap(), "-p", &broker.port().unwrap().to_string()]);
    // The client id is the box's too, since the built-in broker asks for it.
    command.args(["-V", "mqttv311", "-q", "1", "-i", &claim.name, "-u", &claim.username, "-P", password]);
    command
}

/// What `mosquitto_sub` hears in two seconds with a box's credential.
pub fn hears(claim: &Claim, topic: &str) -> Output {
    client("mosquitto_sub", claim, &claim.password).args(["-v", "-W", "2", "-t", topic]).output().unwrap()
}

/// Says something by `mosquitto_pub` with a box's credential.
pub fn says(claim: &Claim, topic: &str, payload: &str) -> Output {
    client("mosquitto_pub", claim, &claim.password).args(["-t", topic, "-m", payload]).output().unwrap()
}

/// Tries another password.
pub fn knocks(claim: &Claim, password: &str) -> Output {
    client("mosquitto_pub", claim, password).args(["-t", "x", "-m", "x"]).output().unwrap()
}
