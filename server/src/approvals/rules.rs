//! States, and who may do what to an approval.

use crate::kernel::id::Id;
use crate::ui::state::states;

use super::store::{Approval, Step};

states! {
    /// Where an approval stands.
    pub enum State {
        /// 审批中
        Open = "open" => Approving,
        /// 已同意
        Approved = "approved" => Approved,
        /// 已驳回
        Rejected = "rejected" => Rejected,
        /// 已撤回
        Withdrawn = "withdrawn" => Withdrawn,
    }
}

states! {
    /// Where one person's turn stands.
    pub enum StepState {
        /// The turn has not come.
        Waiting = "waiting" => NotYet,
        /// Asked now.
        Open = "open" => Approving,
        /// 同意
        Approved = "approved" => Approved,
        /// 驳回
        Rejected = "rejected" => Rejected,
        /// 转办 to another.
        HandedOver = "handed_over" => HandedOver,
        /// No longer needed.
        Skipped = "skipped" => Skipped,
    }
}

/// What stands against deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// It ended already.
    Ended(State),
    /// This person decided their step already.
    Said(StepState),
    /// This person is not asked, or not yet.
    NotAsked,
}

/// The step that `user` may decide now.
pub(super) fn turn_of<'a>(approval: &Approval, steps: &'a [Step], user: Id) -> Result<&'a Step, Against> {
    let mine = || steps.iter().filter(|step| step.approver_id == user);
    if mine().next().is_none() {
        return Err(Against::NotAsked);
    }
    if approval.state != State::Open {
        return Err(Against::Ended(approval.state));
    }
    if let Some(step) = mine().find(|step| step.state == StepState::Open) {
        return Ok(step);
    }
    let said = mine().map(|step| step.state).find(|state| *state != StepState::Waiting);
    Err(said.map_or(Against::NotAsked, Against::Said))
}

/// The first waiting step after one that said yes; none means that everybody has agreed.
pub(super) fn next_step(steps: &[Step], done: Id) -> Option<&Step> {
    steps.iter().filter(|step| step.id != done && step.state == StepState::Waiting).min_by_key(|step| step.position)
}

/// Who is asked: each once, the requester never.
pub(super) fn asked(approvers: &[Id], requester: Id) -> Vec<Id> {
    let mut asked = Vec::new();
    for approver in approvers {
        if *approver != requester && !asked.contains(approver) {
            asked.push(*approver);
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::super::store::{Approval, Step};
    use super::{Against, Id, State, StepState, asked, next_step, turn_of};

    fn step(id: i64, approver: i64, position: i64, state: StepState) -> Step {
        Step {
            id: Id(id),
            approver_id: Id(approver),
            approver: String::new(),
            position,
            state,
            comment: String::new(),
            opened_at: None,
            decided_at: None,
        }
    }

    fn approval(state: State) -> Approval {
        Approval::for_test(state)
    }

    #[test]
    fn only_the_one_whose_turn_it_is_decides() {
        let steps = [step(1, 10, 0, StepState::Open), step(2, 20, 1, StepState::Waiting)];
        let open = approval(State::Open);
        assert_eq!(turn_of(&open, &steps, Id(10)).map(|s| s.id), Ok(Id(1)));
        assert_eq!(turn_of(&open, &steps, Id(20)).map(|s| s.id), Err(Against::NotAsked));
        assert_eq!(turn_of(&open, &steps, Id(30)).map(|s| s.id), Err(Against::NotAsked));
    }

    #[test]
    fn nobody_decides_twice() {
        let steps = [step(1, 10, 0, StepState::HandedOver), step(2, 20, 0, StepState::Open)];
        let open = approval(State::Open);
        assert_eq!(turn_of(&open, &steps, Id(10)).map(|s| s.id), Err(Against::Said(StepState::HandedOver)));
        let ended = approval(State::Approved);
        assert_eq!(turn_of(&ended, &steps, Id(20)).map(|s| s.id), Err(Against::Ended(State::Approved)));
        assert_eq!(turn_of(&ended, &steps, Id(30)).map(|s| s.id), Err(Against::NotAsked));
    }

    #[test]
    fn one_after_the_other_each_once_the_requester_never() {
        let steps =
            [step(1, 10, 0, StepState::Open), step(3, 30, 2, StepState::Waiting), step(2, 20, 1, StepState::Waiting)];
        assert_eq!(next_step(&steps, Id(1)).map(|s| s.id), Some(Id(2)));
        assert_eq!(asked(&[Id(1), Id(2), Id(1), Id(3)], Id(3)), [Id(1), Id(2)]);
    }
}
