//! SIGKILL under write load, again and again: whoever was told "saved" is saved, nothing is doubled, and the
//! server is back within three seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::testing::config::Config;
use server::testing::kernel::clock::Clock;
use server::testing::kernel::db::{Db, sql};

use super::process::Server;
use crate::support::client::Client;
use crate::support::people;
use crate::support::postgres::Cluster;

const ROUNDS: u32 = 12;
const WRITERS: usize = 12;

#[derive(sqlx_macros::FromRow)]
struct Row {
    title: String,
}

/// The settings of a server of its own with its data in this folder, and the arguments that say the same.
pub(super) fn settings(data: &Path, database_url: Option<String>) -> (Config, Vec<String>) {
    let anywhere = || "127.0.0.1:0".parse().unwrap();
    let config = Config {
        data: data.to_owned(),
        listen: anywhere(),
        mqtt_listen: anywhere(),
        database_url: database_url.clone(),
        ..Config::default()
    };
    let data = data.to_str().unwrap();
    let mut arguments = vec!["serve", "--data", data, "--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"];
    if let Some(url) = &database_url {
        arguments.extend(["--database-url", url]);
    }
    let arguments = arguments.into_iter().map(str::to_owned).collect();
    (config, arguments)
}

/// Makes the people in an empty data folder, in this process, before the server is started as its own.
pub(super) async fn found(config: &Config) -> Vec<String> {
    let running = server::testing::app::start(config.clone(), Clock::default()).await.unwrap();
    let people = people::move_in(&running.office).await;
    let mut tx = running.office.db.begin().await.unwrap();
    let mut tokens = Vec::new();
    for user in [people.rep1, people.rep2, people.manager1, people.admin] {
        for _ in 0..WRITERS / 4 {
            let now = running.office.clock.now();
            tokens.push(running.office.open_session(&mut tx, user, "journey", now).await.unwrap());
        }
    }
    tx.commit().await.unwrap();
    running.stop().await;
    tokens
}

/// Writes tasks until the server dies; notes what was promised, and what was on the way when it died.
async fn write(
    client: Client,
    name: String,
    promised: Arc<Mutex<BTreeSet<String>>>,
    open: Arc<Mutex<BTreeMap<String, String>>>,
) {
    for n in 0.. {
        let title = format!("{name}-{n}");
        let op = format!("op-{title}");
        open.lock().unwrap().insert(title.clone(), op.clone());
        let fields = [("op_id", op.as_str()), ("title", title.as_str()), ("priority", "normal")];
        match client.try_post("/tasks", &fields).await {
            Ok(303) => {
                promised.lock().unwrap().insert(title.clone());
                open.lock().unwrap().remove(&title);
            }
            Ok(status) => panic!("{title}: {status}"),
            Err(()) => return,
        }
    }
}

async fn survive(database_url: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (config, arguments) = settings(&data, database_url.clone());
    let tokens = found(&config).await;
    let promised = Arc::new(Mutex::new(BTreeSet::new()));
    let open = Arc::new(Mutex::new(BTreeMap::new()));
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let server = Server::start(&arguments, &[]);
        slowest = slowest.max(server.ready_after);
        // Phones send again what they had no answer for: the same form, so it must not become two.
        let again: Vec<(String, String)> = std::mem::take(&mut *open.lock().unwrap()).into_iter().collect();
        for (title, op) in again {
            // Each form belongs to the session that sent it; its name begins with the session's place.
            let place: usize = title.split('-').next().unwrap().parse().unwrap();
            let client = Client::with_session(&server.base, &tokens[place]);
            let fields = [("op_id", op.as_str()), ("title", title.as_str()), ("priority", "normal")];
            assert_eq!(client.try_post("/tasks", &fields).await, Ok(303), "{title} sent again");
            promised.lock().unwrap().insert(title);
        }
        let writers: Vec<_> = tokens
            .iter()
            .enumerate()
            .map(|(place, token)| {
                let client = Client::with_session(&server.base, token);
                tokio::spawn(write(client, format!("{place}-{round}"), Arc::clone(&promised), Arc::clone(&open)))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(150 + u64::from(round) * 37)).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    // The last word has the database itself.
    let last = Server::start(&arguments, &[]);
    slowest = slowest.max(last.ready_after);
    last.kill();
    let db = match &database_url {
        Some(url) => Db::postgres(url, 3).await.unwrap(),
        None => Db::sqlite(&data.join("fieldline.db")).await.unwrap(),
    };
    let rows: Vec<Row> = sql("SELECT title FROM tasks").all(&db).await.unwrap();
    let audits: Vec<Row> = sql("SELECT changes AS title FROM audit_log WHERE kind = 'task'").all(&db).await.unwrap();
    db.close().await;
    let stored: BTreeSet<String> = rows.iter().map(|row| row.title.clone()).collect();
    let (promised, open) = (promised.lock().unwrap(), open.lock().unwrap());
    println!(
        "{ROUNDS} kills: {} promised, {} stored, {} unanswered in the last round, slowest start {slowest:?}",
        promised.len(),
        stored.len(),
        open.len()
    );
    assert!(promised.len() > 100, "too little load to say anything: {}", promised.len());
    assert_eq!(rows.len(), stored.len(), "something is doubled");
    let lost: Vec<&String> = promised.difference(&stored).collect();
    assert!(lost.is_empty(), "promised and lost: {lost:?}");
    let strange: Vec<&String> =
        stored.iter().filter(|title| !promised.contains(*title) && !open.contains_key(*title)).collect();
    assert!(strange.is_empty(), "stored and never sent: {strange:?}");
    assert_eq!(audits.len(), rows.len(), "each row has its audit entry");
    assert!(slowest <= Duration::from_secs(3), "ready again only after {slowest:?}");
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_killed_server_keeps_its_word_on_sqlite() {
    run(survive(None));
}

#[test]
fn a_killed_server_keeps_its_word_on_postgres() {
    let cluster = Cluster::start(true);
    run(async {
        let url = cluster.database().await;
        survive(Some(url)).await;
    });
}
