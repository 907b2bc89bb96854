//! A HAT's nodes, as a power plan switches them.

use embedded_hal::i2c::I2c;

use super::{Backend, Hat};
use crate::error::HatError;
use crate::lines::Line;
use crate::pins::{PinSet, Signals};
use crate::positions::Positions;
use crate::power::{Action, ResultingState, Switchable};

/// The commanded state of a board, from which the switching of nodes starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Driven {
    /// The latch.
    pub latch: PinSet,
    /// The pins of an expander that are inputs all the same.
    pub inputs: PinSet,
}

impl<B: I2c, L: Line<Error = B::Error>> Switchable for Hat<B, L> {
    type Error = HatError<B::Error>;
    type State = Driven;

    /// An expander that another program configured in part refuses to switch on; what of it is an
    /// output can be switched off.
    fn state(&mut self, nodes: Positions, action: Action) -> Result<Driven, Self::Error> {
        let asked = PinSet::from_bits(Signals::from(nodes).bits());
        match self.latch_for(action) {
            Err(HatError::PartlyConfigured { direction: inputs })
                if action == Action::Off && !asked.without(inputs).is_empty() =>
            {
                Ok(Driven { latch: self.read_latch()?, inputs })
            }
            latch => Ok(Driven { latch: latch?, inputs: PinSet::NONE }),
        }
    }

    /// A board that has lost power since shows it in the latch, which is all ones after power-up.
    fn state_again(&mut self, nodes: Positions, action: Action) -> Result<Driven, Self::Error> {
        match self.backend {
            Backend::Expander(_) if action == Action::On => match self.read_latch()? {
                PinSet::ALL => self.state(nodes, action),
                latch => Ok(Driven { latch, inputs: PinSet::NONE }),
            },
            _ => self.state(nodes, action),
        }
    }

    /// The power-on-state jumper may have some of them on.
    fn lost(&mut self, nodes: Positions, error: &Self::Error) -> Positions {
        match error {
            HatError::NotInitialised => {
                let seen = self.status().map(|status| status.seen.positions());
                nodes.without(seen.unwrap_or(Positions::NONE))
            }
            _ => Positions::NONE,
        }
    }

    fn on(&self, Driven { latch, inputs }: Driven) -> Positions {
        self.revision.to_signals(latch.without(inputs)).positions()
    }

    fn apply(
        &mut self,
        state: Driven,
        nodes: Positions,
        action: Action,
    ) -> Result<Driven, Self::Error> {
        let nodes = Signals::from(nodes);
        let (on, off) = match action {
            Action::On => (nodes, Signals::NONE),
            Action::Off => (Signals::NONE, nodes),
        };
        Ok(Driven { latch: Self::apply(self, state.latch, on, off)?, ..state })
    }

    fn verify(
        &mut self,
        state: Driven,
        nodes: Positions,
        _action: Action,
    ) -> Result<(), Self::Error> {
        let inputs = Signals::from_bits(state.inputs.bits()).intersection(nodes.into());
        Self::verify(self, state.latch, Signals::from(nodes).without(inputs))?;
        if inputs.is_empty() {
            return Ok(());
        }
        // With all of them commanded off, what differs is what somebody else keeps on.
        match Self::verify(self, state.latch.without(state.inputs), inputs) {
            Err(HatError::PinsDiffer { signals, .. }) => {
                Err(HatError::NotDriven { signals, direction: state.inputs })
            }
            result => result,
        }
    }

    fn resulting_state(
        &mut self,
        before: Driven,
        nodes: Positions,
        action: Action,
    ) -> ResultingState {
        self.state_after_failure(before.latch, nodes.into(), action == Action::On)
    }
}
