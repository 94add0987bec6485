//! How much waits for each person: the red numbers. Counted rarely, kept in memory, told to open pages.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::kernel::Kernel;
use crate::kernel::access::auth::Actor;
use crate::kernel::clock::Millis;
use crate::kernel::db::DbError;
use crate::kernel::id::Id;
use crate::kernel::live::sse::Live;

/// Counts by the address that the badge leads to, such as `("/approvals", 2)`.
pub type BadgeCounts = Arc<Vec<(&'static str, i64)>>;

/// People whose counts are kept.
const PEOPLE: usize = 10_000;
/// Counts are taken anew after this time even when nobody said that they changed: a day begins, or another
/// process on the same database wrote.
const FRESH: Duration = Duration::from_secs(30);

/// The kept counts.
#[derive(Debug)]
pub struct Badges {
    kept: Cache<Id, (Millis, BadgeCounts)>,
}

impl Default for Badges {
    fn default() -> Self {
        Badges { kept: Cache::new(PEOPLE) }
    }
}

impl Badges {
    /// Forgets a person's counts; the next page counts again.
    pub fn stale(&self, user: Id) {
        self.kept.remove(&user);
    }
}

impl Kernel {
    /// The counts for a person, at most half a minute old.
    pub async fn badges_of(&self, actor: &Actor) -> Result<BadgeCounts, DbError> {
        let now = self.clock.steady();
        let fresh = i64::try_from(FRESH.as_millis()).unwrap_or(i64::MAX);
        if let Some((at, counts)) = self.badges.kept.get(&actor.id)
            && (0..fresh).contains(&(now - at))
        {
            return Ok(counts);
        }
        let counts = (self.hooks.count)(self, actor).await?;
        self.badges.kept.insert(actor.id, (now, Arc::clone(&counts)));
        Ok(counts)
    }

    /// Tells the open pages of a person that their counts changed; the page asks for the new ones.
    pub fn badges_changed(&self, user: Id) {
        self.badges.stale(user);
        self.hub.tell(user, Live { name: "stale", data: "{}".to_owned() });
    }
}
