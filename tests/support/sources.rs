//! The project's own files, as text.

use std::path::{Path, PathBuf};

/// A file of the project.
pub struct Source {
    /// From the project's root, with `/`.
    pub path: String,
    /// Everything in it.
    pub text: String,
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every text file below `folder` whose name ends with one of `ends`, in order.
pub fn below(folder: &str, ends: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    walk(&root.join(folder), &mut |path| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if ends.iter().any(|end| name.ends_with(end))
            && let Ok(text) = std::fs::read_to_string(path)
        {
            found.push(Source { path: name, text });
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let passing = ["target", ".git", "node_modules", "data"].iter().any(|skip| name == *skip);
        if path.is_dir() {
            if !passing {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

impl Source {
    /// The text up to the file's own unit tests, which stand last.
    pub fn production(&self) -> &str {
        self.text.find("#[cfg(test)]").and_then(|at| self.text.get(..at)).unwrap_or(&self.text)
    }

    /// The production text without comments. String literals stay.
    pub fn code(&self) -> String {
        let mut out = String::new();
        for line in self.production().lines() {
            out.push_str(without_comment(line));
            out.push('\n');
        }
        out
    }
}

/// A line up to `//` that stands outside a string.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let (mut in_string, mut at) = (false, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'\'' if !in_string && bytes.get(at + 2) == Some(&b'\'') => at += 2,
            b'"' => in_string = !in_string,
            b'/' if !in_string && bytes.get(at + 1) == Some(&b'/') => return &line[..at],
            _ => {}
        }
        at += 1;
    }
    line
}

/// Every string literal of some code, unescaped as far as keys need.
pub fn literals(code: &str) -> Vec<String> {
    let bytes = code.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] == b'\'' && bytes.get(at + 2) == Some(&b'\'') {
            at += 3;
            continue;
        }
        if bytes[at] == b'"' {
            let begin = at + 1;
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            if let Some(text) = code.get(begin..at.min(bytes.len())) {
                found.push(text.to_owned());
            }
        }
        at += 1;
    }
    found
}
