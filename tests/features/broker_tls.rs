//! The embedded broker on an address that other machines can reach: TLS by an authority that boxes get at claiming.

use std::io::{Read, Write};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, TlsConfiguration, Transport};
use serde_json::json;
use server::testing::gateways::Claim;
use uuid::Uuid;

use crate::support::app::{App, Engine};
use crate::support::gateway::{Gateway, bring, new_code};

fn run<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
    runtime.shutdown_background();
}

async fn everywhere(plain: bool) -> App {
    App::start_with(Engine::Sqlite, |config| {
        config.mqtt_listen = ([0, 0, 0, 0], 0).into();
        config.mqtt_plain = plain;
    })
    .await
}

async fn claimed(app: &App) -> Claim {
    let (_, code) = new_code(&app.sign_in("admin").await, "办公室").await;
    bring(app, &code).await.unwrap()
}

/// Whether a client that trusts this authority is let in.
async fn is_let_in(claim: &Claim, ca: &str) -> bool {
    let port = claim.broker.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut options = MqttOptions::new("stranger", "127.0.0.1", port);
    options.set_credentials(&claim.username, &claim.password);
    let ca = ca.as_bytes().to_vec();
    options.set_transport(Transport::tls_with_config(TlsConfiguration::Simple { ca, alpn: None, client_auth: None }));
    let (_client, mut wire) = AsyncClient::new(options, 10);
    loop {
        match tokio::time::timeout(Duration::from_secs(10), wire.poll()).await {
            Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => return true,
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return false,
        }
    }
}

#[test]
fn a_box_speaks_tls_to_a_broker_that_others_can_reach() {
    run(async {
        let app = everywhere(false).await;
        let claim = claimed(&app).await;
        assert!(claim.broker.starts_with("mqtts://127.0.0.1:"), "{}", claim.broker);
        let ca = claim.ca.clone().expect("the authority is handed over");
        // Whoever speaks plainly gets no answer of a broker.
        let port: u16 = claim.broker.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut plain = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        plain.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        plain.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x").unwrap();
        let mut answer = [0u8; 4];
        let read = plain.read(&mut answer).unwrap_or(0);
        assert!(read == 0 || answer[0] != 0x20, "the broker answers without TLS");
        let mut gateway = Gateway::connect(claim.clone()).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM calls").await, 1);
        // The authority of another server is none of this one's, and ours stays the same over a restart.
        let other = claimed(&everywhere(false).await).await.ca.unwrap();
        assert!(is_let_in(&claim, &ca).await && !is_let_in(&claim, &other).await);
        let again = app.restart().await;
        assert_eq!(again.office.wire.ca(), Some(ca.as_str()));
    });
}

#[test]
fn the_broker_listens_before_a_box_can_ask_for_it() {
    run(async {
        // Both at once, or the second could be the first again.
        let free = [0, 1].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let [pages, broker] = free.each_ref().map(|free| free.local_addr().unwrap().port());
        drop(free);
        let app = App::start_with(Engine::Sqlite, |config| {
            config.listen = ([127, 0, 0, 1], pages).into();
            config.mqtt_listen = ([0, 0, 0, 0], broker).into();
        })
        .await;
        let watched = |config, clock| async move {
            let asking = std::thread::spawn(move || {
                while std::net::TcpStream::connect(("127.0.0.1", pages)).is_err() {}
                std::net::TcpStream::connect(("127.0.0.1", broker)).is_ok()
            });
            let running = server::testing::app::start(config, clock).await;
            assert!(asking.join().unwrap(), "a box would be told no authority, and trust nobody");
            running
        };
        app.restart_with(|_| (), watched).await.halt().await;
    });
}

#[test]
fn a_broker_of_a_closed_network_does_without_tls_when_asked() {
    run(async {
        let app = everywhere(true).await;
        let claim = claimed(&app).await;
        assert!(claim.broker.starts_with("mqtt://127.0.0.1:") && claim.ca.is_none(), "{}", claim.broker);
        let mut gateway = Gateway::connect(claim).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
    });
}
