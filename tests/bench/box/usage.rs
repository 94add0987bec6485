//! What processes and the disk take.

use std::fs::{File, read_to_string};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

/// Clock ticks of `/proc` a second, which Linux has fixed for programs.
const TICKS: f64 = 100.0;

/// A process and all that it started and that still run.
fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(one) = all.get(next).copied() {
        let children = read_to_string(format!("/proc/{one}/task/{one}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
        next += 1;
    }
    all
}

/// CPU seconds of a process, of what it started, and of what of that has ended.
pub fn cpu(pid: u32) -> f64 {
    let of = |pid: u32| {
        let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<f64> = rest.split_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect();
        fields.iter().skip(11).take(4).sum::<f64>()
    };
    family(pid).into_iter().map(of).sum::<f64>() / TICKS
}

/// Memory of a process and of what it started, MB: now, and at its most.
pub fn memory(pid: u32) -> (f64, f64) {
    let of = |name: &str| {
        let kilobytes = |pid: u32| {
            let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            line.split_whitespace().find_map(|word| word.parse::<f64>().ok()).unwrap_or(0.0)
        };
        family(pid).into_iter().map(kilobytes).sum::<f64>() / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Milliseconds of two appends of 4 KiB with their fdatasyncs: the median and the 95th of a hundred.
pub fn flushes(folder: &Path, times: usize) -> Result<(f64, f64)> {
    let mut file = File::create(folder.join("flushed")).context("the folder cannot be written")?;
    let mut took = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        for _ in 0..2 {
            file.write_all(&[7u8; 4096])?;
            file.sync_data()?;
        }
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok((share(&mut took, 0.5), share(&mut took, 0.95)))
}

/// The value that such a share is not above.
pub fn share(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
