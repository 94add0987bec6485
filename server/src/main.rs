//! Parse arguments, start logs, run.

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    server::close_to_others();
    // SQLite's connections have threads of their own and do half of the work; as many of ours as cores would
    // only wake each other up. Measured on two cores: the same pages a second, a third less time on the processor.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.div_ceil(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let logs = EnvFilter::try_from_env("FIELDLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info,mqtt5=warn,poem=warn"));
    tracing_subscriber::fmt().with_env_filter(logs).with_writer(std::io::stderr).init();
    std::panic::set_hook(Box::new(server::panicked));
    server::run(server::Cli::parse()).await
}
