//! One board's turn in an operation on nodes, and where it starts from.

use std::time::Duration;

use super::cluster::Cluster;
use super::error::{BoardError, ClusterError, Target};
use super::event::PowerEvent;
use super::exclusion::{Exclusion, Stop};
use super::handle::{Board, Node};
use super::session::Session;
use super::unit::Unit;
use crate::error::HatError;
use crate::positions::Positions;
use crate::power::{
    self, Action, Cause, Failure, Finished, ResultingState, SwitchHooks, Switchable as _,
};

/// What a run on one board came to.
pub(super) type RunResult = Result<Finished, Failure<BoardError, Stop>>;

impl Cluster {
    /// Has a board's turn; one that never was initialised is, first.
    pub(super) fn run_or_init(
        &mut self,
        slot: usize,
        request: Positions,
        action: Action,
        session: &mut Session<'_>,
    ) -> Result<RunResult, ClusterError> {
        match self.run_once(slot, request, action, session)? {
            // One that lost its power after some of them were switched is not begun again.
            Err(failure)
                if matches!(
                    failure.cause,
                    Cause::Board(BoardError::Hat(HatError::NotInitialised))
                ) && failure.done.is_empty()
                    && failure.lost.is_empty() =>
            {
                self.init_slot(slot)?;
                match session.tell(PowerEvent::Initialised { board: self.slots[slot].board }) {
                    Ok(()) => self.run_once(slot, request, action, session),
                    Err(stop) => Ok(Err(Failure { cause: Cause::Stop(stop), ..failure })),
                }
            }
            result => Ok(result),
        }
    }

    /// One attempt at one board.
    fn run_once(
        &mut self,
        slot: usize,
        request: Positions,
        action: Action,
        session: &mut Session<'_>,
    ) -> Result<RunResult, ClusterError> {
        let exclusion = self.exclusion(slot)?;
        let delay = self.delays(slot);
        let wait = session.rest();
        let mut turn = Turn::new(exclusion, slot, self.first(slot), action, &delay, session);
        let unit = self.slots[slot].unit()?;
        Ok(power::switch(unit, request, action, &delay, wait, &mut turn))
    }

    /// The nodes of a board that are on where [`Self::switch`] would start with these nodes of it, by
    /// position; `None` where it would initialise the board first. Switches nothing: a HAT is only
    /// read, without any lock.
    ///
    /// # Errors
    /// What [`Self::switch`] would refuse the nodes for, or as [`Self::status`].
    pub fn starts_from(
        &mut self,
        board: Board,
        nodes: Positions,
        action: Action,
    ) -> Result<Option<Positions>, ClusterError> {
        let slot = self.slot(board)?;
        self.check_slot_ready(slot, nodes)?;
        let _exclusion = match self.unit(slot)? {
            Unit::Hat(_) => None,
            Unit::Ctrl(_) => Some(self.enter(slot)?),
        };
        self.start(slot, nodes, action)
    }

    /// The same on a board that is kept from others.
    pub(super) fn start(
        &mut self,
        slot: usize,
        nodes: Positions,
        action: Action,
    ) -> Result<Option<Positions>, ClusterError> {
        let unit = self.unit(slot)?;
        match unit.state(nodes, action) {
            Ok(state) => Ok(Some(unit.on(state))),
            Err(BoardError::Hat(HatError::NotInitialised)) => Ok(None),
            Err(source) => {
                let target = Target::nodes(self.first(slot).all_beside(nodes));
                Err(self.failed(slot, target, ResultingState::Old, source))
            }
        }
    }

    /// What each position of a board asks for after its switching-on.
    pub(super) fn delays(&self, slot: usize) -> impl Fn(u8) -> Duration + use<> {
        let first = self.first(slot);
        let common = self.options.delay;
        let own = self.options.node_delays.clone();
        move |position| own.get(&first.beside(position).number()).copied().unwrap_or(common)
    }
}

/// One board's turn in an operation.
struct Turn<'a, 'o> {
    exclusion: Exclusion,
    slot: usize,
    /// The board's first node.
    first: Node,
    action: Action,
    delay: &'a dyn Fn(u8) -> Duration,
    session: &'a mut Session<'o>,
    /// The nodes that keep their power.
    kept: Positions,
}

impl<'a, 'o> Turn<'a, 'o> {
    fn new(
        exclusion: Exclusion,
        slot: usize,
        first: Node,
        action: Action,
        delay: &'a dyn Fn(u8) -> Duration,
        session: &'a mut Session<'o>,
    ) -> Self {
        Self { exclusion, slot, first, action, delay, session, kept: Positions::NONE }
    }

    fn delay_after(&self, nodes: Positions) -> Duration {
        nodes.iter().next_back().map_or(Duration::ZERO, self.delay)
    }
}

impl SwitchHooks for Turn<'_, '_> {
    type Stop = Stop;

    fn enter(&mut self) -> Result<(), Stop> {
        self.exclusion.enter(self.session.lock_limit)?;
        match self.action {
            Action::Off => self.kept = self.session.ask_off(self.slot),
            Action::On => self.session.ask_on(self.slot),
        }
        Ok(())
    }

    fn still_asked(&mut self, request: Positions) -> Positions {
        request.without(self.kept)
    }

    fn leave(&mut self) {
        self.exclusion.leave();
    }

    fn wait(&mut self, duration: Duration) -> Result<(), Stop> {
        self.session.wait(duration)
    }

    fn asked(&mut self, on: Positions, expected: Positions) -> Result<(), Stop> {
        match self.action {
            Action::On => self.session.check_undone(self.slot, on, expected),
            Action::Off => Ok(()),
        }
    }

    fn switching(&mut self, nodes: Positions) {
        if self.action == Action::On {
            self.session.switching_on(self.slot, nodes, self.delay_after(nodes));
        }
    }

    fn failed(&mut self, nodes: Positions, resulting: ResultingState) {
        if self.action == Action::On {
            self.session.not_switched_on(self.delay_after(nodes), resulting);
        }
    }

    fn switched(&mut self, nodes: Positions) -> Result<(), Stop> {
        let delay = self.delay_after(nodes);
        let mut told = Ok(());
        // One write has switched them all: whoever stops at the first hears of the others, too.
        for node in self.first.all_beside(nodes) {
            if self.action == Action::On {
                self.session.switched_on(node, delay);
            }
            let event = PowerEvent::Switched { node, action: self.action };
            told = told.and(self.session.tell(event));
        }
        told?;
        self.session.check_supply()
    }
}
