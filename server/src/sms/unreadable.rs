//! Why a box could not decode a message, in words. The box says where it stopped and at which part, in a short set of
//! English words; what is none of them is shown as it came.

use std::borrow::Cow;

use crate::kernel::i18n::{Lang, t};

/// The box's reason, such as `octet 20: user data`, for people.
pub fn reason(lang: Lang, said: &str) -> Cow<'_, str> {
    let Some((place, part)) = said.split_once(": ") else { return whole(lang, said) };
    match (place.strip_prefix("octet ").and_then(|octet| octet.parse::<u32>().ok()), part_name(lang, part)) {
        (Some(octet), Some(part)) => t!(lang, "sms.unreadable_at", octet = octet, part = part).into_owned().into(),
        (None, _) | (_, None) => said.into(),
    }
}

fn whole(lang: Lang, said: &str) -> Cow<'_, str> {
    match said {
        "it came in text mode" => t!(lang, "sms.unreadable_text_mode"),
        "it is no hexadecimal" => t!(lang, "sms.unreadable_hex"),
        "the modem gives it damaged" | "it came damaged" => t!(lang, "sms.unreadable_damaged"),
        other => other.into(),
    }
}

fn part_name(lang: Lang, part: &str) -> Option<Cow<'static, str>> {
    Some(match part {
        "service centre" | "service centre length" => t!(lang, "sms.part_centre"),
        "first octet" | "neither DELIVER nor STATUS-REPORT" => t!(lang, "sms.part_kind"),
        "originator address" | "recipient address" => t!(lang, "sms.part_address"),
        "protocol identifier" | "data coding scheme" => t!(lang, "sms.part_coding"),
        "service centre's time" | "discharge time" | "validity period" => t!(lang, "sms.part_time"),
        "user data header" | "element" | "element length" | "element data" => t!(lang, "sms.part_header"),
        "user data" | "user data length" => t!(lang, "sms.part_text"),
        "message reference" | "status" => t!(lang, "sms.part_report"),
        "more than the message" => t!(lang, "sms.part_surplus"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::reason;
    use crate::kernel::i18n::Lang;

    #[test]
    fn known_reasons_are_said_in_the_readers_language() {
        assert_eq!(reason(Lang::Zh, "octet 20: user data"), "第 20 字节起：短信内容有误");
        assert_eq!(reason(Lang::En, "octet 3: first octet"), "from octet 3: faulty kind of message");
        assert!(!reason(Lang::Zh, "it came in text mode").contains("text mode"));
    }

    #[test]
    fn unknown_reasons_are_shown_as_they_came() {
        for said in ["octet 20: the moon", "octet x: user data", "+CMS ERROR: 500", ""] {
            assert_eq!(reason(Lang::Zh, said), said);
        }
    }
}
