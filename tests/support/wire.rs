//! A box on the wire: claimed like any other, connected to the server's own broker, and led by the test. It
//! keeps the protocol's rules (sequence, boot, acknowledgement) and has no modem.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::messages::{
    Ack, BoxTrouble, EventHead, InboxEvent, Info, ModemHealth, ModemState, Presence, Registration, SmsCommand,
    SmsEvent, SmsState, Status,
};
use fieldline_protocol::settings::Setting;
use fieldline_protocol::signing::Signed;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::testing::gateways::{Claim, claim_directly, welcome};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

use super::PATIENCE;
use super::app::App;

/// A connected box.
pub struct TestBox {
    claim: Claim,
    boot: Uuid,
    client: AsyncClient,
    commands: Mutex<Receiver<(String, Signed)>>,
    seq: Arc<Mutex<u64>>,
    taken: Mutex<HashSet<Uuid>>,
}

impl TestBox {
    /// Claims a box and connects it; returns once the server knows that it is there.
    pub async fn connect(app: &App) -> TestBox {
        let mut tx = app.office.db.begin().await.unwrap();
        let claim = claim_directly(&app.office, &mut tx, "测试网关", app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        welcome(&app.office, &claim);
        let address = app.office.wire.address().unwrap();
        let mut options = MqttOptions::new(claim.name.clone(), address.ip().to_string(), address.port());
        options.set_credentials(claim.username.clone(), claim.password.clone());
        let (client, mut events) = AsyncClient::new(options, 100);
        let (sender, commands) = channel(1000);
        let root = format!("gw/v1/{}/", claim.name);
        let commands_of = format!("{root}cmd/#");
        client.subscribe(commands_of.clone(), QoS::AtLeastOnce).await.unwrap();
        let speaker = client.clone();
        tokio::spawn(async move {
            let mut was_connected = false;
            loop {
                match events.poll().await {
                    // The broker forgets what a client that left had subscribed to.
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        if std::mem::replace(&mut was_connected, true) {
                            speaker.try_subscribe(commands_of.clone(), QoS::AtLeastOnce).unwrap();
                        }
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        let topic = message.topic.trim_start_matches(&root).to_owned();
                        if let Ok(signed) = serde_json::from_slice::<Signed>(&message.payload) {
                            let _ = sender.send((topic, signed)).await;
                        }
                    }
                    Ok(_) => {}
                    // As a box does: a machine under load may not answer its first try in time.
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        });
        let here = TestBox {
            claim,
            boot: Uuid::now_v7(),
            client,
            commands: Mutex::new(commands),
            seq: Arc::new(Mutex::new(0)),
            taken: Mutex::default(),
        };
        here.say("modem/m1/state", &TestBox::healthy(app)).await;
        here.presence(app, Presence::Online).await;
        until(app, "SELECT count(*) AS n FROM gateways WHERE online = TRUE", 1).await;
        here
    }

    /// Says whether it is there.
    pub async fn presence(&self, app: &App, state: Presence) {
        self.say("status", &Status { state, boot: self.boot, ver: "test".to_owned(), ts: app.clock.now() }).await;
    }

    /// Says what it is made of: two lines, and these settings in force beside the defaults.
    pub async fn info(&self, agent: &str, settings: &[(&str, &str)], troubles: Vec<BoxTrouble>) {
        let defaults = Setting::ALL.map(|one| (one.word().to_owned(), one.default_value().to_owned()));
        let set = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let info = Info {
            agent: agent.to_owned(),
            lines: vec!["line0".to_owned(), "line1".to_owned()],
            settings: defaults.into_iter().chain(set).collect(),
            troubles,
            ..Info::default()
        };
        self.say("info", &info).await;
    }

    /// How its modem is when nothing is wrong.
    pub fn healthy(app: &App) -> ModemState {
        ModemState {
            health: ModemHealth::Ready,
            registration: Registration::Home,
            operator: "CHINA MOBILE".to_owned(),
            signal_dbm: Some(-71),
            sim_used: Some(0),
            sim_capacity: Some(50),
            queue: 0,
            sent_hour: 0,
            trouble: None,
            error: None,
            balance: None,
            ts: app.clock.now(),
        }
    }

    /// Publishes a message below its own name.
    pub async fn say(&self, topic: &str, message: &impl Serialize) {
        self.say_bytes(topic, serde_json::to_vec(message).unwrap()).await;
    }

    /// Publishes any bytes.
    pub async fn say_bytes(&self, topic: &str, bytes: Vec<u8>) {
        let topic = format!("gw/v1/{}/{topic}", self.claim.name);
        self.client.publish(topic, QoS::AtLeastOnce, false, bytes).await.unwrap();
    }

    /// The next command of this topic, such as `cmd/sms`; others are passed over.
    pub async fn command<T: DeserializeOwned>(&self, wanted: &str) -> T {
        self.command_within(wanted, PATIENCE).await.unwrap_or_else(|| panic!("no {wanted} came"))
    }

    /// The next command of this topic, if one comes in this time.
    pub async fn command_within<T: DeserializeOwned>(&self, wanted: &str, time: Duration) -> Option<T> {
        let mut commands = self.commands.lock().await;
        tokio::time::timeout(time, async {
            loop {
                let (topic, signed) = commands.recv().await.expect("the connection ended");
                assert_eq!((&signed.topic, &signed.name), (&topic, &self.claim.name));
                if topic == wanted {
                    return serde_json::from_str(&signed.body).unwrap();
                }
            }
        })
        .await
        .ok()
    }

    /// The next message to be sent that it has not got yet, taken into its queue. What comes again is acknowledged again:
    /// a server offers a message twice that is given out while it still greets the box.
    pub async fn take_sms(&self) -> SmsCommand {
        loop {
            let command: SmsCommand = self.command("cmd/sms").await;
            self.acknowledge(command.id, None).await;
            if self.taken.lock().await.insert(command.id) {
                return command;
            }
        }
    }

    /// Says that a command is committed, or why it is not obeyed.
    pub async fn acknowledge(&self, id: Uuid, refusal: Option<&str>) {
        let ack = Ack { id, ok: refusal.is_none(), err: refusal.map(str::to_owned) };
        self.say(&format!("ack/{id}"), &ack).await;
    }

    /// The head of its next event.
    pub async fn head(&self, app: &App) -> EventHead {
        let mut seq = self.seq.lock().await;
        *seq += 1;
        EventHead { eid: Uuid::now_v7(), seq: *seq, floor: 1, boot: self.boot, ts: app.clock.now() }
    }

    /// Reports where a message stands.
    pub async fn report(&self, app: &App, id: Uuid, state: SmsState, error: Option<&str>) {
        let head = self.head(app).await;
        let event = SmsEvent {
            head,
            id,
            state,
            modem: Some("m1".to_owned()),
            parts: Vec::new(),
            error: error.map(str::to_owned),
        };
        self.say("evt/sms", &event).await;
    }

    /// Brings a message in.
    pub async fn inbox(&self, app: &App, from: &str, text: &str, incomplete: bool) {
        let head = self.head(app).await;
        let event = InboxEvent {
            head,
            from: from.to_owned(),
            text: text.to_owned(),
            smsc_ts: app.clock.now(),
            modem: "m1".to_owned(),
            incomplete,
            pdus: Vec::new(),
            unreadable: None,
        };
        self.say("evt/inbox", &event).await;
    }
}

/// Waits until a count is this.
pub async fn until(app: &App, statement: &'static str, wanted: i64) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let now = app.number(statement).await;
        if now == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{statement} is {now} and not {wanted}");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
