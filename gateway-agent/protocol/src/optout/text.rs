//! A message taken apart: into clauses of plain letters, without what keyboards and telephones add.

use super::words;

/// Only the beginning of a longer message is read.
const LONGEST: usize = 400;

/// A piece between marks of punctuation.
#[derive(Clone, Debug, Default)]
pub struct Clause {
    /// Its letters and digits without blanks: upper case, half width, simplified.
    pub letters: String,
    /// Its words in Latin letters.
    pub words: Vec<String>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Text {
    clauses: Vec<Clause>,
    question: bool,
    /// As a line: letters, digits and single blanks.
    line: String,
}

/// A character in its plain form: half width, upper case, simplified where our words have it.
fn plain(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c).saturating_sub(0xFEE0)).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        // Cyrillic and Greek letters that look like ours.
        'Т' | 'т' | 'Τ' | 'τ' => 'T',
        'Ν' => 'N',
        other => other,
    };
    let pair = TRADITIONAL.chars().zip(SIMPLIFIED.chars()).find(|(traditional, _)| *traditional == half);
    pair.map_or(half, |(_, simplified)| simplified).to_ascii_uppercase()
}

const TRADITIONAL: &str = "訂閱發請謝別騷擾訊簡復覆廣營銷買這們號碼給對無關閉嗎會還貨質從來個條聯繫電話產種開資時點壞錯換單款項舉報訴煩額價錢紅顏裝車運輸樣棄絕絡銀賬帳";
const SIMPLIFIED: &str = "订阅发请谢别骚扰讯简复复广营销买这们号码给对无关闭吗会还货质从来个条联系电话产种开资时点坏错换单款项举报诉烦额价钱红颜装车运输样弃绝络银账账";

fn divides(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | ';' | ':' | '!' | '?' | '\n' | '\r' | '。' | '、' | '；' | '…' | '~' | '～' | '—' | '|' | '/'
    )
}

impl Text {
    /// Takes a message apart.
    pub fn of(text: &str) -> Text {
        let text: String = text.trim().chars().take(LONGEST).map(plain).collect();
        Text::of_plain(without_signature(&text))
    }

    fn of_plain(text: &str) -> Text {
        let question = text.contains('?') || words::asks(text);
        let clauses = text.split(divides).map(Clause::of).filter(|clause| !clause.letters.is_empty()).collect();
        let line = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        Text { clauses, question, line }
    }

    /// The pieces between marks.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// All letters and digits.
    pub fn joined(&self) -> String {
        self.clauses.iter().map(|clause| clause.letters.as_str()).collect()
    }

    /// Whether it is a question.
    pub fn asks(&self) -> bool {
        self.question
    }

    /// Whether goods, money or an order are spoken of.
    pub fn is_about_goods(&self) -> bool {
        words::is_about_goods(&self.joined())
    }

    /// `N 4831 …`: the answer to a question with a code.
    pub fn answers_an_approval(&self) -> bool {
        let joined = self.joined();
        ["N", "Y"].iter().filter_map(|letter| joined.strip_prefix(letter)).any(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            digits == 4
        })
    }

    /// The word that asks for marketing again, alone in a message.
    pub fn takes_up_again(&self) -> Option<&'static str> {
        (!self.question).then(|| words::again(&self.joined())).flatten()
    }

    /// The message without the way out that it quotes (退订回T); `None` where it quotes none, or nothing else is
    /// in it.
    pub fn without_footer(&self) -> Option<Text> {
        let (before, after) = words::FOOTERS.iter().find_map(|footer| self.line.split_once(footer))?;
        // A code that belongs to the footer, such as the D of 退订回TD, is no rest.
        let rest = Text::of_plain(&format!("{before}\n{after}"));
        (!rest.clauses.is_empty()).then_some(rest)
    }
}

impl Clause {
    fn of(text: &str) -> Clause {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let words = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
            .map(|word| word.replace('\'', ""))
            .filter(|word| !word.is_empty())
            .collect();
        Clause { letters, words }
    }
}

/// A signature in brackets that begins or ends a message; one that is the whole message stays.
fn without_signature(text: &str) -> &str {
    let begin = text.strip_prefix('【').and_then(|rest| rest.split_once('】')).map(|(_, rest)| rest);
    let end = text.strip_suffix('】').and_then(|rest| rest.rsplit_once('【')).map(|(rest, _)| rest);
    begin.into_iter().chain(end).find(|rest| !rest.trim().is_empty()).unwrap_or(text)
}
