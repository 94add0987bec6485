//! The words that names are made of, and telephone numbers that look right.

type City = (&'static str, &'static [(&'static str, f64, f64)]);

/// Cities with their districts and where those lie (WGS-84).
pub(super) const CITIES: [City; 6] = [
    (
        "潍坊市",
        &[
            ("昌乐县", 36.706, 118.830),
            ("临朐县", 36.512, 118.543),
            ("寿光市", 36.855, 118.790),
            ("青州市", 36.685, 118.480),
            ("安丘市", 36.478, 119.219),
            ("高密市", 36.383, 119.756),
            ("诸城市", 35.996, 119.410),
            ("昌邑市", 36.859, 119.398),
        ],
    ),
    (
        "淄博市",
        &[
            ("临淄区", 36.827, 118.309),
            ("桓台县", 36.960, 118.098),
            ("高青县", 37.171, 117.827),
            ("沂源县", 36.185, 118.171),
        ],
    ),
    ("东营市", &[("广饶县", 37.054, 118.407), ("利津县", 37.490, 118.255), ("垦利区", 37.588, 118.548)]),
    (
        "青岛市",
        &[
            ("平度市", 36.777, 119.960),
            ("莱西市", 36.889, 120.518),
            ("胶州市", 36.265, 120.033),
            ("即墨区", 36.389, 120.447),
        ],
    ),
    (
        "烟台市",
        &[
            ("莱阳市", 36.979, 120.712),
            ("栖霞市", 37.335, 120.850),
            ("招远市", 37.355, 120.434),
            ("海阳市", 36.688, 121.174),
        ],
    ),
    (
        "临沂市",
        &[
            ("沂水县", 35.790, 118.628),
            ("莒南县", 35.175, 118.835),
            ("兰陵县", 34.857, 118.071),
            ("费县", 35.266, 117.977),
            ("平邑县", 35.506, 117.640),
        ],
    ),
];

/// First and second characters of a shop's own name: 丰源, 绿野, 惠民 …
const FIRST: [&str; 40] = [
    "丰", "绿", "惠", "金", "兴", "裕", "盛", "沃", "禾", "润", "瑞", "益", "广", "庆", "鲁", "齐", "富", "安", "恒",
    "泰", "祥", "新", "永", "正", "德", "信", "诚", "万", "天", "地", "春", "秋", "华", "茂", "利", "宏", "鑫", "家",
    "宝", "福",
];
const SECOND: [&str; 40] = [
    "源", "野", "民", "穗", "农", "禾", "田", "园", "土", "耕", "收", "种", "粮", "苗", "地", "康", "达", "通", "成",
    "和", "顺", "隆", "昌", "旺", "盈", "年", "泽", "润", "茂", "安", "丰", "林", "河", "原", "乡", "植", "生", "友",
    "华", "乐",
];
/// What it is, and the kind of customer that is.
const TRADES: [(&str, &str); 12] = [
    ("农资经营部", "零售商"),
    ("农资", "零售商"),
    ("植保站", "植保站"),
    ("农资超市", "零售商"),
    ("种业农药", "批发商"),
    ("合作社", "合作社"),
    ("农资连锁", "批发商"),
    ("农业服务部", "零售商"),
    ("农药门市部", "零售商"),
    ("家庭农场", "种植大户"),
    ("农业科技有限公司", "批发商"),
    ("果蔬合作社", "合作社"),
];

const SURNAMES: [&str; 48] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "孙", "周", "吴", "徐", "马", "朱", "胡", "郭", "林", "何", "高", "郑",
    "梁", "宋", "唐", "许", "邓", "冯", "韩", "曹", "曾", "彭", "于", "董", "袁", "潘", "蒋", "蔡", "杜", "苏", "魏",
    "程", "吕", "丁", "任", "崔", "姜", "谭", "邱", "孟", "秦",
];
/// Given names of men, then of women.
const MEN: [&str; 36] = [
    "建国", "卫东", "立新", "海涛", "志强", "国庆", "建军", "永刚", "文斌", "明", "军", "勇", "伟", "磊", "俊峰",
    "德胜", "丰源", "玉山", "长河", "春生", "光明", "树林", "宝田", "振华", "学文", "庆林", "金山", "东升", "家兴",
    "世杰", "海波", "兆祥", "传忠", "守信", "云龙", "鹏飞",
];
const WOMEN: [&str; 24] = [
    "桂兰", "秀英", "敏", "静", "丽", "红梅", "玉兰", "淑华", "艳", "霞", "春燕", "晓红", "海燕", "秀芳", "凤英",
    "爱华", "文静", "雪梅", "美玲", "金凤", "丽娟", "桂芝", "玉珍", "兰香",
];
const STREETS: [&str; 16] = [
    "新昌路",
    "人民路",
    "农贸街",
    "健康路",
    "兴农路",
    "文化路",
    "供销社院内",
    "老汽车站对面",
    "种子市场",
    "沿河街",
    "工业路",
    "幸福街",
    "东环路",
    "西环路",
    "农资市场",
    "商业街",
];
const PLACES: [&str; 14] = [
    "城关街道",
    "开发区",
    "五里镇",
    "河西镇",
    "大王镇",
    "南关街道",
    "北辰镇",
    "柳林镇",
    "石桥镇",
    "龙泉镇",
    "东埠镇",
    "马庄镇",
    "青山镇",
    "高里镇",
];

/// The prefixes under which the operators give out numbers.
const PREFIXES: [&str; 24] = [
    "130", "131", "132", "135", "136", "137", "138", "139", "150", "151", "152", "155", "156", "158", "159", "166",
    "176", "177", "178", "180", "182", "186", "187", "189",
];

use super::rng::Rng;

fn at<T: Copy>(list: &[T], place: usize) -> Option<T> {
    list.get(place % list.len().max(1)).copied()
}

/// The n-th made-up mobile number: no two alike below 24 million, all in blocks that begin with 00, which
/// operators keep for themselves.
pub(super) fn mobile(n: u32) -> String {
    let n = usize::try_from(n).unwrap_or(0);
    let prefix = at(&PREFIXES, n).unwrap_or("139");
    // 618,033 has no factor in common with 1,000,000, so every rest comes once.
    let rest = (n / PREFIXES.len() * 618_033 + 123_457) % 1_000_000;
    format!("{prefix}00{rest:06}")
}

/// A made-up number of a shop in the area of a city.
pub(super) fn landline(city: usize, n: u32) -> String {
    let area = at(&["0536", "0533", "0546", "0532", "0535", "0539"], city).unwrap_or("0536");
    format!("{area}{:07}", 2_000_000 + u64::from(n) * 37 % 1_000_000)
}

/// A shop: its short name, its whole name and its kind. No two alike below half a million.
pub(super) fn shop(district: &str, district_place: usize, n: usize) -> (String, String, &'static str) {
    // A step without common factor walks through every combination in an order that looks random.
    let all = FIRST.len() * SECOND.len() * TRADES.len();
    let place = (n * 7_919 + district_place * 101) % all;
    let first = at(&FIRST, place).unwrap_or_default();
    let second = at(&SECOND, place / FIRST.len()).unwrap_or_default();
    let (trade, kind) = at(&TRADES, place / FIRST.len() / SECOND.len()).unwrap_or_default();
    let seat = district.trim_end_matches(['县', '市', '区']);
    // 费县 without its 县 would be one character, which nobody calls it.
    let seat = if seat.chars().count() < 2 { district } else { seat };
    (format!("{seat}{first}{second}"), format!("{district}{first}{second}{trade}"), kind)
}

/// A person's name and sex.
pub(super) fn person(rng: &mut Rng) -> (String, &'static str) {
    let surname = rng.word(&SURNAMES);
    let (given, sex) = if rng.chance(72) { (rng.word(&MEN), "m") } else { (rng.word(&WOMEN), "f") };
    (format!("{surname}{given}"), sex)
}

/// An address in a district.
pub(super) fn address(rng: &mut Rng, district: &str) -> String {
    let number = rng.between(1, 320);
    format!("{district}{}{}{number}号", rng.word(&PLACES), rng.word(&STREETS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{landline, mobile, shop};
    use crate::kernel::china::phone::{Line, Phone};

    #[test]
    fn a_hundred_thousand_shops_have_names_and_numbers_of_their_own() {
        let numbers: BTreeSet<String> = (0..300_000).map(mobile).collect();
        assert_eq!(numbers.len(), 300_000);
        assert!(numbers.iter().all(|number| Phone::parse(number).is_some_and(|phone| phone.line() == Line::Mobile)));
        let shops: BTreeSet<String> = (0..15_000).map(|n| shop("寿光市", 2, n).1).collect();
        assert_eq!(shops.len(), 15_000);
        assert_eq!(shop("费县", 0, 0).0.chars().take(2).collect::<String>(), "费县");
    }

    #[test]
    fn landlines_are_landlines() {
        let line = Phone::parse(&landline(0, 17)).map(|phone| phone.line());
        assert_eq!(line, Some(Line::Landline));
    }
}
