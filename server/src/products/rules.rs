//! Mnemonics 助记码 and what a product is found by.

use pinyin::ToPinyin;

use crate::kernel::words::words;
use crate::ui::state::standings;

words! {
    /// Whether a product is sold.
    #[derive(Default)]
    pub(super) enum Status {
        /// 在售
        #[default]
        Normal = "normal",
        /// 停售 for a while.
        Stopped = "stopped",
        /// 下架
        Off = "off",
    }
}

standings!(Status {
    Normal => OnSale,
    Stopped => Suspended,
    Off => Delisted,
});

/// The pinyin initials of a name in lower case; Latin letters and digits stay.
#[must_use]
pub fn mnemonic(name: &str) -> String {
    name.chars()
        .filter_map(|letter| match letter.to_pinyin() {
            Some(pinyin) => pinyin.first_letter().chars().next(),
            None => letter.is_ascii_alphanumeric().then(|| letter.to_ascii_lowercase()),
        })
        .collect()
}

/// Everything that finds a product, in lower case: name, code, mnemonic, pinyin, barcode.
pub(super) fn search_text(name: &str, code: &str, mnemonic: &str, barcode: &str) -> String {
    let pinyin: String = name.chars().filter_map(|letter| letter.to_pinyin()).map(|pinyin| pinyin.plain()).collect();
    format!("{name} {code} {mnemonic} {pinyin} {barcode}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{mnemonic, search_text};

    #[test]
    fn a_name_is_found_by_its_initials_and_its_pinyin() {
        assert_eq!(mnemonic("30%苯甲·丙环唑"), "30bjbhz");
        let text = search_text("草甘膦原药", "YY-001", "cglyy", "690");
        for part in ["草甘膦", "yy-001", "cglyy", "caogan", "690"] {
            assert!(text.contains(part), "{part}");
        }
    }
}
