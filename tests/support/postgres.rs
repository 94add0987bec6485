//! One throw-away PostgreSQL cluster for the whole run, made at its first use.
//!
//! A small shell keeps it: it reads from a pipe that we hold open, so that when this process ends, however
//! it ends, the shell stops the cluster and removes its folder.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A running cluster.
pub struct Cluster {
    port: u16,
    /// Closed by the end of this process, which ends the cluster.
    _alive: ChildStdin,
}

static SHARED: OnceLock<Cluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// What the keeper runs. `$1` the folder of the programs, `$2` the port, `$3` further settings.
const KEEPER: &str = r#"
set -eu
home=$(mktemp -d "${TMPDIR:-/tmp}/fieldline-pg.XXXXXX")
as=""
if [ "$(id -u)" = 0 ]; then
    chown postgres "$home"
    as="setpriv --reuid=postgres --regid=postgres --init-groups"
fi
cd "$home"
$as "$1/initdb" --pgdata="$home/data" --username=fieldline --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions >"$home/log" 2>&1 || { cat "$home/log" >&2; exit 1; }
$as "$1/postgres" -D "$home/data" -p "$2" -h 127.0.0.1 -k "$home" $3 >>"$home/log" 2>&1 &
server=$!
trap 'kill -INT "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$home"' EXIT
tries=0
until "$1/pg_isready" -q -h 127.0.0.1 -p "$2"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server"; then cat "$home/log" >&2; exit 1; fi
    sleep 0.1
done
echo ready
cat >/dev/null
"#;

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The folder of Debian's PostgreSQL programs, or `None` for those on the path.
fn programs() -> String {
    let mut versions: Vec<u32> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|found| found.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
        .unwrap_or_default();
    versions.sort_unstable();
    let newest = versions.last().expect("PostgreSQL is not installed: apt-get install postgresql");
    format!("/usr/lib/postgresql/{newest}/bin")
}

impl Cluster {
    /// Starts a cluster. `durable` keeps fsync on, for tests that kill things.
    pub fn start(durable: bool) -> Cluster {
        let port = free_port();
        let more =
            if durable { "-c fsync=on" } else { "-c fsync=off -c synchronous_commit=off -c full_page_writes=off" };
        let mut keeper = Command::new("sh")
            .args([
                "-c",
                KEEPER,
                "keeper",
                &programs(),
                &port.to_string(),
                &format!("{more} -c max_connections=300 -c max_wal_size=256MB"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let alive = keeper.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "PostgreSQL did not start");
        // The keeper ends when the pipe above closes, which happens with this process; nobody is left to wait.
        std::thread::spawn(move || keeper.wait());
        Cluster { port, _alive: alive }
    }

    /// Makes an empty database and returns its URL.
    pub async fn database(&self) -> String {
        let name = format!("fieldline_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.maintain(format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// Removes a database with whoever is still connected to it.
    pub async fn drop_database(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap();
        self.maintain(format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://fieldline@127.0.0.1:{}/{database}", self.port)
    }

    async fn maintain(&self, text: String) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The cluster of the features' tests.
pub fn shared() -> &'static Cluster {
    SHARED.get_or_init(|| Cluster::start(false))
}
