//! The benchmark: how many pages the release server gives in a second, how fast, and with how much memory.
//!
//! `cargo build --release --workspace && target/release/bench`
//!
//! It starts `server demo --no-box` on a free port of this machine, signs its own sessions in and asks for
//! pages over connections that stay open, first one session alone, then 8, then 32. Beside it stands a bare
//! `hello` of the same framework under the same load, and the disk's own flush. Load and server share the
//! machine's cores. It ends by itself.

mod load;
mod process;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use load::{Measure, Visits, count_trips, measure_pages, measure_visits};
use process::{Server, flush_median};
use wire::Connection;

/// What to measure.
#[derive(Debug, Parser)]
struct Arguments {
    /// Customers of the demo company, up to 100,000.
    #[arg(long, default_value_t = 5_000)]
    customers: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// The server's program; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Where its data goes; by default a new folder in `target`, removed afterwards.
    #[arg(long)]
    data: Option<PathBuf>,
    /// PostgreSQL in place of SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// Only what has this in its name, such as "visit".
    #[arg(long, default_value = "")]
    only: String,
    /// Serve the bare page only; used by the benchmark itself.
    #[arg(long, hide = true)]
    hello: bool,
}

/// Sessions that ask at once.
const SESSIONS: [usize; 3] = [1, 8, 32];
/// Whose sessions they are, in turn.
const READERS: [&str; 5] = ["rep1", "rep2", "manager1", "clerk1", "admin"];
/// Who can visit customers.
const VISITORS: [&str; 3] = ["rep1", "rep2", "manager1"];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.hello {
        return process::serve_hello();
    }
    // One thread makes the load; the server has the rest of the machine, and a share of this core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(bench(&arguments));
    runtime.shutdown_background();
    outcome
}

async fn bench(arguments: &Arguments) -> Result<()> {
    let own = std::env::current_exe()?;
    let beside = own.parent().context("this program lies in no folder")?;
    let program = arguments.server.clone().unwrap_or_else(|| beside.join("server"));
    if !program.exists() {
        bail!("{} is missing: cargo build --release -p fieldline-server", program.display());
    }
    let holder = tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?;
    let data = arguments.data.clone().unwrap_or_else(|| holder.path().join("data"));
    std::fs::create_dir_all(&data)?;
    let time = Duration::from_secs(arguments.seconds);

    println!("machine: {} cores, load and server on the same ones", std::thread::available_parallelism()?);
    println!("disk: median fdatasync of 4 KiB {:.2} ms", flush_median(&data)?.as_secs_f64() * 1e3);

    let mut rows: Vec<Measure> = Vec::new();
    let hello = Server::hello(&own).await?;
    for sessions in SESSIONS {
        let connections = strangers(&hello, sessions).await?;
        rows.push(measure_pages("hello (bare poem)", connections, vec!["/".to_owned()], time, None).await?);
    }
    drop(hello);

    let demo = || Server::demo(&program, arguments.customers, &data, arguments.database_url.as_deref());
    let begun = std::time::Instant::now();
    let maker = demo().await?;
    let (took, memory) = (begun.elapsed().as_secs_f64(), maker.memory()?);
    println!("demo: {} customers made in {took:.1} s, {memory}", arguments.customers);
    // Another process serves, so that its memory is that of serving.
    maker.stop().await?;
    let server = demo().await?;
    println!("at rest: {}", server.memory()?);
    let words = search_words(&server).await?;
    println!("search: {}", words.join("  "));
    let search = |word: &String| format!("/customers?q={}", wire::percent(word));
    let mut pages: Vec<(String, Vec<String>, &[&str])> = vec![
        ("sign-in page".to_owned(), vec!["/login".to_owned()], &[]),
        ("workbench".to_owned(), vec!["/".to_owned()], &READERS),
        ("customer list".to_owned(), vec!["/customers".to_owned()], &READERS),
        ("customer page".to_owned(), customers(&server).await?, &["rep1"]),
        ("customer search".to_owned(), words.iter().map(search).collect(), &READERS),
    ];
    // Each by itself: what is common and what is rare must be as fast.
    pages.extend(words.iter().map(|word| (format!("search {word}"), vec![search(word)], &READERS[..])));
    pages.push(("order list".to_owned(), vec!["/orders".to_owned()], &READERS));
    pages.push(("visit list".to_owned(), vec!["/visits".to_owned()], &VISITORS));
    pages.retain(|(name, ..)| name.contains(&arguments.only));
    let trips = trips(&program, arguments, &data, &pages).await?;
    for ((name, paths, people), trips) in pages.into_iter().zip(trips) {
        let one_text = name.starts_with("search ");
        for sessions in SESSIONS.into_iter().filter(|sessions| !one_text || *sessions == 32) {
            let connections = if people.is_empty() {
                strangers(&server, sessions).await?
            } else {
                signed_in_as(&server, people, sessions).await?
            };
            let mut measure = measure_pages(&name, connections, paths.clone(), time, Some(&server)).await?;
            measure.trips = trips;
            rows.push(measure);
        }
    }
    for sessions in SESSIONS.into_iter().filter(|_| "visit POST".contains(&arguments.only)) {
        let connections = signed_in_as(&server, &VISITORS, sessions).await?;
        let visits = Visits::prepare(connections).await?;
        rows.extend(measure_visits(visits, time, &server).await?);
    }
    print_table(&rows);
    println!("memory after everything: {}", server.memory()?);
    Ok(())
}

async fn strangers(server: &Server, sessions: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..sessions {
        connections.push(Connection::open(server.address()).await?);
    }
    Ok(connections)
}

async fn signed_in_as(server: &Server, people: &[&str], sessions: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for place in 0..sessions {
        let mut connection = Connection::open(server.address()).await?;
        let name = people[place % people.len()];
        connection.sign_in(name, "fieldline").await.with_context(|| format!("{name} cannot sign in"))?;
        connections.push(connection);
    }
    Ok(connections)
}

/// How many statements each page sends, for the first of its people.
async fn trips(
    program: &Path,
    arguments: &Arguments,
    data: &Path,
    pages: &[(String, Vec<String>, &[&str])],
) -> Result<Vec<Option<usize>>> {
    let server = Server::telling(program, arguments.customers, data, arguments.database_url.as_deref()).await?;
    let mut counted = Vec::new();
    for (_, paths, people) in pages {
        let mut connection = match people.first() {
            Some(name) => signed_in_as(&server, &[*name], 1).await?.remove(0),
            None => strangers(&server, 1).await?.remove(0),
        };
        let path = paths.first().context("a page without an address")?;
        counted.push(Some(count_trips(&server, &mut connection, path).await?));
    }
    server.stop().await?;
    Ok(counted)
}

/// The pages of some customers of the first reader.
async fn customers(server: &Server) -> Result<Vec<String>> {
    let mut connection = signed_in_as(server, &["rep1"], 1).await?.remove(0);
    let mut found = wire::links(&connection.get("/customers", false).await?.text(), "/customers/");
    found.truncate(8);
    Ok(found)
}

/// What people type: rare, common and very common parts of names, initials, pinyin, digits; some taken from real rows.
async fn search_words(server: &Server) -> Result<Vec<String>> {
    let mut connection = signed_in_as(server, &["rep1"], 1).await?.remove(0);
    let page = connection.get("/customers", false).await?;
    let names: Vec<String> = wire::texts_of_links(&page.text(), "/customers/");
    let mut words: Vec<String> = Vec::new();
    for name in names.iter().step_by(8) {
        let chinese: Vec<char> = name.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
        if chinese.len() >= 4 {
            words.push(chinese[2..4].iter().collect());
        }
    }
    let usual = ["2417", "8061", "0536", "138", "农资", "农资经营", "县", "jn", "zc", "ny", "hf", "z", "nongzi"];
    words.extend(usual.map(str::to_owned));
    words.dedup();
    Ok(words)
}

fn print_table(rows: &[Measure]) {
    println!();
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>6}",
        "page", "sessions", "req/s", "of hello", "p50 ms", "p99 ms", "bytes", "RSS MB", "not 2xx", "trips"
    );
    for row in rows {
        let hello = rows.iter().find(|other| other.name.starts_with("hello") && other.sessions == row.sessions);
        let share = hello.map_or(0.0, |hello| row.rate() / hello.rate());
        println!(
            "{:<34} {:>8} {:>9.0} {:>9.3} {:>9.2} {:>9.2} {:>9.0} {:>9.1} {:>8} {:>6}",
            row.name,
            row.sessions,
            row.rate(),
            share,
            row.percentile(50.0),
            row.percentile(99.0),
            row.bytes_each(),
            row.rss_mb,
            row.odd,
            row.trips.map(|trips| trips.to_string()).unwrap_or_default()
        );
    }
    println!();
}
