//! Finding a record by any piece of what it is called: a part of a name (one Chinese character is enough),
//! the initials or the full pinyin of it, digits of a telephone number. The same on both engines.
//!
//! Pieces stand in `search_terms` and narrow the look down; where the text is no piece itself, `LIKE` on the
//! record's `search_text` decides. Which pieces a record has follows from its `search_text` alone, so a change
//! writes the difference and no index by record is needed. A piece's rows stand in the order of the record's list
//! and hold its owner: see [`plan`] for what that saves.
//!
//! | piece | of | asked for by |
//! | --- | --- | --- |
//! | one and two characters | names | anything that is not only letters and digits |
//! | two, three, five, eight letters anywhere | initials (letters and digits stand for themselves) | letters |
//! | syllables of two letters; three, five and eight letters from the begin of any | full pinyin | letters |
//! | `^` and a letter | begin of the initials | one letter |
//! | four digits anywhere, the first three | telephone numbers | digits |
//! | `=` and the whole | a record's own names | the duplicate guard |
//!
//! Long because: the pieces that are written and the questions that look for them must agree line by line.

mod plan;

use std::collections::BTreeSet;

use pinyin::ToPinyin;

use crate::kernel::china::phone::Phone;
use crate::kernel::china::width::half;
use crate::kernel::db::{Arg, DbError, On, Tx, sql};
use crate::kernel::id::Id;
pub use plan::{Around, Own, Plan, plan};

/// Names past this length are cut for searching; forms accept no longer ones.
const LONGEST: usize = 100;
/// The longest text that is looked for.
const LONGEST_NEEDLE: usize = 40;
/// Pieces of a needle that are weighed.
const MOST_TERMS: usize = 8;
/// Rows of one INSERT. One size, so that one prepared statement serves.
const BATCH: usize = 16;

/// The form in which texts are compared: lower case, half width, without spaces.
#[must_use]
pub fn normal(text: &str) -> String {
    text.chars()
        .map(half)
        // '#' and '|' divide the parts of `search_text`.
        .filter(|c| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '#' | '|' | '\u{200b}'..='\u{200f}' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
        .take(LONGEST)
        .collect()
}

/// The form in which two names are the same name: [`normal`] without punctuation.
#[must_use]
pub fn same(name: &str) -> String {
    normal(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The mnemonic 助记码 of a name: initials of its pinyin, letters and digits as they are.
#[must_use]
pub fn initials(name: &str) -> String {
    readings(&normal(name)).into_iter().next().map(|reading| reading.initials()).unwrap_or_default()
}

/// One way to read a name aloud, a syllable for each character.
struct Reading(Vec<String>);

impl Reading {
    fn initials(&self) -> String {
        self.0.iter().filter_map(|syllable| syllable.chars().next()).collect()
    }

    fn whole(&self) -> String {
        self.0.concat()
    }
}

/// Characters of names that people read in more than one way; the first is pinyin's own table's business.
const TWO_READINGS: &[(char, &str, &str)] = &[
    ('长', "chang", "zhang"),
    ('重', "zhong", "chong"),
    ('行', "hang", "xing"),
    ('曾', "zeng", "ceng"),
    ('单', "dan", "shan"),
    ('朝', "chao", "zhao"),
    ('解', "jie", "xie"),
    ('仇', "chou", "qiu"),
    ('区', "qu", "ou"),
    ('翟', "zhai", "di"),
    ('乐', "le", "yue"),
    ('查', "cha", "zha"),
    ('盛', "sheng", "cheng"),
    ('会', "hui", "kuai"),
    ('都', "du", "dou"),
    ('六', "liu", "lu"),
    ('厦', "sha", "xia"),
    ('种', "zhong", "chong"),
    ('藏', "cang", "zang"),
    ('召', "zhao", "shao"),
    ('尉', "wei", "yu"),
    ('柏', "bai", "bo"),
    ('参', "shen", "can"),
    ('大', "da", "dai"),
];

/// The readings of a normalised text: at most four, however many doubtful characters it has.
fn readings(text: &str) -> Vec<Reading> {
    let mut all = vec![Reading(Vec::new())];
    for c in text.chars() {
        let sounds: Vec<String> = match TWO_READINGS.iter().find(|(doubtful, ..)| *doubtful == c) {
            Some((_, first, second)) => vec![(*first).to_owned(), (*second).to_owned()],
            None => match c.to_pinyin() {
                // Keyboards have no ü: lü is typed lv.
                Some(sound) => vec![sound.plain().replace('ü', "v")],
                None if c.is_alphanumeric() => vec![c.to_string()],
                None => continue,
            },
        };
        // 大 is almost always da; a doubtful character past the second is read in its first way.
        let sounds = if all.len() > 2 || c == '大' { sounds.into_iter().take(1).collect() } else { sounds };
        all = sounds
            .iter()
            .flat_map(|sound| {
                all.iter().map(|Reading(before)| {
                    let mut syllables = before.clone();
                    syllables.push(sound.clone());
                    Reading(syllables)
                })
            })
            .collect();
    }
    all
}

/// What a record is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchEntry {
    names: Vec<String>,
    others: Vec<String>,
    phones: Vec<String>,
}

impl SearchEntry {
    /// Of a record's own `names`, `other` names that lead to it (its contacts), and its numbers in
    /// national form.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        others: impl IntoIterator<Item = &'a str>,
        phones: impl IntoIterator<Item = &'a str>,
    ) -> SearchEntry {
        fn tidy<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
            let mut texts: Vec<String> = texts.into_iter().map(normal).filter(|text| !text.is_empty()).collect();
            texts.sort();
            texts.dedup();
            texts
        }
        SearchEntry { names: tidy(names), others: tidy(others), phones: tidy(phones) }
    }

    /// For the column `search_text`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut spoken: Vec<String> = self
            .names
            .iter()
            .chain(&self.others)
            .flat_map(|name| readings(name))
            .flat_map(|reading| [reading.initials(), reading.whole()])
            .collect();
        spoken.sort();
        spoken.dedup();
        [self.names.join("|"), self.others.join("|"), self.phones.join("|"), spoken.join("|")].join("#")
    }

    /// Reads [`SearchEntry::text`] back.
    #[must_use]
    pub fn read(search_text: &str) -> SearchEntry {
        let mut parts = search_text.split('#').map(|part| part.split('|'));
        let mut next = || parts.next().into_iter().flatten();
        let names: Vec<&str> = next().collect();
        let others: Vec<&str> = next().collect();
        SearchEntry::new(names, others, next())
    }

    /// Every piece.
    #[must_use]
    pub fn terms(&self) -> BTreeSet<String> {
        let mut terms = BTreeSet::new();
        for name in &self.names {
            let whole = same(name);
            if !whole.is_empty() {
                terms.insert(format!("={whole}"));
            }
        }
        for name in self.names.iter().chain(&self.others) {
            name_terms(name, &mut terms);
        }
        for phone in &self.phones {
            pieces(phone, 4, &mut terms);
            terms.extend(phone.get(..3).map(str::to_owned));
        }
        terms
    }
}

fn name_terms(name: &str, terms: &mut BTreeSet<String>) {
    let chars: Vec<char> = name.chars().collect();
    terms.extend(chars.iter().filter(|c| !c.is_ascii_alphanumeric()).map(char::to_string));
    terms.extend(
        chars
            .windows(2)
            .filter(|pair| pair.iter().any(|c| !c.is_ascii_alphanumeric()))
            .map(|pair| pair.iter().collect::<String>()),
    );
    for run in name.split(|c: char| !c.is_ascii_digit()) {
        pieces(run, 4, terms);
    }
    for reading in readings(name) {
        let initials = reading.initials();
        for size in [2, 3, 5, 8] {
            pieces(&initials, size, terms);
        }
        if let Some(first) = initials.chars().next() {
            terms.insert(format!("^{first}"));
        }
        for begin in 0..reading.0.len() {
            // 李 li: a short syllable as a whole, beside the initials that two letters usually are.
            terms.extend(reading.0.get(begin).filter(|syllable| syllable.chars().count() == 2).cloned());
            let rest: String = reading.0.iter().skip(begin).flat_map(|syllable| syllable.chars()).take(8).collect();
            for size in [3, 5, 8] {
                if rest.chars().count() >= size {
                    terms.insert(rest.chars().take(size).collect());
                }
            }
        }
    }
}

/// Every piece of `size` characters.
fn pieces(text: &str, size: usize, terms: &mut BTreeSet<String>) {
    let chars: Vec<char> = text.chars().collect();
    terms.extend(chars.windows(size).map(|piece| piece.iter().collect::<String>()));
}

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    text: String,
    /// Pieces of it; a record must have every one.
    pieces: Vec<String>,
}

impl Needle {
    /// Reads the search box; `None` when it says nothing.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Needle> {
        let dialled =
            typed.chars().all(|c| !c.is_alphabetic()) && typed.chars().filter(char::is_ascii_digit).count() > 6;
        let text = match Phone::parse(typed) {
            Some(phone) if dialled => phone.digits().to_owned(),
            Some(_) | None => normal(typed).chars().take(LONGEST_NEEDLE).collect(),
        };
        let length = text.chars().count();
        let begin = |size: usize| text.chars().take(size).collect::<String>();
        let all = |size: usize| {
            let mut found = BTreeSet::new();
            pieces(&text, size, &mut found);
            found.into_iter().take(MOST_TERMS).collect::<Vec<_>>()
        };
        let pieces = if text.bytes().all(|b| b.is_ascii_digit()) {
            match length {
                0 => return None,
                1 => vec![format!("^{text}")],
                2 | 3 => vec![text.clone()],
                _ => all(4),
            }
        } else if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            match length {
                1 => vec![format!("^{text}")],
                2 => vec![text.clone()],
                3 | 4 => vec![begin(3)],
                5..=7 => vec![begin(5)],
                _ => vec![begin(8)],
            }
        } else if length == 1 {
            vec![text.clone()]
        } else {
            all(2)
        };
        Some(Needle { text, pieces })
    }

    /// Whether a record that has a piece has the whole text, since the piece is the text.
    fn decided(&self) -> bool {
        match self.pieces.as_slice() {
            [only] => only.strip_prefix('^').unwrap_or(only) == self.text,
            _ => false,
        }
    }

    /// The pattern that decides otherwise, for `LIKE … ESCAPE '!'`.
    fn pattern(&self) -> String {
        let escaped: String =
            self.text.chars().flat_map(|c| if matches!(c, '%' | '_' | '!') { vec!['!', c] } else { vec![c] }).collect();
        format!("%{escaped}%")
    }
}

/// The records whose own name is one of `names`, whatever spaces, case and punctuation.
pub async fn same_name(on: impl Into<On<'_>>, kind: &'static str, names: &[&str]) -> Result<Vec<Id>, DbError> {
    let terms: BTreeSet<String> =
        names.iter().map(|name| same(name)).filter(|name| !name.is_empty()).map(|name| format!("={name}")).collect();
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    sql("SELECT DISTINCT record_id FROM search_terms WHERE kind = $1 AND term IN ")
        .bind(kind)
        .args(terms)
        .push(" ORDER BY record_id LIMIT 20")
        .all_scalars(on)
        .await
}

/// Where a record stands among others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What its list is sorted by, before the id.
    pub sort_key: String,
    /// Whose it is.
    pub owner_id: Id,
}

/// What search knows of a record.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its `search_text`.
    pub text: &'a str,
    /// Where it stands.
    pub place: &'a Place,
}

/// Moves a record's pieces from what was known of it (nothing of a new one) to `card` at `place`.
pub async fn reindex(
    tx: &mut Tx,
    kind: &'static str,
    id: Id,
    before: Option<Known<'_>>,
    card: &SearchEntry,
    place: &Place,
) -> Result<(), DbError> {
    let old = before.map(|known| SearchEntry::read(known.text).terms()).unwrap_or_default();
    let new = card.terms();
    // A row holds the place too: at another one every row is another.
    let stays = before.is_some_and(|known| known.place == place);
    if let Some(known) = before {
        let gone: Vec<&String> = old.iter().filter(|term| !stays || !new.contains(*term)).collect();
        for chunk in gone.chunks(BATCH) {
            sql("DELETE FROM search_terms WHERE kind = $1 AND sort_key = $2 AND record_id = $3 AND term IN ")
                .bind(kind)
                .bind(&known.place.sort_key)
                .bind(id)
                .args(padded(chunk, BATCH))
                .run(tx)
                .await?;
        }
    }
    let fresh: Vec<Piece<'_>> =
        new.iter().filter(|term| !stays || !old.contains(*term)).map(|term| Piece { term, place, id }).collect();
    insert(tx, kind, &fresh).await
}

/// The pieces of many new records, to be inserted at once.
#[derive(Debug, Default)]
pub struct Pieces(Vec<(Id, Place, BTreeSet<String>)>);

impl Pieces {
    /// Adds a record.
    pub fn add(&mut self, id: Id, place: Place, entry: &SearchEntry) {
        self.0.push((id, place, entry.terms()));
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> usize {
        self.0.len()
    }

    /// The rows behind [`PIECES`]. They are sorted: pieces in the order of their records would change a page of the
    /// table for each.
    pub fn rows(&self, kind: &'static str) -> impl Iterator<Item = Vec<Arg>> {
        let mut rows: Vec<Piece<'_>> = self
            .0
            .iter()
            .flat_map(|(id, place, terms)| terms.iter().map(|term| Piece { term, place, id: *id }))
            .collect();
        rows.sort_unstable();
        rows.into_iter().map(move |row| row.values(kind))
    }
}

/// Begins an INSERT of pieces.
pub const PIECES: &str = "INSERT INTO search_terms (kind, term, sort_key, record_id, owner_id) VALUES";

/// A row of `search_terms`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece<'a> {
    term: &'a str,
    place: &'a Place,
    id: Id,
}

impl Piece<'_> {
    fn values(self, kind: &'static str) -> Vec<Arg> {
        let Piece { term, place, id } = self;
        vec![kind.into(), term.into(), place.sort_key.as_str().into(), id.into(), place.owner_id.into()]
    }
}

async fn insert(tx: &mut Tx, kind: &'static str, rows: &[Piece<'_>]) -> Result<(), DbError> {
    for chunk in rows.chunks(BATCH) {
        let values = padded(chunk, BATCH).into_iter().map(|row| row.values(kind));
        sql(PIECES).values(values).push(" ON CONFLICT DO NOTHING").run(tx).await?;
    }
    Ok(())
}

/// The chunk filled up to `size` with its last element, so that the statement's text is always the same.
fn padded<T: Copy>(chunk: &[T], size: usize) -> Vec<T> {
    let last = chunk.last().copied();
    chunk.iter().copied().chain(std::iter::repeat_n(last, size - chunk.len().min(size)).flatten()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Needle, SearchEntry, initials, normal, same};

    fn finds(card: &SearchEntry, typed: &str) -> bool {
        let needle = Needle::parse(typed).expect("something is looked for");
        let terms = card.terms();
        needle.pieces.iter().all(|piece| terms.contains(piece)) && card.text().contains(&needle.text)
    }

    #[test]
    fn every_way_to_say_it_finds_it() {
        let card = SearchEntry::new(["临朐县惠民农资经营部", "临朐惠民"], ["张卫东"], ["13805362417", "05363112290"]);
        for typed in [
            "惠民",
            "惠",
            "民农资",
            "临朐县惠民农资经营部",
            "lq",
            "hm",
            "lqhm",
            "lqxhmnzjyb",
            "huimin",
            "hui",
            "huim",
            "LINQU",
            "linquxianhui",
            "l",
            "z",
            "张卫",
            "zw",
            "zwd",
            "zhangwei",
            "2417",
            "138",
            "1380536",
            "0536",
            "138 0536 2417",
            "+86 13805362417",
            "0536-3112290",
            "053",
            "惠 民",
            "ＬＱ",
            "12290",
        ] {
            assert!(finds(&card, typed), "{typed}");
        }
        for typed in ["慧民", "mh", "huimim", "9999", "241", "in", "ong", "x", "惠农", "13805362418", "%", "_民"] {
            assert!(!finds(&card, typed), "{typed}");
        }
    }

    #[test]
    fn names_in_letters_and_digits_are_found_as_they_are() {
        let card = SearchEntry::new(["ABC-118 农资（北京）"], [], []);
        for typed in ["abc", "ABC-118", "118", "118农", "(北京)", "abc118", "18", "ab"] {
            assert!(finds(&card, typed), "{typed}");
        }
    }

    #[test]
    fn doubtful_characters_are_found_by_either_reading() {
        let card = SearchEntry::new(["昌乐县绿重种业"], [], []);
        for typed in ["cl", "cy", "lv", "changle", "changyue", "lvchong", "lvzhong"] {
            assert!(finds(&card, typed), "{typed}");
        }
        assert_eq!(initials("昌乐县绿野（东）"), "clxlyd");
        let many = SearchEntry::new(["长重行曾单朝解仇区翟乐查盛会"], [], []);
        assert!(many.terms().len() < 800);
    }

    #[test]
    fn pieces_follow_from_the_text_alone() {
        let card = SearchEntry::new(["惠民#农|资", "ABC"], ["李 四"], ["13805362417"]);
        assert_eq!(SearchEntry::read(&card.text()), card);
        assert_eq!(SearchEntry::read("").terms().len(), 0);
    }

    #[test]
    fn one_name_in_many_spellings() {
        assert_eq!(same("ＡＢＣ 农资（临朐）"), same("abc农资(临朐)"));
        assert_eq!(same("惠民·农资"), "惠民农资");
        assert_eq!(normal(" Ａ b　Ｃ "), "abc");
        assert!(Needle::parse(" \u{3000}").is_none());
        assert_eq!(Needle::parse("50%_!").expect("a needle").pattern(), "%50!%!_!!%");
    }

    #[test]
    fn only_a_text_that_is_itself_a_piece_needs_no_second_look() {
        let decided = |typed: &str| Needle::parse(typed).expect("a needle").decided();
        for typed in ["惠", "惠民", "hm", "h", "hmn", "huimi", "huiminno", "138", "12", "2417"] {
            assert!(decided(typed), "{typed}");
        }
        for typed in ["惠民农", "huim", "huimin", "huiminnong", "24178", "惠^民", "^"] {
            assert!(!decided(typed), "{typed}");
        }
    }
}
