//! What may be sent, and how a message's state moves. Decisions only.

use std::borrow::Cow;

use crate::kernel::china::phone::{Line, Phone};
use crate::kernel::i18n::{Lang, t};
use crate::sms::limits::Block;
use crate::sms::parts::measure;
use crate::ui::state::states;

/// The longest message: more parts are a letter, and each is paid for.
pub const MOST_PARTS: usize = 8;
/// The longest text that a form takes.
pub const LONGEST: usize = 1000;

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a telephone number.
    NoNumber,
    /// A landline, a service number, a number abroad: no mainland mobile.
    NotMobile,
    /// No text.
    Empty,
    /// More than [`MOST_PARTS`].
    TooLong,
    /// The person's cap.
    PersonCap(i64),
    /// The cap of a person's campaigns.
    CampaignCap(i64),
    /// The cap of questions to one member of staff.
    StaffCap(i64),
    /// The recipient's cap.
    RecipientCap(i64),
    /// The company's cap.
    CompanyCap(i64),
    /// The number is outside the ranges that the company allows.
    Range,
    /// Its owner opted out, or it is on the blacklist.
    Blocked(Block),
}

impl Refusal {
    /// In words.
    #[must_use]
    pub fn text(self, lang: Lang) -> Cow<'static, str> {
        match self {
            Refusal::NoNumber => t!(lang, "sms.refused_number"),
            Refusal::NotMobile => t!(lang, "sms.refused_landline"),
            Refusal::Empty => t!(lang, "sms.refused_empty"),
            Refusal::TooLong => t!(lang, "sms.refused_long", most = MOST_PARTS),
            Refusal::PersonCap(n) => t!(lang, "sms.refused_person", n = n),
            Refusal::CampaignCap(n) => t!(lang, "sms.refused_campaign", n = n),
            Refusal::StaffCap(n) => t!(lang, "sms.refused_staff", n = n),
            Refusal::RecipientCap(n) => t!(lang, "sms.refused_recipient", n = n),
            Refusal::CompanyCap(n) => t!(lang, "sms.refused_company", n = n),
            Refusal::Range => t!(lang, "sms.refused_range"),
            Refusal::Blocked(Block::OptOut) => t!(lang, "sms.refused_optout"),
            Refusal::Blocked(Block::Blacklist) => t!(lang, "sms.refused_blacklist"),
        }
    }
}

/// The number in national form, if it takes SMS.
///
/// # Errors
/// Why it does not.
pub fn recipient(text: &str) -> Result<Phone, Refusal> {
    let phone = Phone::parse(text).ok_or(Refusal::NoNumber)?;
    match phone.line() {
        Line::Mobile => Ok(phone),
        Line::Landline | Line::Other => Err(Refusal::NotMobile),
    }
}

/// Whether the text can be sent; the parts it takes.
///
/// # Errors
/// Why it cannot.
pub fn content(text: &str) -> Result<usize, Refusal> {
    match measure(text).parts {
        0 => Err(Refusal::Empty),
        parts if parts > MOST_PARTS => Err(Refusal::TooLong),
        parts => Ok(parts),
    }
}

states! {
    /// The state of a message.
    pub enum State {
        /// 待发送: no box has it yet.
        Waiting = "waiting" => ToSend,
        /// Offered to a box that has not answered.
        Offered = "offered" => ToSend,
        /// 排队中: safe in the box's own queue.
        Queued = "queued" => Queued,
        /// 发送中
        Sending = "sending" => Sending,
        /// 结果不明: perhaps sent; never sent again by itself.
        Unknown = "unknown" => Unknown,
        /// 已发出: the network took it.
        Sent = "sent" => Sent,
        /// 发送失败: surely not sent.
        Failed = "failed" => Failed,
        /// Refused by the box: opted out, over its limits.
        Refused = "refused" => Refused,
        /// 已送达: the phone has it.
        Delivered = "delivered" => Delivered,
        /// 未送达: the network gave up.
        Undelivered = "undelivered" => Undelivered,
        /// 已过期
        Expired = "expired" => TimedOut,
        /// 已作废 by a person.
        Dropped = "dropped" => Dropped,
    }
}

impl State {
    /// The state of a stored word; what cannot be read is unknown.
    #[must_use]
    pub fn of(stored: &str) -> State {
        State::from_code(stored).unwrap_or(State::Unknown)
    }

    /// How far along a message in this state is.
    fn rank(self) -> u8 {
        match self {
            State::Waiting => 0,
            State::Offered => 1,
            State::Queued => 2,
            State::Sending => 3,
            State::Unknown => 4,
            State::Sent | State::Failed | State::Refused => 5,
            State::Delivered | State::Undelivered | State::Expired | State::Dropped => 6,
        }
    }

    /// Whether a report of `next` still says something new. Reports can come twice and late; a message never
    /// goes back.
    #[must_use]
    pub fn moves_to(self, next: State) -> bool {
        next.rank() > self.rank()
    }

    /// Whether a person has to look at it.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        match self {
            State::Failed | State::Unknown | State::Refused | State::Undelivered | State::Expired => true,
            State::Waiting
            | State::Offered
            | State::Queued
            | State::Sending
            | State::Sent
            | State::Delivered
            | State::Dropped => false,
        }
    }
}

/// The variables a template may use, as people write them.
pub const VARIABLES: [&str; 9] = ["客户", "称呼", "姓名", "公司", "业务员", "产品", "日期", "单号", "金额"];

/// The first `{…}` of a template that is no variable.
#[must_use]
pub fn unknown_variable(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        if !VARIABLES.contains(&name) {
            return Some(name.to_owned());
        }
        rest = tail;
    }
    None
}

/// The first variable of a text that is still to be filled in.
#[must_use]
pub fn unfilled(text: &str) -> Option<&'static str> {
    VARIABLES.into_iter().find(|name| text.contains(&format!("{{{name}}}")))
}

/// Fills a template. A variable without a value becomes nothing; values are not looked into again.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if VARIABLES.contains(&name) => {
                out.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
                rest = tail;
            }
            Some(_) | None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// How a person is addressed: 张卫东 经理 → 张经理; without a position the whole name.
#[must_use]
pub fn form_of_address(name: &str, position: &str) -> String {
    let titles = ["总", "经理", "主任", "老师", "会计", "厂长", "站长", "店长", "主管", "老板"];
    match (name.chars().next(), titles.iter().find(|title| position.ends_with(**title))) {
        (Some(family), Some(title)) if name.chars().count() <= 4 && family >= '\u{4e00}' => format!("{family}{title}"),
        (Some(_) | None, _) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Refusal, State, content, fill, form_of_address, recipient, unfilled, unknown_variable};

    #[test]
    fn only_mainland_mobiles_take_messages() {
        assert_eq!(recipient("+86 138-0536-2417").unwrap().digits(), "13805362417");
        for landline in ["0536-3112290", "95588", "4006001234", "+1 202 555 0143", "0085212345678"] {
            assert_eq!(recipient(landline), Err(Refusal::NotMobile), "{landline}");
        }
        for nonsense in ["", "张经理", "1380536241a"] {
            assert_eq!(recipient(nonsense), Err(Refusal::NoNumber), "{nonsense}");
        }
    }

    #[test]
    fn texts_have_a_length() {
        assert_eq!(content(""), Err(Refusal::Empty));
        assert_eq!(content("好"), Ok(1));
        assert_eq!(content(&"字".repeat(67 * 8)), Ok(8));
        assert_eq!(content(&"字".repeat(67 * 8 + 1)), Err(Refusal::TooLong));
    }

    #[test]
    fn a_message_never_goes_back() {
        assert!(State::Queued.moves_to(State::Sent));
        assert!(State::Unknown.moves_to(State::Delivered));
        assert!(!State::Delivered.moves_to(State::Sent));
        assert!(!State::Sent.moves_to(State::Queued));
        assert!(!State::Sent.moves_to(State::Sent));
        assert!(!State::Dropped.moves_to(State::Delivered));
        for state in State::ALL {
            assert_eq!(State::of(state.code()), state);
        }
    }

    #[test]
    fn templates_are_filled_once() {
        let values = [("称呼", "{公司}经理"), ("单号", "DD1")];
        assert_eq!(fill("{称呼}，{单号}：{金额}元 {x} {", &values), "{公司}经理，DD1：元 {x} {");
        assert_eq!(unknown_variable("{称呼}{数量}"), Some("数量".to_owned()));
        assert_eq!(unknown_variable("{称呼} {单号}"), None);
        assert_eq!(unfilled("张经理，{产品}到货"), Some("产品"));
        assert_eq!(unfilled("{x} 到货"), None);
    }

    #[test]
    fn people_are_addressed_by_family_name_and_post() {
        assert_eq!(form_of_address("张卫东", "经理"), "张经理");
        assert_eq!(form_of_address("刘敏", ""), "刘敏");
        assert_eq!(form_of_address("John Smith", "经理"), "John Smith");
        assert_eq!(form_of_address("", "经理"), "");
    }
}
