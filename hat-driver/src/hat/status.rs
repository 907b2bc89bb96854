//! What a HAT says of itself.

use embedded_hal::i2c::I2c;

use super::{Backend, Hat, PinSetup, is_write_protect_linked};
use crate::error::HatError;
use crate::expander::{Chip, Register};
use crate::lines::Line;
use crate::pins::{PinSet, Signals};

/// What a board says of itself. Reading it writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HatStatus {
    /// How far the outputs are set up.
    pub setup: PinSetup,
    /// The commanded state of the outputs. Absent where they are not all outputs. A v1.x board
    /// has no latch that can be read: there it is what those lines show that are outputs.
    pub commanded: Option<Signals>,
    /// The signals whose pins are inputs: nothing is commanded of them.
    pub undriven: Signals,
    /// What the pins show.
    pub seen: Signals,
    /// The chip, where the board has one.
    pub chip: Option<Chip>,
    /// Whether the solder link holds the EEPROM's write protection; `None` = unknown.
    pub write_protect_link: Option<bool>,
}

impl HatStatus {
    /// Whether a pin that is an output does not show what is commanded.
    #[must_use]
    pub fn differs(&self) -> bool {
        let wrong = |commanded: Signals| commanded.difference(self.seen).without(self.undriven);
        self.commanded.is_some_and(|commanded| !wrong(commanded).is_empty())
    }
}

impl<B: I2c, L: Line<Error = B::Error>> Hat<B, L> {
    /// Everything that the board can say, in four transfers on an XRA1200P. Writes nothing. Where the
    /// pins do not show what is commanded, all is read once more: somebody may have written between
    /// two transfers.
    ///
    /// # Errors
    /// Where a register or a line cannot be read.
    pub fn status(&mut self) -> Result<HatStatus, HatError<B::Error>> {
        match self.read_status()? {
            status if status.differs() => self.read_status(),
            status => Ok(status),
        }
    }

    fn read_status(&mut self) -> Result<HatStatus, HatError<B::Error>> {
        let direction = self.direction()?;
        let setup = self.setup(direction);
        let (latch, seen, chip, pull_ups) = match &mut self.backend {
            Backend::Expander(chip) => {
                let latch = PinSet::from_bits(chip.read(Register::Latch)?);
                let seen = PinSet::from_bits(chip.read(Register::Input)?);
                let (kind, pull_ups) = chip.identify(direction.is_empty().then_some(seen))?;
                (latch, seen, Some(kind), pull_ups)
            }
            Backend::Lines(lines) => {
                let levels = lines.levels()?;
                (levels, levels, None, None)
            }
        };
        let initialised = setup == PinSetup::Initialised;
        // A line that is an input yet commands nothing.
        let latch = match self.backend {
            Backend::Lines(_) => latch.without(direction),
            Backend::Expander(_) => latch,
        };
        Ok(HatStatus {
            setup,
            commanded: initialised.then(|| self.revision.to_signals(latch)),
            undriven: Signals::from_bits(direction.bits()).intersection(self.revision.signals()),
            seen: self.revision.to_signals(seen),
            chip,
            // Initialisation records the link in the pull-up of its pin.
            write_protect_link: pull_ups.filter(|_| initialised).map(is_write_protect_linked),
        })
    }

    pub(crate) fn direction(&mut self) -> Result<PinSet, HatError<B::Error>> {
        match &mut self.backend {
            Backend::Expander(chip) => chip.read(Register::Direction).map(PinSet::from_bits),
            Backend::Lines(lines) => lines.direction(),
        }
    }

    pub(crate) fn setup(&self, direction: PinSet) -> PinSetup {
        let lines = PinSet::from_bits(self.revision.signals().bits());
        match self.backend {
            _ if direction.is_empty() => PinSetup::Initialised,
            Backend::Expander(_) if direction == PinSet::ALL => PinSetup::NeverInitialised,
            Backend::Expander(_) => PinSetup::PartlyConfigured,
            Backend::Lines(_) if direction == lines => PinSetup::NeverInitialised,
            Backend::Lines(_) => PinSetup::Initialised,
        }
    }
}
