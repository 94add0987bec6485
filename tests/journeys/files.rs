//! What a real server leaves on the disk and in its log: nothing that others can read, nothing half written, no value
//! of anybody.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use server::testing::kernel::db::{Db, sql};

use super::crash::{found, settings};
use super::process::program;

/// A server with a careless umask, whose log goes to a file.
struct Careless {
    child: Child,
    /// Where it listens.
    address: String,
    log: PathBuf,
}

impl Careless {
    fn command(data: &Path, log: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "sh", "-c", "umask 0000; exec \"$0\" \"$@\" 2>>\"$LOG\""]);
        command.arg(program("server")).args(["serve", "--data"]).arg(data);
        command.args(["--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"]);
        command.env("LOG", log).env_remove("FIELDLINE_LOG").env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn start(data: &Path) -> Careless {
        let log = data.with_extension("log");
        let mut child = Careless::command(data, &log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("http://"), "it does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
        let rest = line.split_once("http://").unwrap().1;
        let address = rest.split(|c: char| c.is_whitespace() || c == '/').next().unwrap().to_owned();
        Careless { child, address, log }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Careless {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything below a folder that somebody else may read, write or enter.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let mut open = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if mode(&folder) & 0o077 != 0 {
            open.push(format!("{} {:o}", folder.display(), mode(&folder)));
        }
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if mode(&path) & 0o077 != 0 {
                open.push(format!("{} {:o}", path.display(), mode(&path)));
            }
        }
    }
    open
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_the_server_writes_is_its_own_and_what_an_older_one_left_open_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Careless::start(&data);
    assert!(data.join("fieldline.db").exists() && data.join("secret.key").exists());
    assert_eq!(open_to_others(&data), Vec::<String>::new());
    drop(server);
    // As an earlier version left it, with a photo that was half written when the disk was full.
    let photos = data.join("files/ab");
    std::fs::create_dir_all(&photos).unwrap();
    let (photo, half) = (photos.join("abcd"), photos.join(".0000000000001.part"));
    std::fs::write(&photo, b"photo").unwrap();
    std::fs::write(&half, b"").unwrap();
    for path in
        [&data, &photos, &photo, &data.join("fieldline.db"), &data.join("secret.key"), &data.join("gateway.key")]
    {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let _server = Careless::start(&data);
    until("what was open is closed", || open_to_others(&data).is_empty());
    until("what was half written is gone", || !half.exists());
    assert_eq!(std::fs::read(&photo).unwrap(), b"photo");
}

#[test]
fn an_empty_key_is_made_anew_with_a_word_and_a_broken_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let keys = ["secret.key", "push.key", "gateway.key"];
    for key in keys {
        std::fs::write(data.join(key), b"").unwrap();
    }
    let server = Careless::start(&data);
    let log = server.log();
    for key in keys {
        assert!(log.contains(key), "{key} is not named: {log}");
        assert!(std::fs::read(data.join(key)).unwrap().len() >= 32, "{key}");
    }
    drop(server);
    for key in keys {
        let right = std::fs::read(data.join(key)).unwrap();
        std::fs::write(data.join(key), b"half a key").unwrap();
        let log = folder.path().join(key);
        let ended = Careless::command(&data, &log).stdout(Stdio::null()).status().unwrap();
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(!ended.success() && said.contains(key) && said.contains("backup"), "{said}");
        std::fs::write(data.join(key), right).unwrap();
    }
}

#[test]
fn the_log_tells_of_a_broken_event_without_its_content() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    runtime.block_on(async {
        let (config, _) = settings(&data, None);
        found(&config).await;
        let db = Db::sqlite(&data.join("fieldline.db")).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let text = format!("您的验证码是 4711，电话 +8613805362417 {}", "很长".repeat(5_000));
        for (id, payload) in [
            (1, serde_json::json!({ "kind": text }).to_string()),
            (2, serde_json::json!({ "kind": "sms_queued", "sms": text }).to_string()),
            (3, serde_json::json!(text).to_string()),
            (4, text.clone()),
        ] {
            let insert = "INSERT INTO events (id, kind, payload, at, due_at, attempts, state) VALUES ($1, 'x', $2, 0, 0, 0, 'pending')";
            sql(insert).bind(id).bind(payload).run(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        db.close().await;
    });
    let server = Careless::start(&data);
    until("all four are told of", || server.log().matches("cannot be read").count() >= 4);
    let log = server.log();
    assert!(!log.contains("13805362417") && !log.contains("验证码") && !log.contains("很长"), "{log}");
    let longest = log.lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 1_000, "a line of {longest} bytes");
}

#[test]
fn a_server_that_is_told_to_stop_reports_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Careless::start(&folder.path().join("data"));
    // Stopping waits for a request that is under way.
    let mut open = std::net::TcpStream::connect(&server.address).unwrap();
    open.write_all(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nusername=").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("long-lived task ended"), "{log}");
}
