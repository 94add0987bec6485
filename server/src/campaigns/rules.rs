//! A campaign's states and audiences, and where a recipient stands. Decisions only.

use crate::kernel::words::words;
use crate::sms;
use crate::ui::state::states;

/// Messages that are made ahead of their sending, over all campaigns: what a pause has to take back.
pub const AHEAD: i64 = 50;

states! {
    /// Where a campaign stands.
    pub enum State {
        /// 草稿
        Draft = "draft" => Draft,
        /// 发送中, or waiting for its time.
        Running = "running" => Sending,
        /// 已暂停
        Paused = "paused" => Paused,
        /// 已完成
        Done = "done" => Done,
        /// 已取消
        Cancelled = "cancelled" => Stopped,
    }
}

words! {
    /// Whom it goes to.
    pub enum Audience {
        /// 全部客户
        All = "all" => "campaigns.audience_all",
        /// A region and those below it.
        Region = "region" => "campaigns.audience_region",
        /// The customers' list as somebody sees it.
        View = "view" => "campaigns.audience_view",
        /// Contacts picked one by one.
        Picked = "picked" => "campaigns.audience_picked",
        /// Those whose birthday is kept on a day; made by an occasion, not on the form.
        Birthday = "birthday" => "campaigns.audience_birthday",
    }
}

impl Audience {
    /// Those that a person chooses among.
    pub const CHOICES: [Audience; 4] = [Audience::All, Audience::Region, Audience::View, Audience::Picked];
}

words! {
    /// When a released campaign begins.
    pub enum Start {
        /// At once.
        Now = "now" => "campaigns.start_now",
        /// At a time.
        At = "at" => "campaigns.start_at",
    }
}

states! {
    /// Where a recipient stands.
    pub enum Stage {
        /// Not written to, for a reason.
        Excluded = "excluded" => LeftOut,
        /// Its turn has not come.
        Pending = "pending" => ToSend,
        /// The message is made and on its way.
        Queued = "queued" => Sending,
        /// The network took it.
        Sent = "sent" => Sent,
        /// The phone has it.
        Delivered = "delivered" => Delivered,
        /// It did not go.
        Failed = "failed" => Failed,
        /// Nobody knows.
        Unknown = "unknown" => Unknown,
    }
}

words! {
    /// Why a recipient is left out.
    pub enum Reason {
        /// No mobile number.
        NoMobile = "no_mobile" => "campaigns.reason_no_mobile",
        /// Outside the allowed ranges.
        Range = "range" => "campaigns.reason_range",
        /// On the blacklist.
        Blacklist = "blacklist" => "campaigns.reason_blacklist",
        /// Opted out.
        OptOut = "optout" => "campaigns.reason_optout",
        /// Never agreed.
        NoConsent = "no_consent" => "campaigns.reason_no_consent",
        /// Another contact has the same number.
        Duplicate = "duplicate" => "campaigns.reason_duplicate",
        /// The number had its messages for the day.
        RecipientCap = "recipient_cap" => "campaigns.reason_recipient_cap",
        /// The filled text is too long.
        TooLong = "too_long" => "campaigns.reason_too_long",
        /// The contact was deleted meanwhile.
        Gone = "gone" => "campaigns.reason_gone",
    }
}

impl State {
    /// Whether `next` may follow.
    #[must_use]
    pub fn moves_to(self, next: State) -> bool {
        match self {
            State::Draft => matches!(next, State::Running | State::Cancelled),
            State::Running => matches!(next, State::Paused | State::Done | State::Cancelled),
            State::Paused => matches!(next, State::Running | State::Cancelled),
            State::Done | State::Cancelled => false,
        }
    }
}

/// Where a recipient stands when its message stands there.
#[must_use]
pub fn stage_of(state: sms::State) -> Stage {
    match state {
        sms::State::Waiting | sms::State::Offered | sms::State::Queued | sms::State::Sending => Stage::Queued,
        sms::State::Sent => Stage::Sent,
        sms::State::Delivered => Stage::Delivered,
        sms::State::Unknown => Stage::Unknown,
        sms::State::Failed
        | sms::State::Refused
        | sms::State::Undelivered
        | sms::State::Expired
        | sms::State::Dropped => Stage::Failed,
    }
}

/// What a refusal means for a recipient; `None` where the whole campaign has to wait.
#[must_use]
pub fn reason_of(refusal: sms::Refusal) -> Option<Reason> {
    match refusal {
        sms::Refusal::CompanyCap(_)
        | sms::Refusal::PersonCap(_)
        | sms::Refusal::CampaignCap(_)
        | sms::Refusal::StaffCap(_) => None,
        sms::Refusal::NoNumber | sms::Refusal::NotMobile => Some(Reason::NoMobile),
        sms::Refusal::Empty | sms::Refusal::TooLong => Some(Reason::TooLong),
        sms::Refusal::RecipientCap(_) => Some(Reason::RecipientCap),
        sms::Refusal::Range => Some(Reason::Range),
        sms::Refusal::Blocked(sms::Block::OptOut) => Some(Reason::OptOut),
        sms::Refusal::Blocked(sms::Block::Blacklist) => Some(Reason::Blacklist),
    }
}

/// What holds a campaign up whose next message was refused in this way, as it is stored.
#[must_use]
pub fn held_by(refusal: sms::Refusal) -> &'static str {
    match refusal {
        sms::Refusal::CampaignCap(_) => "person_cap",
        sms::Refusal::CompanyCap(_)
        | sms::Refusal::PersonCap(_)
        | sms::Refusal::StaffCap(_)
        | sms::Refusal::NoNumber
        | sms::Refusal::NotMobile
        | sms::Refusal::Empty
        | sms::Refusal::TooLong
        | sms::Refusal::RecipientCap(_)
        | sms::Refusal::Range
        | sms::Refusal::Blocked(_) => "company_cap",
    }
}

#[cfg(test)]
mod tests {
    use super::{Audience, Reason, Stage, State};

    #[test]
    fn what_has_ended_stays_so() {
        for ended in [State::Done, State::Cancelled] {
            assert!(State::ALL.iter().all(|next| !ended.moves_to(*next)));
        }
        assert!(State::Paused.moves_to(State::Running) && State::Running.moves_to(State::Paused));
        assert!(!State::Draft.moves_to(State::Done) && !State::Paused.moves_to(State::Done));
    }

    #[test]
    fn words_are_read_back() {
        assert!(State::ALL.iter().all(|one| State::from_code(one.code()) == Some(*one)));
        assert!(Audience::ALL.iter().all(|one| Audience::from_code(one.code()) == Some(*one)));
        assert!(Stage::ALL.iter().all(|one| Stage::from_code(one.code()) == Some(*one)));
        assert!(Reason::ALL.iter().all(|one| Reason::from_code(one.code()) == Some(*one)));
    }
}
