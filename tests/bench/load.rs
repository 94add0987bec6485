//! Load and what it measures.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use crate::process::Server;
use crate::wire::{self, Connection};

/// What one page did under one load.
pub struct Measure {
    /// The page.
    pub name: String,
    /// How many sessions asked at once.
    pub sessions: usize,
    /// The server's resident memory right after it.
    pub rss_mb: f64,
    /// Answers that were not what was asked for.
    pub odd: usize,
    /// Statements that one answer sends to the database, where they were counted.
    pub trips: Option<usize>,
    took: Duration,
    bytes: usize,
    /// Microseconds of each answer, in order.
    times: Vec<u32>,
}

impl Measure {
    fn new(name: &str, sessions: usize, took: Duration, parts: Vec<Part>, server: Option<&Server>) -> Result<Measure> {
        let mut times: Vec<u32> = parts.iter().flat_map(|part| part.times.iter().copied()).collect();
        times.sort_unstable();
        Ok(Measure {
            name: name.to_owned(),
            sessions,
            rss_mb: server.map(Server::rss).transpose()?.unwrap_or_default(),
            odd: parts.iter().map(|part| part.odd).sum(),
            trips: None,
            took,
            bytes: parts.iter().map(|part| part.bytes).sum(),
            times,
        })
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    /// Milliseconds within which this share of answers came.
    pub fn percentile(&self, percent: f64) -> f64 {
        let place = ((self.times.len() as f64) * percent / 100.0) as usize;
        self.times.get(place.min(self.times.len().saturating_sub(1))).map_or(0.0, |us| f64::from(*us) / 1e3)
    }

    /// Bytes on the wire of an answer.
    pub fn bytes_each(&self) -> f64 {
        self.bytes as f64 / self.times.len().max(1) as f64
    }
}

/// What one session saw.
#[derive(Default)]
struct Part {
    times: Vec<u32>,
    bytes: usize,
    odd: usize,
}

impl Part {
    fn note(&mut self, begun: Instant, bytes: usize, right: bool) {
        self.times.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        self.bytes += bytes;
        self.odd += usize::from(!right);
    }
}

/// Every connection asks for the pages in turn until the time is over.
pub async fn measure_pages(
    name: &str,
    connections: Vec<Connection>,
    paths: Vec<String>,
    time: Duration,
    server: Option<&Server>,
) -> Result<Measure> {
    let sessions = connections.len();
    let mut asking = Vec::new();
    let begun = Instant::now();
    let end = begun + time;
    for (place, mut connection) in connections.into_iter().enumerate() {
        let requests: Vec<Vec<u8>> = paths.iter().map(|path| connection.request(path, true)).collect();
        asking.push(tokio::spawn(async move {
            let mut part = Part::default();
            // The first answer fills caches on both sides and does not count.
            connection.send(&requests[0]).await?;
            let mut turn = place;
            while Instant::now() < end {
                let asked = Instant::now();
                let answer = connection.send(&requests[turn % requests.len()]).await?;
                part.note(asked, answer.bytes, answer.status == 200);
                turn += 1;
            }
            anyhow::Ok(part)
        }));
    }
    let mut parts = Vec::new();
    for task in asking {
        parts.push(task.await??);
    }
    Measure::new(name, sessions, begun.elapsed(), parts, server)
}

/// How many statements a page sends to the database: the fewest of some tries, since jobs send theirs too.
pub async fn count_trips(server: &Server, connection: &mut Connection, path: &str) -> Result<usize> {
    let mut fewest = usize::MAX;
    for _ in 0..6 {
        let before = server.statements();
        let answer = connection.get(path, false).await?;
        if answer.status != 200 {
            bail!("{path} answers {}", answer.status);
        }
        // The log comes through a pipe.
        tokio::time::sleep(Duration::from_millis(100)).await;
        fewest = fewest.min(server.statements() - before);
    }
    Ok(fewest)
}

/// Sessions that go through visits, each at customers of its own.
pub struct Visits(Vec<(Connection, Vec<String>)>);

/// Customers of each session.
const CUSTOMERS_EACH: usize = 1;

impl Visits {
    /// Finds each session its customers.
    pub async fn prepare(connections: Vec<Connection>) -> Result<Visits> {
        let mut taken: Vec<String> = Vec::new();
        let mut ready = Vec::new();
        for mut connection in connections {
            let mut own = Vec::new();
            for page in 1..20 {
                let list = connection.get(&format!("/customers?page={page}"), false).await?;
                let all = wire::links(&list.text(), "/customers/");
                if all.is_empty() {
                    break;
                }
                own.extend(all.into_iter().filter(|one| !taken.contains(one)));
                if own.len() >= CUSTOMERS_EACH {
                    break;
                }
            }
            own.truncate(CUSTOMERS_EACH);
            if own.is_empty() {
                bail!("too few customers for so many sessions; use --customers");
            }
            taken.extend(own.iter().cloned());
            ready.push((connection, own));
        }
        Ok(Visits(ready))
    }
}

/// A token as a phone makes it for each opening of a form: UUIDv7.
fn op_id(session: usize, count: u64) -> String {
    let ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let (high, low) = (ms >> 16, ms & 0xffff);
    format!(
        "{high:08x}-{low:04x}-7{:03x}-{:04x}-{:012x}",
        session & 0xfff,
        0x8000 | (count >> 48),
        count & 0xffff_ffff_ffff
    )
}

/// Every session plans, checks in and checks out, again and again. Each POST is durable when it is answered:
/// the visit, its audit entry and its op_id, and with the check-out an event.
pub async fn measure_visits(visits: Visits, time: Duration, server: &Server) -> Result<Vec<Measure>> {
    let sessions = visits.0.len();
    let begun = Instant::now();
    let end = begun + time;
    let mut going = Vec::new();
    for (place, (mut connection, customers)) in visits.0.into_iter().enumerate() {
        going.push(tokio::spawn(async move {
            let mut parts: [Part; 3] = Default::default();
            let mut count = 0u64;
            while Instant::now() < end {
                let customer = customers[usize::try_from(count)? % customers.len()].trim_start_matches("/customers/");
                let mut op = || {
                    count += 1;
                    op_id(place, count)
                };
                let asked = Instant::now();
                let planned = connection.post(&format!("/visits?customer={customer}"), &[("op_id", &op())]).await?;
                parts[0].note(asked, planned.bytes, planned.status == 303);
                let visit = planned
                    .header("location")
                    .and_then(|to| to.split('?').next())
                    .context("no visit was planned")?
                    .to_owned();

                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis().to_string();
                let fields = [
                    ("op_id", op()),
                    ("lat", "36.7069".into()),
                    ("lng", "119.1618".into()),
                    ("accuracy", "15".into()),
                    ("fix_at", now),
                ];
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let asked = Instant::now();
                let answer = connection.post(&format!("{visit}/check-in"), &fields).await?;
                parts[1].note(asked, answer.bytes, answer.status == 303);

                let id = op();
                let fields =
                    [("op_id", id.as_str()), ("result", "客户库存不多，下周补货"), ("out_reason", "在仓库见面")];
                let asked = Instant::now();
                let answer = connection.post(&format!("{visit}/check-out"), &fields).await?;
                parts[2].note(asked, answer.bytes, answer.status == 303);
            }
            anyhow::Ok(parts)
        }));
    }
    let mut kinds: [Vec<Part>; 3] = Default::default();
    for task in going {
        for (kind, part) in kinds.iter_mut().zip(task.await??) {
            kind.push(part);
        }
    }
    let took = begun.elapsed();
    let mut all = Vec::new();
    let mut every = Vec::new();
    for (name, parts) in ["  of these: plan", "  check-in", "  check-out (with event)"].iter().zip(kinds) {
        every.extend(parts.iter().map(|part| Part {
            times: part.times.clone(),
            ..Part { bytes: part.bytes, odd: part.odd, ..Part::default() }
        }));
        all.push(Measure::new(name, sessions, took, parts, Some(server))?);
    }
    all.insert(0, Measure::new("visit POST (durable)", sessions, took, every, Some(server))?);
    Ok(all)
}
