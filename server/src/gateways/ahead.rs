//! Events that were processed before one below them: calls overtake messages. Remembered while the process lives, so
//! that the box hears of them as soon as the gap is filled; without it they are offered once more and known by
//! their ids.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::kernel::id::Id;

/// Remembered of one box; more means that the gap is no matter of moments.
const MOST: usize = 4096;

/// The run that told them, and their numbers. Another run may count from a queue begun afresh.
type Early = (Uuid, BTreeSet<i64>);

/// By box.
#[derive(Default)]
pub(super) struct Ahead(HashMap<Id, Early>);

/// The sequence number below which everything is processed, where it is `upto` without those that came early.
pub(super) fn reach(ahead: &Ahead, gateway: Id, boot: Option<Uuid>, upto: i64) -> i64 {
    let known = ahead.0.get(&gateway).filter(|(run, _)| Some(*run) == boot);
    let Some((_, seqs)) = known else { return upto };
    let mut upto = upto;
    while seqs.contains(&upto.saturating_add(1)) {
        upto = upto.saturating_add(1);
    }
    upto
}

/// An event is on disk while everything is processed up to `upto`.
pub(super) fn note(ahead: &mut Ahead, gateway: Id, boot: Option<Uuid>, seq: i64, upto: i64) {
    let Some(boot) = boot else { return };
    let (run, seqs) = ahead.0.entry(gateway).or_insert_with(|| (boot, BTreeSet::new()));
    if *run != boot {
        (*run, *seqs) = (boot, BTreeSet::new());
    }
    *seqs = seqs.split_off(&upto.saturating_add(1));
    if seq > upto && seqs.len() < MOST {
        seqs.insert(seq);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Ahead, note, reach};
    use crate::kernel::id::Id;

    #[test]
    fn what_came_early_counts_when_the_gap_is_filled_and_only_in_its_run() {
        let (gateway, run) = (Id(71), Some(Uuid::now_v7()));
        let mut ahead = Ahead::default();
        note(&mut ahead, gateway, run, 5, 2);
        note(&mut ahead, gateway, run, 4, 2);
        assert_eq!(reach(&ahead, gateway, run, 2), 2);
        assert_eq!(reach(&ahead, gateway, run, 3), 5);
        assert_eq!(reach(&ahead, gateway, Some(Uuid::now_v7()), 3), 3);
        assert_eq!(reach(&ahead, Id(72), run, 3), 3);
        note(&mut ahead, gateway, Some(Uuid::now_v7()), 9, 1);
        assert_eq!(reach(&ahead, gateway, run, 3), 3, "another run counts anew");
    }
}
