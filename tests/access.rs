//! Who may call what: every route × everybody, held against `access.matrix.txt`, so that a change of rights
//! shows as a difference in a file. `UPDATE=1` writes the file anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use server::testing::app::routes;
use server::testing::kernel::access::Gate;
use server::testing::kernel::id::Id;

use crate::support::app::{App, Engine, on};
use crate::support::client::Client;
use crate::support::sources::root;

const ROLES: [&str; 5] = ["none", "rep", "manager", "clerk", "admin"];

/// A path with a record's id in place of each `:name`.
fn filled(path: &str, id: &str) -> String {
    let piece = |piece: &str| if piece.starts_with([':', '*']) { id.to_owned() } else { piece.to_owned() };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

async fn person(app: &App, role: &str) -> Client {
    match role {
        "rep" => app.session_of(app.people.rep1).await,
        "manager" => app.session_of(app.people.manager1).await,
        "clerk" => app.session_of(app.people.clerk1).await,
        "admin" => app.session_of(app.people.admin).await,
        _ => app.stranger(),
    }
}

/// The status of one call with an empty form. Streams answer with a status at once and end with the client.
async fn status(app: &App, client: &Client, method: &str, path: &str) -> u16 {
    if method == "GET" {
        return client.raw(path, &[]).await.status().as_u16();
    }
    let op = format!("access-{}", Id::new());
    let answer = client.post_with(path, &[("op_id", &op)], &[("origin", app.base())]).await;
    answer.status
}

fn gate(gate: Gate) -> String {
    match gate {
        Gate::Public => "public".to_owned(),
        Gate::SignedIn => "signed in".to_owned(),
        Gate::Module { noun, right, .. } => format!("{noun} {right:?}").to_lowercase(),
    }
}

#[test]
fn the_matrix_of_routes_and_roles_is_as_written_down() {
    on(Engine::Sqlite, |app| async move {
        let mut matrix = String::from(
            "# Status of every route for everybody, with an empty form and an id that no record has.\n\
             # 303 for none: to the sign-in page. 401: the form is kept and the sign-in page shown. 403: the gate.\n",
        );
        writeln!(
            matrix,
            "{:<52} {:<18} {:>4} {:>4} {:>7} {:>5} {:>5}",
            "# route", "gate", "none", "rep", "manager", "clerk", "admin"
        )
        .unwrap();
        for entry in routes().entries() {
            let path = filled(entry.path, &app.nobody().to_string());
            let mut line = format!("{:<52} {:<18}", format!("{} {}", entry.method, entry.path), gate(entry.gate));
            for (role, width) in ROLES.iter().zip([4, 4, 7, 5, 5]) {
                let client = person(&app, role).await;
                let status = status(&app, &client, entry.method.as_str(), &path).await;
                assert!(status < 500, "{} {path} answers {status} to {role}", entry.method);
                write!(line, " {status:>width$}").unwrap();
            }
            writeln!(matrix, "{}", line.trim_end()).unwrap();
        }
        let file = root().join("tests/access.matrix.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, &matrix).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), matrix.lines().collect());
        let mut differences = String::new();
        for line in old.iter().filter(|line| !new.contains(line)) {
            writeln!(differences, "- {line}").unwrap();
        }
        for line in new.iter().filter(|line| !old.contains(line)) {
            writeln!(differences, "+ {line}").unwrap();
        }
        assert!(
            differences.is_empty() && old == new,
            "rights have changed; look at each line, then run with UPDATE=1:\n{differences}"
        );
    });
}

#[test]
fn a_gate_that_does_not_admit_answers_403_and_never_reaches_the_record() {
    on(Engine::Sqlite, |app| async move {
        let people: BTreeMap<&str, Client> = {
            let mut people = BTreeMap::new();
            for role in &ROLES[1..] {
                people.insert(*role, person(&app, role).await);
            }
            people
        };
        for entry in routes().entries() {
            let Gate::Module { .. } = entry.gate else { continue };
            let path = filled(entry.path, &app.nobody().to_string());
            for (role, client) in &people {
                let role_of = server::testing::kernel::access::Role::from_code(role).unwrap();
                let admits = entry.gate.admits(&server::testing::modules::rights(role_of));
                let status = status(&app, client, entry.method.as_str(), &path).await;
                assert_eq!(status == 403, !admits, "{} {path} answers {status} to {role}", entry.method);
            }
        }
    });
}

#[test]
fn addresses_that_do_not_exist_are_not_found() {
    on(Engine::Sqlite, |app| async move {
        let rep = app.sign_in("rep1").await;
        for path in
            ["/nowhere", "/users/../etc/passwd", "/%00", "/users/x", "/users/0000000000000/edit/more", "/%F0%9F%98%80"]
        {
            let status = rep.get(path).await.status;
            assert!(matches!(status, 400 | 403 | 404), "{path} answers {status}");
        }
    });
}
