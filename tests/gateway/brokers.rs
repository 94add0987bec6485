//! Brokers: boxes hear and speak for nobody else, a revoked one is out at once, and a broker may lose everything.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fieldline_protocol::messages::Claim;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scene::Process;
use crate::features::sms::write;
use crate::journeys::process::{Server, program};
use crate::support::app::{App, Engine};
use crate::support::client::Client;
use crate::support::gateway::{Noticed, bring, connect_new, new_code};
use crate::support::mosquitto::{Mosquitto, hears, knocks, says};

const CALLS: &str = "SELECT count(*) AS n FROM calls";
/// How long two ends may need to find each other again; both wait up to 30 seconds between attempts.
const PATIENCE: Duration = Duration::from_secs(90);

fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

async fn newcomer(app: &App, admin: &Client, name: &str) -> (Claim, String) {
    let (path, code) = new_code(admin, name).await;
    (bring(app, &code).await.unwrap(), path)
}

/// With the credential of one box, Mosquitto's clients reach nothing of another.
async fn isolates(app: &App) {
    let admin = app.sign_in("admin").await;
    let (mut ours, _) = connect_new(app, &admin, "办公室").await;
    let (theirs, _) = newcomer(app, &admin, "仓库").await;
    let now = app.clock.now();

    assert!(!knocks(&theirs, "guessed").status.success(), "a wrong password lets in");
    assert!(!knocks(&theirs, &ours.claim.password).status.success(), "another box's password lets in");

    let foreign = ours.claim.name.clone();
    for filter in [format!("gw/v1/{foreign}/#"), "gw/v1/#".to_owned(), "#".to_owned(), "gw/v1/+/evt/ack".to_owned()] {
        let listener = theirs.clone();
        let spied = std::thread::spawn(move || hears(&listener, &filter));
        tokio::time::sleep(Duration::from_millis(700)).await;
        ours.call(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112290" })).await;
        let heard = tokio::task::spawn_blocking(move || spied.join().unwrap()).await.unwrap();
        let heard = String::from_utf8_lossy(&heard.stdout).into_owned();
        assert!(!heard.contains(&foreign), "it hears {heard}");
    }
    let calls = app.number(CALLS).await;

    // It speaks for the other box, and gives it orders.
    let forged = json!({ "eid": Uuid::now_v7(), "seq": 100, "boot": Uuid::now_v7(), "ts": now, "line": "line0",
        "call": Uuid::now_v7(), "phase": "ringing", "number": "05363112290" });
    says(&theirs, &ours.calls(), &forged.to_string());
    says(&theirs, &format!("gw/v1/{foreign}/cmd/sms"), "{}");
    // The next call of ours is behind them on the server's wire.
    ours.call(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112290" })).await;
    assert_eq!(app.number(CALLS).await, calls + 1, "a forged call counts");
    assert!(!ours.heard_so_far().iter().any(|topic| topic.contains("/cmd/")), "another box gives orders");
}

#[test]
fn the_embedded_broker_isolates_boxes_from_each_other() {
    run(async {
        let app = App::start(Engine::Sqlite).await;
        isolates(&app).await;
    });
}

#[test]
fn a_real_box_believes_the_broker_by_the_authority_that_it_was_handed_and_by_no_other() {
    run(async {
        let everywhere = |config: &mut server::testing::config::Config| config.mqtt_listen = ([0, 0, 0, 0], 0).into();
        let app = App::start_with(Engine::Sqlite, everywhere).await;
        let (claim, _) = newcomer(&app, &app.sign_in("admin").await, "办公室").await;
        let stranger = App::start_with(Engine::Sqlite, everywhere).await;
        let (foreign, _) = newcomer(&stranger, &stranger.sign_in("admin").await, "别处").await;
        for (ca, comes) in [(foreign.ca, 0), (claim.ca.clone(), 1)] {
            let folder = tempfile::tempdir().unwrap();
            let claim = Claim { ca, ..claim.clone() };
            std::fs::write(folder.path().join("claim.json"), serde_json::to_vec(&claim).unwrap()).unwrap();
            let agent = Process::start(&program("gateway-agent"), &["run", "--data", folder.path().to_str().unwrap()]);
            let begun = Instant::now();
            let online = "SELECT count(*) AS n FROM gateways WHERE online = TRUE";
            while begun.elapsed() < Duration::from_secs(if comes == 1 { 60 } else { 5 })
                && app.number(online).await == 0
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(app.number(online).await, comes);
            drop(agent);
        }
    });
}

#[test]
fn mosquitto_isolates_boxes_and_revokes_live() {
    run(async {
        let mut broker = Mosquitto::with_rights();
        let url = broker.url();
        let app = App::start_with(Engine::Sqlite, |config| {
            config.broker = Some(url);
            config.broker_dynsec = true;
        })
        .await;
        isolates(&app).await;

        let admin = app.sign_in("admin").await;
        let (mut gone, path) = connect_new(&app, &admin, "分公司").await;
        let form = admin.get(&path).await.form(&format!("{path}/revocation"));
        admin.submit(&form, &[]).await.location();
        gone.wait("the end of its connection", |noticed| matches!(noticed, Noticed::Cut(_)).then_some(())).await;
        gone.wait("the refusal", |noticed| match noticed {
            Noticed::Cut(why) => (why.contains("NotAuthorized") || why.contains("BadUserNamePassword")).then_some(()),
            Noticed::Connected => panic!("a revoked box came in again"),
            Noticed::Said(..) => None,
        })
        .await;

        // Revoked while the broker is away: out as soon as it is back.
        let (away, path) = newcomer(&app, &admin, "临时").await;
        let begun = Instant::now();
        while !knocks(&away, &away.password).status.success() {
            assert!(begun.elapsed() < PATIENCE, "the broker does not know a new box");
        }
        broker.kill();
        let form = admin.get(&path).await.form(&format!("{path}/revocation"));
        admin.submit(&form, &[]).await.location();
        broker.start();
        let begun = Instant::now();
        while knocks(&away, &away.password).status.success() {
            assert!(begun.elapsed() < PATIENCE, "a box revoked while the broker was away is still let in");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

/// The company with its simulated box, all of it real processes, at a broker that forgets.
struct Company {
    folder: tempfile::TempDir,
    server: Server,
}

impl Company {
    fn open(broker: &Mosquitto) -> Company {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (data, url) = (data.to_str().unwrap(), broker.url());
        let arguments = ["demo", "--data", data, "--listen", "127.0.0.1:0", "--broker", &url];
        Company { server: Server::start(&arguments, &[]), folder }
    }

    fn simulator(&self) -> std::path::PathBuf {
        self.folder.path().join("data/simulator")
    }

    fn wish(&self, wish: &Value) -> Value {
        let mut connection = std::os::unix::net::UnixStream::connect(self.simulator().join("control.sock")).unwrap();
        writeln!(connection, "{wish}").unwrap();
        let mut answer = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(connection), &mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn message_in(&self, from: &str, text: &str) {
        let mut play = Command::new(program("gateway-agent"));
        play.args(["play", "--dir"]).arg(self.simulator()).args(["sms", from, text]).stdout(Stdio::null());
        assert!(play.status().unwrap().success());
    }

    /// How often each recipient was written to.
    fn on_air(&self) -> BTreeMap<String, usize> {
        let mut sent = BTreeMap::new();
        for entry in self.wish(&json!("ledger")).as_array().unwrap() {
            *sent.entry(entry["to"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        sent
    }
}

#[test]
fn a_broker_that_loses_everything_loses_no_message_and_doubles_none() {
    const ROUNDS: usize = 4;
    run(async {
        let mut broker = Mosquitto::open();
        let company = Company::open(&broker);
        let clerk = Client::new(&company.server.base);
        clerk.sign_in("clerk1", "fieldline").await.location();
        let (mut asked, mut pages) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // One message each before, during and after the broker's death.
            for (n, moment) in ["before", "dead", "back"].iter().enumerate() {
                match *moment {
                    "dead" => broker.kill(),
                    "back" => broker.start(),
                    _ => {}
                }
                let number = format!("1390{n}53600{round}");
                pages.push(write(&clerk, "/sms/new", &number, "明天上午送货").await.location());
                asked.push(format!("+86{number}"));
                company.message_in("+8613705361111", &format!("收到 {round}-{n}"));
                tokio::time::sleep(Duration::from_millis(150 * round as u64)).await;
            }
        }
        let begun = Instant::now();
        for page in &pages {
            while !clerk.get(page).await.expect(200).says("已送达") {
                assert!(begun.elapsed() < PATIENCE, "{page} is not delivered: {:?}", company.on_air());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        let sent = company.on_air();
        asked.sort();
        assert_eq!(sent.keys().collect::<Vec<_>>(), asked.iter().collect::<Vec<_>>());
        assert!(sent.values().all(|times| *times == 1), "{sent:?}");

        let begun = Instant::now();
        let thread = loop {
            let list = clerk.get("/sms?q=13705361111").await.expect(200);
            let mut links = list.links("/sms/").into_iter().filter(|link| link.contains(|c: char| c.is_ascii_digit()));
            if let Some(link) = links.next() {
                break link;
            }
            assert!(begun.elapsed() < PATIENCE, "the conversation is not in the list");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        for round in 0..ROUNDS {
            for n in 0..3 {
                let text = format!("收到 {round}-{n}");
                let begun = Instant::now();
                loop {
                    let page = clerk.get(&thread).await.expect(200);
                    let times = page.text().matches(&text).count();
                    assert!(times <= 1, "{text} stands there {times} times");
                    if times == 1 {
                        break;
                    }
                    assert!(begun.elapsed() < PATIENCE, "{text} did not arrive: {}", page.text());
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    });
}
