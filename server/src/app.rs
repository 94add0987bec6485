//! Boot, in order, top to bottom; and the one list of what is mounted.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use poem::EndpointExt;
use tokio::task::JoinHandle;

use crate::config::{Cli, Command, Config, Demo};
use crate::kernel::badges::Badges;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, migrate, pending};
use crate::kernel::files::Files;
use crate::kernel::housekeeping;
use crate::kernel::id::Id;
use crate::kernel::jobs::{self, Alarm};
use crate::kernel::mqtt::Wire;
use crate::kernel::outbox::Lane;
use crate::kernel::push::Push;
use crate::kernel::routes::Routes;
use crate::kernel::seal::Seal;
use crate::kernel::sse::Hub;
use crate::kernel::{Hooks, Kernel, Office, auth};
use crate::{contacts, demo, documents, migrations, modules, reactions, users, web, workbench};

/// Runs what the command line asks for.
///
/// # Errors
/// What keeps the server from starting, in words for the person who started it.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Routes => {
            for entry in routes().entries() {
                println!("{entry:?}");
            }
            Ok(())
        }
        Command::Serve(config) => {
            let running = start(config, Clock::default()).await?;
            println!("Fieldline 外勤通  {}", running.url());
            running.until_stopped().await
        }
        Command::Demo(Demo { customers, no_box, config }) => {
            let running = start(config, Clock::default()).await?;
            let simulation = demo::open(&running.office, &running.url(), customers, !no_box).await?;
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
    tasks: Vec<JoinHandle<()>>,
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
    /// When signals cannot be listened for.
    pub async fn until_stopped(self) -> anyhow::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
        self.stop().await;
        Ok(())
    }

    /// Stops serving and closes the database.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.office.db.close().await;
    }
}

/// Every route of the product, in menu order.
#[must_use]
pub fn routes() -> Routes {
    let mut routes = Routes::default();
    crate::assets::routes(&mut routes);
    crate::workbench::routes(&mut routes);
    crate::customers::routes(&mut routes, contacts::first);
    crate::contacts::routes(&mut routes);
    crate::timeline::routes(&mut routes);
    crate::visits::routes(&mut routes);
    crate::tasks::routes(&mut routes);
    crate::approvals::routes(&mut routes, documents::facts);
    crate::orders::routes(&mut routes, documents::told_of_order);
    crate::payments::routes(&mut routes);
    crate::products::routes(&mut routes);
    crate::stock::routes(&mut routes);
    crate::sms::routes(&mut routes);
    crate::campaigns::routes(&mut routes);
    crate::decisions::routes(&mut routes);
    crate::calls::routes(&mut routes);
    crate::popup::routes(&mut routes);
    crate::gateways::routes(&mut routes);
    crate::users::routes(&mut routes);
    crate::kernel::push::routes(&mut routes);
    routes
}

/// Starts a server: data folder, database, secrets, routes, jobs, listener.
///
/// # Errors
/// What is missing or in the way.
pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Running> {
    // The only provider that is built in. Fails where one is installed already, and then there is nothing to do.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let db = match &config.database_url {
        Some(url) => Db::postgres(url).await.context("PostgreSQL does not answer")?,
        None => Db::sqlite(&config.data.join("fieldline.db")).await.context("the database file cannot be opened")?,
    };
    back_up_before_migrating(&db, &config).await?;
    migrate(&db, migrations::ALL).await?;
    let office: Office = Arc::new(Kernel {
        clock,
        hub: Hub::default(),
        files: Files::new(config.data.join("files")),
        badges: Badges::default(),
        alarm: Alarm::default(),
        wire: Wire::default(),
        push: Push::open(&config.data.join("push.key"), &config.push_hosts)
            .context("the key for web push cannot be read or made")?,
        seal: Seal::open(&config.data.join("secret.key")).context("the server's key cannot be read or made")?,
        sessions: auth::Sessions::default(),
        hooks: Hooks {
            rights: modules::rights,
            tabs: modules::tabs,
            count: workbench::count,
            sign_in: users::sign_in_page,
        },
        db,
        config,
    });
    let app = routes().mount(&office)?;
    let (address, serving) = web::listen::serve(&office.config, app.boxed()).await?;
    let reacting = tokio::spawn(jobs::run(Arc::clone(&office), Lane::Usual, reactions::after));
    let reacting_at_once = tokio::spawn(jobs::run(Arc::clone(&office), Lane::Urgent, reactions::after));
    // The boxes' credentials first, then the broker that asks for them.
    crate::gateways::open(&office).await.context("the boxes' key or credentials cannot be read")?;
    let mut tasks = crate::kernel::mqtt::start(&office, crate::gateways::hear).await?;
    let offering = tokio::spawn(jobs::repeat(Arc::clone(&office), crate::sms::LOOK, crate::sms::look));
    let feeding = tokio::spawn(jobs::repeat(Arc::clone(&office), crate::campaigns::LOOK, crate::campaigns::feed));
    let celebrating =
        tokio::spawn(jobs::repeat(Arc::clone(&office), crate::campaigns::CELEBRATE, crate::campaigns::celebrate));
    let closing = tokio::spawn(jobs::repeat(Arc::clone(&office), crate::calls::LOOK, crate::calls::look));
    let sweeping = tokio::spawn(housekeeping::run(Arc::clone(&office)));
    tasks.extend([serving, reacting, reacting_at_once, sweeping, closing, offering, feeding, celebrating]);
    Ok(Running { address, office, tasks })
}

/// An older database is copied before it is brought up to date, so that the old version can run on the copy.
async fn back_up_before_migrating(db: &Db, config: &Config) -> anyhow::Result<()> {
    let (done, ahead) = pending(db, migrations::ALL).await?;
    if done == 0 || ahead == 0 {
        return Ok(());
    }
    if let Db::Postgres(_) = db {
        tracing::warn!(ahead, "this PostgreSQL database is about to be migrated; its copies are pg_dump's");
        return Ok(());
    }
    let folder = config.data.join("backups");
    std::fs::create_dir_all(&folder)?;
    let to = folder.join(format!("before-{}.db", Id::new()));
    db.snapshot(&to).await.with_context(|| format!("no copy could be written to {}", to.display()))?;
    tracing::info!(copy = %to.display(), ahead, "copied the database before migrating it");
    Ok(())
}
