//! Where a number is from 号码归属: the place of a landline by its area code, the operator of a mobile by its
//! first digits.
//!
//! No table of the places of mobiles is kept here: there are half a million ranges, no well-kept crate has them,
//! the files that go around have no clear licence, and a mobile is carried along when its owner moves anyway.
//! The area codes are all there, in `area_codes.txt`. An operator is the one that the range was given to; its
//! number may have been ported since (携号转网).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::kernel::china::phone::{Line, Phone};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;

/// To whom a range of mobile numbers was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// 中国移动
    Mobile,
    /// 中国联通
    Unicom,
    /// 中国电信
    Telecom,
    /// 中国广电
    Broadnet,
}

/// Where a number is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A landline: its province, and the places that share its area code.
    Area {
        /// Such as 山东.
        province: &'static str,
        /// Such as 济南 and 莱芜; never empty.
        places: Vec<&'static str>,
    },
    /// A mobile.
    Mobile(Operator),
    /// Nobody can say.
    Unknown,
}

type Codes = HashMap<&'static str, (&'static str, Vec<&'static str>)>;

static CODES: LazyLock<Codes> = LazyLock::new(|| {
    let lines = include_str!("area_codes.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, (words.next()?, words.collect())))
        })
        .collect()
});

/// The neighbours' country codes, as national digits have them.
const NEIGHBOURS: [(&str, &str); 3] = [("00852", "香港"), ("00853", "澳门"), ("00886", "台湾")];

fn operator(digits: &str) -> Option<Operator> {
    // Ranges that operators share among themselves are told apart by the fourth digit.
    let fourth = match digits.get(..4)? {
        "1349" | "1700" | "1701" | "1702" | "1740" => Some(Operator::Telecom),
        "1703" | "1705" | "1706" => Some(Operator::Mobile),
        "1704" | "1707" | "1708" | "1709" => Some(Operator::Unicom),
        _ => None,
    };
    fourth.or_else(|| {
        Some(match digits.get(..3)? {
            "134" | "135" | "136" | "137" | "138" | "139" | "144" | "147" | "148" | "150" | "151" | "152" | "157"
            | "158" | "159" | "165" | "172" | "178" | "182" | "183" | "184" | "187" | "188" | "195" | "197" | "198" => {
                Operator::Mobile
            }
            "130" | "131" | "132" | "140" | "145" | "146" | "155" | "156" | "166" | "167" | "171" | "175" | "176"
            | "185" | "186" | "196" => Operator::Unicom,
            "133" | "141" | "149" | "153" | "162" | "173" | "177" | "180" | "181" | "189" | "190" | "191" | "193"
            | "199" => Operator::Telecom,
            "192" => Operator::Broadnet,
            _ => return None,
        })
    })
}

impl Origin {
    /// Where a number in national form is from.
    #[must_use]
    pub fn of(digits: &str) -> Origin {
        if let Some((_, place)) = NEIGHBOURS.into_iter().find(|(code, _)| digits.starts_with(code)) {
            return Origin::Area { province: place, places: vec![place] };
        }
        let Some(phone) = Phone::parse(digits) else { return Origin::Unknown };
        match phone.line() {
            Line::Mobile => operator(digits).map_or(Origin::Unknown, Origin::Mobile),
            Line::Landline => {
                let code = [3, 4].into_iter().filter_map(|length| digits.get(..length));
                let known = code.filter_map(|code| CODES.get(code)).next();
                known.map_or(Origin::Unknown, |(province, places)| Origin::Area { province, places: places.clone() })
            }
            Line::Other => Origin::Unknown,
        }
    }

    /// In words, such as 山东潍坊 or 中国移动; `None` where nobody can say.
    #[must_use]
    pub fn words(&self, lang: Lang) -> Option<Cow<'static, str>> {
        match self {
            Origin::Area { province, places } if places.as_slice() == [*province] => Some(Cow::Borrowed(*province)),
            Origin::Area { province, places } => Some(format!("{province}{}", places.join("/")).into()),
            Origin::Mobile(Operator::Mobile) => Some(t!(lang, "origin.mobile")),
            Origin::Mobile(Operator::Unicom) => Some(t!(lang, "origin.unicom")),
            Origin::Mobile(Operator::Telecom) => Some(t!(lang, "origin.telecom")),
            Origin::Mobile(Operator::Broadnet) => Some(t!(lang, "origin.broadnet")),
            Origin::Unknown => None,
        }
    }

    /// The one region of a company's own that this is: a place, else the province. `None` where there is none, or
    /// more than one.
    #[must_use]
    pub fn region<'a>(&self, regions: impl Iterator<Item = (Id, &'a str)> + Clone) -> Option<Id> {
        let Origin::Area { province, places } = self else { return None };
        let only = |wanted: &dyn Fn(&str) -> bool| {
            let mut found = regions.clone().filter(|(_, name)| wanted(bare(name))).map(|(id, _)| id);
            let first = found.next();
            (first, found.next().is_some())
        };
        match only(&|name| places.iter().any(|place| bare(place) == name)) {
            (Some(_), true) => None,
            (Some(one), false) => Some(one),
            (None, _) => match only(&|name| bare(province) == name) {
                (one, false) => one,
                (_, true) => None,
            },
        }
    }
}

/// A region's name without what says its rank: 潍坊市, 延边州, 山东省. 郑州 keeps its 州.
fn bare(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name).trim();
    ["自治州", "自治区", "地区", "省", "市", "盟", "州"]
        .into_iter()
        .filter_map(|rank| name.strip_suffix(rank))
        .find(|rest| rest.chars().count() >= 2)
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{CODES, Operator, Origin};
    use crate::kernel::i18n::Lang;
    use crate::kernel::id::Id;

    fn words(digits: &str) -> Option<String> {
        Origin::of(digits).words(Lang::Zh).map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn landlines_are_from_their_area() {
        assert_eq!(words("05363112290").as_deref(), Some("山东潍坊"));
        assert_eq!(words("01062345678").as_deref(), Some("北京"));
        assert_eq!(words("02887654321").as_deref(), Some("四川成都/眉山/资阳"));
        assert_eq!(words("075526001234").as_deref(), Some("广东深圳"));
        assert_eq!(words("0085223456789").as_deref(), Some("香港"));
        assert_eq!(words("3112290"), None);
        assert_eq!(words("4006001234"), None);
    }

    #[test]
    fn mobiles_are_of_their_operator() {
        assert_eq!(Origin::of("13805362417"), Origin::Mobile(Operator::Mobile));
        assert_eq!(Origin::of("18605362417"), Origin::Mobile(Operator::Unicom));
        assert_eq!(Origin::of("19905362417"), Origin::Mobile(Operator::Telecom));
        assert_eq!(Origin::of("13495362417"), Origin::Mobile(Operator::Telecom));
        assert_eq!(Origin::of("17055362417"), Origin::Mobile(Operator::Mobile));
        assert_eq!(Origin::of("19205362417"), Origin::Mobile(Operator::Broadnet));
    }

    #[test]
    fn the_table_is_whole() {
        for (code, (province, places)) in CODES.iter() {
            let long = if code.starts_with("010") || code.starts_with("02") { 3 } else { 4 };
            assert_eq!(code.len(), long, "{code}");
            assert!(code.starts_with('0') && !province.is_empty() && !places.is_empty(), "{code}");
        }
        let provinces: std::collections::BTreeSet<&str> = CODES.values().map(|(province, _)| *province).collect();
        assert_eq!(provinces.len(), 31, "every province of the mainland: {provinces:?}");
        assert_eq!(include_str!("area_codes.txt").lines().filter(|line| !line.starts_with('#')).count(), CODES.len());
    }

    #[test]
    fn a_companys_own_region_is_found_by_name() {
        let regions =
            [(Id(1), "山东省"), (Id(2), "山东省/潍坊市"), (Id(3), "潍坊/临朐"), (Id(4), "眉山"), (Id(5), "成都")];
        let of = |digits: &str| Origin::of(digits).region(regions.into_iter());
        assert_eq!(of("05363112290"), Some(Id(2)));
        assert_eq!(of("05318112290"), Some(Id(1)), "济南 is not there, its province is");
        assert_eq!(of("02887654321"), None, "two of the places are there");
        assert_eq!(of("075526001234"), None);
        assert_eq!(of("13805362417"), None);
    }
}
