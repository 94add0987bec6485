//! Real browsers: each test runs a script of this folder with Node.js against a demo server of its own.
//! The tools come from `tests/run` (npm, into `target/browser`); pictures go to `target/screenshots`.

use std::path::PathBuf;
use std::process::Command;

use crate::journeys::process::program;
use crate::support::sources::root;

/// Runs a script; what it prints is printed here when it fails.
fn node(script: &str, arguments: &[&str]) {
    let programs = program("server").parent().map(PathBuf::from).unwrap();
    let target = programs.parent().unwrap();
    assert!(
        target.join("browser/node_modules").exists(),
        "the browser tools are not installed: bash tests/run does it"
    );
    // The scripts end their own server; should this process be killed, the kernel ends both.
    let output = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "timeout", "--signal=TERM", "300", "node"])
        .arg(root().join("tests/browser").join(script))
        .args(arguments)
        .env("FIELDLINE_TARGET", target)
        .env("FIELDLINE_PROGRAMS", &programs)
        .output()
        .expect("Node.js is not installed");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{out}");
    assert!(output.status.success(), "{script} {arguments:?}: {}\n{out}\n{err}", output.status);
}

#[test]
fn the_day_on_phones() {
    node("day.mjs", &["scripts", "zh-CN"]);
}

#[test]
fn the_day_without_scripts() {
    node("day.mjs", &["plain", "zh-CN"]);
}

#[test]
fn the_day_in_english() {
    node("day.mjs", &["plain", "en"]);
}

#[test]
fn the_desk_has_its_menu_tables_keys_and_pane() {
    node("desk.mjs", &[]);
}

#[test]
fn the_telephone_rings_and_messages_go_both_ways() {
    node("telephone.mjs", &[]);
}

#[test]
fn what_was_written_without_a_network_arrives_once() {
    node("outbox.mjs", &[]);
}

#[test]
fn every_page_is_within_its_budget_of_bytes() {
    node("pages.mjs", &["bytes"]);
}

#[test]
fn pages_can_be_used_by_everybody() {
    node("pages.mjs", &["axe"]);
}

#[test]
fn daily_errands_cost_the_taps_that_are_written_down() {
    node("effort.mjs", &[]);
}

#[test]
fn nothing_typed_into_any_form_is_lost() {
    node("forms.mjs", &[]);
}
