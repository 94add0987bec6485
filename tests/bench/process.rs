//! The processes that are measured, and the disk.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use poem::listener::{Acceptor, Listener};
use poem::{Route, get, handler};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server of this run; it ends with the value.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Statements that it told of; see [`Server::telling`].
    statements: Arc<AtomicUsize>,
}

/// The longest wait for a demo company of 100,000 customers.
const PATIENCE: Duration = Duration::from_secs(600);

impl Server {
    /// The bare framework.
    pub async fn hello(own: &Path) -> Result<Server> {
        let mut command = Command::new(own);
        command.arg("--hello");
        Server::start(command).await
    }

    /// The product with its demo company.
    pub async fn demo(program: &Path, customers: u32, data: &Path, database_url: Option<&str>) -> Result<Server> {
        let mut command = Server::product(program, customers, data, database_url);
        command.env("FIELDLINE_LOG", "warn");
        Server::start(command).await
    }

    /// The same, with a line in its log for each statement that goes to the database: to count them, not to measure.
    pub async fn telling(program: &Path, customers: u32, data: &Path, database_url: Option<&str>) -> Result<Server> {
        let mut command = Server::product(program, customers, data, database_url);
        command.env("FIELDLINE_LOG", "warn,sqlx::query=debug").stderr(Stdio::piped());
        Server::start(command).await
    }

    fn product(program: &Path, customers: u32, data: &Path, database_url: Option<&str>) -> Command {
        let mut command = Command::new(program);
        command.args(["demo", "--no-box", "--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"]);
        command.args(["--customers", &customers.to_string()]).arg("--data").arg(data);
        if let Some(url) = database_url {
            command.args(["--database-url", url]);
        }
        command
    }

    /// Starts it and reads its address from what it prints.
    async fn start(mut command: Command) -> Result<Server> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let found = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, rest)) = line.split_once("http://") {
                    let address = rest.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
                    return Ok(address.parse::<SocketAddr>()?);
                }
            }
            bail!("it ended without printing its address")
        });
        let address = found.await.context("it did not start in time")??;
        // Its further lines must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let statements = Arc::new(AtomicUsize::new(0));
        if let Some(log) = child.stderr.take() {
            let (mut lines, statements) = (BufReader::new(log).lines(), Arc::clone(&statements));
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    statements.fetch_add(usize::from(line.contains("sqlx::query")), Ordering::Relaxed);
                }
            });
        }
        Ok(Server { child, address, statements })
    }

    /// Statements that it told of so far.
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Kills it and waits for its end.
    pub async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory in megabytes.
    pub fn rss(&self) -> Result<f64> {
        self.read("status", "VmRSS:")
    }

    /// Resident memory for people.
    pub fn memory(&self) -> Result<String> {
        let peak = self.read("status", "VmHWM:")?;
        let pss = self.read("smaps_rollup", "Pss:").unwrap_or(0.0);
        Ok(format!("RSS {:.1} MB, PSS {pss:.1} MB, at most {peak:.1} MB", self.rss()?))
    }

    fn read(&self, file: &str, name: &str) -> Result<f64> {
        let pid = self.child.id().context("it has ended")?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/{file}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

/// Serves `hello` until it is killed.
pub fn serve_hello() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let acceptor = poem::listener::TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().into_iter().next().context("no address")?;
        // Printed once it listens: whoever reads it may connect at once.
        println!("http://{}", address.as_socket_addr().context("no socket address")?);
        poem::Server::new_with_acceptor(acceptor).run(Route::new().at("/", get(hello))).await?;
        Ok(())
    })
}

/// The median time of 200 durable writes of 4 KiB.
pub fn flush_median(folder: &Path) -> Result<Duration> {
    let path = folder.join("flush");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let block = [7u8; 4096];
    let mut times = Vec::with_capacity(200);
    for _ in 0..200 {
        let begun = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
