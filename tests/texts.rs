//! Every text that a person sees exists in both languages, with the same values, and somebody asks for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::sources::{Source, below, literals};

/// A text in both languages.
#[derive(Clone, Debug, Default)]
struct Words {
    zh: Option<String>,
    en: Option<String>,
    file: String,
}

/// Every key of every `text.yml`.
fn texts() -> BTreeMap<String, Words> {
    let mut all: BTreeMap<String, Words> = BTreeMap::new();
    for source in below("server/src", &[".yml"]) {
        let mut above: Vec<(usize, String)> = Vec::new();
        for line in source.text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with("_version") {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            above.retain(|(depth, _)| *depth < indent);
            let (name, value) = trimmed.split_once(':').unwrap_or_else(|| panic!("{}: {line}", source.path));
            let (name, value) = (name.trim().trim_matches('"'), value.trim());
            let path = |last: Option<&str>| {
                above.iter().map(|(_, name)| name.as_str()).chain(last).collect::<Vec<_>>().join(".")
            };
            if name == "zh-CN" || name == "en" {
                let words = all.entry(path(None)).or_default();
                let value = Some(value.trim_matches('"').to_owned());
                if name == "en" {
                    words.en = value
                } else {
                    words.zh = value
                }
                words.file.clone_from(&source.path);
            } else if value.starts_with('{') {
                let words = Words { zh: inline(value, "zh-CN"), en: inline(value, "en"), file: source.path.clone() };
                let key = path(Some(name));
                assert!(all.insert(key.clone(), words).is_none(), "{key} stands twice");
            } else {
                assert!(value.is_empty(), "{}: {line}", source.path);
                above.push((indent, name.to_owned()));
            }
        }
    }
    all
}

/// The value of `lang` in `{ zh-CN: "…", en: "…" }`.
fn inline(text: &str, lang: &str) -> Option<String> {
    let body = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut rest = body.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once(':')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| *c == '"' || *c == '\'');
        let (value, next) = match quote {
            Some(quote) => {
                let mut end = 1;
                let bytes = after.as_bytes();
                while end < bytes.len() && bytes[end] != quote as u8 {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                (&after[1..end], after.get(end + 1..).unwrap_or(""))
            }
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim(), &after[end..])
            }
        };
        if name.trim() == lang {
            return Some(value.to_owned());
        }
        rest = next.trim_start().strip_prefix(',').unwrap_or("").trim_start();
    }
    None
}

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split("%{").skip(1).filter_map(|piece| Some(piece.split_once('}')?.0.to_owned())).collect()
}

/// A look-up in the code: the key where it is a literal, and the names of the values given.
struct Lookup {
    key: Option<String>,
    names: BTreeSet<String>,
    place: String,
}

fn lookups(source: &Source) -> Vec<Lookup> {
    let code = source.code();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("t!(") {
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let arguments = arguments(&code[at + 3..]);
        let line = code[..at].lines().count();
        let key = arguments.get(1).and_then(|a| a.strip_prefix('"')?.strip_suffix('"')).map(str::to_owned);
        let names = arguments
            .iter()
            .skip(2)
            .filter_map(|a| a.split_once('='))
            .map(|(name, _)| name.trim().to_owned())
            .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .collect();
        found.push(Lookup { key, names, place: format!("{}:{line}", source.path) });
    }
    found
}

/// The arguments of a call, from after its opening bracket.
fn arguments(code: &str) -> Vec<String> {
    let (mut all, mut one, mut depth, mut in_string) = (Vec::new(), String::new(), 0, false);
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        if in_string {
            one.push(c);
            match c {
                '\\' => one.extend(chars.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_string = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' => break,
            ',' if depth == 0 => {
                all.push(one.trim().to_owned());
                one.clear();
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    all.push(one.trim().to_owned());
    all.retain(|a| !a.is_empty());
    all
}

#[test]
fn every_text_stands_in_both_languages_with_the_same_values() {
    let mut wrong = Vec::new();
    for (key, words) in texts() {
        match (&words.zh, &words.en) {
            (Some(zh), Some(en)) => {
                if zh.is_empty() || en.is_empty() {
                    wrong.push(format!("{}: {key} is empty in a language", words.file));
                }
                if placeholders(zh) != placeholders(en) {
                    wrong.push(format!("{}: {key} takes other values in each language: {zh} / {en}", words.file));
                }
                if en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) && !en.contains('·') {
                    wrong.push(format!("{}: {key} is Chinese in English: {en}", words.file));
                }
            }
            _ => wrong.push(format!("{}: {key} lacks a language", words.file)),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_text_that_the_code_asks_for_exists_with_the_values_it_gives() {
    let texts = texts();
    let mut wrong = Vec::new();
    for source in below("server/src", &[".rs"]) {
        for lookup in lookups(&source) {
            let Some(key) = &lookup.key else { continue };
            match texts.get(key) {
                None => wrong.push(format!("{}: {key} stands in no text.yml", lookup.place)),
                Some(words) => {
                    let wanted = placeholders(words.zh.as_deref().unwrap_or_default());
                    if wanted != lookup.names {
                        wrong.push(format!("{}: {key} wants {wanted:?} and is given {:?}", lookup.place, lookup.names));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_text_is_left_over() {
    let texts = texts();
    let mut named = BTreeSet::new();
    let mut begun = Vec::new();
    for source in below("server/src", &[".rs"]) {
        for literal in literals(&source.code()) {
            if let Some((begin, _)) = literal.split_once('{') {
                // `format!("orders.state_{}", …)`
                if begin.contains('.') && begin.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
                    begun.push(begin.to_owned());
                }
            }
            // `?done=saved` becomes `toast.saved`; the word may also stand alone where it depends.
            for piece in literal.split(['?', '&']).filter_map(|piece| piece.strip_prefix("done=")) {
                let word: String = piece.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                named.insert(format!("toast.{word}"));
            }
            if literal.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                named.insert(format!("toast.{literal}"));
            }
            named.insert(literal);
        }
    }
    // `toast.{word}` is asked for by the kernel for any word; what counts is who answers with it.
    begun.retain(|begin| begin != "toast.");
    let left: Vec<&String> = texts
        .keys()
        .filter(|key| !named.contains(*key) && !begun.iter().any(|begin| key.starts_with(begin.as_str())))
        .collect();
    assert!(left.is_empty(), "nobody asks for {left:?}");
}

/// What is not said, and what is said for it.
const SAID: [(&str, &str); 17] = [
    ("盒子", "网关"),
    ("收回", "撤回"),
    ("拨号", "打电话"),
    ("拨打", "打电话"),
    ("转办", "转交"),
    ("附言", "审批意见"),
    ("流转", "审批记录"),
    ("接了", "已接听"),
    ("没接", "未接"),
    ("写短信", "新建短信"),
    ("新客户", "新建客户"),
    ("新订单", "新建订单"),
    ("新报价", "新建报价"),
    ("新员工", "新建员工"),
    ("新产品", "新建产品"),
    ("新联系人", "新建联系人"),
    ("一位客户", "一家客户"),
];

#[test]
fn one_thing_has_one_word() {
    let mut wrong = Vec::new();
    for (key, words) in texts() {
        let zh = words.zh.unwrap_or_default();
        for (other, word) in SAID {
            if zh.contains(other) && !zh.contains(word) {
                wrong.push(format!("{}: {key} says {other}, which is {word} elsewhere: {zh}", words.file));
            }
        }
        // Records are 编辑; only what replaces a value, such as a password, is 修改.
        if zh == "修改" {
            wrong.push(format!("{}: {key} says 修改, which is 编辑 elsewhere", words.file));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_state_is_called_the_same_in_every_text_of_a_language() {
    let texts = texts();
    // Titles of lists are nouns in English where Chinese has one word for the list and the state.
    let titles = ["module.tasks", "tasks.title", "ui.outbox.title", "users.outbox"];
    let mut wrong = Vec::new();
    for (key, state) in texts.iter().filter(|(key, _)| key.starts_with("ui.state.")) {
        for (other, words) in texts.iter().filter(|(_, words)| words.zh == state.zh && words.en != state.en) {
            if !titles.contains(&other.as_str()) {
                wrong.push(format!("{key} is {:?}, {other} says {:?}", state.en, words.en));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
