//! What a connection may cost: time without a request, time for a head and a body, room for others.

use std::time::{Duration, Instant};

use server::testing::config::Config;
use tokio::io::AsyncReadExt;

use crate::support::app::{App, Engine, on_with};
use crate::support::people::PASSWORD;
use crate::support::raw::{Raw, statuses};
use crate::support::seed;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Bounds that a test can wait for.
fn short(config: &mut Config) {
    let limits = &mut config.limits;
    limits.head = ms(400);
    limits.idle = ms(1200);
    limits.body_pause = ms(500);
    limits.body_slow = ms(600);
    limits.answer = ms(800);
    limits.linger = ms(1000);
    limits.linger_pause = ms(300);
    limits.stop = ms(2000);
    limits.tick = ms(25);
}

fn on<F: Future<Output = ()>>(test: impl FnOnce(App) -> F) {
    on_with(Engine::Sqlite, short, test);
}

/// A session's cookie.
async fn cookie(app: &App) -> String {
    let mut tx = app.office.db.begin().await.unwrap();
    let token = app.office.open_session(&mut tx, app.people.rep1, "test", app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    format!("sid={token}")
}

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n")
}

fn post(path: &str, cookie: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// Holds that a connection ends in this time, from its beginning.
#[track_caller]
fn within(after: Option<Duration>, from: u64, to: u64) {
    let after = after.expect("the connection stays open");
    assert!((ms(from)..ms(to)).contains(&after), "closed after {after:?}");
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    on(async |app: App| {
        let mut silent = Raw::connect(app.base()).await;
        within(silent.closed_after(ms(3000)).await, 350, 1000);
        let mut half = Raw::connect(app.base()).await;
        half.send("GET / HTTP/1.1\r\nHost: x\r\n").await;
        within(half.closed_after(ms(3000)).await, 350, 1000);
        let mut slow = Raw::connect(app.base()).await;
        slow.send("GET / HTTP/1.1\r\n").await;
        slow.trickle(b"a: b\r\n", ms(50), ms(3000)).await;
        within(slow.closed_after(ms(10)).await, 350, 1000);
        let mut blank = Raw::connect(app.base()).await;
        blank.trickle(b"\r\n", ms(50), ms(3000)).await;
        within(blank.closed_after(ms(10)).await, 350, 1000);
    });
}

#[test]
fn the_head_of_a_later_request_has_its_own_time() {
    on(async |app: App| {
        let mut raw = Raw::connect(app.base()).await;
        // Longer idle than a head may take.
        for _ in 0..2 {
            raw.send(get("/login", "")).await;
            assert!(raw.head(ms(2000)).await.starts_with("HTTP/1.1 200"));
            assert!(!raw.read(ms(700)).await.1, "closed while it was idle");
        }
        raw.send("GET / HTTP").await;
        let begun = Instant::now();
        assert!(raw.read(ms(3000)).await.1);
        assert!((ms(300)..ms(1000)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    });
}

#[test]
fn an_idle_connection_is_closed() {
    on(async |app: App| {
        let mut raw = Raw::connect(app.base()).await;
        raw.send(get("/login", "")).await;
        let (text, closed) = raw.read(ms(4000)).await;
        assert_eq!((statuses(&text), closed), (vec![200], true));
        within(raw.closed_after(ms(10)).await, 1100, 3000);
    });
}

#[test]
fn an_idle_http_2_connection_is_closed() {
    on(async |app: App| {
        // The preface and empty SETTINGS; then nothing, or answers to nothing but pings.
        let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
        let mut silent = Raw::connect(app.base()).await;
        silent.send(hello).await;
        within(silent.closed_after(ms(6000)).await, 1100, 4500);
        let mut pinging = Raw::connect(app.base()).await;
        pinging.send(hello).await;
        let ping = b"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678";
        pinging.trickle(ping, ms(100), ms(6000)).await;
        within(pinging.closed_after(ms(10)).await, 1100, 4500);
        let mut half = Raw::connect(app.base()).await;
        half.send(&hello[..20]).await;
        within(half.closed_after(ms(3000)).await, 350, 1000);
    });
}

#[test]
fn a_head_over_http_2_that_does_not_end_is_not_waited_for() {
    // Far longer idle than a head may take.
    let settings = |config: &mut Config| {
        short(config);
        config.limits.idle = ms(20_000);
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
        // A HEADERS frame of 5 octets without END_HEADERS, then CONTINUATION frames of one octet.
        let head = b"\x00\x00\x05\x01\x00\x00\x00\x00\x01\x82\x87\x84\x41\x01";
        let more = b"\x00\x00\x01\x09\x00\x00\x00\x00\x01x";
        let mut slow = Raw::connect(app.base()).await;
        slow.send([&hello[..], head].concat()).await;
        slow.trickle(more, ms(100), ms(8000)).await;
        within(slow.closed_after(ms(10)).await, 150, 6000);
        // One whose frame breaks off, one whose frame has hardly begun.
        for end in [9 + 2, 4] {
            let mut half = Raw::connect(app.base()).await;
            half.send([&hello[..], &head[..end]].concat()).await;
            within(half.closed_after(ms(8000)).await, 150, 6000);
        }
    });
}

#[test]
fn a_tls_handshake_that_does_not_come_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let settings = |config: &mut Config| {
        short(config);
        (config.tls_cert, config.tls_key) = (Some(cert), Some(key));
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let mut silent = Raw::connect(app.base()).await;
        within(silent.closed_after(ms(3000)).await, 350, 1000);
        let mut half = Raw::connect(app.base()).await;
        half.trickle(b"\x16\x03\x01\x02\x00\x01", ms(100), ms(3000)).await;
        within(half.closed_after(ms(10)).await, 0, 1000);
        let browser = reqwest::Client::builder().danger_accept_invalid_certs(true).no_proxy().build().unwrap();
        let answer = browser.get(format!("{}/login", app.base())).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
    });
}

#[test]
fn a_body_must_keep_coming() {
    on(async |app: App| {
        let cookie = cookie(&app).await;
        let head = post("/tasks", &cookie, 10_000);
        let mut stuck = Raw::connect(app.base()).await;
        stuck.send(&head).await;
        within(stuck.closed_after(ms(5000)).await, 450, 1500);
        let mut slow = Raw::connect(app.base()).await;
        slow.send(&head).await;
        slow.trickle(b"a", ms(100), ms(6000)).await;
        within(slow.closed_after(ms(10)).await, 550, 3500);
        // 2.5 kB/s: slower than any phone, and fast enough.
        let body = format!("title=x&priority=normal&op_id=slow&note={}", "n".repeat(5000 - 40));
        let mut phone = Raw::connect(app.base()).await;
        phone.send(post("/tasks", &cookie, body.len())).await;
        for piece in body.as_bytes().chunks(250) {
            assert!(phone.send(piece).await);
            tokio::time::sleep(ms(100)).await;
        }
        let head = phone.head(ms(3000)).await;
        assert!(head.starts_with("HTTP/1.1 303") || head.starts_with("HTTP/1.1 422"), "{head}");
    });
}

#[test]
fn who_does_not_take_the_answer_is_cut_off() {
    on(async |app: App| {
        let mut raw = Raw::connect(app.base()).await;
        let begun = Instant::now();
        // Asks on and on, and reads nothing.
        let row = get("/login", "").repeat(100);
        while raw.send(&row).await && begun.elapsed() < ms(20_000) {
            tokio::task::yield_now().await;
        }
        assert!(begun.elapsed() < ms(20_000), "the connection stays open");
    });
}

#[test]
fn who_takes_the_answer_slowly_gets_all_of_it() {
    let settings = |config: &mut Config| {
        short(config);
        config.limits.answer = ms(2000);
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let visit = seed::visit(&app, app.people.rep1, customer).await;
        // Far more than the buffers of the two sockets hold, so the server keeps the rest until it is taken.
        let picture: Vec<u8> = (0..24_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
        let path = format!("/visits/{visit}/photos/{}", seed::photo(&app, visit, picture.clone()).await);
        let cookie = cookie(&app).await;
        let mut slow = Raw::connect_with(app.base(), [127, 0, 0, 1], Some(64 << 10)).await;
        slow.send(get(&path, &cookie)).await;
        assert!(slow.head(ms(5000)).await.starts_with("HTTP/1.1 200"));
        let (begun, mut taken, mut piece) = (Instant::now(), Vec::new(), vec![0; 64 << 10]);
        while taken.len() < picture.len() {
            let count = slow.stream.read(&mut piece).await.unwrap_or(0);
            assert!(count > 0, "cut off after {} bytes and {:?}", taken.len(), begun.elapsed());
            taken.extend_from_slice(&piece[..count]);
            // Four megabytes a second.
            let due = Duration::from_micros(u64::try_from(taken.len() / 4).unwrap());
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
        assert!(begun.elapsed() > ms(5000), "too fast to say anything: {:?}", begun.elapsed());
        assert!(taken == picture);
    });
}

#[test]
fn an_address_has_room_for_so_many_and_its_own_idle_ones_make_place() {
    let settings = |config: &mut Config| {
        config.limits.tick = ms(25);
        config.connections_per_address = 4;
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let office = [127, 0, 0, 9];
        let mut idle = Vec::new();
        for _ in 0..4 {
            idle.push(Raw::connect_from(app.base(), office).await);
        }
        let mut next = Raw::connect_from(app.base(), office).await;
        next.send(get("/login", "")).await;
        assert!(next.head(ms(2000)).await.starts_with("HTTP/1.1 200"));
        assert!(idle[0].read(ms(1000)).await.1, "the oldest made place");
        assert!(!idle[1].read(ms(100)).await.1, "one was enough");

        // Nothing is idle any more: four streams are open.
        let cookie = cookie(&app).await;
        let mut streams = vec![next];
        streams.extend(idle.drain(1..));
        for stream in &mut streams {
            stream.send(get("/live", &cookie)).await;
        }
        for stream in &mut streams[1..] {
            assert!(stream.head(ms(2000)).await.starts_with("HTTP/1.1 200"));
        }
        let mut refused = Raw::connect_from(app.base(), office).await;
        refused.send(get("/login", "")).await;
        let (text, closed) = refused.read(ms(2000)).await;
        assert_eq!((statuses(&text), closed), (vec![503], true));
        assert!(text.contains("Retry-After: 5"), "{text}");
        // Others are not concerned.
        app.stranger().get("/login").await.expect(200);
    });
}

#[test]
fn a_proxy_has_room_for_everybody_behind_it() {
    let settings = |config: &mut Config| {
        config.connections_per_address = 2;
        config.proxies = vec!["127.0.0.9".parse().unwrap()];
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let mut all = Vec::new();
        for _ in 0..10 {
            all.push(Raw::connect_from(app.base(), [127, 0, 0, 9]).await);
        }
        for raw in &mut all {
            raw.send(get("/login", "")).await;
            assert!(raw.head(ms(2000)).await.starts_with("HTTP/1.1 200"));
        }
    });
}

#[test]
fn silent_connections_from_many_addresses_shut_nobody_out() {
    let settings = |config: &mut Config| config.limits.connections = 40;
    on_with(Engine::Sqlite, settings, async |app: App| {
        let mut silent = Vec::new();
        for n in 0..200u8 {
            silent.push(Raw::connect_from(app.base(), [127, 0, 1, n / 20]).await);
        }
        for _ in 0..20 {
            let begun = Instant::now();
            let mut page = Raw::connect(app.base()).await;
            page.send(get("/login", "")).await;
            assert!(page.head(ms(2000)).await.starts_with("HTTP/1.1 200"));
            assert!(begun.elapsed() < ms(1000), "{:?}", begun.elapsed());
            silent.push(Raw::connect_from(app.base(), [127, 0, 1, 77]).await);
        }
    });
}

#[test]
fn slow_bodies_from_many_addresses_shut_nobody_out() {
    let settings = |config: &mut Config| {
        config.limits.connections = 20;
        config.limits.spared = ms(500);
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let mut slow = Vec::new();
        for n in 0..20u8 {
            let mut raw = Raw::connect_from(app.base(), [127, 0, 1, n / 4]).await;
            raw.send(post("/login", "", 60_000)).await;
            raw.send("username=").await;
            slow.push(raw);
        }
        for _ in 0..5 {
            let begun = Instant::now();
            let mut page = Raw::connect(app.base()).await;
            page.send(get("/login", "")).await;
            assert!(page.head(ms(5000)).await.starts_with("HTTP/1.1 200"));
            assert!(begun.elapsed() < ms(1500), "{:?}", begun.elapsed());
            // Fast enough to be let go on for minutes.
            for raw in &mut slow {
                raw.send("a".repeat(1000)).await;
            }
        }
    });
}

#[test]
fn a_stop_lets_what_is_in_flight_finish() {
    on(async |app: App| {
        let form = app.stranger().get("/login").await.form("/login");
        let body = format!("op_id={}&username=rep1&password={PASSWORD}", form.op_id());
        let mut raw = Raw::connect(app.base()).await;
        raw.send(post("/login", "", body.len())).await;
        let mut idle = Raw::connect(app.base()).await;
        idle.send(get("/login", "")).await;
        idle.head(ms(2000)).await;
        let base = app.base().to_owned();
        let restarting = tokio::spawn(async move { app.restart().await });
        assert!(idle.read(ms(1500)).await.1, "an idle connection ends at once");
        raw.send(body).await;
        let (text, closed) = raw.read(ms(3000)).await;
        assert_eq!((statuses(&text), closed), (vec![303], true), "{text}");
        assert!(tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.is_err());
        restarting.await.unwrap();
    });
}
