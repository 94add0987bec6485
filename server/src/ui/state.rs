//! Where a record stands: one word and one colour for each state, whatever module it is seen in.
//!
//! Grey: not begun, or ended without effect. Blue: in progress. Green: done. Amber: waits for a decision. Red: late or
//! failed.

use maud::Markup;

use crate::kernel::i18n::Lang;
use crate::kernel::words::words;
use crate::ui::tag::{Tone, tag};

words! {
    /// A state as people read it.
    pub enum Standing {
        /// 草稿
        Draft = "draft" => "ui.state.draft",
        /// 审批中
        Approving = "approving" => "ui.state.approving",
        /// 待我审批
        ForMe = "for_me" => "ui.state.for_me",
        /// 未轮到
        NotYet = "not_yet" => "ui.state.not_yet",
        /// 已同意
        Approved = "approved" => "ui.state.approved",
        /// 已驳回
        Rejected = "rejected" => "ui.state.rejected",
        /// 已撤回
        Withdrawn = "withdrawn" => "ui.state.withdrawn",
        /// 已转交
        HandedOver = "handed_over" => "ui.state.handed_over",
        /// 无需审批
        Skipped = "skipped" => "ui.state.skipped",
        /// 执行中
        Active = "active" => "ui.state.active",
        /// 已生效
        InForce = "in_force" => "ui.state.in_force",
        /// 已入账
        Booked = "booked" => "ui.state.booked",
        /// 已过账
        Posted = "posted" => "ui.state.posted",
        /// 已红冲
        Reversed = "reversed" => "ui.state.reversed",
        /// 已完成
        Done = "done" => "ui.state.done",
        /// 已确认
        Confirmed = "confirmed" => "ui.state.confirmed",
        /// 已终止
        Cancelled = "cancelled" => "ui.state.cancelled",
        /// 已过期
        Expired = "expired" => "ui.state.expired",
        /// 待拜访
        ToVisit = "to_visit" => "ui.state.to_visit",
        /// 拜访中
        Visiting = "visiting" => "ui.state.visiting",
        /// 已拜访
        Visited = "visited" => "ui.state.visited",
        /// 待办
        ToDo = "to_do" => "ui.state.to_do",
        /// 紧急
        Urgent = "urgent" => "ui.state.urgent",
        /// 已逾期
        Overdue = "overdue" => "ui.state.overdue",
        /// 待确认
        ToConfirm = "to_confirm" => "ui.state.to_confirm",
        /// 待回拨
        ToCallBack = "to_call_back" => "ui.state.to_call_back",
        /// 响铃中
        Ringing = "ringing" => "ui.state.ringing",
        /// 已挂断
        Ended = "ended" => "ui.state.ended",
        /// 已接听
        Answered = "answered" => "ui.state.answered",
        /// 未接
        Missed = "missed" => "ui.state.missed",
        /// 已回拨
        CalledBack = "called_back" => "ui.state.called_back",
        /// 待发送
        ToSend = "to_send" => "ui.state.to_send",
        /// 排队中
        Queued = "queued" => "ui.state.queued",
        /// 定时发送
        Scheduled = "scheduled" => "ui.state.scheduled",
        /// 发送中
        Sending = "sending" => "ui.state.sending",
        /// 已暂停
        Paused = "paused" => "ui.state.paused",
        /// 已停止
        Stopped = "stopped" => "ui.state.stopped",
        /// 已发送
        Sent = "sent" => "ui.state.sent",
        /// 已送达
        Delivered = "delivered" => "ui.state.delivered",
        /// 未送达
        Undelivered = "undelivered" => "ui.state.undelivered",
        /// 超时未达
        TimedOut = "timed_out" => "ui.state.timed_out",
        /// 发送失败
        Failed = "failed" => "ui.state.failed",
        /// 结果不明
        Unknown = "unknown" => "ui.state.unknown",
        /// 网关拒收
        Refused = "refused" => "ui.state.refused",
        /// 已作废
        Dropped = "dropped" => "ui.state.dropped",
        /// 不发送
        LeftOut = "left_out" => "ui.state.left_out",
        /// 待认领
        ToClaim = "to_claim" => "ui.state.to_claim",
        /// 在线
        Online = "online" => "ui.state.online",
        /// 离线
        Offline = "offline" => "ui.state.offline",
        /// 等待网络
        NoNetwork = "no_network" => "ui.state.no_network",
        /// 已停用
        Off = "off" => "ui.state.off",
        /// 正常销售
        OnSale = "on_sale" => "ui.state.on_sale",
        /// 停售
        Suspended = "suspended" => "ui.state.suspended",
        /// 下架
        Delisted = "delisted" => "ui.state.delisted",
    }
}

impl Standing {
    /// What its colour says.
    #[must_use]
    pub fn tone(self) -> Tone {
        use Standing as S;
        match self {
            S::Approved | S::InForce | S::Booked | S::Posted | S::Done | S::Confirmed | S::Visited => Tone::Good,
            S::Answered | S::CalledBack | S::Delivered | S::Online | S::OnSale => Tone::Good,
            S::Active | S::Visiting | S::Ringing | S::Sending | S::Sent => Tone::Info,
            S::Approving | S::ForMe | S::ToConfirm | S::ToCallBack | S::Urgent | S::Paused => Tone::Warn,
            S::NoNetwork | S::Suspended => Tone::Warn,
            S::Rejected | S::Overdue | S::Missed | S::Undelivered | S::TimedOut | S::Failed => Tone::Bad,
            S::Unknown | S::Refused | S::Offline => Tone::Bad,
            S::Draft | S::NotYet | S::ToVisit | S::ToDo | S::ToSend | S::Queued | S::Scheduled | S::ToClaim => {
                Tone::Plain
            }
            S::Withdrawn | S::HandedOver | S::Skipped | S::Reversed | S::Cancelled | S::Expired | S::Ended => {
                Tone::Plain
            }
            S::Stopped | S::Dropped | S::LeftOut | S::Off | S::Delisted => Tone::Plain,
        }
    }

    /// Its tag.
    #[must_use]
    pub fn tag(self, lang: Lang) -> Markup {
        tag(self.name(lang), self.tone())
    }
}

/// Gives the states of a module their [`Standing`], from which their names and colours follow.
macro_rules! standings {
    ($state:ident { $($own:ident => $standing:ident,)+ }) => {
        // A module may show only the tag.
        #[allow(dead_code)]
        impl $state {
            /// Its word and colour.
            #[must_use]
            pub fn standing(self) -> $crate::ui::state::Standing {
                match self { $($state::$own => $crate::ui::state::Standing::$standing,)+ }
            }

            /// Its name for people.
            #[must_use]
            pub fn name(self, lang: $crate::kernel::i18n::Lang) -> std::borrow::Cow<'static, str> {
                self.standing().name(lang)
            }
        }
    };
}
pub(crate) use standings;

/// Declares a closed set of stored states, as [`words`] does, with the [`Standing`] of each.
///
/// ```text
/// states! {
///     /// The state of a call.
///     pub enum State {
///         /// 响铃中
///         Ringing = "ringing" => Ringing,
///     }
/// }
/// ```
macro_rules! states {
    ($(#[$doc:meta])* $vis:vis enum $set:ident { $($(#[$word_doc:meta])* $word:ident = $code:literal => $standing:ident,)+ }) => {
        $crate::kernel::words::words! { $(#[$doc])* $vis enum $set { $($(#[$word_doc])* $word = $code,)+ } }
        $crate::ui::state::standings!($set { $($word => $standing,)+ });
    };
}
pub(crate) use states;

#[cfg(test)]
mod tests {
    use super::Standing;
    use crate::kernel::i18n::Lang;

    #[test]
    fn no_two_states_share_a_word_so_that_no_word_has_two_colours() {
        for lang in Lang::ALL {
            for state in Standing::ALL {
                let name = state.name(lang);
                let same = Standing::ALL.iter().filter(|other| other.name(lang) == name).count();
                assert_eq!(same, 1, "{name} stands for several states");
                assert!(!name.contains("ui.state"), "{name} has no word in {lang}");
            }
        }
    }
}
