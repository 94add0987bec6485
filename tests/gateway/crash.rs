//! The agent is killed, and the modem cut, at every step of their dialogue and at random moments: the modem's
//! ledger says that nothing went out twice, and nothing is lost.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::pair::{Count, Pair};
use crate::journeys::process::program;

/// A message of one part and one of two: what a dialogue can differ in.
const MESSAGES: [usize; 2] = [1, 2];
/// Pairs side by side; most of a pair's time is waiting for the disk and for quiet lines.
const PAIRS: usize = 4;

/// What befalls the pair.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// SIGKILL to the agent.
    Kill,
    /// The modem drops what it holds and its line is gone for a moment.
    Cut,
}

/// The dialogue without a fault, from the start of the agent to the last delivery report.
fn record(agent: &Path) -> Vec<String> {
    let mut pair = Pair::new(agent);
    pair.wish(&json!({ "steps": {} }));
    pair.queue(&MESSAGES);
    let _running = pair.start();
    let begun = Instant::now();
    while pair.states().values().any(|state| state != "delivered") {
        assert!(begun.elapsed() < Duration::from_secs(30), "not delivered: {:?}", pair.states());
        std::thread::sleep(Duration::from_millis(20));
    }
    let names = pair.wish(&json!("named"));
    names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// One fault at one step; `None` when the dialogue took a shorter way this time and the step did not come.
fn at_step(agent: &Path, fault: Fault, step: usize) -> (Option<String>, Count) {
    let mut pair = Pair::new(agent);
    pair.queue(&MESSAGES);
    let mut running = pair.hold();
    let kill = match fault {
        Fault::Kill => Some(running.id()),
        Fault::Cut => None,
    };
    pair.wish(&json!({ "steps": { "at": step, "kill": kill } }));
    running.go();
    let reached = pair.wish(&json!({ "reached": { "within_ms": 3_000 } }));
    let name = reached["reached"].as_str().map(str::to_owned);
    let again = match fault {
        Fault::Kill => {
            drop(running);
            pair.start()
        }
        Fault::Cut => running,
    };
    pair.settle(&format!("{fault:?} at step {step} ({name:?})"));
    drop(again);
    (name, pair.count())
}

/// Shares numbers below `end` out among the pairs.
fn side_by_side(end: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..PAIRS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= end {
                        return;
                    }
                    work(n);
                }
            });
        }
    });
}

/// Faults, and what they did.
#[derive(Debug, Default)]
pub struct Sum {
    /// How many there were.
    pub faults: usize,
    /// Parts on the air.
    pub on_air: usize,
    /// Messages held as unknown.
    pub unknown: usize,
    /// What must not be: sent twice, lost, given up, or more unknown than faults.
    pub wrong: Vec<String>,
}

impl Sum {
    fn add(&mut self, what: &str, faults: usize, count: &Count) {
        self.faults += faults;
        self.on_air += count.on_air;
        self.unknown += count.unknown;
        if !count.twice.is_empty() || !count.lost.is_empty() || !count.failed.is_empty() || count.unknown > faults {
            self.wrong.push(format!("{what}: {count:?}"));
        }
    }
}

/// The fault at every step of the recorded dialogue.
pub fn every_step(agent: &Path, fault: Fault) -> Sum {
    let steps = record(agent);
    let sum = Mutex::new(Sum::default());
    side_by_side(steps.len(), |step| {
        let (name, count) = at_step(agent, fault, step);
        let faults = usize::from(name.is_some());
        sum.lock().unwrap().add(&format!("{fault:?} at step {step} ({name:?})"), faults, &count);
    });
    let sum = sum.into_inner().unwrap();
    println!(
        "{fault:?}: {} steps recorded, {} reached, {} parts on the air, {} messages unknown",
        steps.len(),
        sum.faults,
        sum.on_air,
        sum.unknown
    );
    // Polls and reports fall differently each time, but most of the dialogue is the same.
    assert!(sum.faults * 10 >= steps.len() * 8, "only {} of {} steps were reached", sum.faults, steps.len());
    sum
}

/// Kills at moments that a seeded generator chooses, while messages go out.
fn at_random(agent: &Path, kills: usize) -> Sum {
    const KILLS_A_PAIR: usize = 20;
    let sum = Mutex::new(Sum::default());
    side_by_side(kills.div_ceil(KILLS_A_PAIR), |n| {
        let mut pair = Pair::new(agent);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(n as u64 + 1);
        for _ in 0..KILLS_A_PAIR {
            pair.queue(&[1, 2, 1]);
            let running = pair.start();
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            std::thread::sleep(Duration::from_millis(20 + state % 700));
            drop(running);
        }
        let _running = pair.start();
        pair.settle(&format!("pair {n}"));
        sum.lock().unwrap().add(&format!("pair {n}"), KILLS_A_PAIR, &pair.count());
    });
    let sum = sum.into_inner().unwrap();
    println!("{} random kills: {} parts on the air, {} messages unknown", sum.faults, sum.on_air, sum.unknown);
    sum
}

#[test]
fn an_agent_killed_at_any_step_sends_nothing_twice_and_loses_nothing() {
    let sum = every_step(&program("gateway-agent"), Fault::Kill);
    assert!(sum.wrong.is_empty(), "\n{}", sum.wrong.join("\n"));
}

#[test]
fn a_modem_cut_at_any_step_is_used_again_and_nothing_is_sent_twice_or_lost() {
    let sum = every_step(&program("gateway-agent"), Fault::Cut);
    assert!(sum.wrong.is_empty(), "\n{}", sum.wrong.join("\n"));
}

#[test]
fn an_agent_killed_at_random_sends_nothing_twice_and_loses_nothing() {
    let sum = at_random(&program("gateway-agent"), 100);
    assert!(sum.wrong.is_empty(), "\n{}", sum.wrong.join("\n"));
}

#[test]
#[ignore = "takes minutes; the shorter one runs always"]
fn an_agent_killed_a_thousand_times_sends_nothing_twice_and_loses_nothing() {
    let sum = at_random(&program("gateway-agent"), 1_000);
    assert!(sum.wrong.is_empty(), "\n{}", sum.wrong.join("\n"));
}
