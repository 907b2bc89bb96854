//! What an operation tells while it runs.

use std::ops::ControlFlow;
use std::time::Duration;

use super::handle::{Board, Node};
use crate::power::Action;

/// What happens while an operation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PowerEvent {
    /// A board was initialised, since it had not been since power-up.
    Initialised {
        /// The board.
        board: Board,
    },
    /// A node was switched, and the register that does it was read back.
    Switched {
        /// The node.
        node: Node,
        /// On or off.
        action: Action,
    },
    /// Time has to pass before the next node. Told again while it passes.
    Waiting {
        /// How much of it is left.
        duration: Duration,
    },
    /// The supply is watched for a while after the last node. Told again while it is.
    Watching {
        /// How much of that time is left.
        duration: Duration,
    },
}

/// What an observer wants: to go on, where it returns nothing or [`ControlFlow::Continue`], or to
/// stop. An operation that is stopped ends with an error that says what it has done.
pub trait Verdict {
    /// The same as a control flow.
    fn control(self) -> ControlFlow<()>;
}

impl Verdict for () {
    fn control(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Verdict for ControlFlow<()> {
    fn control(self) -> Self {
        self
    }
}
