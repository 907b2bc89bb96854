//! A power cycle: off, a while, and on again.

use std::time::Duration;

use super::cluster::Cluster;
use super::error::{Done, Error};
use super::event::{Event, Verdict};
use super::session::Session;
use super::switching::{Run, is_of_one_board};
use crate::power::{Action, Stands};

/// What a cycle came to. Nodes count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cycled {
    /// The nodes that were on and went off.
    pub off: Vec<usize>,
    /// The nodes that went on after it.
    pub on: Vec<usize>,
}

impl Cluster {
    /// Switches nodes, counted from 0, off, and on again after a while; those that were off go on,
    /// too.
    ///
    /// Nothing goes off before it is sure that nobody else is switching nodes on, that the supply
    /// does not sag, and which boards answer: only their nodes are cycled. Where one of them fails to
    /// switch its nodes off all the same, what went off elsewhere comes back on.
    ///
    /// # Errors
    /// As [`Self::switch`]; [`Error::Cycle`] names the nodes that are left off.
    pub fn cycle<V: Verdict>(
        &mut self,
        nodes: &[usize],
        off_time: Duration,
        observer: &mut dyn FnMut(Event) -> V,
    ) -> Result<Cycled, Error> {
        self.check_nodes(nodes)?;
        let observer = &mut |event| observer(event).control();
        let mut session = self.session(nodes, observer);
        session.keeps_power_on = true;
        self.begin(&mut session).map_err(|stop| {
            self.stopped(stop, self.done(&Run::default(), nodes, Action::On), nodes)
        })?;
        session.leave_supply();
        let asked = nodes;
        let (nodes, absent) = self
            .answering(asked, &mut session)
            .map_err(|error| error.after(self.done(&Run::default(), asked, Action::On)))?;
        let mut off = self.run(&nodes, Action::Off, &mut session);
        let back = if off.failures.is_empty() { &nodes } else { &off.changed };
        let mut on = self.switch_back(back, off.changed.is_empty(), off_time, &mut session);
        self.finish(&mut on, &mut session);
        off.failures.splice(..0, absent);
        self.cycled(asked, off, on)
    }

    /// Those of the nodes whose board answers, and why the others do not.
    fn answering(
        &mut self,
        nodes: &[usize],
        session: &mut Session<'_>,
    ) -> Result<(Vec<usize>, Vec<Error>), Error> {
        let (mut answering, mut failures) = (Vec::new(), Vec::new());
        for board in 0..self.slots.len() {
            let request = self.on_board(nodes, board);
            if request.is_empty() {
                continue;
            }
            match self.make_sure(board, nodes, session) {
                Ok(()) => answering.extend(self.node_numbers(board, request)),
                Err(error) if is_of_one_board(&error) => failures.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok((answering, failures))
    }

    /// A board that does not answer is told before anything is switched off.
    fn make_sure(
        &mut self,
        board: usize,
        nodes: &[usize],
        session: &mut Session<'_>,
    ) -> Result<(), Error> {
        let request = self.on_board(nodes, board);
        self.check_ready(board, request)?;
        let exclusion = self.enter(board)?;
        let start = self.start(board, request, Action::On);
        drop(exclusion);
        if start?.is_none() {
            self.init(board)?;
            session
                .tell(Event::Initialised { board })
                .map_err(|stop| self.stopped(stop, Done::default(), nodes))?;
        }
        Ok(())
    }

    fn switch_back(
        &mut self,
        nodes: &[usize],
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
            self.stop(stop, nodes, &mut run);
            return run;
        }
        self.run(nodes, Action::On, session)
    }

    /// One result out of those of both halves.
    fn cycled(&self, asked: &[usize], off: Run, mut on: Run) -> Result<Cycled, Error> {
        let mut done = self.done(&on, asked, Action::On);
        let before = self.done(&off, asked, Action::Off);
        // A node that was not switched on is as the first half has left it.
        for (state, before) in done.states.iter_mut().zip(before.states.iter()) {
            if state.stands == Stands::Old && before.stands != Stands::Old {
                *state = before.clone();
            }
        }
        let failures: Vec<_> = off.failures.into_iter().chain(on.failures.drain(..)).collect();
        if failures.is_empty() {
            return Ok(Cycled { off: off.changed, on: on.changed });
        }
        // Of a node at which its board failed, that failure tells what stands.
        let stays_off = |node: &&usize| !on.changed.contains(node) && on.left_as_it_was(**node);
        let left_off = off.changed.iter().filter(stays_off);
        let left_off: Vec<_> = left_off.map(|&node| self.node_name(node)).collect();
        let error = Error::of_boards(failures, done);
        if left_off.is_empty() {
            return Err(error);
        }
        Err(Error::Cycle { left_off, source: Box::new(error) })
    }
}
