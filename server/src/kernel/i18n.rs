//! Text that a person sees: two complete languages, zh-CN first.
//!
//! Strings live beside their feature in `text.yml` (`key: { zh-CN: …, en: … }`) and are compiled in.
//! `t!(lang, "customers.title")` looks one up; `tests/architecture.rs` holds every key used in the code
//! against the files and both languages against each other, so a missing key fails the tests, not the page.

use std::fmt;

/// The language a page is written in (语言).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both languages, the default first.
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// BCP 47 tag, as in `<html lang>` and in `text.yml`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// The language of a stored or posted tag; `None` for any other text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The first language of an `Accept-Language` header that we speak. Quality values are not weighed:
    /// browsers already list languages in order of preference.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Lang {
        header
            .split(',')
            .map(|part| part.trim().to_ascii_lowercase())
            .find_map(|tag| match tag.get(..2) {
                Some("zh") => Some(Lang::Zh),
                Some("en") => Some(Lang::En),
                Some(_) | None => None,
            })
            .unwrap_or_default()
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Looks up a string: `t!(lang, "orders.total")`, with values `t!(lang, "visits.metres", n = 120)`.
/// The result is `Cow<'static, str>`; maud escapes it like any other text.
macro_rules! t {
    ($lang:expr, $key:expr) => {
        $crate::_rust_i18n_t!($key, locale = $lang.code())
    };
    ($lang:expr, $key:expr, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::_rust_i18n_t!($key, locale = $lang.code(), $($name = $value),+)
    };
}
pub(crate) use t;

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn browser_languages_choose_the_first_we_speak() {
        assert_eq!(Lang::from_accept_language("fr-FR,en-GB;q=0.8,zh;q=0.5"), Lang::En);
        assert_eq!(Lang::from_accept_language("zh-TW,zh;q=0.9"), Lang::Zh);
        assert_eq!(Lang::from_accept_language(""), Lang::Zh);
    }
}
