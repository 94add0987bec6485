//! Looking for what lies in the storages: a message may be stored without a word, or its announcement be lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::driver::{Fault, Modem, SHORT};
use super::urc::Slot;
use super::work::Shift;

/// How often every storage is looked into though nothing says that there is something.
const EVERY: Duration = Duration::from_secs(600);
/// How often a modem that announces nothing is asked.
const UNANNOUNCED: Duration = Duration::from_secs(5);
/// How long after a slot could not be read it is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// For a list of a full storage.
const LISTING: Duration = Duration::from_secs(20);
/// Slots that are tried one by one where a modem has no list of them.
const MOST_SLOTS: u32 = 255;

/// What is known of the storages.
#[derive(Debug)]
pub(super) struct Storages {
    /// When all of them were looked into.
    looked: Option<Instant>,
    /// When the one where messages are received was.
    looked_home: Option<Instant>,
    /// Where to look at once.
    wanted: Wanted,
    /// What stayed behind in a storage when it was looked into: what is stored for sending, or cannot be read.
    behind: BTreeMap<String, u32>,
    /// Since when some slot waits to be read again.
    unread: Option<Instant>,
    /// Another storage than the home one is chosen: the modem refused to go back.
    away: bool,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Nowhere,
    /// Where messages are received.
    Home,
    Everywhere,
}

impl Storages {
    pub(super) fn new() -> Storages {
        Storages {
            looked: None,
            looked_home: None,
            wanted: Wanted::Everywhere,
            behind: BTreeMap::new(),
            unread: None,
            away: false,
        }
    }

    /// Everything is to be looked into: after a start, a gap, or a notice without a slot.
    pub(super) fn look_everywhere(&mut self) {
        self.wanted = Wanted::Everywhere;
    }

    /// A slot could not be read: it is tried again soon.
    pub(super) fn look_again(&mut self) {
        self.unread.get_or_insert_with(Instant::now);
    }

    /// What +CPMS counts where messages are received; more than stayed behind there wants a look.
    pub(super) fn counted(&mut self, storage: &str, used: u32) {
        let behind = self.behind.entry(storage.to_owned()).or_default();
        if used > *behind {
            self.wanted = self.wanted.max(Wanted::Home);
        } else {
            *behind = used;
        }
    }

    /// Where to look now.
    fn due(&self, announced: bool) -> Wanted {
        let passed = |since: Option<Instant>, span: Duration| since.is_none_or(|since| since.elapsed() >= span);
        if passed(self.looked, EVERY) {
            return Wanted::Everywhere;
        }
        if !announced && passed(self.looked_home, UNANNOUNCED) {
            return self.wanted.max(Wanted::Home);
        }
        match self.unread {
            Some(since) if since.elapsed() >= AGAIN => Wanted::Everywhere,
            Some(_) | None => self.wanted,
        }
    }
}

impl Shift<'_> {
    /// Chooses a storage to read from; whether the modem took it.
    pub(super) async fn choose(&mut self, storage: &str) -> Result<Option<Vec<String>>, Fault> {
        if storage == self.modes.receives_in && !self.storages.away {
            return self.modem.asked("AT+CPMS?").await;
        }
        self.storages.away = true;
        self.modem.asked(&format!("AT+CPMS=\"{storage}\"")).await
    }

    /// Goes back to the storage where messages are received. A modem that refuses is asked again before its next slot is
    /// read: the number of a slot means nothing in another storage.
    pub(super) async fn go_home(&mut self) -> Result<(), Fault> {
        if self.storages.away {
            let home = self.modes.home.clone();
            self.storages.away = self.modem.asked(&home).await?.is_none();
        }
        Ok(())
    }

    /// Whether slots of this storage can be read without choosing it.
    pub(super) fn is_at(&self, storage: &str) -> bool {
        storage == self.modes.receives_in && !self.storages.away
    }

    /// Looks into the storages where that is due. `busy`: messages are being sent, and only a notice or a count makes
    /// a look worth its commands.
    pub(super) async fn look(&mut self, busy: bool) -> anyhow::Result<()> {
        if busy && self.storages.wanted == Wanted::Nowhere && self.modes.announce.is_some() {
            return Ok(());
        }
        let first = self.storages.looked.is_none();
        let all = match self.storages.due(self.modes.announce.is_some()) {
            Wanted::Nowhere => return Ok(()),
            Wanted::Home => vec![self.modes.receives_in.clone()],
            Wanted::Everywhere => {
                self.storages.looked = Some(Instant::now());
                self.modes.storages.clone()
            }
        };
        let now = Instant::now();
        (self.storages.wanted, self.storages.unread, self.storages.looked_home) = (Wanted::Nowhere, None, Some(now));
        for storage in all {
            let home = storage == self.modes.receives_in;
            let Some(lines) = self.choose(&storage).await? else {
                if home {
                    self.storages.look_again();
                }
                continue;
            };
            match used(&lines) {
                // At the start the list is asked for all the same: some modules count wrongly.
                Some(0) if !(first && home) => {
                    self.storages.behind.insert(storage, 0);
                }
                used => self.empty(&storage, used).await?,
            }
        }
        Ok(self.go_home().await?)
    }

    /// Takes in all that lies in the storage that is chosen.
    async fn empty(&mut self, storage: &str, used: Option<u32>) -> anyhow::Result<()> {
        let listed = match self.modem.command("AT+CMGL=4", LISTING).await {
            Ok(lines) => Some(lines.iter().filter_map(|line| entry(line)).collect::<Vec<_>>()),
            Err(Fault::Refused(_)) => None,
            Err(fault) => return Err(fault.into()),
        };
        let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
        let (slots, kept) = match (listed, used) {
            (Some(listed), Some(used)) if count(listed.len()) < used => one_by_one(&mut self.modem, used).await?,
            (None, used) => one_by_one(&mut self.modem, used.unwrap_or(MOST_SLOTS)).await?,
            (Some(listed), _) => {
                // What was stored for sending is not ours to free, but for what `recover` knows.
                let came: Vec<u32> = listed.iter().filter(|(_, came)| *came).map(|(index, _)| *index).collect();
                let kept = count(listed.len() - came.len());
                (came, kept)
            }
        };
        let mut freed = 0u32;
        for index in &slots {
            if self.read_slot(&Slot { storage: storage.to_owned(), index: *index }).await? {
                freed += 1;
            }
        }
        // What is counted and cannot be found is not looked for again until there is more of it.
        let found = count(slots.len()).saturating_add(kept);
        let behind = used.unwrap_or(found).max(found).saturating_sub(freed);
        self.storages.behind.insert(storage.to_owned(), behind);
        Ok(())
    }
}

/// A line of the list: the slot, and whether what lies there came in.
fn entry(line: &str) -> Option<(u32, bool)> {
    let mut fields = line.strip_prefix("+CMGL:")?.split(',');
    let (slot, status) = (fields.next()?.trim().parse().ok()?, fields.next()?.trim());
    Some((slot, matches!(status, "0" | "1" | "\"REC UNREAD\"" | "\"REC READ\"")))
}

/// How many messages lie in the first storage: `+CPMS: "SM",3,50,…` when asked, `+CPMS: 3,50,…` when chosen.
pub(super) fn used(lines: &[String]) -> Option<u32> {
    let rest = lines.iter().find_map(|line| line.strip_prefix("+CPMS:"))?;
    rest.split(',').map(str::trim).find(|field| !field.starts_with('"'))?.parse().ok()
}

/// Finds slots where the modem's list is refused or does not show all: asks for each until as many were found as are
/// used. What is stored for sending is counted apart.
async fn one_by_one(modem: &mut Modem, used: u32) -> Result<(Vec<u32>, u32), Fault> {
    let (mut slots, mut kept, mut refused) = (Vec::new(), 0u32, 0u32);
    for index in 0..=MOST_SLOTS {
        let found = u32::try_from(slots.len()).unwrap_or(u32::MAX).saturating_add(kept);
        // A modem that counts what nobody can read is not asked for all of its slots each time.
        if found >= used || (found == 0 && refused > 60) {
            break;
        }
        match modem.command(&format!("AT+CMGR={index}"), SHORT).await {
            Ok(lines) => match lines.iter().find_map(|line| line.strip_prefix("+CMGR:")) {
                Some(header) if matches!(header.split(',').next().unwrap_or_default().trim(), "2" | "3") => kept += 1,
                Some(_) => slots.push(index),
                None => refused += 1,
            },
            Err(Fault::Refused(_)) => refused += 1,
            Err(fault) => return Err(fault),
        }
    }
    Ok((slots, kept))
}

#[cfg(test)]
mod tests {
    use super::{Storages, Wanted, entry, used};

    #[test]
    fn counts_are_read_in_both_forms() {
        let lines = |line: &str| vec![line.to_owned()];
        assert_eq!(used(&lines("+CPMS: \"SM\",3,50,\"SM\",3,50,\"SM\",3,50")), Some(3));
        assert_eq!(used(&lines("+CPMS: 2,50,2,50,2,50")), Some(2));
        assert_eq!(used(&lines("+CPMS: \"ME\", 1 ,23")), Some(1));
        assert_eq!(used(&lines("OK")), None);
        assert_eq!(entry("+CMGL: 3,1,,24"), Some((3, true)));
        assert_eq!(entry("+CMGL: 4,2,\"\",24"), Some((4, false)));
        assert_eq!(entry("+CMGL: x"), None);
    }

    #[test]
    fn what_is_counted_and_not_known_wants_a_look() {
        let mut storages = Storages::new();
        assert_eq!(storages.due(true), Wanted::Everywhere);
        (storages.wanted, storages.looked) = (Wanted::Nowhere, Some(std::time::Instant::now()));
        storages.counted("SM", 0);
        assert_eq!(storages.due(true), Wanted::Nowhere);
        storages.counted("SM", 1);
        assert_eq!(storages.due(true), Wanted::Home);
        storages.behind.insert("SM".to_owned(), 1);
        storages.wanted = Wanted::Nowhere;
        storages.counted("SM", 1);
        assert_eq!(storages.due(true), Wanted::Nowhere);
    }
}
