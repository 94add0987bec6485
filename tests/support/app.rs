//! The real server, in this process, on a free port and with a database of its own.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};

use server::testing::app::{Running, start, work_once};
use server::testing::config::Config;
use server::testing::demo::fill;
use server::testing::kernel::Office;
use server::testing::kernel::clock::{self, Clock, HOUR, Millis};
use server::testing::kernel::db::{Record, sql};
use server::testing::kernel::id::Id;
use tempfile::TempDir;

use super::client::Client;
use super::people::{self, People};
use super::{postgres, statements};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// A database of the shared cluster.
    Postgres,
}

/// A server with a little company in it. Its clock stands at nine in the morning and moves by hand.
#[derive(Clone)]
pub struct App {
    /// The office, for looking into.
    pub office: Office,
    /// Moves by [`App::pass`].
    pub clock: Clock,
    /// Who works here.
    pub people: People,
    /// Which database it has.
    pub engine: Engine,
    base: String,
    inner: Arc<Inner>,
}

struct Inner {
    running: Mutex<Option<Running>>,
    config: Config,
    /// Goes with the last holder.
    _folder: TempDir,
}

/// The day on which everything happens: a Monday.
pub const TODAY: &str = "2026-11-23";

/// Nine in the morning of [`TODAY`].
pub fn nine_o_clock() -> Millis {
    clock::start_of(clock::parse_day(TODAY).unwrap()) + 9 * HOUR
}

/// Runs one test on one engine.
pub fn on<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(App) -> F) {
    on_with(engine, |_| (), test);
}

/// Runs one test with other settings.
pub fn on_with<F: Future<Output = ()>>(engine: Engine, change: impl FnOnce(&mut Config), test: impl FnOnce(App) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = App::start_with(engine, change).await;
        test(app.clone()).await;
        app.stop().await;
    });
    // A stream that a test left open must not hold the run up.
    runtime.shutdown_background();
}

/// A demo company with so many customers, on a server of its own below `folder`.
pub async fn demo(engine: Engine, folder: &Path, customers: u32) -> Running {
    let config = Config {
        data: folder.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        mqtt_listen: ([127, 0, 0, 1], 0).into(),
        database_url: match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::shared().database().await),
        },
        ..Config::default()
    };
    let running = start(config, Clock::standing_at(nine_o_clock())).await.unwrap();
    fill(&running.office, customers).await.unwrap();
    running
}

impl App {
    /// A server with the people of [`people`].
    pub async fn start(engine: Engine) -> App {
        App::start_with(engine, |_| ()).await
    }

    /// The same with other settings.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> App {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data: folder.path().join("data"),
            listen: ([127, 0, 0, 1], 0).into(),
            mqtt_listen: ([127, 0, 0, 1], 0).into(),
            database_url: match engine {
                Engine::Sqlite => None,
                Engine::Postgres => Some(postgres::shared().database().await),
            },
            // For the push service of this machine; every other private address stays refused.
            push_hosts: vec!["127.0.0.1".to_owned()],
            ..Config::default()
        };
        change(&mut config);
        let clock = Clock::standing_at(nine_o_clock());
        let running = start(config.clone(), clock.clone()).await.unwrap();
        let people = people::move_in(&running.office).await;
        App {
            office: Arc::clone(&running.office),
            base: running.url(),
            clock,
            people,
            engine,
            inner: Arc::new(Inner { running: Mutex::new(Some(running)), config, _folder: folder }),
        }
    }

    /// Stops the server and starts it again on the same data.
    pub async fn restart(&self) -> App {
        self.restart_with(|_| (), start).await
    }

    /// The same, with something done to the clock while it is stopped.
    pub async fn restart_after(&self, meanwhile: impl FnOnce(&Clock)) -> App {
        self.restart_with(meanwhile, start).await
    }

    /// The same with another way to start.
    pub async fn restart_with<F>(&self, meanwhile: impl FnOnce(&Clock), start: impl FnOnce(Config, Clock) -> F) -> App
    where
        F: Future<Output = anyhow::Result<Running>>,
    {
        let running = self.inner.running.lock().unwrap().take();
        running.unwrap().stop().await;
        meanwhile(&self.clock);
        let running = start(self.inner.config.clone(), self.clock.clone()).await.unwrap();
        let again = App { office: Arc::clone(&running.office), base: running.url(), ..self.clone() };
        *self.inner.running.lock().unwrap() = Some(running);
        again
    }

    /// Stops the server; its data stays as long as this value.
    pub async fn halt(&self) {
        let running = self.inner.running.lock().unwrap().take();
        if let Some(running) = running {
            running.stop().await;
        }
        statements::keep(&self.office.db);
    }

    async fn stop(self) {
        self.halt().await;
        if let Some(url) = &self.inner.config.database_url {
            postgres::shared().drop_database(url).await;
        }
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A browser in which nobody is signed in.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base)
    }

    /// A browser in which `username` has signed in.
    pub async fn sign_in(&self, username: &str) -> Client {
        let client = self.stranger();
        let answer = client.sign_in(username, people::PASSWORD).await;
        assert_eq!(answer.status, 303, "{username} cannot sign in: {}", answer.text());
        client
    }

    /// A browser with a session that was opened without the sign-in page.
    pub async fn session_of(&self, user: Id) -> Client {
        let mut tx = self.office.db.begin().await.unwrap();
        let token = self.office.open_session(&mut tx, user, "test", self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        Client::with_session(&self.base, &token)
    }

    /// Lets time pass and wakes the jobs.
    pub fn pass(&self, by: Millis) {
        self.clock.advance(by);
        self.office.alarm.ring();
    }

    /// Sets the clock of the machine forward or back, while no time passes.
    pub fn jump(&self, by: Millis) {
        self.clock.jump(by);
        self.office.alarm.ring();
    }

    /// Rows of any statement.
    pub async fn rows<T: Record>(&self, text: &'static str) -> Vec<T> {
        sql(text).all(&self.office.db).await.unwrap()
    }

    /// One number, such as a count; the statement names it `n`.
    pub async fn number(&self, text: &'static str) -> i64 {
        #[derive(sqlx_macros::FromRow)]
        struct One {
            n: i64,
        }
        sql(text).one::<One>(&self.office.db).await.unwrap().n
    }

    /// One text; the statement names it `s`.
    pub async fn word(&self, text: &'static str) -> String {
        #[derive(sqlx_macros::FromRow)]
        struct One {
            s: String,
        }
        sql(text).one::<One>(&self.office.db).await.unwrap().s
    }

    /// Runs a statement by hand, as nobody in the product does.
    pub async fn execute(&self, text: &'static str) -> Result<u64, server::testing::kernel::db::DbError> {
        let mut tx = self.office.db.begin().await?;
        let changed = sql(text).run(&mut tx).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Waits until no event is due any more, so that every reaction has run.
    pub async fn settle(&self) {
        let deadline = std::time::Instant::now() + super::PATIENCE;
        loop {
            self.office.alarm.ring();
            let now = self.clock.now();
            #[derive(sqlx_macros::FromRow)]
            struct One {
                n: i64,
            }
            let due: One =
                sql("SELECT count(*) AS n FROM events WHERE state = 'pending' AND (due_at <= $1 OR attempts > 0)")
                    .bind(now)
                    .one(&self.office.db)
                    .await
                    .unwrap();
            if due.n == 0 {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{} events are still waiting", due.n);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Lets the server do everything that it does by itself once. What has not happened after that is not due: a proof
    /// that needs no waiting.
    pub async fn work_once(&self) {
        work_once(&self.office).await.unwrap();
    }

    /// An id that no record has.
    pub fn nobody(&self) -> Id {
        Id(42)
    }
}
