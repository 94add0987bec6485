//! Closed sets of words: a state, a kind, a reason, as a column stores it and as people read it.

/// Declares a closed set: an enum with the stored word of each member and, where people read it, the key of
/// its name. A column decodes to it; a stored word that is none of them is an error there.
///
/// ```text
/// words! {
///     /// Where a call stands.
///     pub enum State {
///         /// 响铃中
///         Ringing = "ringing" => "calls.ringing",
///     }
/// }
/// ```
///
/// The set has `ALL` (in the order written, which is the order of forms and lists), `code()`, and
/// `from_code()`, which is `None` for a word that is none of them: what that means is the set's own decision
/// and stands beside it. `listed()` reads several of them out of one column. Named sets also have `name(lang)`,
/// `name_of(code, lang)` and `choices(lang)` for a form.
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis enum $set:ident { $($(#[$word_doc:meta])* $word:ident = $code:literal => $key:literal,)+ }) => {
        $crate::kernel::words::words! { $(#[$doc])* $vis enum $set { $($(#[$word_doc])* $word = $code,)+ } }
        // A set may use a part of this.
        #[allow(dead_code)]
        impl $set {
            /// Its name for people.
            #[must_use]
            pub fn name(self, lang: $crate::kernel::i18n::Lang) -> std::borrow::Cow<'static, str> {
                match self { $($set::$word => $crate::kernel::i18n::t!(lang, $key),)+ }
            }

            /// The name of a stored word; one that is none of them is shown as it stands.
            #[must_use]
            pub fn name_of(code: &str, lang: $crate::kernel::i18n::Lang) -> std::borrow::Cow<'_, str> {
                $set::from_code(code).map_or(std::borrow::Cow::Borrowed(code), |word| word.name(lang))
            }

            /// All as a form offers them: what is posted, and what is read.
            #[must_use]
            pub fn choices(lang: $crate::kernel::i18n::Lang) -> Vec<(&'static str, std::borrow::Cow<'static, str>)> {
                $set::ALL.into_iter().map(|word| (word.code(), word.name(lang))).collect()
            }
        }
    };
    ($(#[$doc:meta])* $vis:vis enum $set:ident { $($(#[$word_doc:meta])* $word:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $set { $($(#[$word_doc])* $word,)+ }
        // A set may use a part of this.
        #[allow(dead_code)]
        impl $set {
            /// Every one, in the order of forms and lists.
            pub const ALL: [$set; [$($set::$word,)+].len()] = [$($set::$word,)+];

            /// The stored word.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $($set::$word => $code,)+ }
            }

            /// The member of a stored or posted word.
            #[must_use]
            pub fn from_code(code: &str) -> Option<$set> {
                match code { $($code => Some($set::$word),)+ _ => None }
            }

            /// The members of a stored list `a,b`, in the set's own order; other words are left out.
            #[must_use]
            pub fn listed(codes: &str) -> Vec<$set> {
                $set::ALL.into_iter().filter(|word| codes.split(',').any(|code| code == word.code())).collect()
            }
        }

        impl<DB: sqlx::Database> sqlx::Type<DB> for $set
        where
            String: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as sqlx::Type<DB>>::type_info()
            }

            fn compatible(info: &DB::TypeInfo) -> bool {
                <String as sqlx::Type<DB>>::compatible(info)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $set
        where
            &'r str: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<$set, sqlx::error::BoxDynError> {
                let code = <&'r str as sqlx::Decode<'r, DB>>::decode(value)?;
                $set::from_code(code).ok_or_else(|| concat!("no word of ", stringify!($set)).into())
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    super::words! {
        /// A set.
        enum Heat {
            /// Warm.
            Warm = "warm",
            /// Cold.
            Cold = "cold",
        }
    }

    #[test]
    fn every_word_is_read_back_and_no_other() {
        assert_eq!(Heat::ALL, [Heat::Warm, Heat::Cold]);
        assert_eq!(Heat::ALL.map(|heat| Heat::from_code(heat.code())), [Some(Heat::Warm), Some(Heat::Cold)]);
        assert_eq!(Heat::from_code("hot"), None);
        assert_eq!(Heat::listed("cold,hot,warm"), [Heat::Warm, Heat::Cold]);
        assert_eq!(Heat::listed(""), []);
    }
}
