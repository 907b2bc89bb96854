//! Follows nodes through their states.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hat_driver::linux::{Moment, Node};

use super::{Event, Facts, NodeState, Source, State};
use crate::error::Error;

/// Follows nodes through their states, from events alone: it never polls.
pub struct Watch {
    source: Box<dyn Source>,
    states: Vec<NodeState>,
    facts: Vec<Facts>,
    /// Changes that have not been returned yet.
    changes: VecDeque<NodeState>,
}

impl Watch {
    /// Follows these nodes from their present state.
    pub(crate) fn new(nodes: &[Node], mut source: Box<dyn Source>) -> Result<Self, Error> {
        let present = source.now()?;
        let mut watch = Self {
            source,
            states: nodes.iter().copied().map(NodeState::new).collect(),
            facts: vec![Facts::default(); nodes.len()],
            changes: VecDeque::new(),
        };
        for (node, event, since) in present {
            watch.apply(node, event, since);
            if let (Event::PowerOff, Some(state)) = (event, watch.state_mut(node)) {
                state.is_off_since(since);
            }
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
            if !self.receive(deadline)? && has_passed(deadline) {
                return Ok(None);
            }
        }
    }

    /// Waits for any event, or until the deadline: also for events that change no state of these nodes, such as
    /// a new board. [`Self::states`] has the result.
    ///
    /// # Errors
    /// Where events cannot be received.
    pub fn wake(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        while !self.receive(deadline)? && !has_passed(deadline) {}
        self.changes.clear();
        Ok(())
    }

    /// Waits for events once. Returns whether there were any.
    fn receive(&mut self, deadline: Option<Instant>) -> Result<bool, Error> {
        let overdue = self.next_overdue();
        let events = self.source.next(earlier(deadline, overdue))?;
        let now = Moment::now().uptime;
        let has_events = !events.is_empty();
        for (node, event) in events {
            self.apply(node, event, Some(now));
        }
        Ok(self.mark_overdue(now) || has_events)
    }

    /// Waits until every node [meets](State::meets) the goal, until the deadline, or until the observer, which is
    /// passed every change, stops it. The result has every node, as that of [`Self::states`].
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

    /// Adds an event that the source does not report, such as switching by this process.
    pub fn tell(&mut self, node: Node, event: Event) {
        self.apply(node, event, Some(Moment::now().uptime));
    }

    /// Restricts the watch to these nodes.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(Node) -> bool) {
        let mut kept =
            self.states.iter().map(|state| is_kept(state.node)).collect::<Vec<_>>().into_iter();
        self.facts.retain(|_| kept.next().unwrap_or(false));
        self.states.retain(|state| is_kept(state.node));
        self.changes.retain(|change| is_kept(change.node));
    }

    fn apply(&mut self, node: Node, event: Event, since: Option<Duration>) {
        let Some(at) = self.states.iter().position(|known| known.node == node) else { return };
        if self.states[at].take(&mut self.facts[at], event, since) {
            self.changes.push_back(self.states[at]);
        }
    }

    fn state_mut(&mut self, node: Node) -> Option<&mut NodeState> {
        self.states.iter_mut().find(|known| known.node == node)
    }

    /// When the first node that is not on the USB is overdue.
    fn next_overdue(&self) -> Option<Instant> {
        let due = self.states.iter().filter_map(NodeState::due).min()?;
        Instant::now().checked_add(due.saturating_sub(Moment::now().uptime))
    }

    /// Whether there are any.
    fn mark_overdue(&mut self, now: Duration) -> bool {
        let is_overdue = |node: &&NodeState| node.due().is_some_and(|due| due <= now);
        let overdue: Vec<_> =
            self.states.iter().filter(is_overdue).map(|state| state.node).collect();
        for &node in &overdue {
            self.apply(node, Event::Overdue, Some(now));
        }
        !overdue.is_empty()
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

#[cfg(test)]
mod tests;
