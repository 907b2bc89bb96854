//! What an operation tells while it runs.

use std::time::Duration;

use crate::power::Action;

/// What happens while an operation runs. Nodes count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A board was initialised, since it never had been.
    Initialised {
        /// The board, from 0.
        board: usize,
    },
    /// A node was switched, and the register that does it was read back.
    Switched {
        /// The node.
        node: usize,
        /// On or off.
        action: Action,
    },
    /// Time has to pass before the next node.
    Waiting {
        /// How long.
        duration: Duration,
    },
}
