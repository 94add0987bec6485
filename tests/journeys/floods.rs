//! Connections and bodies that nobody would send, against the real server as a process of its own: others go on
//! working, and its memory stays what it was.

use std::time::{Duration, Instant};

use server::testing::kernel::clock::{self, Clock};

use super::process::Server;
use crate::support::app::{App, Engine};
use crate::support::client::Client;
use crate::support::raw::{Raw, statuses};
use crate::support::seed;

const SOON: Duration = Duration::from_secs(10);

/// A line of `/proc/<pid>/status`, in kB.
fn status(server: &Server, line: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let value = text.lines().find_map(|l| l.strip_prefix(line)).unwrap();
    value.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// Seconds of processor time that the server has used.
fn processor(server: &Server) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// A company with a customer of rep1, served by a process that may open `files` at most and starts with 100.
async fn company(files: u32) -> (App, Server, String, String) {
    let app = App::start(Engine::Sqlite).await;
    let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
    let mut tx = app.office.db.begin().await.unwrap();
    // The process has the clock of the machine.
    let token = app.office.open_session(&mut tx, app.people.rep1, "test", Clock::default().now()).await.unwrap();
    tx.commit().await.unwrap();
    app.halt().await;
    let data = app.config().data.to_string_lossy().into_owned();
    let limit = format!("--nofile=100:{files}");
    let arguments = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"];
    let server = Server::start_as(&["prlimit", &limit, "--"], &arguments, &[]);
    (app, server, token, customer.to_string())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

#[test]
fn twelve_hundred_silent_connections_shut_nobody_out() {
    run(async {
        let (_app, server, token, _) = company(1024).await;
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        assert_eq!(files.split_whitespace().nth(3), Some("1024"), "the soft limit is raised: {files}");
        let rep = Client::with_session(&server.base, &token);
        rep.get("/me").await.expect(200);
        let mut silent = Vec::new();
        for n in 0..1200u32 {
            silent.push(Raw::connect_from(&server.base, [127, 0, 2, u8::try_from(n / 50).unwrap()]).await);
        }
        let (begun, used) = (Instant::now(), processor(&server));
        for _ in 0..10 {
            let asked = Instant::now();
            // A connection of its own each time.
            Client::with_session(&server.base, &token).get("/me").await.expect(200);
            assert!(asked.elapsed() < Duration::from_secs(1), "a page took {:?}", asked.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let load = (processor(&server) - used) / begun.elapsed().as_secs_f64();
        assert!(load < 0.7, "the flood costs {load:.2} of a core");
        let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
        assert!(open < 1000, "{open} files are open");
        for raw in &mut silent {
            assert!(raw.read(Duration::from_secs(14).saturating_sub(begun.elapsed())).await.1, "one stays open");
        }
    });
}

#[test]
fn forty_guests_with_twenty_megabytes_each_cost_no_memory() {
    run(async {
        let (_app, server, token, _) = company(1024).await;
        let rep = Client::with_session(&server.base, &token);
        for _ in 0..5 {
            rep.get("/me").await.expect(200);
        }
        let before = status(&server, "VmRSS");
        let paths = ["/login", "/tasks", "/visits/0123456789abc/photos", "/gateways/claim"];
        let posts = (0..40usize).map(|n| {
            let base = server.base.clone();
            tokio::spawn(async move {
                let mut raw = Raw::connect(&base).await;
                let host = base.trim_start_matches("http://");
                let head = format!(
                    "POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: {base}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
                    paths[n % 4],
                    if n % 2 == 0 { "application/x-www-form-urlencoded" } else { "multipart/form-data; boundary=x" },
                    20 << 20
                );
                raw.send(head).await;
                let piece = vec![b'a'; 1 << 20];
                let mut sent = 0;
                while sent < 20 && raw.send(&piece).await {
                    sent += 1;
                }
                (statuses(&raw.head(SOON).await), sent)
            })
        });
        let posts: Vec<_> = posts.collect();
        for post in posts {
            let (answers, sent) = post.await.unwrap();
            assert!(matches!(answers.as_slice(), [400 | 401 | 413]), "{answers:?} after {sent} MB");
        }
        let peak = status(&server, "VmHWM").saturating_sub(before);
        assert!(peak < 30 << 10, "{peak} kB more than before");
        rep.get("/me").await.expect(200);
    });
}

#[test]
fn uploads_of_a_rep_are_on_disk_and_not_in_memory() {
    run(async {
        let (app, server, token, customer) = company(1024).await;
        let rep = Client::with_session(&server.base, &token);
        let form = rep.get(&format!("/visits/new?customer={customer}")).await.form("/visits");
        let today = clock::iso_day(Clock::default().now());
        rep.submit(&form, &[("customer", &customer), ("planned_on", &today)]).await.location();
        let visit = rep.get("/visits").await.records("/visits").remove(0);
        rep.submit(&rep.get(&visit).await.form(&format!("{visit}/check-in")), &[]).await.location();
        let to = format!("{visit}/photos");
        rep.get(&visit).await.expect(200);
        let before = status(&server, "VmRSS");
        let host = server.base.trim_start_matches("http://");
        let mut uploads = Vec::new();
        // Ten at once, each of 20 MB, held just before their ends.
        for _ in 0..10 {
            let start = "--x\r\nContent-Disposition: form-data; name=\"op_id\"\r\n\r\nup\r\n\
                         --x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n";
            let mut raw = Raw::connect(&server.base).await;
            let length = start.len() + (20 << 20) + 100;
            raw.send(format!(
                "POST {to} HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: sid={token}\r\n\
                 Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n{start}",
                server.base
            ))
            .await;
            uploads.push(raw);
        }
        let piece = vec![0xff; 1 << 20];
        for raw in &mut uploads {
            for _ in 0..20 {
                assert!(raw.send(&piece).await);
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let folder = app.config().data.join("tmp");
        let on_disk: u64 = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(on_disk > 190 << 20, "{on_disk} bytes are on disk");
        let peak = status(&server, "VmHWM").saturating_sub(before);
        assert!(peak < 20 << 10, "{peak} kB more than before, with 200 MB on their way");
    });
}
