//! Switching nodes: a pure plan of what to write and when to wait, then its execution.
//!
//! Inrush current is why nodes go on one after the other; they go off all at once. The delay stands
//! between two nodes that really get switched on and nowhere else.

use core::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use crate::board::Board;
use crate::error::Error;
use crate::lines::Line;
use crate::pins::{PinSet, Signals};

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Action {
    /// Give power.
    On,
    /// Cut power.
    Off,
}

/// One write: these nodes, after this wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How long to wait first.
    pub wait: Duration,
    /// The nodes that change.
    pub nodes: Signals,
}

/// The steps that take a board's nodes from one state to another.
#[derive(Clone, Debug)]
pub struct Plan {
    pending: Signals,
    /// What each node's switching-on asks for before the next one, by position.
    delays: [Duration; 4],
    wait: Duration,
}

impl Plan {
    /// Plans `action` for the nodes in `request`, given those that are `on` now.
    ///
    /// `delays` is what each position's switching-on asks for before the next node may follow, and
    /// `wait` what a node on an earlier board still asks for.
    #[must_use]
    pub fn new(
        on: Signals,
        request: Signals,
        action: Action,
        delays: [Duration; 4],
        wait: Duration,
    ) -> Self {
        match action {
            Action::On => Self { pending: request.without(on), delays, wait },
            Action::Off => Self {
                pending: request.intersection(on),
                delays: [Duration::ZERO; 4],
                wait: Duration::ZERO,
            },
        }
    }

    /// The nodes that will change.
    #[must_use]
    pub const fn nodes(&self) -> Signals {
        self.pending
    }

    /// What the next board has to wait before its first node, once this plan has run.
    #[must_use]
    pub fn wait_after(&self) -> Duration {
        (0..4)
            .rev()
            .find(|&position| self.pending.contains(Signals::node(position)))
            .map_or(self.wait, |position| self.delays[usize::from(position)])
    }
}

impl Iterator for Plan {
    type Item = Step;

    /// Nodes with no delay between them share a write.
    fn next(&mut self) -> Option<Step> {
        let mut step = Step { wait: self.wait, nodes: Signals::NONE };
        for position in 0..4 {
            let node = Signals::node(position);
            if !self.pending.contains(node) {
                continue;
            }
            step.nodes = step.nodes.union(node);
            self.pending = self.pending.without(node);
            self.wait = self.delays[usize::from(position)];
            if !self.wait.is_zero() {
                break;
            }
        }
        (!step.nodes.is_empty()).then_some(step)
    }
}

/// What the bus went through while others could use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nobody else used it: what was read before still stands.
    Quiet,
    /// Somebody may have: read again.
    Used,
}

/// What surrounds a plan's writes: exclusion of others, time, and reasons to stop.
pub trait Conductor {
    /// Why the plan has to stop.
    type Stop;

    /// Excludes others from the board's bus, and tells what happened on it since [`Self::leave`].
    ///
    /// # Errors
    /// Where exclusion cannot be had in time.
    fn enter(&mut self) -> Result<Meanwhile, Self::Stop>;

    /// Lets others in.
    fn leave(&mut self);

    /// Lets time pass, outside of the exclusion.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop>;

    /// These nodes were switched, and the register that switches them was read back.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn switched(&mut self, nodes: Signals) -> Result<(), Self::Stop>;
}

/// The conductor of a program that owns the bus alone.
#[derive(Debug)]
pub struct SoleOwner<D>(pub D);

impl<D: DelayNs> Conductor for SoleOwner<D> {
    type Stop = core::convert::Infallible;

    fn enter(&mut self) -> Result<Meanwhile, Self::Stop> {
        Ok(Meanwhile::Quiet)
    }

    fn leave(&mut self) {}

    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop> {
        self.0.delay_ms(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX));
        Ok(())
    }

    fn switched(&mut self, _nodes: Signals) -> Result<(), Self::Stop> {
        Ok(())
    }
}

/// Which state a failed step left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Stands {
    /// The one before the step.
    Old,
    /// The one that the step was to reach.
    New,
    /// The board no longer answers, or holds something else.
    Unknown,
}

/// Why a plan ended early.
#[derive(Debug)]
pub enum Cause<E, S> {
    /// The board failed.
    Board(Error<E>),
    /// The conductor said stop.
    Stop(S),
}

/// A plan that ended early.
#[derive(Debug)]
pub struct Failure<E, S> {
    /// Why.
    pub cause: Cause<E, S>,
    /// The nodes of the step that failed; empty where the failure came between two steps.
    pub nodes: Signals,
    /// What stands of that step.
    pub stands: Stands,
    /// The nodes that were switched before.
    pub done: Signals,
}

/// Runs a plan for `action` on one board: reads the latch, writes step by step, and compares the
/// pins with the latch at the end. Returns the nodes switched and the wait that the last one asks for.
///
/// # Errors
/// A [`Failure`] that says what was switched and what stands.
pub fn switch<B, L, C>(
    board: &mut Board<B, L>,
    request: Signals,
    action: Action,
    delays: [Duration; 4],
    wait: Duration,
    conductor: &mut C,
) -> Result<(Signals, Duration), Failure<B::Error, C::Stop>>
where
    B: I2c,
    L: Line<Error = B::Error>,
    C: Conductor,
{
    let mut run = Run { board, conductor, action, done: Signals::NONE };
    run.enter()?;
    let result = run.start(request, delays, wait);
    run.conductor.leave();
    result.map(|wait| (run.done, wait))
}

/// A plan being executed.
struct Run<'a, B, L, C> {
    board: &'a mut Board<B, L>,
    conductor: &'a mut C,
    action: Action,
    done: Signals,
}

impl<B: I2c, L: Line<Error = B::Error>, C: Conductor> Run<'_, B, L, C> {
    fn start(
        &mut self,
        request: Signals,
        delays: [Duration; 4],
        wait: Duration,
    ) -> Result<Duration, Failure<B::Error, C::Stop>> {
        let mut latch = self.board.latch().map_err(|error| self.between(Cause::Board(error)))?;
        let on = self.board.revision.to_signals(latch);
        let plan = Plan::new(on, request, self.action, delays, wait);
        let wait_after = plan.wait_after();
        for step in plan {
            if !step.wait.is_zero() {
                latch = self.pause(step.wait, latch)?;
            }
            latch = self.step(step.nodes, latch)?;
        }
        // The nodes asked for that were in place already are held to the same proof.
        let asked = self.done.union(request);
        self.board.verify(latch, asked).map_err(|error| Failure {
            nodes: asked,
            stands: Stands::New,
            ..self.between(Cause::Board(error))
        })?;
        Ok(wait_after)
    }

    fn enter(&mut self) -> Result<Meanwhile, Failure<B::Error, C::Stop>> {
        self.conductor.enter().map_err(|stop| self.between(Cause::Stop(stop)))
    }

    /// Lets others in for a while, and returns the latch as it is afterwards.
    fn pause(
        &mut self,
        wait: Duration,
        latch: PinSet,
    ) -> Result<PinSet, Failure<B::Error, C::Stop>> {
        self.conductor.leave();
        self.conductor.wait(wait).map_err(|stop| self.between(Cause::Stop(stop)))?;
        match self.enter()? {
            Meanwhile::Quiet => Ok(latch),
            Meanwhile::Used => {
                self.board.latch().map_err(|error| self.between(Cause::Board(error)))
            }
        }
    }

    fn step(
        &mut self,
        nodes: Signals,
        latch: PinSet,
    ) -> Result<PinSet, Failure<B::Error, C::Stop>> {
        let (on, off) = match self.action {
            Action::On => (nodes, Signals::NONE),
            Action::Off => (Signals::NONE, nodes),
        };
        let latch = self.board.apply(latch, on, off).map_err(|error| {
            let wanted = self.action == Action::On;
            let stands = what_stands(self.board, latch, nodes, wanted);
            Failure { nodes, stands, ..self.between(Cause::Board(error)) }
        })?;
        self.done = self.done.union(nodes);
        self.conductor.switched(nodes).map_err(|stop| self.between(Cause::Stop(stop)))?;
        Ok(latch)
    }

    /// A failure outside of any step.
    fn between(&self, cause: Cause<B::Error, C::Stop>) -> Failure<B::Error, C::Stop> {
        Failure { cause, nodes: Signals::NONE, stands: Stands::Old, done: self.done }
    }
}

/// Reads the latch once more after a failed write, to tell which state stands.
pub(crate) fn what_stands<B, L>(
    board: &mut Board<B, L>,
    before: PinSet,
    signals: Signals,
    on: bool,
) -> Stands
where
    B: I2c,
    L: Line<Error = B::Error>,
{
    let Ok(now) = board.read_latch() else { return Stands::Unknown };
    let revision = board.revision;
    let wanted = if on { signals } else { Signals::NONE };
    if revision.to_signals(now).intersection(signals) == wanted {
        Stands::New
    } else if now == before {
        Stands::Old
    } else {
        Stands::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const SECOND: Duration = Duration::from_secs(1);

    fn steps(on: u8, request: u8, action: Action, delays: [u64; 4]) -> Vec<(u64, u8)> {
        let delays = delays.map(Duration::from_secs);
        Plan::new(
            Signals::from_bits(on),
            Signals::from_bits(request),
            action,
            delays,
            Duration::ZERO,
        )
        .map(|step| (step.wait.as_secs(), step.nodes.bits()))
        .collect()
    }

    #[test]
    fn the_delay_stands_between_nodes_that_really_change() {
        assert_eq!(steps(0, 0b1111, Action::On, [1; 4]), [(0, 1), (1, 2), (1, 4), (1, 8)]);
        assert_eq!(steps(0b0110, 0b1111, Action::On, [1; 4]), [(0, 1), (1, 8)]);
        assert_eq!(steps(0b1111, 0b1111, Action::On, [1; 4]), []);
    }

    #[test]
    fn each_node_brings_the_delay_that_follows_it() {
        assert_eq!(steps(0, 0b0111, Action::On, [30, 0, 1, 1]), [(0, 1), (30, 0b110)]);
    }

    #[test]
    fn off_is_one_write() {
        assert_eq!(steps(0b1011, 0b1111, Action::Off, [1; 4]), [(0, 0b1011)]);
        assert_eq!(steps(0, 0b1111, Action::Off, [1; 4]), []);
    }

    #[test]
    fn a_board_waits_for_the_last_node_of_the_one_before() {
        let plan = Plan::new(Signals::NONE, Signals::node(0), Action::On, [SECOND; 4], 2 * SECOND);
        assert_eq!(plan.wait_after(), SECOND);
        assert_eq!(plan.clone().next().map(|step| step.wait), Some(2 * SECOND));
        let idle =
            Plan::new(Signals::node(0), Signals::node(0), Action::On, [SECOND; 4], 2 * SECOND);
        assert_eq!(idle.wait_after(), 2 * SECOND);
    }
}
