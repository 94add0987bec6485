//! The product's statements: how the databases run those of the pages, and which of all no test ran.
//!
//! The plans are held on a demo company of some hundred customers, on SQLite as built (no statistics, no look at bound
//! values) and on PostgreSQL with generic plans, so that they are the plans of a company of any size.
//!
//! Long because: what is allowed stands beside the check that allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use server::testing::kernel::db::Db;
use sqlx::{AssertSqlSafe, Row};

use crate::support::app::{Engine, demo};
use crate::support::client::Client;
use crate::support::{people, postgres, sources, statements};

/// Tables that grow with the work of a company.
const LARGE: [&str; 28] = [
    "approval_steps",
    "approvals",
    "audit_log",
    "calls",
    "campaign_recipients",
    "contact_consents",
    "contacts",
    "customers",
    "document_lines",
    "documents",
    "events",
    "gateway_commands",
    "gateway_events",
    "login_log",
    "ops",
    "orders",
    "payment_matches",
    "payments",
    "phones",
    "search_terms",
    "sms_blocks",
    "sms_inbox",
    "sms_messages",
    "sms_threads",
    "stock_moves",
    "tasks",
    "visit_photos",
    "visits",
];

/// Indexes that are walked from their begin, since a list stands in their order and ends with its page, or since what
/// they hold is little: what waits for somebody.
const WALKED: [&str; 14] = [
    "calls_missed",
    "calls_to_return",
    "customers_in_order",
    "customers_owing",
    "customers_quiet",
    "documents_by_amount",
    "documents_newest",
    "events_set_aside",
    "sms_blocks_in_force",
    "sms_inbox_unreadable",
    "sms_threads_by_age",
    "sms_threads_unread",
    "tasks_open",
    "visits_waiting",
];

/// A list that stands newest first walks the primary key.
const NEWEST_FIRST: [&str; 1] = ["calls"];

/// Indexes that bring few rows for one key: what they bring may be sorted. All primary keys do too.
const FEW: [&str; 24] = [
    "approval_steps_by_approval",
    "approvals_by_document",
    "calls_by_customer",
    "calls_missed",
    "calls_open",
    "calls_to_return",
    "contacts_by_customer",
    "contacts_main_first",
    "document_lines_by_document",
    "document_lines_of_customer",
    "documents_by_customer",
    "documents_by_source",
    "payment_matches_by_order",
    "phones_by_customer",
    "phones_by_digits",
    "sms_messages_open",
    "sms_threads_unread",
    "tasks_by_giver",
    "tasks_by_owner",
    "visit_photos_by_visit",
    "visits_by_customer",
    "visits_by_day",
    "visits_under_way",
    "visits_waiting",
];

/// Statements of lists whose work is not yet bounded, by a part of their text, each with what is wrong.
const KNOWN: [(&str, &str); 0] = [];

/// Where a walk through the product begins; it goes on by the links of each page.
const BEGIN: [&str; 42] = [
    "/",
    "/approvals?view=mine",
    "/approvals?view=done",
    "/calls?view=missed",
    "/calls/callbacks",
    "/campaigns",
    "/contacts/consents",
    "/customers?page=2",
    "/customers?sort=contact",
    "/customers?view=mine",
    "/customers?view=arrears",
    "/customers?view=quiet",
    "/customers?q=nz",
    "/customers?q=%E5%86%9C%E8%B5%84",
    "/customers?q=%E5%86%9C%E8%B5%84%E7%BB%8F",
    "/customers?q=nongziji",
    "/customers?q=138",
    "/customers?sort=contact&q=nz",
    "/customers?view=arrears&q=nz",
    "/customers?view=quiet&q=nz",
    "/customers/pocket",
    "/decisions",
    "/failures",
    "/gateways",
    "/orders?state=active",
    "/orders?sort=amount&dir=asc",
    "/payments?sort=amount",
    "/products?q=a",
    "/sms?view=unread",
    "/sms?q=138",
    "/sms?q=nz",
    "/sms/blocks?q=138",
    "/sms/unsent?view=waiting",
    "/sms/unreadable",
    "/stock?q=a",
    "/tasks?view=team",
    "/tasks?view=given",
    "/tasks?view=done",
    "/users?q=a",
    "/visits?view=all",
    "/visits?view=mine&page=2",
    "/visits/new?q=nz",
];

/// Pages of one person, at most: each address once, whatever its record.
const PAGES: usize = 250;

/// An address without what differs from record to record.
fn shape(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let is_id = |piece: &str| piece.len() > 10 && piece.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    let path: Vec<&str> = path.split('/').map(|piece| if is_id(piece) { ":id" } else { piece }).collect();
    let pairs = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if is_id(value) || matches!(name, "day" | "page") { format!("{name}=") } else { format!("{name}={value}") }
    });
    format!("{}?{}", path.join("/"), pairs.collect::<Vec<_>>().join("&"))
}

/// Opens every page that somebody can reach.
async fn walk(client: &Client) {
    let mut todo: Vec<String> = BEGIN.iter().map(|address| (*address).to_owned()).collect();
    let mut seen = BTreeSet::new();
    while let Some(address) = (seen.len() < PAGES).then(|| todo.pop()).flatten() {
        let passing = ["/live", "/assets", "/icons", "/manifest", "/lang", "/sw.js"];
        if passing.iter().any(|start| address.starts_with(start)) || !seen.insert(shape(&address)) {
            continue;
        }
        let page = client.get(&address).await;
        assert!(page.status < 500, "{address} answers {}", page.status);
        todo.extend(page.links("/"));
    }
    assert!(seen.len() > 60, "only {} pages are linked", seen.len());
}

/// The statements that read, of every page, by what their plan is.
async fn plans(engine: Engine) -> BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let running = demo(engine, folder.path(), 300).await;
    let made = running.office.db.statements().seen();
    for name in ["rep1", "manager1", "clerk1", "admin"] {
        let client = Client::new(&running.url());
        assert_eq!(client.sign_in(name, people::PASSWORD).await.status, 303, "{name} cannot sign in");
        walk(&client).await;
    }
    let mut found = BTreeMap::new();
    for text in running.office.db.statements().seen().into_keys() {
        if made.contains_key(&text) || !text.starts_with("SELECT") || text.contains(" FOR ") {
            continue;
        }
        let plan = explain(&running.office.db, &text).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
        found.insert(text, plan);
    }
    statements::keep(&running.office.db);
    let url = running.office.config.database_url.clone();
    running.stop().await;
    if let Some(url) = url {
        postgres::shared().drop_database(&url).await;
    }
    found
}

/// The largest `n` of the text's `$n`.
fn arguments(text: &str) -> usize {
    text.split('$')
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .max()
        .unwrap_or(0)
}

/// The lines of a statement's plan, made without values.
async fn explain(db: &Db, text: &str) -> Result<Vec<String>, sqlx::Error> {
    match db {
        Db::Sqlite { readers, .. } => {
            let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(readers).await?;
            Ok(rows.iter().map(|row| row.get::<String, _>("detail")).collect())
        }
        Db::Postgres { readers, .. } => {
            let mut connection = readers.acquire().await?;
            let nulls = vec!["NULL"; arguments(text)].join(", ");
            let run = if nulls.is_empty() { "held".to_owned() } else { format!("held ({nulls})") };
            let before = format!(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; PREPARE held AS {text}"
            );
            sqlx::raw_sql(AssertSqlSafe(before)).execute(&mut *connection).await?;
            let explain = format!("EXPLAIN (COSTS OFF) EXECUTE {run}");
            let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await?;
            sqlx::raw_sql("DEALLOCATE held; RESET ALL").execute(&mut *connection).await?;
            Ok(rows.iter().map(|row| row.get::<String, _>(0)).collect())
        }
    }
}

/// The tables of a statement by the names they have in it.
fn aliases(text: &str) -> BTreeMap<&str, &str> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',')).filter(|w| !w.is_empty()).collect();
    let mut found = BTreeMap::new();
    for at in 0..words.len() {
        if !matches!(words[at], "FROM" | "JOIN") {
            continue;
        }
        let Some(table) = words.get(at + 1) else { continue };
        let alias = words.get(at + 2).filter(|word| **word != "AS").or(words.get(at + 3));
        let named =
            alias.filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        found.insert(*table, *table);
        if let Some(alias) = named {
            found.insert(*alias, *table);
        }
    }
    found
}

/// What is wrong with a plan of SQLite.
fn wrong_on_sqlite(text: &str, plan: &[String]) -> Option<String> {
    let aliases = aliases(text);
    let large = |alias: &str| aliases.get(alias).copied().filter(|table| LARGE.contains(table));
    // Scalar subqueries come behind what their statement does itself, and sort the few rows of one record.
    let own: Vec<&String> = plan.iter().take_while(|line| !line.starts_with("CORRELATED SCALAR")).collect();
    let mut gathered = Vec::new();
    for line in plan {
        let mut words = line.split(' ');
        let (verb, alias) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // An inner select may be called like a table elsewhere in the text; it is read without an index.
        let inner =
            plan.iter().any(|made| made == &format!("CO-ROUTINE {alias}") || made == &format!("MATERIALIZE {alias}"));
        if inner && *line == format!("SCAN {alias}") {
            continue;
        }
        let Some(table) = large(alias) else { continue };
        let index = line.split(" INDEX ").nth(1).and_then(|rest| rest.split(' ').next());
        match (verb, index) {
            ("SCAN", Some(index)) if WALKED.contains(&index) => {}
            ("SCAN", Some(index)) if NEWEST_FIRST.contains(&table) && index.ends_with("_1") => {}
            ("SCAN", _) => return Some(format!("reads all of {table}: {line}")),
            _ if line.contains("AUTOMATIC") => return Some(format!("indexes {table} each time: {line}")),
            ("SEARCH", Some(index)) => {
                // `name (owner_id=? AND planned_on=?)`: of a person's day there is little.
                let day = index == "visits_by_owner" && line.contains("planned_on=?");
                let one = line.contains("(id=?") || line.contains(" AND id=?)");
                let few = FEW.contains(&index) || index.starts_with("sqlite_autoindex") || one || day;
                if !few && own.contains(&line) {
                    gathered.push(line.as_str());
                }
            }
            _ => {}
        }
    }
    let sorts = own.iter().any(|line| *line == "USE TEMP B-TREE FOR ORDER BY");
    // What is sorted behind an inner select with a limit is one page.
    let paged = own.iter().any(|line| line.starts_with("CO-ROUTINE") || line.starts_with("LIST SUBQUERY"));
    (sorts && !paged && !gathered.is_empty()).then(|| format!("sorts what an index could give in order: {gathered:?}"))
}

/// What is wrong with a plan of PostgreSQL.
fn wrong_on_postgres(_: &str, plan: &[String]) -> Option<String> {
    plan.iter().find_map(|line| {
        let table = line.split("Seq Scan on ").nth(1)?.split(' ').next()?;
        LARGE.contains(&table).then(|| format!("reads all of {table}: {}", line.trim()))
    })
}

fn hold(engine: Engine, wrong: fn(&str, &[String]) -> Option<String>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let plans = runtime.block_on(plans(engine));
    runtime.shutdown_background();
    assert!(plans.len() > 150, "only {} statements were seen", plans.len());
    let mut faults = String::new();
    for (text, plan) in &plans {
        let known = KNOWN.iter().any(|(part, _)| text.contains(part));
        if let Some(fault) = wrong(text, plan).filter(|_| !known) {
            writeln!(faults, "{fault}\n  {text}\n    {}\n", plan.join("\n    ")).unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn sqlite_reads_the_rows_of_a_page_and_no_table() {
    hold(Engine::Sqlite, wrong_on_sqlite);
}

#[test]
fn postgres_reads_the_rows_of_a_page_and_no_table() {
    hold(Engine::Postgres, wrong_on_postgres);
}

/// A text with single spaces.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The statements that stand in the sources: literals that begin as one.
fn written() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in sources::below("server/src", &[".rs"]) {
        for literal in sources::literals(&source.code()) {
            let text = tidy(&literal.replace("\\\n", " "));
            let begins =
                ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|begin| text.starts_with(begin));
            if begins {
                found.insert(text, source.path.clone());
            }
        }
    }
    found
}

#[test]
#[ignore = "needs the statements of all other tests; tests/run calls it last"]
fn every_statement_is_run_by_a_test_and_both_databases_prepare_it() {
    let ran: BTreeSet<String> = statements::kept().iter().map(|text| tidy(text)).collect();
    let written = written();
    let missed: Vec<String> = written
        .iter()
        .filter(|(text, _)| !ran.iter().any(|ran| ran.contains(text.as_str())))
        .map(|(text, path)| format!("{path}\n    {text}"))
        .collect();
    println!("{} statements in the sources, {} texts ran, {} ran in no test:", written.len(), ran.len(), missed.len());
    println!("{}", missed.join("\n"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let folder = tempfile::tempdir().unwrap();
            let running = demo(engine, folder.path(), 300).await;
            // Tests have statements of their own, some of them wrong on purpose.
            let ours = ran.iter().filter(|text| written.keys().any(|written| text.contains(written.as_str())));
            for text in ours.filter(|text| prepares(engine, text)) {
                prepare(&running.office.db, text).await.unwrap_or_else(|error| panic!("{engine:?}: {error}\n{text}"));
            }
            running.stop().await;
        }
    });
}

/// SQLite knows no locks of rows; its own texts are those without.
fn prepares(engine: Engine, text: &str) -> bool {
    match engine {
        Engine::Sqlite => {
            ![" FOR SHARE", " FOR NO KEY UPDATE", " FOR UPDATE", " pg_locks "].iter().any(|other| text.contains(other))
        }
        Engine::Postgres => true,
    }
}

async fn prepare(db: &Db, text: &str) -> Result<(), sqlx::Error> {
    use sqlx::{Executor, SqlSafeStr};
    match db {
        Db::Sqlite { readers, .. } => readers.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await.map(|_| ()),
        Db::Postgres { readers, .. } => {
            readers.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await.map(|_| ())
        }
    }
}
