//! Which rows a search reads, and what it adds to a list's statement.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Needle;
use crate::kernel::db::{DbError, On, Query, sql};

/// A reader with at most so many records has them all read: among the rows of a common piece theirs are rare.
const FEW_ROWS: i64 = 500;
/// Up to so many rows of a piece are gathered and sorted where a list stands in another order than the piece's rows.
const FEW_PIECES: i64 = 2000;
/// Of several pieces the rarest is walked; past this count none counts as rare.
const RARE: i64 = 300;

/// The list around a search.
#[derive(Clone, Debug)]
pub struct Around<F> {
    /// The kind of its records.
    pub kind: &'static str,
    /// Whether it stands in the order of a piece's rows.
    pub in_order: bool,
    /// The reader's own records; `None` where the reader sees everybody's.
    pub own: Option<Own<F>>,
}

/// The records of a reader who does not see everybody's.
#[derive(Clone, Debug)]
pub struct Own<F> {
    /// The name of what the reader sees.
    pub reader: String,
    /// Appends the select of their ids.
    pub ids: F,
}

/// What was counted to the limit lately: pieces that many records have, and readers with many records. For this long
/// they are taken to have as many, so that most searches are one statement. A wrong plan is a slower one, no other answer.
const REMEMBERED: Duration = Duration::from_secs(600);
/// More than so many are forgotten all at once.
const MOST_REMEMBERED: usize = 4096;

#[derive(Debug, Default)]
struct Many(HashMap<String, Instant>);

impl Many {
    fn knows(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|counted| counted.elapsed() < REMEMBERED)
    }

    fn note(&mut self, name: String) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(name, Instant::now());
    }
}

/// What is to be counted, and no further than `limit`.
struct Counted {
    /// Its place among the pieces, or [`OWN`].
    place: i64,
    limit: i64,
    /// Its name in [`Many`].
    name: String,
}

/// Which rows are read.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Nothing is looked for: every record.
    All,
    /// No record has such pieces.
    Nothing,
    /// The rows of the rarest piece. They stand in the order of the list and hold the owner, so that a page costs its
    /// own rows, however many records have the piece.
    Pieces(Hunt),
    /// The list's own rows, each of which is asked for the pieces: all of them, where the reader has few; else in the
    /// order of the list until the page is full.
    Rows {
        /// What they are asked for.
        hunt: Hunt,
        /// Whether the reader has few.
        few: bool,
    },
}

/// The pieces and the pattern of a search.
#[derive(Clone, Debug)]
pub struct Hunt {
    kind: &'static str,
    /// The rarest piece.
    first: String,
    /// The next rarest, where there are several.
    second: Option<String>,
    /// `None` where the pieces decide.
    pattern: Option<String>,
}

#[derive(sqlx_macros::FromRow)]
struct Weight {
    place: i64,
    records: i64,
}

/// The place of the reader's own records among the weights.
const OWN: i64 = -1;

/// Chooses the rows to read for what was typed. What must be counted for it is counted in one statement, no further than
/// the choice needs, and not at all where it was many a moment ago.
pub async fn plan<F: FnOnce(Query) -> Query>(
    on: impl Into<On<'_>>,
    around: Around<F>,
    typed: Option<&str>,
) -> Result<Plan, DbError> {
    let Some(needle) = typed.and_then(Needle::parse) else { return Ok(Plan::All) };
    let Around { kind, in_order, own } = around;
    let most = if in_order { RARE } else { FEW_PIECES };
    let mut weights: Vec<Weight> = Vec::new();
    let weighed = needle.pieces.len() > 1 || !in_order;
    let mut counted: Vec<Counted> = (0i64..)
        .zip(&needle.pieces)
        .filter(|_| weighed)
        .map(|(place, piece)| Counted { place, limit: most, name: format!("{kind}{most}:{piece}") })
        .collect();
    if let Some(own) = &own {
        counted.push(Counted { place: OWN, limit: FEW_ROWS, name: format!("{kind} of {}", own.reader) });
    }
    let mut on = on.into();
    // A write counts for itself: it may have changed what is counted.
    let db = match &on {
        On::Db(db) => Some(*db),
        On::Tx(_) => None,
    };
    let (known, asked): (Vec<Counted>, Vec<Counted>) = match db {
        Some(db) => db.memory().with(|many: &mut Many| counted.into_iter().partition(|one| many.knows(&one.name))),
        None => (Vec::new(), counted),
    };
    weights.extend(known.iter().map(|one| Weight { place: one.place, records: one.limit + 1 }));
    if !asked.is_empty() {
        let mut own = own;
        let mut query = sql("");
        let mut between = "";
        for one in &asked {
            query = query
                .push(between)
                .push("SELECT CAST(")
                .arg(one.place)
                .push(" AS BIGINT) AS place, CAST(count(*) AS BIGINT) AS records FROM (");
            query = match usize::try_from(one.place).ok().and_then(|place| needle.pieces.get(place)) {
                Some(piece) => query
                    .push("SELECT record_id FROM search_terms WHERE kind = '")
                    .push(kind)
                    .push("' AND term = ")
                    .arg(piece),
                None => own.take().into_iter().fold(query, |query, own| (own.ids)(query)),
            };
            query = query.push(" LIMIT ").arg(one.limit + 1).push(") AS found");
            between = " UNION ALL ";
        }
        let found: Vec<Weight> = query.all(&mut on).await?;
        if let Some(db) = db {
            db.memory().with(|many: &mut Many| {
                let is_many =
                    |one: &Counted| found.iter().any(|weight| weight.place == one.place && weight.records > one.limit);
                asked.into_iter().filter(is_many).for_each(|one| many.note(one.name));
            });
        }
        weights.extend(found);
    }
    let few = weights.iter().any(|weight| weight.place == OWN && weight.records <= FEW_ROWS);
    weights.retain(|weight| weight.place != OWN);
    weights.sort_by_key(|weight| (weight.records, weight.place));
    let rarest = weights.first().map(|weight| weight.records);
    if rarest == Some(0) {
        return Ok(Plan::Nothing);
    }
    let pattern = (!needle.decided()).then(|| needle.pattern());
    let by_weight = weights.iter().filter_map(|weight| usize::try_from(weight.place).ok());
    let mut pieces: Vec<String> = by_weight.filter_map(|place| needle.pieces.get(place).cloned()).collect();
    if pieces.is_empty() {
        pieces = needle.pieces;
    }
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return Ok(Plan::Nothing) };
    let hunt = Hunt { kind, first, second: pieces.next(), pattern };
    let common = !in_order && rarest.is_some_and(|records| records > FEW_PIECES);
    Ok(if few || common { Plan::Rows { hunt, few } } else { Plan::Pieces(hunt) })
}

impl Plan {
    /// Comes right after `FROM ` and before the record's own table.
    #[must_use]
    pub fn source(&self, query: Query) -> Query {
        match self {
            Plan::All | Plan::Nothing | Plan::Rows { .. } => query,
            // CROSS JOIN: SQLite then keeps the order and begins with the pieces.
            Plan::Pieces(_) => query.push("search_terms t CROSS JOIN "),
        }
    }

    /// Comes behind the other conditions; `id`, `sort_key` and `text` are the record's columns.
    #[must_use]
    pub fn filter(&self, query: Query, id: &'static str, sort_key: &'static str, text: &'static str) -> Query {
        match self {
            Plan::All => query,
            Plan::Nothing => query.push(" AND 1 = 0"),
            Plan::Pieces(hunt) => {
                let query = query.push(" AND t.kind = '").push(hunt.kind).push("' AND t.term = ").arg(&hunt.first);
                let query = query.push(" AND t.record_id = ").push(id);
                let query =
                    hunt.second.iter().fold(query, |query, piece| hunt.has(query, piece, "t.sort_key", "t.record_id"));
                hunt.decide(query, text)
            }
            Plan::Rows { hunt, .. } => {
                let query = std::iter::once(&hunt.first)
                    .chain(&hunt.second)
                    .fold(query, |query, piece| hunt.has(query, piece, sort_key, id));
                hunt.decide(query, text)
            }
        }
    }

    /// Whether the rows of a piece are read: then `t.owner_id` tells whose a record is, and `t.sort_key, t.record_id`
    /// is the order of the list.
    #[must_use]
    pub fn by_pieces(&self) -> bool {
        match self {
            Plan::Pieces(_) => true,
            Plan::All | Plan::Nothing | Plan::Rows { .. } => false,
        }
    }

    /// The plan that gathers every record that is found, in no order.
    #[must_use]
    pub fn gathering(self) -> Plan {
        match self {
            Plan::Rows { hunt, .. } => Plan::Pieces(hunt),
            Plan::All | Plan::Nothing | Plan::Pieces(_) => self,
        }
    }

    /// Whether the reader's records are so few that all of them are read.
    #[must_use]
    pub fn by_owner(&self) -> bool {
        match self {
            Plan::Rows { few, .. } => *few,
            Plan::All | Plan::Nothing | Plan::Pieces(_) => false,
        }
    }
}

impl Hunt {
    /// Asks one row for a piece. A scalar look at the primary key and no EXISTS, which the planners would turn into a
    /// join that reads every record with the piece before the first row comes out.
    fn has(&self, query: Query, piece: &str, sort_key: &'static str, id: &'static str) -> Query {
        query
            .push(" AND (SELECT 1 FROM search_terms st WHERE st.kind = '")
            .push(self.kind)
            .push("' AND st.term = ")
            .arg(piece)
            .push(" AND st.sort_key = ")
            .push(sort_key)
            .push(" AND st.record_id = ")
            .push(id)
            .push(") = 1")
    }

    fn decide(&self, query: Query, text: &'static str) -> Query {
        self.pattern.iter().fold(query, |query, pattern| {
            query.push(" AND ").push(text).push(" LIKE ").arg(pattern).push(" ESCAPE '!'")
        })
    }
}
