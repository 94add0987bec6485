//! What a log may say of something that came from outside: kinds, places and lengths, never its content. A text
//! message with its number must not be read in a log.

use std::panic::PanicHookInfo;

/// The longest piece of a name from outside.
const LONGEST: usize = 80;

/// Where JSON is broken. serde's own words quote the value.
#[must_use]
pub fn json(error: &serde_json::Error) -> String {
    format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()).to_lowercase()
}

/// A name that somebody outside chose, such as a topic: cut, and in one line.
#[must_use]
pub fn name(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Says where a panic was. A message that was put together at run time may quote a value and is left out.
pub fn panicked(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let why = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("a message that may hold values");
    tracing::error!(place, why, "panicked");
}

#[cfg(test)]
mod tests {
    use super::{json, name};

    #[test]
    fn a_broken_payload_is_told_without_its_content() {
        let broken = serde_json::from_str::<u32>(r#""+8613805362417 王芳""#).map_err(|error| json(&error));
        assert_eq!(broken, Err("data error at line 1 column 23".to_owned()));
        assert_eq!(name(&format!("a\nb{}", "x".repeat(100))).chars().count(), 80);
    }
}
