//! Lists come in pages of twenty rows.

/// Rows on a page.
pub const ROWS: i64 = 20;
/// The deepest page a list is turned to; past it a search finds faster than turning does.
const DEEPEST: i64 = 1000;

/// Which page of a list is wanted, from `?page=`.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// From 1.
    pub page: i64,
}

impl Paging {
    /// Reads `?page=`; anything that is no page is the first.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Paging {
        let page = text.and_then(|text| text.parse().ok()).unwrap_or(1);
        Paging { page: if (1..=DEEPEST).contains(&page) { page } else { 1 } }
    }

    /// `LIMIT`: one row more than shown, to know whether another page follows without counting.
    #[must_use]
    pub fn limit(self) -> i64 {
        ROWS + 1
    }

    /// `OFFSET`.
    #[must_use]
    pub fn offset(self) -> i64 {
        (self.page - 1) * ROWS
    }

    /// Cuts the extra row off and says whether it was there.
    pub fn cut<T>(self, mut rows: Vec<T>) -> Listing<T> {
        let shown = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        Listing { rows, page: self.page, more }
    }
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// At most [`ROWS`].
    pub rows: Vec<T>,
    /// From 1.
    pub page: i64,
    /// Whether a next page exists.
    pub more: bool,
}

/// Which way a list is sorted by a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The least first.
    Up,
    /// The most first.
    Down,
}

impl Way {
    /// What `?dir=` says.
    #[must_use]
    pub fn from_query(word: Option<&str>) -> Option<Way> {
        match word {
            Some("asc") => Some(Way::Up),
            Some("desc") => Some(Way::Down),
            Some(_) | None => None,
        }
    }

    /// Its word in an address.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Way::Up => "asc",
            Way::Down => "desc",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Way {
        match self {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        }
    }
}
