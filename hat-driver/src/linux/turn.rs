//! One board's turn in an operation on nodes.

use std::time::Duration;

use super::cluster::Cluster;
use super::error::{BoardError, Error};
use super::event::Event;
use super::exclusion::{Exclusion, Stop};
use super::session::Session;
use super::slot;
use crate::positions::Positions;
use crate::power::{self, Action, Cause, Conductor, Failure, Finished, Stands};

/// What a run on one board came to.
pub(super) type RunResult = Result<Finished, Failure<BoardError, Stop>>;

impl Cluster {
    /// Has a board's turn; one that never was initialised is, first.
    pub(super) fn run_or_init(
        &mut self,
        board: usize,
        request: Positions,
        action: Action,
        session: &mut Session<'_>,
    ) -> Result<RunResult, Error> {
        match self.run_once(board, request, action, session)? {
            // One that lost its power after some of them were switched is not begun again.
            Err(Failure {
                cause: Cause::Board(BoardError::Hat(crate::Error::NotInitialised)),
                nodes,
                stands,
                done,
                left,
            }) if done.is_empty() => {
                self.init(board)?;
                match session.tell(Event::Initialised { board }) {
                    Ok(()) => self.run_once(board, request, action, session),
                    Err(stop) => {
                        Ok(Err(Failure { cause: Cause::Stop(stop), nodes, stands, done, left }))
                    }
                }
            }
            result => Ok(result),
        }
    }

    /// One attempt at one board.
    fn run_once(
        &mut self,
        board: usize,
        request: Positions,
        action: Action,
        session: &mut Session<'_>,
    ) -> Result<RunResult, Error> {
        let exclusion = self.exclusion(board)?;
        let delay = self.delays(board);
        let wait = session.rest();
        let mut turn = Turn {
            exclusion,
            board,
            first: self.first_node(board),
            action,
            delay: &delay,
            session,
        };
        let unit = slot::unit(&mut self.slots, board)?;
        Ok(power::switch(unit, request, action, &delay, wait, &mut turn))
    }

    /// What each position of a board asks for after its switching-on.
    pub(super) fn delays(&self, board: usize) -> impl Fn(u8) -> Duration + use<> {
        let first = self.first_node(board);
        let common = self.options.delay;
        let own = self.options.node_delays.clone();
        move |position| own.get(&(first + usize::from(position))).copied().unwrap_or(common)
    }
}

/// One board's turn in an operation.
struct Turn<'a, 'o> {
    exclusion: Exclusion,
    board: usize,
    /// The board's first node.
    first: usize,
    action: Action,
    delay: &'a dyn Fn(u8) -> Duration,
    session: &'a mut Session<'o>,
}

impl Turn<'_, '_> {
    fn delay_after(&self, nodes: Positions) -> Duration {
        nodes.iter().next_back().map_or(Duration::ZERO, self.delay)
    }
}

impl Conductor for Turn<'_, '_> {
    type Stop = Stop;

    fn enter(&mut self) -> Result<(), Stop> {
        self.exclusion.enter(self.session.lock_limit)?;
        if self.action == Action::Off {
            self.session.ask_off(self.board);
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.exclusion.leave();
    }

    fn wait(&mut self, duration: Duration) -> Result<(), Stop> {
        self.session.wait(duration)
    }

    fn asked(&mut self, on: Positions, expected: Positions) -> Result<(), Stop> {
        match self.action {
            Action::On => self.session.check_undone(self.board, on, expected),
            Action::Off => Ok(()),
        }
    }

    fn switching(&mut self, nodes: Positions) {
        if self.action == Action::On {
            self.session.switching_on(self.delay_after(nodes));
        }
    }

    fn failed(&mut self, nodes: Positions, stands: Stands) {
        if self.action == Action::On {
            self.session.not_switched_on(self.delay_after(nodes), stands);
        }
    }

    fn switched(&mut self, nodes: Positions) -> Result<(), Stop> {
        let delay = self.delay_after(nodes);
        for position in nodes.iter() {
            let node = self.first + usize::from(position);
            if self.action == Action::On {
                self.session.switched_on(node, delay);
            }
            self.session.tell(Event::Switched { node, action: self.action })?;
        }
        self.session.check_supply()
    }
}
