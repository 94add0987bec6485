//! The demo company: an agro-chemical distributor in Shandong with people, customers, products and a year of
//! work, made by a seeded generator; and the simulated box beside it.
//!
//! The same seed makes the same company; its dates are relative to the day it is made, so that it is alive.
//!
//! What stands open today is made by the product's own functions: planned visits, tasks, quotes, stock documents. The
//! past is written as rows, hundreds at a time, because those functions act in the present: an order takes today's number
//! and prices and the stock of this moment, a decision raises events that push and send messages, a payment closes orders
//! now; and the years of 100,000 customers would take hours. This is the one place besides the features' own stores that
//! writes into their tables. `tests/features/demo.rs` holds its rows to what the functions leave: the same columns are
//! filled, and the same sums hold. An order that waits and a visit that is over today belong to the past that led to them.
//!
//! Tables: none of its own.
//! Events: none; the past is not announced.
//! Uses: users, customers, products, stock, documents, lines, quotes, stock_documents, gateways, tasks, visits

mod company;
mod customers;
mod gateway;
mod goods;
mod load;
mod quotes;
mod rng;
mod stock;
mod today;
mod words;
mod year;

use anyhow::Context;

use crate::kernel::Office;
use crate::kernel::clock::{self, DAY};
use crate::kernel::db::sql;
use crate::kernel::search::{self, Pieces};
use crate::kernel::settings;
use load::{Loader, row};
use rng::Rng;
use year::{Book, Pace, Sums};

pub use gateway::Simulation;

/// The password of every demo sign-in; `serve` refuses it.
pub const PASSWORD: &str = "fieldline";

const SEED: u64 = 20_261_123;
/// Customers of one round: everything of a round is in memory at once.
const ROUND: u32 = 1_000;
/// Customers whose pieces for the search are inserted together: the more, the fewer times a page of them changes.
const PIECES_OF: usize = 10_000;
/// The row of `settings` that tells a demo company from a real one.
const MARK: &str = "demo";

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether the company was there already and nothing was made.
    pub already: bool,
    /// Customers.
    pub customers: usize,
    /// Their people.
    pub contacts: usize,
    /// Visits, planned ones included.
    pub visits: usize,
    /// Orders.
    pub orders: usize,
    /// Payments.
    pub payments: usize,
}

/// Makes the demo company with so many customers in an empty database; one that is there is kept.
///
/// # Errors
/// When the database holds another company or a half-made one, or cannot be written.
pub async fn fill(office: &Office, customers: u32) -> anyhow::Result<Summary> {
    let mark: Option<String> = settings::value(&office.db, MARK).await?;
    match mark.as_deref() {
        Some("made") => return Ok(Summary { already: true, ..Summary::default() }),
        Some(_) => anyhow::bail!("the demo company here was not finished; remove the data folder and start again"),
        None => {}
    }
    if sql("SELECT id FROM users LIMIT 1").optional_scalar::<crate::kernel::id::Id>(&office.db).await?.is_some() {
        anyhow::bail!("this database holds a company of its own; choose another data folder with --data");
    }
    let hash = office.hash_password(PASSWORD.to_owned()).await?;
    make(office, &hash, customers).await.context("the demo company could not be made")
}

async fn make(office: &Office, hash: &str, wanted: u32) -> anyhow::Result<Summary> {
    let now = office.clock.now();
    let today = clock::start_of(clock::day(now));
    // Twelve reps cannot see a hundred thousand customers as often as three hundred.
    let (times, visits) = match wanted {
        0..=3_000 => (2, 12),
        3_001..=20_000 => (1, 6),
        _ => (1, 2),
    };
    let pace = Pace { today, times, visits };
    let mut load = Loader::new(&office.db);
    load.begin().await?;
    load.insert("INSERT INTO settings (name, value) VALUES", vec![row![MARK, "begun"]]).await?;
    let company = company::found(&mut load, hash, today - 500 * DAY).await?;
    let goods = goods::shelve(&mut load, &mut Rng::new(SEED), today).await?;
    load.commit().await?;
    let (mut summary, mut sums) = (Summary::default(), Sums::default());
    let (mut askers, mut pieces) = (Vec::new(), Pieces::default());
    for first in (0..wanted).step_by(usize::try_from(ROUND)?) {
        let mut book = Book::default();
        let mut shops = Vec::new();
        // Each round has its own numbers: a larger company begins with the same customers.
        let mut rng = Rng::new(SEED ^ (u64::from(first) << 32));
        for n in first..wanted.min(first + ROUND) {
            if let Some(mut shop) = customers::make(usize::try_from(n)?, &mut load, &mut rng, &company, today) {
                year::live(&mut load, &mut rng, &mut shop, &goods, pace, &mut book);
                shops.push(shop);
            }
        }
        let ahead = match first {
            0 => today::plan(&mut load, &mut rng, &mut shops, &goods, pace, now, &mut book),
            _ => Vec::new(),
        };
        summary.customers += shops.len();
        summary.contacts += customers::write(&mut load, &mut rng, &goods, &shops, &mut pieces, now).await?;
        if pieces.records() >= PIECES_OF || first + ROUND >= wanted {
            load.insert(search::PIECES, std::mem::take(&mut pieces).rows("c")).await?;
        }
        let orders = year::write(&mut load, &mut rng, &goods, book, &mut sums).await?;
        if first == 0 {
            askers.extend(shops.iter().skip(3).take(4).map(|shop| quotes::Asker::of(shop, &goods)));
            sums.visits += today::visits(&mut load, &ahead, pace).await?;
            today::write(&mut load, &mut rng, &company, &shops, &orders, pace, now).await?;
        }
        if wanted > ROUND {
            tracing::info!(customers = summary.customers, "making the demo company");
        }
    }
    (summary.visits, summary.orders, summary.payments) = (sums.visits, sums.orders, sums.payments);
    year::close(&mut load, &mut Rng::new(SEED + 1), &goods, company.clerk, pace, sums).await?;
    quotes::write(load.tx().await?, &askers, &goods, now).await?;
    stock::write(load.tx().await?, company.clerk, &goods, today).await?;
    settings::set(load.tx().await?, MARK, "made").await?;
    load.finish().await?;
    office.alarm.ring();
    Ok(summary)
}

/// Fills the office of `server demo`, which answers at `url`, starts its box and says how to use both. The box
/// runs as long as the returned value lives.
///
/// # Errors
/// See [`fill`].
pub async fn open(office: &Office, url: &str, customers: u32, with_box: bool) -> anyhow::Result<Option<Simulation>> {
    let begun = std::time::Instant::now();
    let made = fill(office, customers).await?;
    if made.already {
        println!("The demo company is already made. 演示公司已存在，数据保留。");
    } else {
        println!(
            "Made a demo company in {:.1} s: {} customers, {} contacts, {} visits, {} orders, {} payments.",
            begun.elapsed().as_secs_f32(),
            made.customers,
            made.contacts,
            made.visits,
            made.orders,
            made.payments
        );
    }
    let simulation = if with_box { gateway::start(office).await? } else { None };
    println!(
        "
Fieldline 外勤通  {url}

  password 密码  {PASSWORD}
  rep1      业务员 sales rep       王芳，销售一部
  rep2      业务员 sales rep       李强，销售二部
  manager1  主管   manager         陈国栋，销售一部
  clerk1    内勤   office clerk    周敏
  admin     管理员 administrator   孙志国
"
    );
    match &simulation {
        Some(simulation) => println!("{}", simulation.how_to_play()),
        None => println!("No box is running; calls and messages wait. 没有启动网关。"),
    }
    Ok(simulation)
}
