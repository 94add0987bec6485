//! Requests that two programs could read in two ways are refused; what is unusual and sound is answered.

use std::time::Duration;

use crate::support::app::{App, Engine, on};
use crate::support::raw::{Raw, statuses};

const SOON: Duration = Duration::from_secs(5);

async fn answer(app: &App, request: &str) -> (Vec<u16>, bool, String) {
    let mut raw = Raw::connect(app.base()).await;
    raw.send(request).await;
    let (text, closed) = raw.read(SOON).await;
    (statuses(&text), closed, text)
}

#[test]
fn a_request_that_says_its_length_or_its_host_twice_is_refused_and_nothing_behind_it_is_read() {
    on(Engine::Sqlite, async |app: App| {
        let hidden = "GET /login HTTP/1.1\r\nHost: x\r\n\r\n";
        let chunk = "0\r\n\r\n";
        for head in [
            "POST /language HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "POST /language HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: x/y\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost: a b\r\nContent-Length: 5\r\n\r\n",
            "POST /language HTTP/1.1\r\nHost:\r\nContent-Length: 5\r\n\r\n",
            "POST http://y/language HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
        ] {
            let (answers, closed, text) = answer(&app, &format!("{head}{chunk}{hidden}")).await;
            assert_eq!((answers, closed), (vec![400], true), "{head}{text}");
        }
        for head in ["GET /login HTTP/1.1\r\n\r\n", "GET /login HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n"] {
            let (answers, closed, _) = answer(&app, &format!("{head}{hidden}")).await;
            assert_eq!((answers, closed), (vec![400], true), "{head}");
        }
    });
}

#[test]
fn a_head_of_more_than_64_kilobytes_is_refused() {
    on(Engine::Sqlite, async |app: App| {
        let head = |length: usize| {
            format!("GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {}\r\n\r\n", "a".repeat(length))
        };
        assert_eq!(answer(&app, &head(60_000)).await.0, [200]);
        assert_eq!(answer(&app, &head(70_000)).await.0, [431]);
        assert_eq!(
            answer(&app, &format!("GET /login HTTP/1.1\r\nHost: x\r\nCookie: {}", "a".repeat(200_000))).await.0,
            [431]
        );
    });
}

#[test]
fn requests_that_come_in_one_piece_or_byte_by_byte_are_answered_in_order() {
    on(Engine::Sqlite, async |app: App| {
        let row = "GET /login HTTP/1.1\r\nHost: x\r\n\r\n\
                   POST /language HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nlang=en\
                   GET /me HTTP/1.1\r\nHost: x\r\n\r\n\
                   POST /language HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nlang=en\r\n0\r\n\r\n";
        for size in [1, 50, 10_000] {
            let mut raw = Raw::connect(app.base()).await;
            for piece in row.as_bytes().chunks(size) {
                raw.send(piece).await;
                tokio::task::yield_now().await;
            }
            let (text, closed) = raw.read(SOON).await;
            // A chunked body is answered and ends the connection.
            assert_eq!((statuses(&text), closed), (vec![200, 303, 303, 303], true), "{size}: {text}");
        }
    });
}

#[test]
fn http_1_0_needs_no_host() {
    on(Engine::Sqlite, async |app: App| {
        let (answers, closed, _) = answer(&app, "GET /login HTTP/1.0\r\n\r\n").await;
        assert_eq!((answers, closed), (vec![200], true));
    });
}
