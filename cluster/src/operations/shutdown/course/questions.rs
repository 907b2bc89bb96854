//! What the others want to know of a node's way down.

use std::time::Duration;

use super::failure::{Failure, Hidden, OWN_PLACE};
use super::{Course, Stage};
use crate::agent::Transport;
use crate::report::{NodeShutdown, ShutdownResult};

impl Course {
    pub(in super::super) fn is_asking(&self) -> bool {
        self.stage == Stage::Asking
    }

    pub(in super::super) fn is_off(&self) -> bool {
        matches!(self.stage, Stage::Off(_))
    }

    /// Whether it is off, and had power before.
    pub(in super::super) fn has_lost_power(&self) -> bool {
        self.is_off() && self.stage != Stage::Off(ShutdownResult::AlreadyOff)
    }

    /// Whether it has accepted, and can be seen to halt.
    pub(in super::super) fn is_going_down(&self) -> bool {
        matches!(self.stage, Stage::GoingDown | Stage::Gone(_) | Stage::Halted)
    }

    /// Whether it started again although it had accepted.
    pub(in super::super) fn restarts(&self) -> bool {
        matches!(self.stage, Stage::Unwilling(Failure::Restarts) | Stage::Failed(Failure::Restarts))
    }

    /// Whether somebody else's request was accepted before, by the record.
    pub(in super::super) fn joins(&self) -> bool {
        self.joins.is_some()
    }

    /// Whether it has left the USB without a sign that its system ends.
    pub(in super::super) fn is_lost(&self) -> bool {
        matches!(self.stage, Stage::Lost(_) | Stage::Failed(Failure::Lost))
    }

    pub(in super::super) fn has_halted(&self) -> bool {
        self.stage == Stage::Halted
    }

    /// Whether it has halted by what is seen alone, as somebody else was accepted and hears the goodbye.
    pub(in super::super) fn has_halted_unheard(&self) -> bool {
        self.has_halted() && self.transport.is_none() && self.joins()
    }

    pub(in super::super) fn is_forced(&self) -> bool {
        self.stage == Stage::Forced
    }

    /// Whether its power is to be cut where it does not halt.
    pub(in super::super) fn cuts_by_force(&self) -> bool {
        self.force
    }

    pub(in super::super) fn is_misplaced(&self) -> bool {
        matches!(self.stage, Stage::Failed(Failure::Misplaced { .. }))
    }

    pub(in super::super) fn is_wanted(&self) -> bool {
        use Failure::{OnAgain, StartsAnew, Wanted};
        matches!(self.stage, Stage::Failed(Wanted { .. } | StartsAnew | OnAgain))
    }

    /// Whether somebody else has cut its power, it seems, as it had halted.
    pub(in super::super) fn is_ended_by_another(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether somebody else has switched it off since, and maybe on again.
    pub(in super::super) fn is_switched_by_another(&self) -> bool {
        matches!(self.stage, Stage::Failed(Failure::SwitchedOff | Failure::StartsAnew))
    }

    /// Whether somebody else has switched it off, and not on again.
    pub(in super::super) fn is_cut_by_another(&self) -> bool {
        self.stage == Stage::Failed(Failure::SwitchedOff)
    }

    pub(in super::super) fn is_left_halted(&self) -> bool {
        self.stage == Stage::Failed(Failure::Wanted { has_halted: true })
    }

    pub(in super::super) fn is_to_be_cut(&self) -> bool {
        matches!(self.stage, Stage::Halted | Stage::Forced)
    }

    pub(in super::super) fn is_under_way(&self) -> bool {
        use Stage::{Asking, GoingDown, Gone, Lost, Missing, Unseen, Unwilling};
        matches!(
            self.stage,
            Asking | GoingDown | Lost(_) | Gone(_) | Missing(_) | Unseen | Unwilling(_)
        )
    }

    pub(in super::super) fn has_timed_out(&self) -> bool {
        matches!(
            self.stage,
            Stage::Failed(
                Failure::TimedOut | Failure::Lost | Failure::NotAccepted { is_timeout: true, .. }
            )
        )
    }

    pub(in super::super) fn transport(&self) -> Option<Transport> {
        self.transport
    }

    /// Why it does not do what it was asked, where it does not.
    pub(in super::super) fn why_not_accepted(&self) -> Option<String> {
        match &self.stage {
            Stage::Failed(Failure::NotAccepted { why, .. } | Failure::Misplaced { why, .. }) => {
                Some(why.clone())
            }
            Stage::Asking => Some("no answer".to_owned()),
            _ => None,
        }
    }

    /// What can be done for it to do what it is asked.
    pub(in super::super) fn fix(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Failed(Failure::NotAccepted { fix, .. }) => fix,
            Stage::Failed(Failure::Misplaced { .. }) => Some(OWN_PLACE),
            _ => None,
        }
    }

    /// Whether it could not be asked since it starts.
    pub(in super::super) fn is_starting(&self) -> bool {
        matches!(self.stage, Stage::Failed(Failure::NotAccepted { is_starting: true, .. }))
    }

    /// Why it is not shut down, where it is not.
    pub(in super::super) fn failure(&self, limit: Duration) -> Option<String> {
        let Stage::Failed(failure) = &self.stage else { return None };
        Some(failure.text(limit, self.transport))
    }

    /// Whether it was not shut down, and its board does not say whether it has power.
    pub(in super::super) fn is_power_unknown(&self) -> bool {
        match self.stage {
            Stage::Off(_) | Stage::Failed(Failure::SwitchedOff) => false,
            Stage::Failed(Failure::Absent) => true,
            _ => self.hidden == Some(Hidden::BoardSilent),
        }
    }

    /// The row with what became of it.
    pub(in super::super) fn report(&self, row: NodeShutdown, limit: Duration) -> NodeShutdown {
        let result = match &self.stage {
            Stage::Off(result) => *result,
            Stage::Failed(Failure::SwitchedOff) => ShutdownResult::SwitchedOff,
            _ if self.is_power_unknown() => ShutdownResult::Unknown,
            _ => ShutdownResult::StillOn,
        };
        NodeShutdown { result, transport: self.transport, error: self.failure(limit), ..row }
    }
}
