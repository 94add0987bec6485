//! Search over some thousand customers: whichever way it goes, it finds the same in the same order.

use std::collections::BTreeSet;

use server::testing::kernel::db::{Arg, sql};
use server::testing::kernel::id::Id;
use server::testing::kernel::search::{PIECES, Pieces, Place, SearchEntry, initials};

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Client;

/// A customer of the test.
struct Made {
    id: Id,
    owner: Id,
    mnemonic: String,
    owes: bool,
    card: SearchEntry,
}

/// Customers whose names share their pieces: some very common, some rare. Most are of the first rep, some of the second,
/// a handful of a manager.
async fn many(app: &App) -> Vec<Made> {
    const TOWNS: [&str; 6] = ["临朐", "寿光", "青州", "昌乐", "安丘", "诸城"];
    const NAMES: [&str; 9] = ["惠民", "绿野", "丰源", "金穗", "田园", "神农", "兴农", "长青", "万家"];
    const KINDS: [&str; 4] = ["农资经营部", "农资有限公司", "种业", "植保站"];
    let people = [app.people.rep1, app.people.rep2, app.people.manager2];
    let mut made = Vec::new();
    for n in 0..3000usize {
        let (town, name, kind) = (TOWNS[n % 6], NAMES[n / 6 % 9], KINDS[n / 54 % 4]);
        let full = format!("{town}县{name}{kind}{}", if n % 7 == 0 { format!("第{n}店") } else { String::new() });
        let owner = people[if n % 300 == 1 { 2 } else { usize::from(n % 5 == 0) }];
        let mnemonic = initials(&full);
        let phone = format!("138{:08}", n * 7919 % 100_000_000);
        let card = SearchEntry::new([full.as_str(), &mnemonic], ["王芳"], [phone.as_str()]);
        made.push(Made { id: Id::new(), owner, mnemonic, owes: n % 3 == 0, card });
    }
    let mut tx = app.office.db.begin().await.unwrap();
    for some in made.chunks(100) {
        let rows = some.iter().map(|one| -> Vec<Arg> {
            let (name, text) =
                (one.card.text().split(['|', '#']).next().unwrap_or_default().to_owned(), one.card.text());
            let at = app.clock.now();
            let arrears = if one.owes { 100 } else { 0i64 };
            vec![
                one.id.into(),
                one.owner.into(),
                name.into(),
                one.mnemonic.as_str().into(),
                arrears.into(),
                text.into(),
                at.into(),
                at.into(),
            ]
        });
        sql(
            "INSERT INTO customers (id, owner_id, name, mnemonic, arrears, search_text, created_at, updated_at) VALUES",
        )
        .values(rows)
        .run(&mut tx)
        .await
        .unwrap();
    }
    let mut pieces = Pieces::default();
    for one in &made {
        pieces.add(one.id, Place { sort_key: one.mnemonic.clone(), owner_id: one.owner }, &one.card);
    }
    let rows: Vec<Vec<Arg>> = pieces.rows("c").collect();
    for some in rows.chunks(128) {
        sql(PIECES).values(some.to_vec()).run(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    made
}

/// The addresses on the first pages of a list.
async fn pages(client: &Client, list: &str) -> Vec<String> {
    let mut found = Vec::new();
    for page in 1..=4 {
        let some = client.get(&format!("{list}&page={page}")).await.expect(200).records("/customers");
        let last = some.len() < 20;
        found.extend(some);
        if last {
            break;
        }
    }
    found
}

/// What is typed, with the piece that decides it.
const TYPED: [&str; 12] = ["农资", "惠民", "县", "nz", "lq", "hmz", "z", "惠", "138", "7919", "第7店", "nosuch"];

both_engines! {
    async fn every_way_of_searching_finds_the_same_in_order(app: App) {
        let made = many(&app).await;
        for (who, sees) in [
            ("rep1", vec![app.people.rep1]),
            ("rep2", vec![app.people.rep2]),
            ("manager2", vec![app.people.rep2, app.people.manager2]),
            ("admin", vec![app.people.rep1, app.people.rep2, app.people.manager2]),
        ] {
            let client = app.sign_in(who).await;
            for typed in TYPED {
                let encoded: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
                // What names and numbers hold, read off the cards without the database.
                let piece = if typed == "z" { "^z" } else { typed };
                let decides = |one: &&Made| match typed {
                    "第7店" => one.card.text().contains(typed),
                    _ => one.card.terms().contains(piece),
                };
                let mut expected: Vec<&Made> = made.iter().filter(|one| sees.contains(&one.owner)).filter(decides).collect();
                expected.sort_by(|a, b| (&a.mnemonic, a.id).cmp(&(&b.mnemonic, b.id)));
                let first: Vec<String> = expected.iter().take(80).map(|one| format!("/customers/{}", one.id)).collect();
                let found = pages(&client, &format!("/customers?q={encoded}")).await;
                assert_eq!(found, first, "{who} looks for {typed}");
                // Another order, and a view, read other rows first.
                for (list, owing) in [("sort=contact", false), ("view=arrears", true)] {
                    let some = expected.iter().filter(|one| one.owes || !owing);
                    let all: BTreeSet<String> = some.map(|one| format!("/customers/{}", one.id)).collect();
                    let found = pages(&client, &format!("/customers?{list}&q={encoded}")).await;
                    assert!(found.iter().all(|one| all.contains(one)), "{who} looks for {typed} with {list}");
                    assert_eq!(found.len(), all.len().min(80), "{who} looks for {typed} with {list}");
                }
            }
        }
    }

    async fn a_customer_is_found_where_it_stands_after_its_owner_and_its_mnemonic_changed(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/customers/new").await.form("/customers");
        let id = admin.submit(&form, &[("name", "潍坊丰源农资"), ("owner_id", &app.people.rep1.to_string())]).await.new_id();
        let path = format!("/customers/{id}");
        let form = admin.get(&format!("{path}/edit")).await.form(&path);
        admin.submit(&form, &[("owner_id", &app.people.rep2.to_string()), ("mnemonic", "aaa")]).await.location();
        let finds = async |who: &str, q: &str| {
            !app.sign_in(who).await.get(&format!("/customers?q={q}")).await.expect(200).records("/customers").is_empty()
        };
        for (who, sees) in [("rep1", false), ("rep2", true), ("admin", true)] {
            for q in ["%E4%B8%B0%E6%BA%90", "aaa", "fy"] {
                assert_eq!(finds(who, q).await, sees, "{who} looks for {q}");
            }
        }
        let rows = "SELECT count(*) AS n FROM search_terms WHERE record_id = (SELECT id FROM customers)";
        let wrong = "SELECT count(*) AS n FROM search_terms t JOIN customers c ON c.id = t.record_id WHERE t.sort_key <> c.mnemonic OR t.owner_id <> c.owner_id";
        assert!(app.number(rows).await > 10);
        assert_eq!(app.number(wrong).await, 0, "nothing of where it stood is left");
    }
}
