//! The simulated modem: its parts, its time, and what happens to it from outside. What it says to commands is in
//! the files beside this one, a subject each.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::Shared;
use super::arriving::Arrival;
use super::calls::Call;
use super::faults::{Fault, FaultKind, Noise};
use super::ledger::Watch;
use super::modes::Modes;
use super::personalities::Personality;
use super::script::{Happening, Rule};
use super::sim::Lock;
use super::stores::Stores;
use super::terminal::Plug;

/// How often a chattering modem says something.
const CHATTER_MS: u64 = 4_000;

/// How long the network takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub network_ms: u64,
    pub report_ms: u64,
}

/// What a modem is made of.
#[derive(Clone, Debug)]
pub(super) struct Make {
    /// Such as `modem0`.
    pub name: String,
    /// Its number, from 0.
    pub number: u32,
    pub personality: &'static Personality,
    pub times: Times,
    pub slots: u32,
    pub pin: Option<String>,
}

/// What happens to the modem from outside.
#[derive(Clone, Debug)]
pub(super) enum Outside {
    /// Bytes of a program, on the terminal of this time under power: an older one's are lost with it.
    Bytes(u32, Vec<u8>),
    /// The network has something for this SIM.
    Arrives(Vec<Arrival>),
    /// Somebody calls.
    Calls(Call),
    /// Something goes wrong from now on.
    Fault(Fault),
    /// Something happens.
    Happens(Happening),
}

/// What happens later by itself.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The answer to a message that was handed over at this time of the watch.
    Answer { text: String, since: Option<u64> },
    /// Said by itself.
    Urc(String),
    /// The network has something for this SIM: it outlives the power.
    Arrives(Arrival),
    /// The telephone rings once more, or falls silent.
    Ring,
    /// Something to say for no reason.
    Chatter,
}

/// An event and its time.
#[derive(Clone, Debug)]
struct Later {
    at: Instant,
    event: Event,
}

/// What the modem waits for behind its prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// A PDU of this length, or a text for this number; sent, or stored with this status.
    Pdu {
        length: usize,
        store: Option<super::stores::Status>,
    },
    Text {
        to: String,
        store: Option<super::stores::Status>,
    },
}

/// The modem.
pub(super) struct Modem<'a> {
    pub make: Make,
    pub shared: &'a Shared,
    pub watch: Arc<Watch>,
    place: PathBuf,
    hears: Sender<Outside>,
    plug: Option<Plug>,
    /// How often the power has failed.
    power: u32,
    pub modes: Modes,
    pub stores: Stores,
    pub lock: Lock,
    pub fault: Fault,
    pub noise: Noise,
    pub rules: Vec<Rule>,
    /// What becomes of the PDUs in the answer that is being given.
    pub damage: Option<super::script::Damage>,
    /// +CFUN.
    pub radio: u8,
    /// Said every so many milliseconds.
    pub chatters: Option<(String, u64)>,
    /// What is said by itself while the fault holds it back.
    pub held: String,
    /// The line as far as it was heard, and what was heard while the modem was busy.
    pub line: Vec<u8>,
    pub unheard: VecDeque<u8>,
    pub prompt: Option<Prompt>,
    pub busy: bool,
    later: Vec<Later>,
    /// What the network keeps for this SIM, and what was handed over and not acknowledged yet.
    pub kept: VecDeque<Arrival>,
    pub unacknowledged: Option<(Arrival, Instant)>,
    pub second_first: Option<Arrival>,
    pub call: Option<Call>,
    pub mr: u8,
}

/// Serves the terminal, which is found at `place`, until the process ends.
pub(super) fn serve(
    make: Make,
    place: &Path,
    shared: &Shared,
    watch: Arc<Watch>,
    hears: Sender<Outside>,
    outside: &Receiver<Outside>,
) {
    let mut modem = Modem {
        modes: Modes::new(make.personality),
        stores: Stores::new(make.personality.storages, make.personality.first_slot, make.slots),
        lock: Lock::new(make.pin.as_deref()),
        make,
        shared,
        watch,
        place: place.to_owned(),
        hears,
        plug: None,
        power: 0,
        fault: Fault::default(),
        noise: Noise::default(),
        rules: Vec::new(),
        damage: None,
        radio: 1,
        chatters: None,
        held: String::new(),
        line: Vec::new(),
        unheard: VecDeque::new(),
        prompt: None,
        busy: false,
        later: Vec::new(),
        kept: VecDeque::new(),
        unacknowledged: None,
        second_first: None,
        call: None,
        mr: 0,
    };
    modem.plug_in();
    loop {
        modem.happen();
        modem.arrive();
        let wait = modem.next().map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        match outside.recv_timeout(wait) {
            Ok(Outside::Bytes(power, bytes)) if power == modem.power => modem.hear(&bytes),
            Ok(Outside::Bytes(..)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Outside::Arrives(all)) => all.into_iter().for_each(|one| modem.comes(one)),
            Ok(Outside::Calls(call)) => modem.rings(call),
            Ok(Outside::Fault(fault)) => modem.suffer(fault),
            Ok(Outside::Happens(happening)) => modem.happens(happening),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Modem<'_> {
    /// When something happens next by itself.
    fn next(&self) -> Option<Instant> {
        let overdue = self.unacknowledged.as_ref().map(|(_, until)| *until);
        self.later.iter().map(|later| later.at).chain(overdue).min()
    }

    pub(super) fn after(&mut self, ms: u64, event: Event) {
        self.later.push(Later { at: Instant::now() + Duration::from_millis(ms), event });
    }

    /// What is due happens, the earliest first.
    fn happen(&mut self) {
        loop {
            let now = Instant::now();
            let due = self.later.iter().enumerate().filter(|(_, later)| later.at <= now);
            let Some(first) = due.min_by_key(|(_, later)| later.at).map(|(place, _)| place) else { return };
            match self.later.remove(first).event {
                Event::Answer { text, since } => self.answered(&text, since),
                Event::Urc(text) => self.urc(&text),
                Event::Arrives(arrival) => self.comes(arrival),
                Event::Ring => self.ring(),
                Event::Chatter => {
                    let own = self.make.personality.chatter.map(|words| (words.to_owned(), CHATTER_MS));
                    if let Some((words, ms)) = self.chatters.clone().or(own) {
                        self.urc(&format!("\r\n{words}\r\n"));
                        self.after(ms, Event::Chatter);
                    }
                }
            }
        }
    }

    /// Whether a stick is in.
    pub(super) fn is_plugged(&self) -> bool {
        self.plug.is_some()
    }

    /// The stick is put in: a new terminal at the old place, and a modem that has just got power.
    fn plug_in(&mut self) {
        if self.plug.is_some() {
            return;
        }
        let (power, to) = (self.power, self.hears.clone());
        match Plug::put(&self.place, move |bytes| drop(to.send(Outside::Bytes(power, bytes)))) {
            Ok(plug) => self.plug = Some(plug),
            Err(error) => return tracing::error!("{}: the modem does not come back: {error:#}", self.make.name),
        }
        for words in self.make.personality.boot {
            self.say(&format!("\r\n{words}\r\n"));
        }
        if self.make.personality.chatter.is_some() && self.chatters.is_none() {
            self.after(0, Event::Chatter);
        }
    }

    /// The stick is pulled out: what the modem was doing is forgotten, what the SIM holds and what the network
    /// has for it are not, and whoever had the terminal open has lost it.
    fn pull_out(&mut self) {
        self.plug = None;
        self.power += 1;
        self.modes = Modes::new(self.make.personality);
        self.lock = Lock::new(self.make.pin.as_deref());
        self.radio = 1;
        self.forget_dialogue();
    }

    /// What was under way is forgotten.
    pub(super) fn forget_dialogue(&mut self) {
        (self.prompt, self.busy, self.call) = (None, false, None);
        self.line.clear();
        self.unheard.clear();
        self.held.clear();
        if let Some((arrival, _)) = self.unacknowledged.take() {
            self.kept.push_front(arrival);
        }
        self.later.retain(|later| matches!(later.event, Event::Arrives(_) | Event::Chatter));
    }

    /// The power fails and comes back.
    pub(super) fn cut(&mut self) {
        self.pull_out();
        self.plug_in();
    }

    /// Counts a step; `true` when the modem was cut here.
    pub(super) fn step(&mut self, name: &str) -> bool {
        let cut = self.shared.steps.step(name);
        if cut {
            self.cut();
        }
        cut
    }

    fn suffer(&mut self, fault: Fault) {
        if fault.kind == FaultKind::Unplug {
            return self.pull_out();
        }
        if fault.kind == FaultKind::Replug {
            return self.plug_in();
        }
        if fault.kind == FaultKind::Cut {
            return self.cut();
        }
        let had_network = self.has_network();
        self.fault = fault;
        self.stores.set_full(fault.is(FaultKind::SimFull));
        if had_network != self.has_network() {
            self.tell_registration();
        }
        let held = std::mem::take(&mut self.held);
        self.say(&held);
    }

    /// Says something at once.
    pub(super) fn say(&mut self, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        if self.fault.is(FaultKind::Garbage) && !bytes.is_empty() {
            bytes.splice(0..0, self.noise.some());
            bytes.extend(self.noise.some());
        }
        if let Some(plug) = &mut self.plug {
            plug.say(&bytes);
        }
    }

    /// Says something by itself, which the fault may hold back for the next answer.
    pub(super) fn urc(&mut self, text: &str) {
        if self.fault.is(FaultKind::Urc) { self.held.push_str(text) } else { self.say(text) }
    }
}
