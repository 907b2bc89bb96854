//! What to write and when to wait: a plan without any I/O.

use core::time::Duration;

use super::Action;
use crate::positions::Positions;

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
