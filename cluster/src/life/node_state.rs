//! A node's state, and since when it is in it.

use std::time::Duration;

use hat_driver::linux::Node;

use super::{BOOT_LIMIT, Event, Facts, State};

/// A node's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The node.
    pub node: Node,
    /// Its state.
    pub state: State,
    /// Since when, on the boot clock (`CLOCK_BOOTTIME`); `None` where nobody saw it happen. The kernel
    /// keeps account of USB devices; who switches power and who listens to agents writes it down, for one boot of the controller.
    pub since: Option<Duration>,
}

impl NodeState {
    /// Of a node of which nothing is known yet.
    pub(super) const fn new(node: Node) -> Self {
        Self { node, state: State::Off, since: None }
    }

    /// Takes an event into account that happened at a time. Returns whether the state is another.
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

    /// Takes note of when it lost its power, where it is off: nothing else has been its state before.
    pub(super) fn is_off_since(&mut self, since: Option<Duration>) {
        if self.state == State::Off && self.since.is_none() {
            self.since = since;
        }
    }

    /// When it has had power for longer than a boot takes; `None` where it is on the USB, or nobody
    /// knows since when it has power.
    pub(super) fn due(&self) -> Option<Duration> {
        self.since.filter(|_| self.state == State::Powered)?.checked_add(BOOT_LIMIT)
    }
}
