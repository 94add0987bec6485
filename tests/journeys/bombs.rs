//! Pictures that unpack to a gigabyte, or cost a processor for minutes, sent to a real server: its memory is looked at
//! from outside.

use std::time::{Duration, Instant};

use server::testing::kernel::id::Id;

use super::crash::{found, settings};
use super::process::Server;
use crate::support::bombs;
use crate::support::client::Client;
use crate::support::pictures;

/// What all bombs together may add to the server's memory, in megabytes: two uploads in flight and their decoders.
const MOST: f64 = 120.0;

#[test]
fn no_picture_makes_the_server_swell_or_stand() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (config, arguments) = settings(&data, None);
        let tokens = found(&config).await;
        let visit = visit(&config).await;
        let server = Server::start(&arguments, &[]);
        let rep = Client::with_session(&server.base, &tokens[0]);
        let path = format!("/visits/{visit}");
        let send = |name: &'static str, bytes: Vec<u8>| {
            let (rep, path) = (rep.clone(), format!("{path}/photos"));
            async move {
                let begun = Instant::now();
                let answer = rep.post_parts(&path, &[("op_id", name)], &[("photo", name, "image/png", bytes)]).await;
                (name, answer.status, begun.elapsed())
            }
        };
        send("plain", pictures::png(2000, 1500)).await;
        let before = server.peak();
        let mut taken = bombs::png_bombs(1024);
        taken.push(("markers", bombs::jpeg_of_markers(1000)));
        taken.push(("behind its end", [pictures::png(300, 200), vec![7; 8 << 20]].concat()));
        let picture = bombs::webp_picture(64);
        taken.push((
            "profile of a WebP",
            bombs::webp_of(&[
                (b"VP8X", bombs::webp_head(0x2c, 64)),
                (b"ICCP", vec![1; 4 << 20]),
                (b"VP8L", picture.clone()),
                (b"XMP ", vec![2; 4 << 20]),
            ]),
        ));
        let refused = [
            ("ten thousand markers", bombs::jpeg_of_markers(10_000)),
            ("sixty scans", bombs::jpeg_of_scans(2048, 60)),
            ("progressive of forty million", bombs::jpeg_of_scans(6300, 2)),
            (
                "moving",
                bombs::webp_of(&[
                    (b"VP8X", bombs::webp_head(0x02, 64)),
                    (b"ANIM", vec![0; 6]),
                    (b"VP8L", picture.clone()),
                ]),
            ),
            ("two sizes", bombs::webp_of(&[(b"VP8X", bombs::webp_head(0, 4096)), (b"VP8L", picture)])),
            (
                "lossless without end",
                bombs::webp_of(&[(b"VP8L", [vec![0x2f, 63, 192, 15, 0], vec![0x55; 2 << 20]].concat())]),
            ),
        ];
        for (name, bytes) in taken {
            let (_, status, took) = send(name, bytes).await;
            assert_eq!(status, 303, "{name} is a picture like any other without its ballast");
            assert!(took < Duration::from_secs(10), "{name} took {took:?}");
        }
        for (name, bytes) in refused {
            let (_, status, took) = send(name, bytes).await;
            assert_eq!(status, 422, "{name}");
            assert!(took < Duration::from_secs(10), "{name} took {took:?}");
        }
        let grown = server.peak() - before;
        println!("{before:.0} MB before, {grown:.0} MB more at most");
        assert!(grown < MOST, "the server swelled by {grown:.0} MB");
        rep.get(&path).await.expect(200);
    });
}

/// A visit of rep1 under way.
async fn visit(config: &server::testing::config::Config) -> Id {
    use server::testing::kernel::clock::Clock;
    use server::testing::kernel::db::sql;
    let running = server::testing::app::start(config.clone(), Clock::default()).await.unwrap();
    let (customer, visit, now) = (Id::new(), Id::new(), running.office.clock.now());
    let mut tx = running.office.db.begin().await.unwrap();
    sql("INSERT INTO customers (id, owner_id, name, created_at, updated_at) VALUES ($1, (SELECT id FROM users WHERE username = 'rep1'), '丰源', $2, $2)")
        .bind(customer).bind(now).run(&mut tx).await.unwrap();
    sql("INSERT INTO visits (id, owner_id, customer_id, planned_on, state, checked_in_at, created_at, updated_at) \
         VALUES ($1, (SELECT id FROM users WHERE username = 'rep1'), $2, $3, 'open', $4, $4, $4)")
    .bind(visit)
    .bind(customer)
    .bind(server::testing::kernel::clock::iso_day(now))
    .bind(now)
    .run(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    running.stop().await;
    visit
}
