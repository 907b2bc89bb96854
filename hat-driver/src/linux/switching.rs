//! Switching nodes over all boards: one after the other on, all at once off.

use std::time::Duration;

use super::cluster::Cluster;
use super::error::{BoardError, Done, Error};
use super::event::Event;
use super::exclusion::{Exclusion, Stop, Supervised};
use super::platform::Resource;
use super::slot;
use super::throttled::UNDER_VOLTAGE_NOW;
use crate::positions::Positions;
use crate::power::{self, Action, Cause, Failure, Finished, Step};

/// What is asked of one board.
struct BoardRun {
    board: usize,
    request: Positions,
    action: Action,
    wait: Duration,
    /// The firmware's flags before the first node; absent where the supply does not matter.
    baseline: Option<u32>,
}

/// What a run on one board came to.
type RunResult = Result<Finished, Failure<BoardError, Stop>>;

/// What an operation on nodes came to. Nodes count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switched {
    /// The nodes that changed.
    pub changed: Vec<usize>,
    /// The nodes that another program switched back in a pause between two nodes.
    pub undone: Vec<usize>,
}

impl Cluster {
    /// Switches nodes, counted from 0: on one after the other, off all at once. A board that never
    /// was initialised is, first.
    ///
    /// A board that fails does not keep the others from their turn; a sagging supply, or another
    /// process that does not let go, does.
    ///
    /// # Errors
    /// An [`Error`] that says what was switched all the same and what stands.
    pub fn switch(
        &mut self,
        nodes: &[usize],
        action: Action,
        observer: &mut dyn FnMut(Event),
    ) -> Result<Switched, Error> {
        if let Some(&node) = nodes.iter().find(|&&node| node >= self.nodes()) {
            return Err(Error::NoSuchNode { node, nodes: self.nodes() });
        }
        // Held to the end: two callers' power-ons must not add up their inrush.
        let _power_on = self.begin(action)?;
        let watched = action == Action::On && !self.options.ignore_under_voltage;
        let baseline = if watched { self.platform.throttled() } else { None };
        let (mut result, mut failures, mut wait) =
            (Switched::default(), Vec::new(), Duration::ZERO);
        for board in 0..self.slots.len() {
            let request = self.on_board(nodes, board);
            if request.is_empty() {
                continue;
            }
            if let Err(error) = self.check_ready(board, request) {
                failures.push(error);
                continue;
            }
            let run = BoardRun { board, request, action, wait, baseline };
            let outcome = match self.run_or_init(&run, observer) {
                Ok(outcome) => outcome,
                // Its initialisation failed: the next board has its turn all the same.
                Err(error @ (Error::Board { .. } | Error::Open { .. } | Error::Gone { .. })) => {
                    failures.push(error);
                    continue;
                }
                Err(error) => return Err(error.after(self.done(&result.changed, action))),
            };
            match outcome {
                Ok(finished) => {
                    result.changed.extend(self.node_numbers(board, finished.switched));
                    result.undone.extend(self.node_numbers(board, finished.undone));
                    wait = finished.wait;
                }
                Err(failure) => failures.push(self.settle(&run, failure, &mut result.changed)?),
            }
        }
        if failures.is_empty() {
            return Ok(result);
        }
        Err(Error::of_boards(failures, self.done(&result.changed, action)))
    }

    /// Notes what a run that ended early had switched, and returns what its board failed with.
    ///
    /// # Errors
    /// Where the boards after it have to stop as well.
    fn settle(
        &self,
        run: &BoardRun,
        failure: Failure<BoardError, Stop>,
        changed: &mut Vec<usize>,
    ) -> Result<Error, Error> {
        let Failure { cause, nodes, stands, done } = failure;
        match cause {
            Cause::Stop(stop) => {
                changed.extend(self.node_numbers(run.board, done));
                Err(self.stopped(stop, self.done(changed, run.action)))
            }
            Cause::Board(source) => {
                let wrong = source.not_following();
                changed.extend(self.node_numbers(run.board, done.without(wrong)));
                // Where no step was reached, none of the nodes asked for was.
                let nodes = match (wrong.is_empty(), nodes.is_empty()) {
                    (false, _) => wrong,
                    (true, true) => run.request.without(done),
                    (true, false) => nodes,
                };
                let what = self.names(run.board, nodes);
                Ok(self.failed(run.board, what, stands, source))
            }
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

    /// Keeps others' power-ons away, and makes sure that the supply bears more load.
    fn begin(&self, action: Action) -> Result<Option<Exclusion>, Error> {
        if action == Action::Off {
            return Ok(None);
        }
        let exclusion = self.take(Resource::PowerOn)?;
        self.check_supply()?;
        Ok(Some(exclusion))
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
            _ => Err(Error::UnderVoltage { node: None, done: Done::default() }),
        }
    }

    fn run_or_init(
        &mut self,
        run: &BoardRun,
        observer: &mut dyn FnMut(Event),
    ) -> Result<RunResult, Error> {
        match self.run(run, observer)? {
            Err(Failure {
                cause: Cause::Board(BoardError::Hat(crate::Error::NotInitialised)),
                ..
            }) => {
                self.init(run.board)?;
                observer(Event::Initialised { board: run.board });
                self.run(run, observer)
            }
            result => Ok(result),
        }
    }

    /// One attempt at one board.
    fn run(&mut self, run: &BoardRun, observer: &mut dyn FnMut(Event)) -> Result<RunResult, Error> {
        let exclusion = self.exclusion(run.board)?;
        let delays = self.delays(run.board);
        let mut conductor = Supervised {
            platform: &*self.platform,
            exclusion,
            limit: self.options.lock_limit,
            first: self.first_node(run.board),
            action: run.action,
            baseline: run.baseline,
            last: None,
            observer,
        };
        let unit = slot::unit(&mut self.slots, run.board)?;
        Ok(power::switch(unit, run.request, run.action, delays, run.wait, &mut conductor))
    }

    /// What each position of a board asks for after its switching-on.
    fn delays(&self, board: usize) -> impl Fn(u8) -> Duration + use<> {
        let first = self.first_node(board);
        let common = self.options.delay;
        let own = self.options.node_delays.clone();
        move |position| own.get(&(first + usize::from(position))).copied().unwrap_or(common)
    }

    fn done(&self, nodes: &[usize], action: Action) -> Done {
        let nodes = nodes.iter().map(|&node| self.node_name(node)).collect();
        Done { nodes, on: action == Action::On }
    }
}
