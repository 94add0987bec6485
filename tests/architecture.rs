//! The rules of the code, held against the sources: who uses whom, file sizes, what production code leaves out.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::sources::{Source, below, root};

/// The feature a file belongs to, for `server/src/<feature>/…`.
fn folder(path: &str) -> Option<&str> {
    let (first, rest) = path.strip_prefix("server/src/")?.split_once('/')?;
    (!rest.is_empty()).then_some(first)
}

fn rust_of_server() -> Vec<Source> {
    below("server/src", &[".rs"])
}

fn features(sources: &[Source]) -> BTreeSet<String> {
    sources
        .iter()
        .filter_map(|s| folder(&s.path))
        .filter(|f| !["kernel", "ui", "web"].contains(f))
        .map(str::to_owned)
        .collect()
}

/// The first names after `crate::`, those of a group `crate::{a::b, c}` included.
fn crate_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut piece) = (1, String::new());
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    names.insert(first_name(piece.trim()));
                    piece.clear();
                    if depth == 0 {
                        break;
                    }
                } else {
                    piece.push(c);
                }
            }
        } else {
            names.insert(first_name(rest));
        }
    }
    names.remove("");
    names
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// Features used by each feature, as the code says.
fn uses(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let features = features(sources);
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let Some(feature) = folder(&source.path).filter(|f| features.contains(*f)) else { continue };
        let used = uses.entry(feature.to_owned()).or_default();
        used.extend(crate_names(&source.code()).into_iter().filter(|name| features.contains(name) && name != feature));
    }
    uses
}

/// The `Uses:` line of a feature's header, which may run over several lines.
fn declared(header: &str, features: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let mut lines = header.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let mut text = lines.by_ref().find_map(|line| line.strip_prefix("Uses:"))?.to_owned();
    for line in lines.take_while(|line| !line.is_empty() && !line.contains(':')) {
        text.push(' ');
        text.push_str(line);
    }
    // What stands in brackets or behind a semicolon explains.
    let mut depth = 0;
    let plain: String = text
        .split(';')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        })
        .collect();
    Some(
        plain
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|w| features.contains(*w))
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn each_feature_uses_what_its_header_says() {
    let sources = rust_of_server();
    let features = features(&sources);
    let uses = uses(&sources);
    let mut wrong = Vec::new();
    for feature in &features {
        let path = format!("server/src/{feature}/mod.rs");
        let Some(header) = sources.iter().find(|source| source.path == path) else {
            wrong.push(format!("{feature} has no mod.rs"));
            continue;
        };
        for line in ["Tables:", "Events:"] {
            if !header.text.lines().any(|l| l.starts_with("//!") && l.contains(line)) {
                wrong.push(format!("{path} has no line `//! {line}`"));
            }
        }
        let Some(declared) = declared(&header.text, &features) else {
            wrong.push(format!("{path} has no line `//! Uses:`"));
            continue;
        };
        let used = &uses[feature];
        for missing in used.difference(&declared) {
            wrong.push(format!("{path}: uses {missing}, and its header does not say so"));
        }
        for idle in declared.difference(used) {
            wrong.push(format!("{path}: its header names {idle}, and nothing there uses it"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_feature_depends_on_itself_through_others() {
    let uses = uses(&rust_of_server());
    let mut done = BTreeSet::new();
    for feature in uses.keys() {
        descend(feature, &uses, &mut Vec::new(), &mut done);
    }
}

fn descend(
    feature: &str,
    uses: &BTreeMap<String, BTreeSet<String>>,
    above: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) {
    assert!(!above.iter().any(|a| a == feature), "a circle: {} → {feature}", above.join(" → "));
    if done.contains(feature) {
        return;
    }
    above.push(feature.to_owned());
    for used in uses.get(feature).into_iter().flatten() {
        descend(used, uses, above, done);
    }
    above.pop();
    done.insert(feature.to_owned());
}

/// What a layer must not name: the layers above it, and libraries that belong to them.
const ABOVE: [(&str, &[&str]); 2] =
    [("kernel", &["crate::ui", "crate::web", "poem::", "maud::"]), ("ui", &["crate::web", "poem::"])];

#[test]
fn no_layer_names_one_above_it() {
    let mut wrong = Vec::new();
    for source in rust_of_server() {
        let Some((layer, above)) = ABOVE.iter().find(|(layer, _)| folder(&source.path) == Some(layer)) else {
            continue;
        };
        let code = source.code();
        for name in above.iter().filter(|name| code.contains(*name)) {
            wrong.push(format!("{}: {layer} names {name}", source.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The feature that owns each table, by the line `Tables:` of its header.
fn owners(sources: &[Source], features: &BTreeSet<String>) -> BTreeMap<String, String> {
    let tables = tables();
    let mut owners = BTreeMap::new();
    for feature in features {
        let path = format!("server/src/{feature}/mod.rs");
        let Some(header) = sources.iter().find(|source| source.path == path) else { continue };
        let lines = header.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        let mut lines = lines.skip_while(|line| !line.starts_with("Tables:"));
        let first = lines.next().unwrap_or_default().trim_start_matches("Tables:").to_owned();
        let text = lines.take_while(|line| !line.starts_with("Events:")).fold(first, |text, line| text + " " + line);
        // What stands in brackets or behind a semicolon explains.
        let named =
            text.split(['(', ';']).next().unwrap_or_default().split(|c: char| !c.is_ascii_lowercase() && c != '_');
        for table in named.filter(|word| tables.contains(*word)) {
            let before = owners.insert(table.to_owned(), feature.clone());
            assert_eq!(before, None, "two features own {table}");
        }
    }
    owners
}

/// Every table that a migration makes.
fn tables() -> BTreeSet<String> {
    let made = |source: &Source| {
        let texts: Vec<String> = source.text.split("CREATE TABLE ").skip(1).map(first_name).collect();
        texts
    };
    below("migrations", &[".sql"]).iter().flat_map(made).collect()
}

/// Tables named in the SQL of some code.
fn tables_in(code: &str) -> BTreeSet<String> {
    let words = ["FROM ", "JOIN ", "INTO ", "UPDATE "];
    words.iter().flat_map(|word| code.split(word).skip(1).map(first_name)).collect()
}

/// Names that are read along although their owner stands downstream: no rule of the owner is asked there.
const READ_ALONG: [(&str, &str); 2] = [("customers", "contacts"), ("stock", "products")];

#[test]
fn no_sql_names_a_table_downstream() {
    let sources = rust_of_server();
    let features = features(&sources);
    let owners = owners(&sources, &features);
    let mut uses = uses(&sources);
    for source in &sources {
        // The demo company writes a past into everybody's tables.
        let Some(feature) = folder(&source.path).filter(|f| features.contains(*f) && *f != "demo") else { continue };
        for owner in tables_in(&source.code()).iter().filter_map(|table| owners.get(table)) {
            if owner != feature && !READ_ALONG.contains(&(feature, owner)) {
                uses.entry(feature.to_owned()).or_default().insert(owner.clone());
            }
        }
    }
    assert!(uses["documents"].contains("customers") && uses["orders"].contains("documents"), "the SQL is read");
    let mut done = BTreeSet::new();
    for feature in uses.keys() {
        descend(feature, &uses, &mut Vec::new(), &mut done);
    }
}

#[test]
fn kernel_ui_and_web_know_no_feature() {
    let sources = rust_of_server();
    let features = features(&sources);
    let mut wrong = Vec::new();
    for source in &sources {
        if matches!(folder(&source.path), Some("kernel" | "ui" | "web")) {
            for name in crate_names(&source.code()) {
                let product = ["modules", "events", "reactions", "app", "web"].contains(&name.as_str())
                    && !(name == "web" && folder(&source.path) == Some("web"));
                if features.contains(&name) || product {
                    wrong.push(format!("{} names {name}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_that_is_booted_knows_the_boot() {
    for source in rust_of_server() {
        if folder(&source.path).is_some() {
            assert!(!crate_names(&source.code()).contains("app"), "{} names app, which starts it", source.path);
        }
    }
}

#[test]
fn stores_stay_private() {
    for source in rust_of_server() {
        for word in ["pub mod store", "pub(crate) mod store"] {
            assert!(!source.code().contains(word), "{}: `mod store;` stays private", source.path);
        }
    }
}

#[test]
fn long_files_say_why() {
    let mut wrong = Vec::new();
    for folder in ["server", "gateway-agent", "tests"] {
        for source in below(folder, &[".rs", ".mjs"]) {
            let lines = source.text.lines().count();
            let says = source.text.lines().take(30).any(|line| line.contains("Long because:"));
            if lines > 400 && !says {
                wrong.push(format!("{}: {lines} lines and no line `//! Long because:`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn production_code_does_not_panic_on_purpose() {
    let mut wrong = Vec::new();
    for source in below("server/src", &[".rs"]).into_iter().chain(below("gateway-agent", &[".rs"])) {
        if source.path.contains("/tests/") || source.path.contains("/examples/") || source.path.ends_with("/tests.rs") {
            continue;
        }
        for (number, line) in source.code().lines().enumerate() {
            if [".unwrap()", ".expect(", "todo!(", "unimplemented!("].iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let ends =
        [".rs", ".sql", ".yml", ".toml", ".md", ".mjs", ".js", ".css", ".json", ".txt", "run", ".service", ".sh"];
    let mut wrong = Vec::new();
    for folder in ["server", "gateway-agent", "tests", "migrations", "pwa", "hardware", ".ci"] {
        for source in below(folder, &ends) {
            for (number, line) in source.text.lines().enumerate() {
                if paths.iter().any(|path| line.contains(path)) {
                    wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_migration_file_is_in_the_list_that_runs_in_its_order() {
    let mut files: Vec<String> = std::fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".sql").to_owned())
        .collect();
    files.sort();
    let listed: Vec<&str> = server::testing::migrations::ALL.iter().map(|migration| migration.name).collect();
    assert_eq!(files, listed);
}
