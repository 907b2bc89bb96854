//! A ClusterCTRL board's nodes, as a power plan switches them.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::device::Device;
use super::error::CtrlError;
use super::protocol::Command;
use crate::positions::Positions;
use crate::power::{Action, ResultingState, Switchable};

/// What a board says of some of its nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodesPower {
    /// Those that have power.
    pub on: Positions,
    /// Those whose HAT is not there: neither on nor off.
    pub absent: Positions,
    /// Those of which the board did not tell.
    pub unread: Positions,
}

impl<B: I2c, D: DelayNs> Device<B, D> {
    /// What the board says of these nodes.
    ///
    /// # Errors
    /// Where the board fails for one of them.
    pub fn nodes_power(&mut self, nodes: Positions) -> Result<NodesPower, CtrlError<B::Error>> {
        match self.ask(nodes) {
            (power, None) => Ok(power),
            (_, Some(error)) => Err(error),
        }
    }

    /// The same, as far as it can be had, and what the first node failed with. A board of which the
    /// first two nodes fail is not asked for more.
    fn ask(&mut self, nodes: Positions) -> (NodesPower, Option<CtrlError<B::Error>>) {
        let (mut power, mut first) = (NodesPower { unread: nodes, ..NodesPower::default() }, None);
        let mut has_answered = false;
        for position in nodes.iter() {
            let node = Positions::one(position);
            let answer = self.power(position + 1);
            has_answered |= answer.is_ok();
            match answer {
                Ok(state) => {
                    power.unread = power.unread.without(node);
                    match state {
                        Some(true) => power.on = power.on.union(node),
                        Some(false) => {}
                        None => power.absent = power.absent.union(node),
                    }
                }
                Err(_) if first.is_some() && !has_answered => break,
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        (power, first)
    }
}

/// Each node is a command of its own, so that one that fails keeps the others from nothing.
impl<B: I2c, D: DelayNs> Switchable for Device<B, D> {
    type Error = CtrlError<B::Error>;
    type State = NodesPower;

    fn state(&mut self, nodes: Positions, _action: Action) -> Result<NodesPower, Self::Error> {
        match self.ask(nodes) {
            (power, Some(error)) if power.unread == nodes => Err(error),
            (power, _) => Ok(power),
        }
    }

    /// Those whose state could not be read are told to be off where that is asked; those that are
    /// absent or could not be read are found out by [`Self::verify`] where they are to be on.
    fn on(&self, state: NodesPower) -> Positions {
        state.on.union(state.unread).union(state.absent)
    }

    fn unknown(&self, state: NodesPower) -> Positions {
        state.unread.union(state.absent)
    }

    fn apply(
        &mut self,
        state: NodesPower,
        nodes: Positions,
        action: Action,
    ) -> Result<NodesPower, Self::Error> {
        let mut first = None;
        for position in nodes.without(state.absent).iter() {
            match self.set_power(position + 1, action == Action::On) {
                Ok(()) => {}
                Err(error) if action == Action::On => return Err(error),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        let on = match action {
            Action::On => state.on.union(nodes),
            Action::Off => state.on.without(nodes),
        };
        let unread = state.unread.without(nodes);
        first.map_or(Ok(NodesPower { on, unread, ..state }), Err)
    }

    /// The board tells what its nodes show, not what they are told.
    fn not_following(
        &mut self,
        nodes: Positions,
        action: Action,
    ) -> Result<Positions, Self::Error> {
        let seen = self.state(nodes, action)?;
        Ok(match action {
            Action::On => nodes.without(self.on(seen)),
            Action::Off => nodes.intersection(seen.on),
        })
    }

    fn verify(
        &mut self,
        state: NodesPower,
        nodes: Positions,
        action: Action,
    ) -> Result<(), Self::Error> {
        let (seen, error) = self.ask(nodes);
        let wanted = if action == Action::On { nodes } else { Positions::NONE };
        let told = wanted.without(state.absent);
        let differs = |&position: &u8| seen.on.has(position) != told.has(position);
        let readable = nodes.without(seen.unread).without(seen.absent);
        let wrong: Positions = readable.iter().filter(differs).collect();
        let untold = wrong.intersection(state.unread);
        let wrong = wrong.without(untold);
        if let Some(position) = wrong.iter().next() {
            let command = if told.has(position) { Command::On } else { Command::Off };
            return Err(CtrlError::NotFollowed { command, nodes: wrong });
        }
        match error {
            Some(error) => Err(error),
            None if !untold.is_empty() => Err(CtrlError::Untold { nodes: untold }),
            None if seen.absent.is_empty() => Ok(()),
            None => Err(CtrlError::Absent { nodes: seen.absent }),
        }
    }

    fn reached(&mut self, nodes: Positions, action: Action) -> Positions {
        let (seen, _) = self.ask(nodes);
        match action {
            Action::On => seen.on,
            Action::Off => nodes.without(seen.on).without(seen.unread).without(seen.absent),
        }
    }

    fn resulting_state(
        &mut self,
        before: NodesPower,
        nodes: Positions,
        action: Action,
    ) -> ResultingState {
        let Ok(now) = self.nodes_power(nodes) else { return ResultingState::Unknown };
        let wanted = if action == Action::On { nodes } else { Positions::NONE };
        if now.on == wanted {
            ResultingState::New
        } else if now.on == self.on(before).intersection(nodes) {
            ResultingState::Old
        } else {
            ResultingState::Unknown
        }
    }
}
