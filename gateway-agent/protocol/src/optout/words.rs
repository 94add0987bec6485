//! The words: what opts out, what is polite, what is about goods. All in upper case, half width, simplified.

/// What a word does to a message that holds nothing but such words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Says nothing by itself.
    Filler,
    /// Says it with a doubt where nothing stronger stands beside it.
    Weak,
    /// A letter that footers ask for.
    Code,
    /// Says it.
    Word,
}

/// Longer ones before those that they begin with.
const WORDS: &[(&str, Kind)] = &[
    ("取消订阅", Kind::Word),
    ("取消短信", Kind::Word),
    ("取消推送", Kind::Word),
    ("取消接收", Kind::Word),
    ("停止接收", Kind::Word),
    ("停止发送", Kind::Word),
    ("拒绝接收", Kind::Word),
    ("不再接收", Kind::Word),
    ("不接收", Kind::Word),
    ("退订", Kind::Word),
    ("退定", Kind::Word),
    ("退钉", Kind::Word),
    ("推订", Kind::Word),
    ("退阅", Kind::Word),
    ("拒收", Kind::Word),
    ("停发", Kind::Word),
    ("TUIDING", Kind::Word),
    ("UNSUBSCRIBE", Kind::Word),
    ("UNSUB", Kind::Word),
    ("OPTOUT", Kind::Word),
    ("STOPALL", Kind::Word),
    ("STOP", Kind::Word),
    ("QUIT", Kind::Weak),
    ("CANCEL", Kind::Weak),
    ("END", Kind::Weak),
    ("取消", Kind::Weak),
    ("退", Kind::Weak),
    ("滚", Kind::Weak),
    ("发送", Kind::Filler),
    ("回复", Kind::Filler),
    ("所有", Kind::Filler),
    ("全部", Kind::Filler),
    ("短信", Kind::Filler),
    ("信息", Kind::Filler),
    ("消息", Kind::Filler),
    ("广告", Kind::Filler),
    ("营销", Kind::Filler),
    ("你们", Kind::Filler),
    ("贵司", Kind::Filler),
    ("这个", Kind::Filler),
    ("这些", Kind::Filler),
    ("这种", Kind::Filler),
    ("此类", Kind::Filler),
    ("谢谢", Kind::Filler),
    ("感谢", Kind::Filler),
    ("多谢", Kind::Filler),
    ("辛苦", Kind::Filler),
    ("麻烦", Kind::Filler),
    ("你好", Kind::Filler),
    ("您好", Kind::Filler),
    ("好的", Kind::Filler),
    ("收到", Kind::Filler),
    ("我要", Kind::Filler),
    ("我想", Kind::Filler),
    ("帮我", Kind::Filler),
    ("给我", Kind::Filler),
    ("申请", Kind::Filler),
    ("确认", Kind::Filler),
    ("一下", Kind::Filler),
    ("马上", Kind::Filler),
    ("立即", Kind::Filler),
    ("立刻", Kind::Filler),
    ("THANKS", Kind::Filler),
    ("THANKYOU", Kind::Filler),
    ("THX", Kind::Filler),
    ("PLEASE", Kind::Filler),
    ("PLS", Kind::Filler),
    ("HI", Kind::Filler),
    ("HELLO", Kind::Filler),
];

/// Single characters that say nothing.
const FILLERS: &str = "请谢回发你您我的了吧啊呀哦喔噢哈呢嘛么啦哟嗯嘞喽就是要给把";

/// Longest first: the way out as advertisements end with it.
pub const FOOTERS: &[&str] = &[
    "退订请回复TD",
    "退订请回复T",
    "退订请回TD",
    "退订请回T",
    "退订回复TD",
    "退订回复T",
    "退订回TD",
    "退订回T",
    "退订 回T",
    "拒收请回复R",
    "拒收请回R",
    "拒收回复R",
    "拒收回R",
    "回复TD退订",
    "回复T退订",
    "回TD退订",
    "回T退订",
    "回N退订",
    "退订回N",
    "退订回复N",
    "退订回0000",
    "TD退订",
];

/// Codes that footers ask for: T, TT, TD, TDTD, N, R, 0000.
fn code(run: &str) -> Option<&'static str> {
    let only = |letter: char, most: usize| run.chars().all(|c| c == letter) && run.len() <= most;
    match run {
        "" => None,
        "R" => Some("R"),
        "TD" | "TDD" | "TTD" | "TDTD" | "TDTDTD" | "DT" => Some("TD"),
        _ if only('T', 6) => Some("T"),
        _ if only('N', 4) => Some("N"),
        _ if run.len() >= 4 && only('0', 8) => Some("0000"),
        _ => None,
    }
}

/// A bare no, with politeness: 不要了，谢谢.
pub fn declines(letters: &str) -> Option<&'static str> {
    ["不需要", "不要", "不用"].into_iter().find(|no| {
        letters.split_once(no).is_some_and(|(before, after)| {
            let polite = |text: &str| text.is_empty() || matches!(covered(text), Some((_, Kind::Filler)));
            // 不用谢 answers thanks.
            let answers = after.starts_with('谢') && !after.starts_with("谢谢");
            polite(before) && polite(after) && !answers
        })
    })
}

/// Reads letters as nothing but words of ours: the strongest, and its kind.
pub fn covered(letters: &str) -> Option<(&'static str, Kind)> {
    let mut rest = letters;
    let mut strongest: Option<(&'static str, Kind)> = None;
    while let Some(first) = rest.chars().next() {
        let step = if first.is_ascii_alphanumeric() { latin(rest) } else { chinese(rest, first) };
        let (word, kind, length) = step?;
        rest = rest.get(length..)?;
        if strongest.is_none_or(|(_, before)| kind > before) {
            strongest = Some((word, kind));
        }
    }
    strongest
}

/// The word of ours that a run of Latin letters and digits begins with; the run has to end with such words too.
fn latin(rest: &str) -> Option<(&'static str, Kind, usize)> {
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let run = rest.get(..length)?;
    if let Some(word) = code(run) {
        return Some((word, Kind::Code, length));
    }
    let word = WORDS.iter().find(|(word, _)| word.is_ascii() && run.starts_with(word));
    if let Some((word, kind)) = word {
        return Some((word, *kind, word.len()));
    }
    // A code before a word, as in T PLEASE.
    let before = WORDS
        .iter()
        .find_map(|(word, _)| run.strip_suffix(word).filter(|before| !before.is_empty() && word.is_ascii()))?;
    code(before).map(|word| (word, Kind::Code, before.len()))
}

fn chinese(rest: &str, first: char) -> Option<(&'static str, Kind, usize)> {
    let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
    match word {
        Some((word, kind)) => Some((word, *kind, word.len())),
        None => FILLERS.contains(first).then_some(("", Kind::Filler, first.len_utf8())),
    }
}

/// What asks for marketing again, alone in a message.
pub fn again(letters: &str) -> Option<&'static str> {
    const AGAIN: [&str; 12] = [
        "DY",
        "订阅",
        "恢复订阅",
        "重新订阅",
        "继续订阅",
        "我要订阅",
        "恢复接收",
        "恢复短信",
        "START",
        "UNSTOP",
        "RESUBSCRIBE",
        "SUBSCRIBE",
    ];
    let bare =
        ["谢谢", "THANKS", "了", "吧"].iter().fold(letters, |text, word| text.strip_suffix(word).unwrap_or(text));
    let bare = ["请", "麻烦", "你好", "您好"].iter().fold(bare, |text, word| text.strip_prefix(word).unwrap_or(text));
    AGAIN.into_iter().find(|word| *word == bare)
}

/// Whether a text asks something.
pub fn asks(text: &str) -> bool {
    ["吗", "怎么", "怎样", "如何", "什么", "为啥", "咋", "是不是", "能不能", "可不可以", "多少", "几时"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether goods, money, orders or visits are spoken of.
pub fn is_about_goods(letters: &str) -> bool {
    const GOODS: &[&str] = &[
        "货", "快递", "物流", "订单", "单子", "这单", "那单", "发票", "退款", "款", "钱", "样品", "仓库", "库存",
        "装车", "车", "箱", "袋", "瓶", "吨", "公斤", "斤", "桶", "件", "批", "质量", "包装", "颜色", "型号", "尺码",
        "规格", "定金", "订金", "价", "合同", "地址", "图片", "照片", "文件", "报表", "微信", "药", "肥", "种子",
        "拜访",
    ];
    GOODS.iter().any(|word| letters.contains(word))
}

/// Whether messages are spoken of.
pub fn is_about_messages(letters: &str) -> bool {
    ["短信", "信息", "消息", "广告", "推销", "营销", "推送", "骚扰", "打扰", "垃圾", "群发", "祝福", "通知", "SMS"]
        .iter()
        .any(|word| letters.contains(word))
}

/// A sentence that asks for the end in its own word: 我要退订你们的短信. Not 退订单, 退订金, 不退订.
pub fn unsubscribes(letters: &str) -> Option<&'static str> {
    const ASKS: [&str; 9] =
        ["退订", "取消订阅", "拒收", "取消短信", "取消推送", "不再接收", "停止推送", "停止发送", "屏蔽短信"];
    const THEN: [&str; 15] =
        ["单", "金", "货", "购", "款", "这批", "那批", "合同", "酒店", "机票", "票", "房", "了货", "件", "快递"];
    const BEFORE: [&str; 14] =
        ["不", "没", "没有", "未", "不会", "不要", "不想", "别", "不是", "并非", "误", "误点", "不用", "对方"];
    ASKS.into_iter().find(|ask| {
        letters.match_indices(ask).any(|(at, found)| {
            let (before, after) =
                (letters.get(..at).unwrap_or_default(), letters.get(at + found.len()..).unwrap_or_default());
            let goods = THEN.iter().any(|word| after.starts_with(word));
            let denied = BEFORE.iter().any(|word| before.ends_with(word));
            // 客户拒收 and 货被拒收 tell of a parcel.
            let parcel = *ask == "拒收" && is_about_goods(letters);
            !goods && !denied && !parcel
        })
    })
}

/// Words that forbid, longer ones first.
const FORBIDS: [&str; 22] = [
    "不希望",
    "不愿意",
    "请不要",
    "不需要",
    "不允许",
    "不要",
    "不想",
    "不愿",
    "不准",
    "不许",
    "不用",
    "不必",
    "不再",
    "拒绝",
    "禁止",
    "停止",
    "请勿",
    "勿",
    "别",
    "莫",
    "甭",
    "白",
];
/// What is forbidden, longer ones first.
const ACTS: [&str; 10] = ["推送", "打扰", "骚扰", "接收", "收到", "群发", "发送", "再收", "收", "发"];
/// What may stand between the two.
const BETWEEN: &str = "再给我跟向往对老总乱继续一直天每这些样种类此们你您以后任何的了到来把又瞎随便想愿意要通过手机号个破烂短信息消广告营销推垃圾讯";
/// What may follow.
const AFTER: &str =
    "了短信息消广告这些东西给我啦吧哦啊行好来到手机任何的垃圾营销推类种样你们您么嘛呀再通知就祝福个破烂没用谢请讯电话";

/// A sentence that forbids sending: 不要再发了, 别给我发短信. Whether it speaks of messages. Not 不要发货.
pub fn forbids(letters: &str) -> Option<(&'static str, bool)> {
    for (forbidden, act) in FORBIDS.iter().flat_map(|word| ACTS.iter().map(move |act| (*word, *act))) {
        for (at, found) in letters.match_indices(forbidden) {
            let rest = letters.get(at + found.len()..).unwrap_or_default();
            let Some((between, after)) = rest.split_once(act) else { continue };
            let near = between.chars().count() <= 10 && between.chars().all(|c| BETWEEN.contains(c));
            // 白 is a slip of the tongue for 别 in dialects, and a colour.
            let slip = forbidden != "白" || between.starts_with('再');
            if near && slip && after.chars().all(|c| AFTER.contains(c)) {
                return Some((forbidden, is_about_messages(letters)));
            }
        }
    }
    None
}

/// Anger about messages, in which a person should read whether they may go on.
pub fn complains(letters: &str) -> Option<&'static str> {
    const ANGER: [&str; 10] = ["骚扰", "垃圾短信", "投诉", "举报", "拉黑", "烦死", "烦不烦", "12321", "工信部", "报警"];
    let anger = ANGER.into_iter().find(|word| letters.contains(word))?;
    let messages = is_about_messages(letters)
        || ["再发", "还发", "老发", "总发", "天天发"].iter().any(|word| letters.contains(word));
    messages.then_some(anger)
}
