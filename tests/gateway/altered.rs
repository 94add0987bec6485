//! Agents built from altered sources. One that notes a message after Ctrl-Z, where it must before, shows that the
//! crash test can fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::crash::{Fault, every_step};
use crate::journeys::process::program;
use crate::support::sources::root;

/// Where the commit stands, and the writing of PDU and Ctrl-Z behind it.
const BEFORE: &str = "if let Err(error) = before.await {";
const CTRL_Z: &str = "self.hand_over(hex).await.map_err(|gone| Unsent::After(gone.into()))?;\n";

/// The driver with Ctrl-Z moved in front of the commit; everything else as it is.
fn with_ctrl_z_first(driver: &str) -> String {
    for place in [BEFORE, CTRL_Z] {
        assert_eq!(driver.matches(place).count(), 1, "the driver no longer has `{place}` once: adapt this test");
    }
    assert!(driver.find(BEFORE) < driver.find(CTRL_Z), "the driver is altered already");
    driver.replace(CTRL_Z, "").replace(BEFORE, &format!("{CTRL_Z}{BEFORE}"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

/// Rewrites a file of the copy.
fn alter(file: &Path, how: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(file).unwrap();
    let altered = how(&text);
    assert_ne!(text, altered, "{} is as it was", file.display());
    std::fs::write(file, altered).unwrap();
}

/// A file of the copy and what to do to it.
pub type Change<'a> = (&'a str, &'a dyn Fn(&str) -> String);

/// The manifest of a package that is there for its dependencies alone, under another name.
fn hollow(manifest: &str, name: &str, stands_for: &str, protocol: &str, agent: &str) -> String {
    let mut kept = true;
    let mut out = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            kept = !line.starts_with("[[") && line != "[lib]" && line != "[lints]";
        }
        if kept {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.replace(&format!("name = \"{stands_for}\""), &format!("name = \"{name}\""))
        .replace("gateway-agent = { path", &format!("gateway-agent = {{ package = \"{agent}\", path"))
        .replace("package = \"fieldline-server\"", &format!("package = \"{protocol}-server\""))
}

/// What tests need is needed by the package itself, so that it counts when Cargo chooses features.
fn tests_count(manifest: &str) -> String {
    manifest.replace("[dev-dependencies]", "[target.'cfg(all())'.dependencies]")
}

/// Builds an agent of altered sources under a name of its own, beside the right one, so that both share their
/// libraries. Cargo chooses the libraries' features by all that a workspace needs, so the others of the workspace
/// stand beside it without their sources; without them it builds most libraries anew, which takes minutes.
pub fn build(name: &str, changes: &[Change<'_>]) -> PathBuf {
    let right = program("gateway-agent");
    let target = right.parent().unwrap().parent().unwrap();
    let copied = target.join(format!("{name}-source"));
    let _ = std::fs::remove_dir_all(&copied);
    let ours = [
        "Cargo.toml",
        "Cargo.lock",
        "gateway-agent/Cargo.toml",
        "gateway-agent/src",
        "gateway-agent/protocol",
        "server/Cargo.toml",
        "tests/Cargo.toml",
    ];
    for name in ours {
        std::fs::create_dir_all(copied.join(name).parent().unwrap()).unwrap();
        copy(&root().join(name), &copied.join(name));
    }
    // A name of its own for the protocol too, or Cargo takes the one it built of the right sources, of whatever age.
    let protocol = format!("{name}-protocol");
    alter(&copied.join("Cargo.toml"), |text| {
        let dependency = "fieldline-protocol = { path";
        let renamed = text.replace(dependency, &format!("fieldline-protocol = {{ package = \"{protocol}\", path"));
        assert_ne!(renamed, text, "the workspace no longer names the protocol so: adapt this test");
        renamed
    });
    for (folder, stands_for, renamed) in
        [("server", "fieldline-server", "server"), ("tests", "fieldline-tests", "tests")]
    {
        let renamed = format!("{protocol}-{renamed}");
        alter(&copied.join(folder).join("Cargo.toml"), |text| {
            tests_count(&hollow(text, &renamed, stands_for, &protocol, name))
        });
        std::fs::create_dir_all(copied.join(folder).join("src")).unwrap();
        std::fs::write(copied.join(folder).join("src/lib.rs"), "").unwrap();
    }
    alter(&copied.join("gateway-agent/protocol/Cargo.toml"), |text| {
        tests_count(&text.replacen("name = \"fieldline-protocol\"", &format!("name = \"{protocol}\""), 1))
    });
    alter(&copied.join("gateway-agent/Cargo.toml"), |text| {
        let renamed = text.replacen("name = \"gateway-agent\"", &format!("name = \"{name}\"\nautobins = false"), 1);
        tests_count(&renamed)
            + &format!("\n[lib]\nname = \"gateway_agent\"\n\n[[bin]]\nname = \"{name}\"\npath = \"src/main.rs\"\n")
    });
    for (file, change) in changes {
        alter(&copied.join(file), change);
    }
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells a test about its package is not for another cargo: ring's build script looks at it, and ring and
    // everything on it would be built twice.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .args(["build", "--quiet", "--offline", "--workspace", "--target-dir"])
        .arg(target)
        .current_dir(&copied)
        // The altered sources need not pass Clippy, which `tests/run` puts in the compiler's place.
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program(name)
}

#[test]
fn an_agent_that_commits_after_ctrl_z_is_caught() {
    let agent = build("altered-agent", &[("gateway-agent/src/modem/driver.rs", &with_ctrl_z_first)]);
    let sum = every_step(&agent, Fault::Kill);
    let twice = sum.wrong.iter().filter(|wrong| !wrong.contains("twice: []")).count();
    println!("{} of {} kills showed it", twice, sum.faults);
    assert!(twice > 0, "{} kills, and nobody noticed that it commits too late", sum.faults);
}
