//! Where messages lie: the SIM, the device, the reports; and what +CPMS, +CMGL, +CMGR and +CMGD mean by slots
//! (3GPP TS 27.005, 3.1 and 3.2.2).

use std::collections::BTreeMap;

/// A storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// `SM`
    Sim,
    /// `ME`
    Device,
    /// `SR`
    Reports,
}

impl Place {
    pub(super) fn word(self) -> &'static str {
        match self {
            Place::Sim => "SM",
            Place::Device => "ME",
            Place::Reports => "SR",
        }
    }

    /// Both at once (`MT`) is the device's here.
    pub(super) fn named(word: &str) -> Option<Place> {
        match word.to_ascii_uppercase().as_str() {
            "SM" => Some(Place::Sim),
            "ME" | "MT" => Some(Place::Device),
            "SR" => Some(Place::Reports),
            _ => None,
        }
    }
}

/// A slot's status, with its number in PDU mode and its words in text mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Unread,
    Read,
    Unsent,
    Sent,
}

impl Status {
    pub(super) const ALL: [Status; 4] = [Status::Unread, Status::Read, Status::Unsent, Status::Sent];

    pub(super) fn number(self) -> u8 {
        match self {
            Status::Unread => 0,
            Status::Read => 1,
            Status::Unsent => 2,
            Status::Sent => 3,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Status::Unread => "REC UNREAD",
            Status::Read => "REC READ",
            Status::Unsent => "STO UNSENT",
            Status::Sent => "STO SENT",
        }
    }
}

/// What a PDU is about, as text mode shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// From a number, a text, at a time.
    Message { from: String, text: String, at: i64 },
    /// Its mr, the number, the times of sending and of the end, TP-ST.
    Report { mr: u8, to: String, sent: i64, ended: i64, status: u8 },
    /// Written here, to be sent.
    Submit(super::pdu::Submitted),
}

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub status: Status,
    pub length: usize,
    pub pdu: String,
    pub content: Content,
}

/// One storage.
#[derive(Clone, Debug)]
pub(super) struct Store {
    first: u32,
    capacity: u32,
    slots: BTreeMap<u32, Slot>,
    /// Nothing more goes in.
    pub full: bool,
}

impl Store {
    fn new(first: u32, capacity: u32) -> Store {
        Store { first, capacity, slots: BTreeMap::new(), full: false }
    }

    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(super) fn used(&self) -> u32 {
        if self.full { self.capacity } else { u32::try_from(self.slots.len()).unwrap_or(self.capacity) }
    }

    /// The first and the last number of a slot.
    pub(super) fn bounds(&self) -> (u32, u32) {
        (self.first, (self.first + self.capacity).saturating_sub(1))
    }

    /// Puts something into the first free slot.
    pub(super) fn put(&mut self, slot: Slot) -> Option<u32> {
        let (first, last) = self.bounds();
        let free = (first..=last).find(|index| !self.slots.contains_key(index)).filter(|_| !self.full)?;
        self.slots.insert(free, slot);
        Some(free)
    }

    /// Looks into a slot; what is read is not unread any more.
    pub(super) fn read(&mut self, index: u32) -> Option<Slot> {
        let slot = self.slots.get_mut(&index)?;
        let shown = slot.clone();
        if slot.status == Status::Unread {
            slot.status = Status::Read;
        }
        Some(shown)
    }

    /// What lies in a slot, untouched.
    pub(super) fn get(&self, index: u32) -> Option<&Slot> {
        self.slots.get(&index)
    }

    /// A stored message was sent.
    pub(super) fn sent(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(&index) {
            slot.status = Status::Sent;
        }
    }

    /// Those of a status, or all; reading marks them.
    pub(super) fn list(&mut self, status: Option<Status>) -> Vec<(u32, Slot)> {
        let which: Vec<u32> = self
            .slots
            .iter()
            .filter(|(_, slot)| status.is_none_or(|status| slot.status == status))
            .map(|(index, _)| *index)
            .collect();
        which.into_iter().filter_map(|index| Some((index, self.read(index)?))).collect()
    }

    /// Frees a slot; `false` where there is none of that number.
    pub(super) fn free(&mut self, index: u32) -> bool {
        let (first, last) = self.bounds();
        self.slots.remove(&index);
        (first..=last).contains(&index)
    }

    /// Frees every slot of these statuses (`AT+CMGD=1,n`).
    pub(super) fn free_all(&mut self, statuses: &[Status]) {
        self.slots.retain(|_, slot| !statuses.contains(&slot.status));
    }
}

/// All storages of a modem. They outlive the power.
#[derive(Clone, Debug)]
pub(super) struct Stores(BTreeMap<Place, Store>);

impl Stores {
    pub(super) fn new(places: &[Place], first: u32, capacity: u32) -> Stores {
        Stores(places.iter().map(|place| (*place, Store::new(first, capacity))).collect())
    }

    pub(super) fn has(&self, place: Place) -> bool {
        self.0.contains_key(&place)
    }

    /// A storage that the modem has; any of it stands in for one it has not, which its commands refuse before.
    pub(super) fn at(&mut self, place: Place) -> &mut Store {
        self.0.entry(place).or_insert_with(|| Store::new(1, 0))
    }

    /// Fills all of them, or not any more.
    pub(super) fn set_full(&mut self, full: bool) {
        for store in self.0.values_mut() {
            store.full = full;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Content, Place, Slot, Status, Stores};

    #[test]
    fn a_store_is_read_marked_filled_and_freed() {
        let slot = |status| Slot {
            status,
            length: 1,
            pdu: "00".to_owned(),
            content: Content::Message { from: String::new(), text: String::new(), at: 0 },
        };
        let mut stores = Stores::new(&[Place::Sim], 1, 3);
        let sim = stores.at(Place::Sim);
        assert_eq!(sim.put(slot(Status::Unread)), Some(1));
        assert_eq!(sim.put(slot(Status::Unsent)), Some(2));
        assert_eq!(sim.list(Some(Status::Unread)).len(), 1);
        assert_eq!(sim.list(Some(Status::Unread)).len(), 0);
        sim.sent(2);
        assert_eq!(sim.get(2).unwrap().status, Status::Sent);
        assert_eq!(sim.put(slot(Status::Unread)), Some(3));
        assert_eq!(sim.put(slot(Status::Unread)), None);
        sim.free_all(&[Status::Sent]);
        assert_eq!((sim.used(), sim.free(2), sim.free(9)), (2, true, false));
    }
}
