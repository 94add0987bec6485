//! The open connections: how many there may be, who has how many, and which is closed when room is needed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::config::Config;
use crate::limits::Limits;
use crate::web::caller::Network;
use crate::web::listen::watch::{Verdict, Watch, now};

/// Every open connection.
#[derive(Debug)]
pub struct Connections {
    table: Mutex<Table>,
    most: usize,
    per_address: usize,
    proxies: Vec<Network>,
    limits: Limits,
    /// A connection ended.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Open>,
    /// How many a client has; proxies are not in it.
    clients: HashMap<Network, usize>,
    shortage: Option<Shortage>,
}

#[derive(Debug)]
struct Open {
    client: Option<Network>,
    watch: Arc<Watch>,
    task: Option<AbortHandle>,
}

/// A time in which there was no room for everybody; its beginning and its end are logged.
#[derive(Debug)]
struct Shortage {
    begun: Instant,
    last: Instant,
    evicted: u64,
    refused: u64,
    paused: u64,
}

/// What happened for want of room.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// An idle connection was closed for a new one.
    Evicted,
    /// A new connection was refused.
    Refused,
    /// Nothing was accepted for a moment.
    Paused,
}

enum Admission {
    In(Place),
    /// The address has as many as it may.
    Refused,
    /// There is no room for anybody.
    Full,
}

/// A shortage is over after this time without another event.
const OVER: Duration = Duration::from_secs(10);

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Arc<Connections>,
    id: u64,
    /// What is known of the connection.
    pub watch: Arc<Watch>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().remove(self.id);
        self.connections.freed.notify_one();
    }
}

impl Table {
    fn remove(&mut self, id: u64) -> Option<Open> {
        let open = self.open.remove(&id)?;
        if let Some(client) = open.client
            && let Some(count) = self.clients.get_mut(&client)
        {
            *count -= 1;
            if *count == 0 {
                self.clients.remove(&client);
            }
        }
        Some(open)
    }

    /// Closes the connection that is missed least, of `client` or of all; `false` when every one is being answered.
    fn evict(&mut self, client: Option<Network>, limits: &Limits) -> bool {
        let now = now();
        let spare = self
            .open
            .iter()
            .filter(|(_, open)| client.is_none() || open.client == client)
            .filter_map(|(id, open)| Some((open.watch.spare(now, limits)?, *id, open.task.clone()?)));
        let Some((_, id, task)) = spare.min_by_key(|(spare, id, _)| (*spare, *id)) else { return false };
        task.abort();
        self.remove(id);
        self.note(Want::Evicted);
        true
    }

    fn note(&mut self, want: Want) {
        let (count, now) = (self.open.len(), Instant::now());
        let shortage = self.shortage.get_or_insert_with(|| {
            tracing::warn!(connections = count, ?want, "connections are short; idle ones are closed for new ones");
            Shortage { begun: now, last: now, evicted: 0, refused: 0, paused: 0 }
        });
        shortage.last = now;
        match want {
            Want::Evicted => shortage.evicted += 1,
            Want::Refused => shortage.refused += 1,
            Want::Paused => shortage.paused += 1,
        }
    }
}

impl Connections {
    /// Room for `most` connections.
    pub fn new(config: &Config, most: usize) -> Connections {
        Connections {
            table: Mutex::default(),
            most,
            per_address: config.connections_per_address.max(1),
            proxies: config.proxies.clone(),
            limits: config.limits,
            freed: Notify::new(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `peer`, once there is room; another is closed for it where that helps. `None` when
    /// its address has as many as it may and all of them are in use.
    pub async fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        loop {
            match self.try_admit(peer) {
                Admission::In(place) => return Some(place),
                Admission::Refused => return None,
                Admission::Full => {}
            }
            let _ = tokio::time::timeout(PAUSE, self.freed.notified()).await;
        }
    }

    /// The process has no file left for a connection: closes an idle one, or waits a moment.
    pub async fn out_of_files(&self) {
        {
            let mut table = self.table();
            if !table.evict(None, &self.limits) {
                table.note(Want::Paused);
            }
        }
        // Also after an eviction: the closed connection's task gives its file back when it next runs.
        let _ = tokio::time::timeout(PAUSE, self.freed.notified()).await;
    }

    fn try_admit(self: &Arc<Self>, peer: IpAddr) -> Admission {
        let proxy = self.proxies.iter().any(|proxy| proxy.contains(peer));
        let client = (!proxy).then(|| Network::of_client(peer));
        let mut table = self.table();
        let has = client.and_then(|client| table.clients.get(&client).copied()).unwrap_or_default();
        if has >= self.per_address && !table.evict(client, &self.limits) {
            table.note(Want::Refused);
            return Admission::Refused;
        }
        if table.open.len() >= self.most && !table.evict(None, &self.limits) {
            table.note(Want::Paused);
            return Admission::Full;
        }
        if let Some(client) = client {
            *table.clients.entry(client).or_default() += 1;
        }
        table.next += 1;
        let id = table.next;
        let watch = Arc::new(Watch::default());
        table.open.insert(id, Open { client, watch: Arc::clone(&watch), task: None });
        Admission::In(Place { connections: Arc::clone(self), id, watch })
    }

    /// Says which task serves the connection of a place.
    pub fn served_by(&self, id: u64, task: AbortHandle) {
        if let Some(open) = self.table().open.get_mut(&id) {
            open.task = Some(task);
        }
    }

    /// Looks at every connection again and again, and closes those that are too slow.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.limits.tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look();
        }
    }

    fn look(&self) {
        let now = now();
        let mut table = self.table();
        for open in table.open.values() {
            match (open.watch.verdict(now, &self.limits), &open.task) {
                (Verdict::Keep, _) => {}
                (Verdict::Retire, _) => open.watch.retire.notify_one(),
                (Verdict::Close, Some(task)) => task.abort(),
                (Verdict::Close, None) => {}
            }
        }
        if let Some(over) = table.shortage.take_if(|shortage| shortage.last.elapsed() > OVER) {
            let Shortage { begun, last, evicted, refused, paused } = over;
            let seconds = (last - begun).as_secs();
            tracing::warn!(seconds, evicted, refused, paused, "there is room for connections again");
        }
    }

    /// Ends every connection: those in the middle of an answer may finish it within the time for that.
    pub async fn end(&self) {
        for open in self.table().open.values() {
            open.watch.retire.notify_one();
        }
        let empty = async {
            while !self.table().open.is_empty() {
                self.freed.notified().await;
            }
        };
        if tokio::time::timeout(self.limits.stop, empty).await.is_err() {
            for open in self.table().open.values() {
                if let Some(task) = &open.task {
                    task.abort();
                }
            }
        }
    }
}

/// How long accepting pauses when there is no room.
const PAUSE: Duration = Duration::from_millis(100);

impl Place {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }
}
