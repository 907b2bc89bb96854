//! Follows nodes through their states.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hat_driver::linux::{Moment, Node};

use super::{BOOT_LIMIT, Event, Facts, Source, State};
use crate::error::Error;

/// A node's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The node.
    pub node: Node,
    /// Its state.
    pub state: State,
    /// Since when, on the boot clock (`CLOCK_BOOTTIME`); `None` where nobody saw it happen.
    pub since: Option<Duration>,
}

/// Follows nodes through their states, from events alone: it never polls.
pub struct Watch {
    source: Box<dyn Source>,
    states: Vec<NodeState>,
    facts: Vec<Facts>,
    /// Changes that nobody was told yet.
    changes: VecDeque<NodeState>,
}

impl Watch {
    /// Follows these nodes from the state that they are in.
    #[cfg_attr(not(test), expect(dead_code, reason = "the kernel's events follow"))]
    pub(crate) fn new(nodes: &[Node], mut source: Box<dyn Source>) -> Result<Self, Error> {
        let present = source.now()?;
        let state = |&node| NodeState { node, state: State::Off, since: None };
        let mut watch = Self {
            source,
            states: nodes.iter().map(state).collect(),
            facts: vec![Facts::default(); nodes.len()],
            changes: VecDeque::new(),
        };
        for (node, event, since) in present {
            watch.apply(node, event, since);
        }
        watch.changes.clear();
        Ok(watch)
    }

    /// The states, in the nodes' order, after all events that were received.
    #[must_use]
    pub fn states(&self) -> &[NodeState] {
        &self.states
    }

    /// Waits for the next change; `None` if the deadline passes first.
    ///
    /// # Errors
    /// Where events cannot be received.
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Option<NodeState>, Error> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                return Ok(Some(change));
            }
            let overdue = self.next_overdue();
            let events = self.source.next(earlier(deadline, overdue))?;
            let now = Moment::now().uptime;
            let is_idle = events.is_empty();
            for (node, event) in events {
                self.apply(node, event, Some(now));
            }
            self.mark_overdue(now);
            if is_idle && self.changes.is_empty() && has_passed(deadline) {
                return Ok(None);
            }
        }
    }

    /// Waits until every node [meets](State::meets) the goal, the deadline passes, or the observer, which is
    /// told of every change, stops it. The result has every node, as [`Self::states`] has.
    ///
    /// # Errors
    /// Where events cannot be received.
    pub fn until(
        &mut self,
        goal: State,
        deadline: Option<Instant>,
        observer: &mut dyn FnMut(&NodeState) -> ControlFlow<()>,
    ) -> Result<Vec<NodeState>, Error> {
        while !self.states.iter().all(|node| node.state.meets(goal)) {
            match self.next(deadline)? {
                Some(change) if observer(&change).is_continue() => {}
                _ => break,
            }
        }
        Ok(self.states.clone())
    }

    /// Takes note of something that the source does not tell: what was switched here, what an agent says.
    pub fn tell(&mut self, node: Node, event: Event) {
        self.apply(node, event, Some(Moment::now().uptime));
    }

    fn apply(&mut self, node: Node, event: Event, since: Option<Duration>) {
        let Some(at) = self.states.iter().position(|known| known.node == node) else { return };
        self.facts[at] = self.facts[at].after(event);
        let state = self.facts[at].state();
        if self.states[at].state != state {
            self.states[at] = NodeState { node, state, since };
            self.changes.push_back(self.states[at]);
        }
    }

    /// When the first node that is not on the USB is overdue.
    fn next_overdue(&self) -> Option<Instant> {
        let due = self.states.iter().filter_map(due).min()?;
        Instant::now().checked_add(due.saturating_sub(Moment::now().uptime))
    }

    fn mark_overdue(&mut self, now: Duration) {
        let is_overdue = |state: &&NodeState| due(state).is_some_and(|due| due <= now);
        let overdue: Vec<_> =
            self.states.iter().filter(is_overdue).map(|state| state.node).collect();
        for node in overdue {
            self.apply(node, Event::Overdue, Some(now));
        }
    }
}

/// When a node has had power for longer than a boot takes; `None` where it is on the USB, or nobody
/// knows since when it has power.
fn due(state: &NodeState) -> Option<Duration> {
    state.since.filter(|_| state.state == State::Powered)?.checked_add(BOOT_LIMIT)
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

#[cfg(test)]
mod tests;
