//! The execution of a plan on one board, with what surrounds its writes.

use core::time::Duration;

use super::{Action, Plan, ResultingState, SwitchHooks, Switchable};
use crate::positions::Positions;

/// Why a plan ended early.
#[derive(Debug)]
pub enum Cause<E, S> {
    /// The board failed.
    Board(E),
    /// The hooks stopped it.
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
    /// The state that the step left.
    pub resulting: ResultingState,
    /// The nodes that were switched before.
    pub done: Positions,
    /// The nodes asked for that neither were as asked nor were switched.
    pub left: Positions,
    /// The nodes that were to be switched on and were told nothing, since the board did not say whether they are.
    pub untold: Positions,
    /// The nodes that were switched before, and have lost their power with their board.
    pub lost: Positions,
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
/// A [`Failure`] that says what was switched and which state results.
pub fn switch<B: Switchable, C: SwitchHooks>(
    board: &mut B,
    request: Positions,
    action: Action,
    delay: impl Fn(u8) -> Duration,
    wait: Duration,
    hooks: &mut C,
) -> Result<Finished, Failure<B::Error, C::Stop>> {
    let nothing = Positions::NONE;
    let mut run = Run {
        board,
        hooks,
        request,
        action,
        done: nothing,
        right: nothing,
        fresh: nothing,
        missed: nothing,
        untold: nothing,
        lost: nothing,
    };
    run.enter()?;
    run.request = run.hooks.still_asked(request);
    let result = match run.request.is_empty() && !request.is_empty() {
        true => Ok(Finished { switched: nothing, wait }),
        false => run.start(delay, wait),
    };
    run.hooks.leave();
    result
}

/// A plan being executed.
struct Run<'a, B, C> {
    board: &'a mut B,
    hooks: &'a mut C,
    request: Positions,
    action: Action,
    /// The nodes that were switched.
    done: Positions,
    /// The nodes that are as asked, by us or before us.
    right: Positions,
    /// The nodes that were switched since others were kept off.
    fresh: Positions,
    /// The nodes that did not follow when they were switched, nor since.
    missed: Positions,
    /// The nodes that count as on and were told nothing, since the board did not say what they are.
    untold: Positions,
    /// The nodes that were on before their board lost its power.
    lost: Positions,
}

impl<B: Switchable, C: SwitchHooks> Run<'_, B, C> {
    fn start(
        &mut self,
        delay: impl Fn(u8) -> Duration,
        wait: Duration,
    ) -> Result<Finished, Failure<B::Error, C::Stop>> {
        let state = self.board.state(self.request, self.action);
        let mut state = state.map_err(|error| self.between(Cause::Board(error)))?;
        self.asked(state)?;
        let plan = Plan::new(self.board.on(state), self.request, self.action, delay, wait);
        self.right = self.request.without(plan.nodes()).without(self.untold);
        let wait = plan.wait_after();
        for step in plan {
            if !step.wait.is_zero() {
                state = self.pause(step.wait)?;
            }
            state = self.step(step.nodes, state)?;
        }
        // The nodes asked for that were in place already are held to the same proof.
        self.board.verify(state, self.request, self.action).map_err(|error| Failure {
            nodes: self.request,
            resulting: ResultingState::New,
            ..self.between(Cause::Board(error))
        })?;
        Ok(Finished { switched: self.done, wait })
    }

    fn enter(&mut self) -> Result<(), Failure<B::Error, C::Stop>> {
        self.hooks.enter().map_err(|stop| self.between(Cause::Stop(stop)))
    }

    fn asked(&mut self, state: B::State) -> Result<(), Failure<B::Error, C::Stop>> {
        let on = self.board.on(state);
        let expected = match self.action {
            Action::On => {
                let unknown = self.board.unknown(state).intersection(self.request);
                self.untold = unknown.without(self.done).without(self.right);
                self.missed = self.missed.without(on);
                self.right.without(self.missed)
            }
            Action::Off => Positions::NONE,
        };
        let asked = self.hooks.asked(on, expected);
        asked.map_err(|stop| self.between(Cause::Stop(stop)))
    }

    /// Lets others in for a while, and returns the state as it is afterwards.
    fn pause(&mut self, wait: Duration) -> Result<B::State, Failure<B::Error, C::Stop>> {
        self.read_back();
        self.hooks.leave();
        self.hooks.wait(wait).map_err(|stop| self.between(Cause::Stop(stop)))?;
        self.enter()?;
        let state = self.board.state_again(self.request, self.action).map_err(|error| {
            self.lost = self.board.lost(self.right, &error);
            self.between(Cause::Board(error))
        })?;
        self.asked(state)?;
        Ok(state)
    }

    /// A node that does not follow would be taken for switched off by others, once they are let in.
    fn read_back(&mut self) {
        let fresh = core::mem::replace(&mut self.fresh, Positions::NONE);
        if fresh.is_empty() {
            return;
        }
        // A board that does not answer now is looked at again after the pause.
        if let Ok(missed) = self.board.not_following(fresh, self.action) {
            self.missed = self.missed.union(missed);
        }
    }

    /// Switches the nodes of a step, except those that another process has switched since.
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
        self.right = self.right.union(nodes.without(due).without(self.untold));
        if due.is_empty() {
            return Ok(state);
        }
        self.hooks.switching(due);
        let state = self
            .board
            .apply(state, due, self.action)
            .map_err(|error| self.broken(error, state, due))?;
        self.done = self.done.union(due);
        self.fresh = self.fresh.union(due);
        self.right = self.right.union(due);
        self.hooks.switched(due).map_err(|stop| self.between(Cause::Stop(stop)))?;
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
            let _ = self.hooks.switched(reached);
        }
        let resulting = self.board.resulting_state(before, nodes, self.action);
        self.hooks.failed(nodes, resulting);
        Failure { nodes, resulting, ..self.between(Cause::Board(error)) }
    }

    /// A failure outside of any step.
    fn between(&self, cause: Cause<B::Error, C::Stop>) -> Failure<B::Error, C::Stop> {
        Failure {
            cause,
            nodes: Positions::NONE,
            resulting: ResultingState::Old,
            done: self.done.without(self.missed).without(self.lost),
            left: self.request.without(self.right.without(self.missed).without(self.lost)),
            untold: self.untold,
            lost: self.lost.intersection(self.done),
        }
    }
}
