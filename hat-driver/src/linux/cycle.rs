//! A power cycle: off, a while, and on again.

use std::ops::ControlFlow;
use std::time::Duration;

use super::asks::AsksSoFar;
use super::cluster::Cluster;
use super::error::{ClusterError, Done};
use super::event::{PowerEvent, Verdict};
use super::handle::Node;
use super::run::Run;
use super::session::Session;
use crate::positions::Positions;
use crate::power::{Action, ResultingState};

/// What a cycle did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cycled {
    /// The nodes that were on and went off.
    pub off: Vec<Node>,
    /// The nodes that went on after it.
    pub on: Vec<Node>,
}

impl Cluster {
    /// Switches nodes off, and on again after `off_time`; those that were off go on, too.
    ///
    /// Nothing goes off before it is sure that nobody else is switching nodes on, that the supply
    /// does not sag, and which boards answer: only their nodes are cycled. Where one of them fails to
    /// switch its nodes off all the same, what went off elsewhere comes back on.
    ///
    /// # Errors
    /// As [`Self::switch`]; [`ClusterError::Cycle`] has the nodes that are left off.
    pub fn cycle<V: Verdict>(
        &mut self,
        nodes: &[Node],
        off_time: Duration,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Cycled, ClusterError> {
        self.cycle_in(nodes, off_time, None, &mut |event| observer(event).control())
    }

    /// As [`Self::cycle`], as if it had begun at an earlier moment: a node that somebody has asked to be off since ends it
    /// before anything is switched.
    ///
    /// # Errors
    /// As [`Self::cycle`].
    pub fn cycle_since<V: Verdict>(
        &mut self,
        nodes: &[Node],
        off_time: Duration,
        since: &AsksSoFar,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Cycled, ClusterError> {
        self.cycle_in(nodes, off_time, Some(since), &mut |event| observer(event).control())
    }

    fn cycle_in(
        &mut self,
        nodes: &[Node],
        off_time: Duration,
        since: Option<&AsksSoFar>,
        observer: &mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
    ) -> Result<Cycled, ClusterError> {
        self.check_nodes(nodes)?;
        let mut session = self.session(nodes, since, observer);
        session.spares_wanted = false;
        session.keeps_power_on = true;
        self.begin(&mut session).map_err(|stop| {
            Self::stopped(stop, Self::done(&Run::default(), nodes, Action::On), nodes)
        })?;
        session.leave_supply();
        let asked = nodes;
        let (nodes, absent) = self
            .answering(asked, &mut session)
            .map_err(|error| error.after(Self::done(&Run::default(), asked, Action::On)))?;
        let mut off = self.run(&nodes, Action::Off, &mut session);
        let back = if off.failures.is_empty() { &nodes } else { &off.changed };
        let mut on = self.switch_back(back, off.changed.is_empty(), off_time, &mut session);
        self.finish(&mut on, &mut session);
        off.failures.splice(..0, absent);
        Self::cycled(asked, off, on)
    }

    /// Those of the nodes whose board answers, and why the others do not.
    fn answering(
        &mut self,
        nodes: &[Node],
        session: &mut Session<'_>,
    ) -> Result<(Vec<Node>, Vec<ClusterError>), ClusterError> {
        let (mut answering, mut failures) = (Vec::new(), Vec::new());
        for slot in 0..self.slots.len() {
            let request = self.slots[slot].board.positions(nodes);
            if request.is_empty() {
                continue;
            }
            match self.make_sure(slot, request, nodes, session) {
                Ok(()) => answering.extend(self.first(slot).all_beside(request)),
                Err(error) if error.is_of_one_board() => failures.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok((answering, failures))
    }

    /// A board that does not answer is reported before anything is switched off.
    fn make_sure(
        &mut self,
        slot: usize,
        request: Positions,
        nodes: &[Node],
        session: &mut Session<'_>,
    ) -> Result<(), ClusterError> {
        self.check_slot_ready(slot, request)?;
        let exclusion = self.enter(slot)?;
        let start = self.start(slot, request, Action::On);
        drop(exclusion);
        let start = start?;
        session
            .check_undone(slot, start.unwrap_or(Positions::NONE), Positions::NONE)
            .map_err(|stop| Self::stopped(stop, Done::default(), nodes))?;
        if start.is_none() {
            self.init_slot(slot)?;
            session
                .tell(PowerEvent::Initialised { board: self.slots[slot].board })
                .map_err(|stop| Self::stopped(stop, Done::default(), nodes))?;
        }
        Ok(())
    }

    fn switch_back(
        &mut self,
        nodes: &[Node],
        at_once: bool,
        off_time: Duration,
        session: &mut Session<'_>,
    ) -> Run {
        let pause = if at_once { Ok(()) } else { session.pass(off_time) };
        let begun = match self.options.ignore_under_voltage {
            true => pause,
            false => pause.and_then(|()| session.watch_supply()),
        };
        if let Err(stop) = begun {
            let mut run = Run::default();
            run.stop(stop, nodes);
            return run;
        }
        self.run(nodes, Action::On, session)
    }

    /// One result out of those of both halves.
    fn cycled(asked: &[Node], off: Run, mut on: Run) -> Result<Cycled, ClusterError> {
        let mut done = Self::done(&on, asked, Action::On);
        let before = Self::done(&off, asked, Action::Off);
        // A node that was not switched on is as the first half has left it.
        for (state, before) in done.results.iter_mut().zip(before.results.iter()) {
            let is_left = state.resulting == ResultingState::Old && !off.found_right(state.node);
            if is_left && before.resulting != ResultingState::Old {
                *state = *before;
            }
        }
        let failures: Vec<_> = off.failures.into_iter().chain(on.failures.drain(..)).collect();
        if failures.is_empty() {
            return Ok(Cycled { off: off.changed, on: on.changed });
        }
        // The state of a node at which its board failed is told by that failure.
        let stays_off = |node: &&Node| !on.changed.contains(node) && on.left_as_it_was(**node);
        let left_off = off.changed.iter().filter(stays_off);
        let left_off: Box<[_]> = left_off.copied().collect();
        let error = ClusterError::of_boards(failures, done);
        if left_off.is_empty() {
            return Err(error);
        }
        Err(ClusterError::Cycle { left_off, source: Box::new(error) })
    }
}
