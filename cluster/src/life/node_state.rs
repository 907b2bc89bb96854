//! A node's state, and when it began.

use std::time::Duration;

use hat_driver::linux::{Moment, Node};

use super::{BOOT_LIMIT, Event, Facts, State};

/// A node's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeState {
    /// The node.
    pub node: Node,
    /// Its state.
    pub state: State,
    /// When it began, on the boot clock (`CLOCK_BOOTTIME`); `None` if that was not observed. The kernel keeps
    /// the time for USB devices; power switching and listeners to agents record it until the controller reboots.
    pub since: Option<Duration>,
}

impl NodeState {
    /// The state before the first event.
    pub(super) const fn new(node: Node) -> Self {
        Self { node, state: State::Off, since: None }
    }

    /// Applies an event with the time at which it happened. Returns whether the state has changed.
    pub(super) fn take(
        &mut self,
        facts: &mut Facts,
        event: Event,
        since: Option<Duration>,
    ) -> bool {
        *facts = facts.after(event);
        let state = facts.state();
        let is_another = state != self.state;
        if is_another {
            *self = Self { state, since, ..*self };
        }
        is_another
    }

    /// Sets the time at which it lost its power, if it is off and the time is still unknown.
    pub(super) fn is_off_since(&mut self, since: Option<Duration>) {
        if self.state == State::Off && self.since.is_none() {
            self.since = since;
        }
    }

    /// Whether it is booting.
    pub(crate) fn is_starting(&self) -> bool {
        self.state.is_starting(self.since.map(|since| Moment::now().uptime.saturating_sub(since)))
    }

    /// When [`BOOT_LIMIT`] expires; `None` if it does not apply, or it is unknown since when the node has power.
    pub(super) fn due(&self) -> Option<Duration> {
        self.since.filter(|_| self.state == State::Powered)?.checked_add(BOOT_LIMIT)
    }
}
