//! Boot, in order, top to bottom; and the one list of what is mounted.

use std::future::Future;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use poem::EndpointExt;

use crate::config::{Admin, Cli, Command, Config, Demo};
use crate::events::Event;
use crate::kernel::access::CompanyKey;
use crate::kernel::access::auth;
use crate::kernel::background::housekeeping;
use crate::kernel::background::jobs::{self, Alarm, Round};
use crate::kernel::background::outbox::{Lane, Pending};
use crate::kernel::background::supervise::Supervisor;
use crate::kernel::bodies::Bodies;
use crate::kernel::clock::Clock;
use crate::kernel::clock::watch as clock_watch;
use crate::kernel::crypto::seal::Seal;
use crate::kernel::db::{Db, migrate, pending};
use crate::kernel::durable;
use crate::kernel::id::Id;
use crate::kernel::live::badges::Badges;
use crate::kernel::live::push::Push;
use crate::kernel::live::sse::Hub;
use crate::kernel::media::files::Files;
use crate::kernel::media::uploads::Uploads;
use crate::kernel::memory::Memory;
use crate::kernel::mqtt::Wire;
use crate::kernel::{HookFuture, Hooks, Kernel, Office};
use crate::web::Shell;
use crate::web::routes::Routes;
use crate::{contacts, demo, dispatch, migrations, modules, open_on_phone, reactions, users, web, workbench};

/// Runs what the command line asks for.
///
/// # Errors
/// What keeps the server from starting, in words for the person who started it.
pub fn run(cli: Cli) -> HookFuture<'static, anyhow::Result<()>> {
    // Boxed: the compiler generates an async function's code in the crate that awaits it, so that the program and each
    // test binary would compile the boot once more.
    Box::pin(run_command(cli))
}

async fn run_command(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Routes => {
            for entry in routes().entries() {
                println!("{entry:?}");
            }
            Ok(())
        }
        Command::Admin(Admin { username, create, config }) => {
            let is_there = config.database_url.is_some() || config.data.join("fieldline.db").exists();
            anyhow::ensure!(is_there, "{} holds no company; --data names its folder", config.data.display());
            let db = open_database(&config).await?;
            let restored = users::restore(&db, &username, create, Clock::default().now()).await?;
            db.close().await;
            let made =
                if restored.created { "is now a person here and an administrator" } else { "is an administrator" };
            println!(
                "{username} {made}. Password for the next sign-in, which asks for a new one:\n{}",
                restored.password
            );
            Ok(())
        }
        Command::Serve(config) => {
            let running = start(config, Clock::default()).await?;
            println!("Fieldline 外勤通  {}", running.url());
            if std::io::stdout().is_terminal() {
                println!("{}", open_on_phone::lines(&running.office.config, running.address));
            }
            running.until_stopped().await
        }
        Command::Demo(Demo { customers, no_box, config }) => {
            let running = start(config, Clock::default()).await?;
            let simulation = demo::open(&running.office, &running.url(), customers, !no_box).await?;
            println!("{}", open_on_phone::lines(&running.office.config, running.address));
            let stopped = running.until_stopped().await;
            drop(simulation);
            stopped
        }
    }
}

/// A server that is up.
#[derive(Debug)]
pub struct Running {
    /// Where it listens; the port is real even when 0 was asked for.
    pub address: SocketAddr,
    /// The office, for the demo's generator and for tests.
    pub office: Office,
    serving: web::listen::Serving,
    supervisor: Supervisor,
}

impl Running {
    /// The address to open.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.office.config.tls() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// When signals cannot be listened for, or when a part of the server ended again and again.
    pub async fn until_stopped(self) -> anyhow::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let lost = tokio::select! {
            result = tokio::signal::ctrl_c() => { result?; None }
            _ = terminate.recv() => None,
            name = self.supervisor.lost() => Some(name),
        };
        self.stop().await;
        match lost {
            Some(name) => anyhow::bail!("the part {name:?} of the server ended again and again; the log says why"),
            None => Ok(()),
        }
    }

    /// Stops serving, after the requests in flight, and closes the database.
    pub async fn stop(self) {
        self.office.hub.close();
        // Before the listener, whose end it would report as a fault.
        drop(self.supervisor);
        self.serving.stop().await;
        self.office.db.close().await;
    }
}

/// Every route of the product, in menu order.
#[must_use]
pub fn routes() -> Routes {
    let mut routes = Routes::default();
    crate::assets::routes(&mut routes);
    crate::workbench::routes(&mut routes);
    crate::customers::routes(&mut routes, contacts::first, dispatch::customer_used);
    crate::contacts::routes(&mut routes);
    crate::timeline::routes(&mut routes);
    crate::visits::routes(&mut routes);
    crate::tasks::routes(&mut routes);
    crate::approvals::routes(&mut routes, dispatch::facts, dispatch::reasons);
    crate::quotes::routes(&mut routes, crate::orders::from_quote::act);
    crate::orders::routes(&mut routes, dispatch::told);
    crate::payments::routes(&mut routes);
    crate::products::routes(&mut routes, dispatch::product_used);
    crate::stock::routes(&mut routes);
    crate::stock_documents::routes(&mut routes);
    crate::sms::routes(&mut routes);
    crate::campaigns::routes(&mut routes);
    crate::decisions::routes(&mut routes);
    crate::calls::routes(&mut routes);
    crate::popup::routes(&mut routes);
    crate::gateways::routes(&mut routes);
    crate::clock_check::routes(&mut routes);
    crate::users::routes(&mut routes);
    crate::web::push::routes(&mut routes);
    routes
}

/// Starts a server: data folder, database, secrets, routes, jobs, listener.
///
/// # Errors
/// What is missing or in the way.
pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Running> {
    start_with(config, clock, reactions::after).await
}

/// The same with other reactions, for tests of what happens when one of them fails.
#[doc(hidden)]
pub async fn start_with<F, R>(config: Config, clock: Clock, react: R) -> anyhow::Result<Running>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
    R: Fn(Office, Arc<CompanyKey>, Pending<Event>) -> F + Send + Sync + 'static,
{
    let react: jobs::React<Event> = Arc::new(move |office, key, pending| Box::pin(react(office, key, pending)));
    boxed(config, clock, react).await
}

/// Boxed for the same reason as [`run`].
fn boxed(config: Config, clock: Clock, react: jobs::React<Event>) -> HookFuture<'static, anyhow::Result<Running>> {
    Box::pin(boot(config, clock, react))
}

/// The jobs that run at an interval.
const ROUNDS: [(&str, Duration, Round); 6] = [
    ("messages to boxes", crate::sms::LOOK, crate::sms::look),
    ("campaigns", crate::campaigns::LOOK, crate::campaigns::feed),
    ("occasions", crate::campaigns::CELEBRATE, crate::campaigns::celebrate),
    ("closing of calls", crate::calls::LOOK, crate::calls::look),
    ("approvals of people who left", crate::approvals::LOOK, crate::approvals::look),
    ("sweeping of boxes' events", crate::gateways::SWEEP, crate::gateways::sweep),
];

/// Runs all background jobs once; see [`jobs::once`].
pub async fn work_once(office: &Office) -> anyhow::Result<()> {
    let react: jobs::React<Event> = Arc::new(|office, key, pending| Box::pin(reactions::after(office, key, pending)));
    jobs::once(office, &react, &ROUNDS.map(|(_, _, work)| work)).await
}

async fn boot(config: Config, clock: Clock, react: jobs::React<Event>) -> anyhow::Result<Running> {
    // The only provider that is built in. Fails where one is installed already, and then there is nothing to do.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let begun = SystemTime::now();
    durable::folder(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let below = durable::tidy(&config.data, begun)
        .with_context(|| format!("the data folder {} cannot be read", config.data.display()))?;
    tokio::task::spawn_blocking(move || durable::tidy_below(below, begun));
    let db = open_database(&config).await?;
    clock_watch::resume(&db, &clock).await?;
    let office: Office = Arc::new(Kernel {
        clock,
        hub: Hub::default(),
        memory: Memory::default(),
        files: Files::new(config.data.join("files")),
        uploads: Uploads::open(config.data.join("tmp")).context("the folder for uploads cannot be emptied")?,
        bodies: Bodies::new(&config.limits),
        badges: Badges::default(),
        alarm: Alarm::default(),
        wire: Wire::default(),
        push: Push::open(&config.data.join("push.key"), &config.push_hosts)
            .context("the key for web push cannot be read or made")?,
        seal: Seal::open(&config.data.join("secret.key")).context("the server's key cannot be read or made")?,
        sessions: auth::Sessions::default(),
        hooks: Hooks { rights: modules::rights, count: workbench::count },
        db,
        config,
    });
    let app = routes().mount(&office, Shell { tabs: modules::tabs, sign_in: users::sign_in_page })?;
    let mut supervisor = Supervisor::default();
    // The boxes' credentials first, then the broker that asks for them, then whatever speaks to boxes: reactions, and
    // the page at which a box asks where the broker is.
    crate::gateways::open(&office).await.context("the boxes' key or credentials cannot be read")?;
    crate::kernel::mqtt::start(&office, crate::gateways::hear, &mut supervisor).await?;
    let (serving, [accepting, looking]) = web::listen::serve(&office.config, app.boxed()).await?;
    supervisor.watch("listener", accepting);
    supervisor.watch("connections", looking);
    for (name, lane) in [("reactions", Lane::Usual), ("urgent reactions", Lane::Urgent)] {
        let (office, react) = (Arc::clone(&office), Arc::clone(&react));
        supervisor.keep(name, move || jobs::run(Arc::clone(&office), lane, Arc::clone(&react)));
    }
    for (name, every, work) in ROUNDS {
        let office = Arc::clone(&office);
        supervisor.keep(name, move || jobs::repeat(Arc::clone(&office), every, work));
    }
    let sweeping = Arc::clone(&office);
    supervisor.keep("housekeeping", move || housekeeping::run(Arc::clone(&sweeping)));
    let watching = Arc::clone(&office);
    supervisor.keep("clock", move || clock_watch::run(Arc::clone(&watching)));
    Ok(Running { address: serving.address, office, serving, supervisor })
}

/// Opens the database and brings it up to date.
async fn open_database(config: &Config) -> anyhow::Result<Db> {
    let db = match &config.database_url {
        Some(url) => Db::postgres(url, config.database_connections).await.context("PostgreSQL does not answer")?,
        None => Db::sqlite(&config.data.join("fieldline.db")).await.context("the database file cannot be opened")?,
    };
    back_up_before_migrating(&db, config).await?;
    migrate(&db, migrations::ALL).await?;
    Ok(db)
}

/// An older database is copied before it is brought up to date, so that the old version can run on the copy.
async fn back_up_before_migrating(db: &Db, config: &Config) -> anyhow::Result<()> {
    let (done, ahead) = pending(db, migrations::ALL).await?;
    if done == 0 || ahead == 0 {
        return Ok(());
    }
    if let Db::Postgres { .. } = db {
        tracing::warn!(ahead, "this PostgreSQL database is about to be migrated; its copies are pg_dump's");
        return Ok(());
    }
    let folder = config.data.join("backups");
    durable::folder(&folder)?;
    let to = folder.join(format!("before-{}.db", Id::new()));
    db.snapshot(&to).await.with_context(|| format!("no copy could be written to {}", to.display()))?;
    tracing::info!(copy = %to.display(), ahead, "copied the database before migrating it");
    Ok(())
}
