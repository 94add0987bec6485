//! Notices when the wall clock jumps: it is compared with the steady time. What a jump ahead made due waits until a
//! person has looked at the clock, or until the clock is set back. Decisions only; `clock_watch` keeps them.

use crate::kernel::clock::{DAY, MINUTE, Millis, Stamp};

/// A wall clock that is this far ahead of the steady time has jumped. The time service of a machine moves it by less.
pub const AHEAD: Millis = 5 * MINUTE;
/// A wall clock that is this far behind it was set back.
pub const BEHIND: Millis = MINUTE;
/// A machine that was off may find itself this far ahead of what was seen last: a weekend with an evening before and
/// a morning after it. After a longer time nobody knows whether the office was closed or the clock is wrong; a person
/// says so with one tap.
pub const AWAY: Millis = 3 * DAY;
/// The steady time and the wall clock drift apart by far less than one part in so many.
const DRIFT: Millis = 100;
/// Drift is followed in steps of at least this time.
const STEP: Millis = 1000;

/// What the wall clock is compared with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    begun: bool,
    /// The wall clock was right at this moment, as far as known.
    wall: Millis,
    steady: Millis,
    /// How far ahead the wall clock may be.
    slack: Millis,
    /// The latest time of the wall clock that a jump has led to, while one is unconfirmed.
    to: Option<Millis>,
    /// The last look, for noticing a second jump.
    seen: (Millis, Millis),
}

/// How the wall clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes as it should.
    InStep,
    /// It jumped ahead and nobody has confirmed that.
    Ahead(Hold),
    /// It was set back and nobody has confirmed that.
    Behind {
        /// What it should show.
        believed: Millis,
    },
}

/// What an unconfirmed jump made due: everything between these times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What the wall clock should show.
    pub believed: Millis,
    /// Where the jump led.
    pub to: Millis,
}

impl Hold {
    /// Whether something that is due at `at` is so only through the jump.
    #[must_use]
    pub fn covers(&self, at: Millis) -> bool {
        self.believed < at && at <= self.to
    }
}

/// What the next process must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the wall clock should show at a moment of the steady time.
    pub at: Stamp,
    /// The end of an unconfirmed jump.
    pub to: Option<Millis>,
}

impl Watch {
    /// Goes on from what an earlier process kept; with nothing kept the wall clock is right now.
    #[must_use]
    pub fn resume(kept: Option<Kept>, now: Stamp) -> Watch {
        let begun = Watch {
            begun: true,
            wall: now.wall,
            steady: now.steady,
            slack: AHEAD,
            to: None,
            seen: (now.wall, now.steady),
        };
        match kept {
            None => begun,
            Some(kept) if kept.at.boot == now.boot => {
                Watch { wall: kept.at.wall, steady: kept.at.steady, to: kept.to, ..begun }
            }
            // Nobody knows how long the machine was off. A jump that was open stays open.
            Some(kept) => {
                let slack = if kept.to.is_some() { AHEAD } else { AWAY };
                Watch { wall: kept.at.wall, slack, to: kept.to, ..begun }
            }
        }
    }

    fn believed(&self, steady: Millis) -> Millis {
        self.wall + (steady - self.steady)
    }

    /// Compares the two times.
    pub fn look(&mut self, now: Stamp) -> State {
        if !self.begun {
            *self = Watch::resume(None, now);
        }
        let believed = self.believed(now.steady);
        let off = now.wall - believed;
        let natural = self.seen.0 + (now.steady - self.seen.1);
        let leapt = now.wall > natural + BEHIND;
        self.seen = (now.wall, now.steady);
        if off > self.slack {
            let to = match self.to {
                Some(to) if !leapt => to,
                Some(to) => to.max(now.wall),
                None => now.wall,
            };
            self.to = Some(to);
            return State::Ahead(Hold { believed, to });
        }
        self.to = None;
        if off < -BEHIND {
            return State::Behind { believed };
        }
        self.follow(now, off);
        State::InStep
    }

    /// Takes over what the time service of the machine corrects, and no more: many small jumps are a large one.
    fn follow(&mut self, now: Stamp, off: Millis) {
        let passed = now.steady - self.steady;
        if self.slack > AHEAD {
            (self.wall, self.steady, self.slack) = (now.wall, now.steady, AHEAD);
        } else if passed >= STEP {
            let most = passed / DRIFT;
            (self.wall, self.steady) = (self.believed(now.steady) + off.clamp(-most, most), now.steady);
        }
    }

    /// What is to be kept of it.
    #[must_use]
    pub fn kept(&self, now: Stamp) -> Kept {
        Kept { at: Stamp { wall: self.believed(now.steady), ..now }, to: self.to }
    }
}

#[cfg(test)]
mod tests {
    use super::{AHEAD, AWAY, Hold, State, Watch};
    use crate::kernel::clock::{DAY, HOUR, MINUTE, Millis, Stamp};

    const T: Millis = 1_795_363_200_000;

    fn at(wall: Millis, steady: Millis) -> Stamp {
        Stamp { wall: T + wall, steady, boot: 1 }
    }

    fn watch() -> Watch {
        Watch::resume(None, at(0, 0))
    }

    fn hold(believed: Millis, to: Millis) -> State {
        State::Ahead(Hold { believed: T + believed, to: T + to })
    }

    #[test]
    fn time_that_passes_is_no_jump() {
        let mut watch = watch();
        for day in 1..400 {
            // Five seconds a day wrong, and corrected each tenth day.
            let wall = day * DAY + 5000 * (day % 10);
            assert_eq!(watch.look(at(wall, day * DAY)), State::InStep, "day {day}");
        }
    }

    #[test]
    fn a_jump_ahead_holds_until_the_clock_is_back_or_confirmed() {
        let mut watch = watch();
        assert_eq!(watch.look(at(DAY, 1000)), hold(1000, DAY));
        assert_eq!(watch.look(at(DAY + HOUR, HOUR + 1000)), hold(HOUR + 1000, DAY), "time that passes adds nothing");
        assert_eq!(watch.look(at(3 * DAY, HOUR + 2000)), hold(HOUR + 2000, 3 * DAY), "a second jump does");
        assert_eq!(watch.look(at(HOUR + 3000, HOUR + 3000)), State::InStep);
        assert_eq!(watch.look(at(2 * DAY, HOUR + 4000)), hold(HOUR + 4000, 2 * DAY));
        let mut confirmed = Watch::resume(None, at(2 * DAY, HOUR + 5000));
        assert_eq!(confirmed.look(at(2 * DAY + HOUR, 2 * HOUR + 5000)), State::InStep);
    }

    #[test]
    fn what_a_jump_made_due_lies_between_the_two_times() {
        let hold = Hold { believed: 10, to: 20 };
        assert_eq!([10, 11, 20, 21].map(|at| hold.covers(at)), [false, true, true, false]);
    }

    #[test]
    fn many_small_jumps_are_a_large_one() {
        let mut watch = watch();
        let states: Vec<State> = (1..=10).map(|n| watch.look(at(n * (MINUTE + 1000), n * 1000))).collect();
        assert_eq!(states[0], State::InStep);
        assert!(matches!(states[9], State::Ahead(_)));
    }

    #[test]
    fn a_clock_that_was_set_back_is_known_and_may_return() {
        let mut watch = watch();
        assert_eq!(watch.look(at(-HOUR, 1000)), State::Behind { believed: T + 1000 });
        assert_eq!(watch.look(at(2000, 2000)), State::InStep, "coming back is no jump ahead");
    }

    #[test]
    fn a_new_process_in_the_same_run_of_the_machine_goes_on() {
        let mut first = watch();
        let _ = first.look(at(HOUR, HOUR));
        let kept = first.kept(at(HOUR, HOUR));
        let mut closed = Watch::resume(Some(kept), at(9 * DAY, 9 * DAY));
        assert_eq!(closed.look(at(9 * DAY, 9 * DAY)), State::InStep, "the machine ran on");
        let mut set = Watch::resume(Some(kept), at(9 * DAY, 2 * HOUR));
        assert_eq!(set.look(at(9 * DAY, 2 * HOUR)), hold(2 * HOUR, 9 * DAY), "its clock was set meanwhile");
    }

    #[test]
    fn a_machine_that_was_off_for_long_asks() {
        let kept = watch().kept(at(0, 0));
        let booted = |wall: Millis| Stamp { boot: 2, ..at(wall, 7) };
        let mut weekend = Watch::resume(Some(kept), booted(AWAY));
        assert_eq!(weekend.look(booted(AWAY)), State::InStep);
        assert_eq!(
            weekend.look(Stamp { steady: 1007, ..booted(AWAY + AHEAD + HOUR) }),
            hold(AWAY + 1000, AWAY + AHEAD + HOUR)
        );
        let mut festival = Watch::resume(Some(kept), booted(9 * DAY));
        assert_eq!(festival.look(booted(9 * DAY)), hold(0, 9 * DAY));
        let again = festival.kept(booted(9 * DAY));
        let mut rebooted = Watch::resume(Some(again), Stamp { boot: 3, ..at(DAY, 0) });
        assert_eq!(rebooted.look(Stamp { boot: 3, ..at(DAY, 0) }), hold(0, 9 * DAY), "an open jump stays open");
    }

    #[test]
    fn a_machine_that_starts_in_the_past_finds_its_time() {
        let kept = watch().kept(at(0, 0));
        let mut early = Watch::resume(Some(kept), Stamp { boot: 2, ..at(-400 * DAY, 0) });
        assert!(matches!(early.look(Stamp { boot: 2, ..at(-400 * DAY, 0) }), State::Behind { .. }));
        assert_eq!(early.look(Stamp { boot: 2, ..at(14 * HOUR, 20_000) }), State::InStep, "the time service came up");
    }
}
