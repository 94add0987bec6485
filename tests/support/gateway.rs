//! A box, played by a plain MQTT client: claimed over HTTP like a real one, it says what a test tells it to say.

use std::time::Duration;

use fieldline_protocol::messages::{Claim, EventAck, Presence, Status};
use fieldline_protocol::topics::Topic;
use reqwest::Url;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::PATIENCE;
use super::app::App;
use super::client::Client;

/// What a box notices.
#[derive(Debug)]
pub enum Noticed {
    /// It is connected.
    Connected,
    /// Topic and payload.
    Said(String, Vec<u8>),
    /// The connection ended or was refused.
    Cut(String),
}

/// A connected box.
pub struct Gateway {
    /// Its credential.
    pub claim: Claim,
    mqtt: AsyncClient,
    boot: Uuid,
    seq: u64,
    noticed: UnboundedReceiver<Noticed>,
    polling: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

/// Puts a box on the gateways page: its page, and a code that is read off the screen.
pub async fn new_code(admin: &Client, name: &str) -> (String, String) {
    let form = admin.get("/gateways/new").await.form("/gateways");
    let page = admin.submit(&form, &[("name", name)]).await;
    let path = format!("/gateways/{}", page.new_id());
    let form = admin.get(&path).await.form(&format!("{path}/code"));
    let shown = admin.submit(&form, &[]).await.expect(200);
    let code = shown.texts("p.money").into_iter().next().expect("the page shows a code");
    (path, code)
}

/// Brings a code as the box does: the credential, or the status of the refusal.
pub async fn bring(app: &App, code: &str) -> Result<Claim, u16> {
    let sent = reqwest::Client::new().post(format!("{}/gateways/claim", app.base())).json(&json!({ "code": code }));
    let answer = sent.send().await.unwrap();
    if answer.status().is_success() { Ok(answer.json().await.unwrap()) } else { Err(answer.status().as_u16()) }
}

/// A new box, claimed and connected, and the address of its page.
pub async fn connect_new(app: &App, admin: &Client, name: &str) -> (Gateway, String) {
    let (path, code) = new_code(admin, name).await;
    let claim = bring(app, &code).await.unwrap();
    (Gateway::connect(claim).await, path)
}

impl Gateway {
    /// Connects and greets, as the agent does.
    pub async fn connect(claim: Claim) -> Gateway {
        let broker: Url = claim.broker.parse().unwrap();
        let mut options = MqttOptions::new(&claim.name, broker.host_str().unwrap(), broker.port().unwrap());
        options.set_credentials(&claim.username, &claim.password);
        if let Some(ca) = claim.ca.clone() {
            let tls = TlsConfiguration::Simple { ca: ca.into_bytes(), alpn: None, client_auth: None };
            options.set_transport(Transport::tls_with_config(tls));
        }
        options.set_keep_alive(Duration::from_secs(10));
        // As large as the broker takes: the client's own 10 KiB would hide what it says to more.
        options.set_max_packet_size(256 << 10, 256 << 10);
        let (mqtt, wire) = AsyncClient::new(options, 64);
        let (tell, noticed) = unbounded_channel();
        let polling = tokio::spawn(poll(wire, tell));
        let mut gateway = Gateway { claim, mqtt, boot: Uuid::now_v7(), seq: 0, noticed, polling };
        gateway.wait("a connection", |noticed| matches!(noticed, Noticed::Connected).then_some(())).await;
        for topic in ["cmd/#", "evt/ack"] {
            gateway.hear(&format!("gw/v1/{}/{topic}", gateway.claim.name)).await;
        }
        let status = Status { state: Presence::Online, boot: gateway.boot, ver: "test".to_owned(), ts: 0 };
        gateway.say(&Topic::Status.of(&gateway.claim.name), &serde_json::to_value(status).unwrap()).await;
        gateway
    }

    /// Subscribes.
    pub async fn hear(&self, filter: &str) {
        self.mqtt.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
    }

    /// Publishes JSON.
    pub async fn say(&self, topic: &str, payload: &Value) {
        self.say_bytes(topic, payload.to_string().into_bytes()).await;
    }

    /// Publishes any bytes.
    pub async fn say_bytes(&self, topic: &str, payload: Vec<u8>) {
        self.mqtt.publish(topic, QoS::AtLeastOnce, false, payload).await.unwrap();
    }

    /// The topic of its calls.
    pub fn calls(&self) -> String {
        Topic::CallEvent.of(&self.claim.name)
    }

    /// The next call event of its queue; fields are added or replaced by `fields`.
    pub fn event(&mut self, call: Uuid, phase: &str, at: i64, fields: Value) -> Value {
        self.seq += 1;
        let mut event = json!({
            "eid": Uuid::now_v7(), "seq": self.seq, "floor": 1, "boot": self.boot, "ts": at,
            "line": "一号线", "call": call, "phase": phase,
        });
        let all = event.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
        event
    }

    /// Says a call event and waits until the server has committed it.
    pub async fn call(&mut self, call: Uuid, phase: &str, at: i64, fields: Value) {
        let event = self.event(call, phase, at, fields);
        self.say(&self.calls(), &event).await;
        self.acknowledged(self.seq).await;
    }

    /// Topics of what has come in by now and was not looked at.
    pub fn heard_so_far(&mut self) -> Vec<String> {
        let mut topics = Vec::new();
        while let Ok(noticed) = self.noticed.try_recv() {
            if let Noticed::Said(topic, _) = noticed {
                topics.push(topic);
            }
        }
        topics
    }

    /// Begins a new run, as a box does that lost its power: another boot, the same queue.
    pub async fn start_anew(&mut self) {
        self.boot = Uuid::now_v7();
        let status = Status { state: Presence::Online, boot: self.boot, ver: "test".to_owned(), ts: 0 };
        self.say(&Topic::Status.of(&self.claim.name), &serde_json::to_value(status).unwrap()).await;
    }

    /// Its run.
    pub fn boot(&self) -> Uuid {
        self.boot
    }

    /// Waits until the server acknowledges everything up to `seq`.
    pub async fn acknowledged(&mut self, seq: u64) {
        let topic = Topic::EventAck.of(&self.claim.name);
        let what = format!("an acknowledgement up to {seq}");
        self.wait(&what, |noticed| match noticed {
            Noticed::Said(on, payload) if *on == topic => {
                let ack: EventAck = serde_json::from_slice(payload).unwrap();
                (ack.upto >= seq).then_some(())
            }
            Noticed::Said(..) | Noticed::Connected | Noticed::Cut(_) => None,
        })
        .await;
    }

    /// The highest acknowledgement that has come in by now.
    pub fn acknowledged_so_far(&mut self) -> u64 {
        let mut highest = 0;
        while let Ok(noticed) = self.noticed.try_recv() {
            if let Noticed::Said(_, payload) = noticed
                && let Ok(ack) = serde_json::from_slice::<EventAck>(&payload)
            {
                highest = highest.max(ack.upto);
            }
        }
        highest
    }

    /// Waits for something.
    pub async fn wait<T>(&mut self, what: &str, mut is_it: impl FnMut(&Noticed) -> Option<T>) -> T {
        let search = async {
            loop {
                let noticed = self.noticed.recv().await.expect("the box polls");
                if let Some(found) = is_it(&noticed) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("the box waits for {what}"))
    }
}

async fn poll(mut wire: EventLoop, tell: UnboundedSender<Noticed>) {
    loop {
        let noticed = match wire.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Noticed::Connected,
            Ok(Event::Incoming(Packet::Publish(said))) => Noticed::Said(said.topic, said.payload.to_vec()),
            Ok(_) => continue,
            Err(error) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Noticed::Cut(error.to_string())
            }
        };
        if tell.send(noticed).is_err() {
            return;
        }
    }
}
