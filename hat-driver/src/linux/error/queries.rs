//! What an error says of the operation that failed, and what is added to it on its way up.

use super::{ClusterError, Done};
use crate::power::ResultingState;

impl ClusterError {
    /// Whether what was to be switched may have been.
    pub(in crate::linux) const fn may_have_changed(&self) -> bool {
        use ResultingState::{New, Unknown};
        matches!(self, Self::Board { resulting: New | Unknown, .. })
    }

    /// Adds what was switched all the same, whatever the error is.
    pub(in crate::linux) fn after(mut self, switched: Done) -> Self {
        match &mut self {
            Self::Board { done, .. }
            | Self::Gone { done, .. }
            | Self::UnderVoltage { done, .. }
            | Self::Undone { done, .. }
            | Self::Stopped { done, .. }
            | Self::Locked { done, .. }
            | Self::After { done, .. } => *done = switched,
            _ if switched == Done::default() => {}
            _ => return Self::After { source: Box::new(self), done: switched },
        }
        self
    }

    /// One error out of those of several boards, with what was switched all the same.
    pub(in crate::linux) fn of_boards(mut failures: Vec<Self>, switched: Done) -> Self {
        match failures.len() {
            1 => failures.remove(0).after(switched),
            _ => Self::Boards(failures).after(switched),
        }
    }

    /// One error out of this one and that of boards that had no turn. What ended the operation for all boards
    /// stands alone.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        match self {
            Self::Cycle { left_off, source } => {
                Self::Cycle { left_off, source: Box::new(source.beside(other)) }
            }
            Self::After { source, done } => source.beside(other).after(done),
            Self::Boards(mut errors) => {
                match other {
                    Self::Boards(others) => errors.extend(others),
                    other => errors.push(other),
                }
                Self::Boards(errors)
            }
            error if error.is_of_one_board() => {
                let done = error.done().cloned().unwrap_or_default();
                Self::Boards(vec![error.after(Done::default())]).beside(other).after(done)
            }
            error => error,
        }
    }

    /// The error itself, without what was switched before it.
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::After { source, .. } => source.cause(),
            error => error,
        }
    }

    /// What was switched all the same, where the error knows.
    #[must_use]
    pub fn done(&self) -> Option<&Done> {
        match self {
            Self::Board { done, .. }
            | Self::Gone { done, .. }
            | Self::UnderVoltage { done, .. }
            | Self::Undone { done, .. }
            | Self::Stopped { done, .. }
            | Self::Locked { done, .. }
            | Self::After { done, .. } => Some(done),
            Self::Cycle { source, .. } => source.done(),
            _ => None,
        }
    }

    /// Whether the boards' configuration is the cause: boards that cannot be distinguished or identified.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::SamePlace { .. }
                | Self::UnknownRevision { .. }
                | Self::NoRevision { .. }
                | Self::BadEeprom { .. }
                | Self::NoI2cDriver { .. }
                | Self::OrderUnknown { .. }
                | Self::DuplicateOrder { .. }
                | Self::LineTaken { .. }
        )
    }

    /// Whether other boards can have their turn all the same.
    pub(in crate::linux) const fn is_of_one_board(&self) -> bool {
        matches!(
            self,
            Self::Board { .. }
                | Self::Open { .. }
                | Self::Lock { .. }
                | Self::Gone { .. }
                | Self::NotOpened { .. }
                | Self::Uncertain { .. }
        )
    }
}
