//! Switching nodes: a pure plan of what to write and when to wait, then its execution.
//!
//! Inrush current is why nodes go on one after the other; they go off all at once. The delay stands
//! between two nodes that really get switched on and nowhere else.

use core::time::Duration;

use embedded_hal::delay::DelayNs;

use crate::positions::Positions;

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Action {
    /// Give power.
    On,
    /// Cut power.
    Off,
}

/// One write, or one for each node where the board takes no more: these nodes, after this wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How long to wait first.
    pub wait: Duration,
    /// The nodes that change.
    pub nodes: Positions,
}

/// The steps that take a board's nodes from one state to another.
#[derive(Clone, Debug)]
pub struct Plan<F> {
    pending: Positions,
    /// What each node's switching-on asks for before the next one, by position.
    delay: F,
    wait: Duration,
    action: Action,
}

impl<F: Fn(u8) -> Duration> Plan<F> {
    /// Plans `action` for the nodes in `request`, given those that are `on` now.
    ///
    /// `delay` is what each position's switching-on asks for before the next node may follow, and
    /// `wait` what a node on an earlier board still asks for.
    #[must_use]
    pub fn new(
        on: Positions,
        request: Positions,
        action: Action,
        delay: F,
        wait: Duration,
    ) -> Self {
        match action {
            Action::On => Self { pending: request.without(on), delay, wait, action },
            Action::Off => {
                let pending = request.intersection(on);
                Self { pending, delay, wait: Duration::ZERO, action }
            }
        }
    }

    /// The nodes that will change.
    #[must_use]
    pub const fn nodes(&self) -> Positions {
        self.pending
    }

    /// What the next board has to wait before its first node, once this plan has run.
    #[must_use]
    pub fn wait_after(&self) -> Duration {
        self.pending.iter().next_back().map_or(self.wait, |position| self.delay_after(position))
    }

    fn delay_after(&self, position: u8) -> Duration {
        match self.action {
            Action::On => (self.delay)(position),
            Action::Off => Duration::ZERO,
        }
    }
}

impl<F: Fn(u8) -> Duration> Iterator for Plan<F> {
    type Item = Step;

    /// Nodes with no delay between them share a step.
    fn next(&mut self) -> Option<Step> {
        let mut step = Step { wait: self.wait, nodes: Positions::NONE };
        for position in self.pending.iter() {
            step.nodes = step.nodes.union(Positions::one(position));
            self.wait = self.delay_after(position);
            if !self.wait.is_zero() {
                break;
            }
        }
        self.pending = self.pending.without(step.nodes);
        (!step.nodes.is_empty()).then_some(step)
    }
}

/// A board whose nodes can be switched. The caller keeps others off its bus.
pub trait Switchable {
    /// What can go wrong.
    type Error;
    /// What the board said of its nodes: where a change starts from.
    type State: Copy;

    /// Asks for the state of at least these nodes, where `action` starts from.
    ///
    /// # Errors
    /// Where the board fails, or is not ready to be switched.
    fn state(&mut self, nodes: Positions, action: Action) -> Result<Self::State, Self::Error>;

    /// Asks again after a pause, in which others may have used the board. Costs as little as may be.
    ///
    /// # Errors
    /// As [`Self::state`].
    fn state_again(
        &mut self,
        nodes: Positions,
        action: Action,
    ) -> Result<Self::State, Self::Error> {
        self.state(nodes, action)
    }

    /// The nodes that are on in a state.
    fn on(&self, state: Self::State) -> Positions;

    /// Switches nodes and reads back the register that does it. Returns the new state.
    ///
    /// # Errors
    /// Where the board fails.
    fn apply(
        &mut self,
        state: Self::State,
        nodes: Positions,
        action: Action,
    ) -> Result<Self::State, Self::Error>;

    /// Compares what the nodes show with what they are told.
    ///
    /// # Errors
    /// Where they differ, or the board fails.
    fn verify(&mut self, state: Self::State, nodes: Positions) -> Result<(), Self::Error>;

    /// After a failed [`Self::apply`]: the nodes that are as asked all the same. None where nodes are
    /// switched by one write.
    fn reached(&mut self, _nodes: Positions, _action: Action) -> Positions {
        Positions::NONE
    }

    /// After a failed [`Self::apply`]: which state stands.
    fn stands(&mut self, before: Self::State, nodes: Positions, action: Action) -> Stands;
}

/// What surrounds a plan's writes: exclusion of others, time, and reasons to stop.
pub trait Conductor {
    /// Why the plan has to stop.
    type Stop;

    /// Excludes others from the board's bus.
    ///
    /// # Errors
    /// Where exclusion cannot be had in time.
    fn enter(&mut self) -> Result<(), Self::Stop>;

    /// Lets others in.
    fn leave(&mut self);

    /// Lets time pass, outside of the exclusion.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop>;

    /// The board was asked, with others excluded: these nodes are on, and these have to be, since
    /// they were found on or were switched on.
    ///
    /// # Errors
    /// Where somebody else has switched off what this plan is to have on.
    fn asked(&mut self, _on: Positions, _expected: Positions) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// These nodes are about to be switched.
    fn switching(&mut self, _nodes: Positions) {}

    /// The board failed to switch these nodes.
    fn failed(&mut self, _nodes: Positions, _stands: Stands) {}

    /// These nodes were switched, and the register that switches them was read back.
    ///
    /// # Errors
    /// Where the plan has to stop.
    fn switched(&mut self, nodes: Positions) -> Result<(), Self::Stop>;
}

/// The conductor of a program that owns the bus alone.
#[derive(Debug)]
pub struct SoleOwner<D>(pub D);

impl<D: DelayNs> Conductor for SoleOwner<D> {
    type Stop = core::convert::Infallible;

    fn enter(&mut self) -> Result<(), Self::Stop> {
        Ok(())
    }

    fn leave(&mut self) {}

    fn wait(&mut self, duration: Duration) -> Result<(), Self::Stop> {
        self.0.delay_ms(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX));
        Ok(())
    }

    fn switched(&mut self, _nodes: Positions) -> Result<(), Self::Stop> {
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
    Board(E),
    /// The conductor said stop.
    Stop(S),
}

/// A plan that ended early.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<E, S> {
    /// Why.
    pub cause: Cause<E, S>,
    /// The nodes of the step that failed; empty where the failure came between two steps.
    pub nodes: Positions,
    /// What stands of that step.
    pub stands: Stands,
    /// The nodes that were switched before.
    pub done: Positions,
    /// The nodes asked for that neither were as asked nor were switched.
    pub left: Positions,
}

/// A plan that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The nodes that it switched.
    pub switched: Positions,
    /// What the last node asks for before the next board's first.
    pub wait: Duration,
}

/// Runs a plan for `action` on one board: reads its state, writes step by step, and compares what
/// the nodes show with it at the end.
///
/// # Errors
/// A [`Failure`] that says what was switched and what stands.
pub fn switch<B: Switchable, C: Conductor>(
    board: &mut B,
    request: Positions,
    action: Action,
    delay: impl Fn(u8) -> Duration,
    wait: Duration,
    conductor: &mut C,
) -> Result<Finished, Failure<B::Error, C::Stop>> {
    let nothing = Positions::NONE;
    let mut run = Run { board, conductor, request, action, done: nothing, right: nothing };
    run.enter()?;
    let result = run.start(delay, wait);
    run.conductor.leave();
    result
}

/// A plan being executed.
struct Run<'a, B, C> {
    board: &'a mut B,
    conductor: &'a mut C,
    request: Positions,
    action: Action,
    /// The nodes that were switched.
    done: Positions,
    /// The nodes that are as asked, by us or before us.
    right: Positions,
}

impl<B: Switchable, C: Conductor> Run<'_, B, C> {
    fn start(
        &mut self,
        delay: impl Fn(u8) -> Duration,
        wait: Duration,
    ) -> Result<Finished, Failure<B::Error, C::Stop>> {
        let state = self.board.state(self.request, self.action);
        let mut state = state.map_err(|error| self.between(Cause::Board(error)))?;
        self.asked(state)?;
        let plan = Plan::new(self.board.on(state), self.request, self.action, delay, wait);
        self.right = self.request.without(plan.nodes());
        let wait = plan.wait_after();
        for step in plan {
            if !step.wait.is_zero() {
                state = self.pause(step.wait)?;
            }
            state = self.step(step.nodes, state)?;
        }
        // The nodes asked for that were in place already are held to the same proof.
        self.board.verify(state, self.request).map_err(|error| Failure {
            nodes: self.request,
            stands: Stands::New,
            ..self.between(Cause::Board(error))
        })?;
        Ok(Finished { switched: self.done, wait })
    }

    fn enter(&mut self) -> Result<(), Failure<B::Error, C::Stop>> {
        self.conductor.enter().map_err(|stop| self.between(Cause::Stop(stop)))
    }

    fn asked(&mut self, state: B::State) -> Result<(), Failure<B::Error, C::Stop>> {
        let expected = match self.action {
            Action::On => self.right,
            Action::Off => Positions::NONE,
        };
        let asked = self.conductor.asked(self.board.on(state), expected);
        asked.map_err(|stop| self.between(Cause::Stop(stop)))
    }

    /// Lets others in for a while, and returns the state as it is afterwards.
    fn pause(&mut self, wait: Duration) -> Result<B::State, Failure<B::Error, C::Stop>> {
        self.conductor.leave();
        self.conductor.wait(wait).map_err(|stop| self.between(Cause::Stop(stop)))?;
        self.enter()?;
        let state = self.board.state_again(self.request, self.action);
        let state = state.map_err(|error| self.between(Cause::Board(error)))?;
        self.asked(state)?;
        Ok(state)
    }

    /// Switches the nodes of a step, but for those that somebody else has switched meanwhile.
    fn step(
        &mut self,
        nodes: Positions,
        state: B::State,
    ) -> Result<B::State, Failure<B::Error, C::Stop>> {
        let on = self.board.on(state);
        let due = match self.action {
            Action::On => nodes.without(on),
            Action::Off => nodes.intersection(on),
        };
        self.right = self.right.union(nodes.without(due));
        if due.is_empty() {
            return Ok(state);
        }
        self.conductor.switching(due);
        let state = self
            .board
            .apply(state, due, self.action)
            .map_err(|error| self.broken(error, state, due))?;
        self.done = self.done.union(due);
        self.right = self.right.union(due);
        self.conductor.switched(due).map_err(|stop| self.between(Cause::Stop(stop)))?;
        Ok(state)
    }

    /// A step that failed, for all of its nodes or for some of them.
    fn broken(
        &mut self,
        error: B::Error,
        before: B::State,
        nodes: Positions,
    ) -> Failure<B::Error, C::Stop> {
        let reached = self.board.reached(nodes, self.action);
        let left = nodes.without(reached);
        let (nodes, reached) =
            if left.is_empty() { (nodes, Positions::NONE) } else { (left, reached) };
        if !reached.is_empty() {
            self.done = self.done.union(reached);
            self.right = self.right.union(reached);
            // The board's failure ends the plan already.
            let _ = self.conductor.switched(reached);
        }
        let stands = self.board.stands(before, nodes, self.action);
        self.conductor.failed(nodes, stands);
        Failure { nodes, stands, ..self.between(Cause::Board(error)) }
    }

    /// A failure outside of any step.
    fn between(&self, cause: Cause<B::Error, C::Stop>) -> Failure<B::Error, C::Stop> {
        Failure {
            cause,
            nodes: Positions::NONE,
            stands: Stands::Old,
            done: self.done,
            left: self.request.without(self.right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const SECOND: Duration = Duration::from_secs(1);

    fn steps(on: u32, request: u32, action: Action, delays: [u64; 4]) -> Vec<(u64, u32)> {
        let delay = |position: u8| Duration::from_secs(delays[usize::from(position)]);
        let (on, request) = (Positions::from_bits(on), Positions::from_bits(request));
        Plan::new(on, request, action, delay, Duration::ZERO)
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
    fn off_is_one_step() {
        assert_eq!(steps(0b1011, 0b1111, Action::Off, [1; 4]), [(0, 0b1011)]);
        assert_eq!(steps(0, 0b1111, Action::Off, [1; 4]), []);
    }

    #[test]
    fn a_board_waits_for_the_last_node_of_the_one_before() {
        let plan =
            |on: Positions| Plan::new(on, Positions::one(0), Action::On, |_| SECOND, 2 * SECOND);
        let mut busy = plan(Positions::NONE);
        assert_eq!(busy.wait_after(), SECOND);
        assert_eq!(busy.next().map(|step| step.wait), Some(2 * SECOND));
        assert_eq!(plan(Positions::one(0)).wait_after(), 2 * SECOND);
    }
}
