//! States of messages and parts: their stored words, and a message's state from its parts'.

use fieldline_protocol::messages::SmsState;

/// The stored word of a state.
pub(super) fn word(state: SmsState) -> &'static str {
    match state {
        SmsState::Queued => "queued",
        SmsState::Sending => "sending",
        SmsState::Sent => "sent",
        SmsState::Failed => "failed",
        SmsState::Unknown => "unknown",
        SmsState::Delivered => "delivered",
        SmsState::Undelivered => "undelivered",
        SmsState::Expired => "expired",
        SmsState::Cancelled => "cancelled",
    }
}

/// The state of a stored word; one that is not known is for a person.
pub(super) fn state(word: &str) -> SmsState {
    match word {
        "queued" => SmsState::Queued,
        "sending" => SmsState::Sending,
        "sent" => SmsState::Sent,
        "failed" => SmsState::Failed,
        "delivered" => SmsState::Delivered,
        "undelivered" => SmsState::Undelivered,
        "expired" => SmsState::Expired,
        "cancelled" => SmsState::Cancelled,
        _ => SmsState::Unknown,
    }
}

/// A message's state from its parts': the one that matters most to a person.
pub(super) fn together(parts: &[SmsState]) -> SmsState {
    let any = |state: SmsState| parts.contains(&state);
    let all = |state: SmsState| parts.iter().all(|part| *part == state);
    if any(SmsState::Unknown) {
        SmsState::Unknown
    } else if any(SmsState::Sending) || (any(SmsState::Queued) && !all(SmsState::Queued)) {
        SmsState::Sending
    } else if any(SmsState::Queued) {
        SmsState::Queued
    } else if any(SmsState::Failed) {
        SmsState::Failed
    } else if any(SmsState::Undelivered) {
        SmsState::Undelivered
    } else if any(SmsState::Expired) {
        SmsState::Expired
    } else if all(SmsState::Delivered) {
        SmsState::Delivered
    } else if any(SmsState::Cancelled) {
        SmsState::Cancelled
    } else {
        SmsState::Sent
    }
}

#[cfg(test)]
mod tests {
    use super::{state, together, word};
    use fieldline_protocol::messages::SmsState::{
        Cancelled, Delivered, Expired, Failed, Queued, Sending, Sent, Undelivered, Unknown,
    };

    #[test]
    fn every_state_reads_back() {
        for one in [Queued, Sending, Sent, Failed, Unknown, Delivered, Undelivered, Expired, Cancelled] {
            assert_eq!(state(word(one)), one);
        }
    }

    #[test]
    fn a_message_is_as_its_worst_part() {
        for (parts, whole) in [
            (&[Sent, Unknown, Queued][..], Unknown),
            (&[Sent, Queued], Sending),
            (&[Queued, Queued], Queued),
            (&[Delivered, Sent], Sent),
            (&[Delivered, Delivered], Delivered),
            (&[Delivered, Undelivered], Undelivered),
            (&[Sent, Failed], Failed),
            (&[Cancelled, Cancelled], Cancelled),
            (&[Expired, Sent], Expired),
            (&[Sending, Delivered], Sending),
        ] {
            assert_eq!(together(parts), whole, "{parts:?}");
        }
    }
}
