//! Switching nodes over all boards: one after the other on, all at once off.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::asked::Asked;
use super::cluster::Cluster;
use super::error::{BoardError, Done, Error, NodeState};
use super::event::{Event, Verdict};
use super::exclusion::Stop;
use super::platform::Resource;
use super::session::Session;
use super::throttled::UNDER_VOLTAGE_NOW;
use crate::positions::Positions;
use crate::power::{self, Action, Cause, Failure, Stands, Step};

/// What an operation on nodes came to. Nodes count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switched {
    /// The nodes that changed.
    pub changed: Vec<usize>,
}

/// What a run over all boards came to, also where it failed.
#[derive(Default)]
pub(super) struct Run {
    /// The nodes that changed.
    pub(super) changed: Vec<usize>,
    /// The nodes whose board failed at them, and what stands.
    unsure: BTreeMap<usize, Stands>,
    /// Why it did not reach its end, or not on every board.
    pub(super) failures: Vec<Error>,
    /// Why it ended before all boards had their turn.
    end: Option<End>,
}

impl Run {
    /// Whether a node that was not switched is sure to be as it was before.
    pub(super) fn left_as_it_was(&self, node: usize) -> bool {
        self.unsure.get(&node).is_none_or(|stands| *stands == Stands::Old)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The supply sags.
    Supply,
    /// The observer wants no more.
    Observer,
    /// Another caller stands in the way.
    Other,
}

impl Cluster {
    /// Switches nodes, counted from 0: on one after the other, off all at once. A board that never
    /// was initialised is, first.
    ///
    /// The observer hears what happens, and may stop it: between two nodes, and at least ten times
    /// a second while time passes. Nodes that are on then stay on.
    ///
    /// A board that fails does not keep the others from their turn; a sagging supply, another
    /// process that does not let go, or one that switches off what is switched on here, does.
    ///
    /// # Errors
    /// An [`Error`] that says what was switched all the same and what stands.
    pub fn switch<V: Verdict>(
        &mut self,
        nodes: &[usize],
        action: Action,
        observer: &mut dyn FnMut(Event) -> V,
    ) -> Result<Switched, Error> {
        self.check_nodes(nodes)?;
        let observer = &mut |event| observer(event).control();
        let mut session = self.session(nodes, observer);
        if action == Action::On {
            self.begin(&mut session).map_err(|stop| {
                self.stopped(stop, self.done(&Run::default(), nodes, action), nodes)
            })?;
        }
        let mut run = self.run(nodes, action, &mut session);
        self.finish(&mut run, &mut session);
        if run.failures.is_empty() {
            return Ok(Switched { changed: run.changed });
        }
        let done = self.done(&run, nodes, action);
        Err(Error::of_boards(run.failures, done))
    }

    /// Whether there are such nodes.
    pub(super) fn check_nodes(&self, nodes: &[usize]) -> Result<(), Error> {
        match nodes.iter().find(|&&node| node >= self.nodes()) {
            Some(&node) => Err(Error::NoSuchNode { node, nodes: self.nodes() }),
            None => Ok(()),
        }
    }

    /// An operation on nodes, as it begins.
    pub(super) fn session<'a>(
        &self,
        nodes: &[usize],
        observer: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    ) -> Session<'a> {
        let asked = self.boards().enumerate().map(|(board, info)| {
            let place = info.place().replace(' ', ":");
            Asked::new(board, self.first_node(board), place, self.on_board(nodes, board))
        });
        let asked = asked.filter(|asked| !asked.nodes.is_empty()).collect();
        Session::new(Arc::clone(&self.platform), self.options.lock_limit, asked, observer)
    }

    /// Keeps others' power-ons away, and makes sure that the supply bears more load.
    pub(super) fn begin(&self, session: &mut Session<'_>) -> Result<(), Stop> {
        session.take_power_on(self.heeds_others())?;
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        session.watch_supply()
    }

    /// Who asks for no delay does not want to wait for others' either.
    fn heeds_others(&self) -> bool {
        let mut delays = self.options.node_delays.values().chain([&self.options.delay]);
        delays.any(|delay| !delay.is_zero())
    }

    /// Has each board's turn.
    pub(super) fn run(
        &mut self,
        nodes: &[usize],
        action: Action,
        session: &mut Session<'_>,
    ) -> Run {
        let mut run = Run::default();
        for board in 0..self.slots.len() {
            let request = self.on_board(nodes, board);
            if request.is_empty() {
                continue;
            }
            if let Err(error) = self.check_ready(board, request) {
                run.failures.push(error);
                continue;
            }
            match self.run_or_init(board, request, action, session) {
                Ok(Ok(finished)) => {
                    run.changed.extend(self.node_numbers(board, finished.switched));
                }
                Ok(Err(failure)) => self.settle(board, request, failure, nodes, &mut run),
                // Its initialisation failed: the next board has its turn all the same.
                Err(error) if is_of_one_board(&error) => run.failures.push(error),
                Err(error) => {
                    run.failures.push(error);
                    run.end = Some(End::Other);
                }
            }
            if run.end.is_some() {
                break;
            }
        }
        run
    }

    /// Notes what a turn that ended early had switched, and why it ended.
    fn settle(
        &self,
        board: usize,
        request: Positions,
        failure: Failure<BoardError, Stop>,
        asked: &[usize],
        run: &mut Run,
    ) {
        let Failure { cause, nodes, stands, done, left } = failure;
        match cause {
            // The board's own lock, which keeps no other board from its turn.
            Cause::Stop(stop @ Stop::Lock { .. }) => {
                run.changed.extend(self.node_numbers(board, done));
                let what = self.names(board, left);
                run.failures.push(self.not_entered(board, what, stop));
            }
            Cause::Stop(stop) => {
                run.changed.extend(self.node_numbers(board, done));
                let is_later = |node: &usize| self.locate(*node).is_some_and(|p| p.board > board);
                let later = asked.iter().copied().filter(is_later);
                let left: Vec<_> = self.node_numbers(board, left).chain(later).collect();
                self.stop(stop, &left, run);
            }
            Cause::Board(source) => {
                let wrong = source.not_following();
                run.changed.extend(self.node_numbers(board, done.without(wrong)));
                // Where no step was reached, none of the nodes asked for was.
                let nodes = match (wrong.is_empty(), nodes.is_empty()) {
                    (false, _) => wrong,
                    (true, true) => request.without(done),
                    (true, false) => nodes,
                };
                let error = self.failed(board, self.names(board, nodes), stands, source);
                let stands = match error {
                    Error::Gone { .. } => Stands::Unknown,
                    _ => stands,
                };
                run.unsure.extend(self.node_numbers(board, nodes).map(|node| (node, stands)));
                run.failures.push(error);
            }
        }
    }

    /// Ends a run.
    pub(super) fn stop(&self, stop: Stop, left: &[usize], run: &mut Run) {
        run.end = Some(match stop {
            Stop::UnderVoltage { .. } => End::Supply,
            Stop::Observer => End::Observer,
            _ => End::Other,
        });
        run.failures.push(self.stopped(stop, Done::default(), left));
    }

    /// Lets the supply show what the nodes that were switched on do to it.
    pub(super) fn finish(&self, run: &mut Run, session: &mut Session<'_>) {
        if run.end == Some(End::Observer) {
            return;
        }
        if let Err(stop) = session.finish(run.end != Some(End::Supply)) {
            self.stop(stop, &[], run);
        }
    }

    /// The steps that [`Self::switch`] would take on one board, given the nodes that are on now and
    /// what a node on an earlier board still asks for; and what the next board has to wait.
    ///
    /// # Errors
    /// What [`Self::switch`] would refuse these nodes for.
    pub fn plan(
        &self,
        board: usize,
        nodes: &[usize],
        on: Positions,
        action: Action,
        wait: Duration,
    ) -> Result<(Vec<Step>, Duration), Error> {
        let request = self.on_board(nodes, board);
        if !request.is_empty() {
            self.check_ready(board, request)?;
        }
        let plan = power::Plan::new(on, request, action, self.delays(board), wait);
        let wait_after = plan.wait_after();
        Ok((plan.collect(), wait_after))
    }

    /// What the node that somebody switched on last still asks for before the next one.
    #[must_use]
    pub fn rest(&self) -> Duration {
        let mut observer = |_| ControlFlow::Continue(());
        let mut session = self.session(&[], &mut observer);
        session.heed_others(self.heeds_others());
        session.rest()
    }

    /// Whether the supply bears more load, as far as the firmware knows.
    ///
    /// # Errors
    /// [`Error::UnderVoltage`].
    pub fn check_supply(&self) -> Result<(), Error> {
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        match self.platform.throttled().unwrap_or(0) & UNDER_VOLTAGE_NOW {
            0 => Ok(()),
            _ => Err(self.stopped(Stop::UnderVoltage { node: None }, Done::default(), &[])),
        }
    }

    /// Whether other callers can be told what is switched here, and where that is written.
    ///
    /// # Errors
    /// Why not. Nodes are switched all the same.
    pub fn check_record(&self) -> (PathBuf, io::Result<()>) {
        let path = self.platform.lock_path(Resource::Record);
        let written = self.platform.record(&mut |text| Some(text.to_owned()));
        (path.unwrap_or_default(), written)
    }

    /// What a run has done to the nodes that were asked for.
    pub(super) fn done(&self, run: &Run, asked: &[usize], action: Action) -> Done {
        let state = |&node: &usize| {
            let stands = match run.changed.contains(&node) {
                true => Stands::New,
                false => run.unsure.get(&node).copied().unwrap_or(Stands::Old),
            };
            NodeState::new(self.node_name(node), action, stands)
        };
        Done {
            nodes: run.changed.iter().map(|&node| self.node_name(node)).collect(),
            on: action == Action::On,
            states: asked.iter().map(state).collect(),
        }
    }
}

/// Whether other boards can have their turn all the same.
pub(super) const fn is_of_one_board(error: &Error) -> bool {
    matches!(
        error,
        Error::Board { .. }
            | Error::Open { .. }
            | Error::Lock { .. }
            | Error::Gone { .. }
            | Error::NotOpened { .. }
            | Error::Uncertain { .. }
    )
}
