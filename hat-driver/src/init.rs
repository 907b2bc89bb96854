//! First-run initialisation: turns a freshly powered board's inputs into outputs without a glitch.
//!
//! The node pins keep the level that they have, whatever holds them there (the power-on-state
//! jumper, or nothing), so initialising switches no node. Latches come first and the direction
//! last: an output starts with its final level. A board whose direction register says that it was
//! initialised before is left alone, so a controller that reboots keeps its nodes powered.

use embedded_hal::i2c::I2c;

use crate::error::HatError;
use crate::expander::{Chip, Expander, Register};
use crate::hat::{Backend, Hat, PinSetup};
use crate::lines::Line;
use crate::pins::{PinSet, Signals};

/// Pull-ups on every pin but the write protection's, whose level then tells its solder link.
const PULL_UPS_TO_PROBE_LINK: u8 = 0x7f;
/// Pull-ups where the link is closed.
const PULL_UPS_LINKED: u8 = 0xff;

/// What initialisation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitOutcome {
    /// The board was initialised now; its latch is this.
    Initialised(PinSet),
    /// It had been initialised before, and nothing was written.
    AlreadyDone,
}

impl<B: I2c, L: Line<Error = B::Error>> Hat<B, L> {
    /// Initialises the board if it has not been since power-up. The caller must exclude others during this call.
    ///
    /// # Errors
    /// [`HatError::PartlyConfigured`] or [`HatError::NotThisChip`] where the chip is not in its reset
    /// state, or where the hardware refuses; the nodes are then as they were.
    pub fn init(&mut self) -> Result<InitOutcome, HatError<B::Error>> {
        self.init_after(|| {})
    }

    /// The same; `before` is called before the first write where the board never was initialised since power-up, which nothing
    /// shows any more afterwards.
    ///
    /// # Errors
    /// As [`Self::init`].
    pub(crate) fn init_after(
        &mut self,
        before: impl FnOnce(),
    ) -> Result<InitOutcome, HatError<B::Error>> {
        let direction = self.direction()?;
        match self.setup(direction) {
            _ if direction.is_empty() => return Ok(InitOutcome::AlreadyDone),
            PinSetup::PartlyConfigured => return Err(HatError::PartlyConfigured { direction }),
            PinSetup::NeverInitialised => before(),
            PinSetup::Initialised => {}
        }
        let latch = match &mut self.backend {
            Backend::Expander(chip) => {
                let pins = probe(chip)?;
                let latch = PinSet::from_bits(chip.read(Register::Latch)?);
                let resting = resting(self.revision.to_signals(pins));
                let meaning = PinSet::from_bits(self.revision.signals().bits());
                let wanted = self.revision.to_pins(resting).intersection(meaning);
                let latch = chip.update(Some(latch), wanted, meaning.without(wanted))?;
                chip.write(Register::Direction, 0x00)?;
                latch
            }
            Backend::Lines(lines) => {
                // Lines that are outputs already were switched on purpose. An ALERT that is an input
                // is high by its pull-up alone.
                let alert = PinSet::from_bits(Signals::ALERT.bits());
                let levels = lines.levels()?.without(alert.intersection(direction));
                lines.drive(levels.intersection(direction), direction.without(levels))?;
                levels
            }
        };
        self.verify(latch, self.revision.signals())?;
        Ok(InitOutcome::Initialised(latch))
    }
}

/// What a board shows right after its initialisation, given what its pins showed before.
fn resting(before: Signals) -> Signals {
    before
        .intersection(Signals::NODES)
        .union(Signals::LED)
        .union(Signals::HUB)
        .union(Signals::WRITE_PROTECT)
}

/// Checks that the chip is in its reset state, sets the pull-ups up, and returns the pins' levels.
fn probe<B: I2c>(chip: &mut Expander<B>) -> Result<PinSet, HatError<B::Error>> {
    let polarity = chip.read(Register::Polarity)?;
    if polarity != 0x00 {
        return Err(HatError::NotThisChip { register: Register::Polarity, found: polarity });
    }
    let (kind, _) = chip.identify(None)?;
    if kind == Chip::Pca9554 {
        return chip.read(Register::Input).map(PinSet::from_bits);
    }
    let written = chip.write(Register::PullUp, PULL_UPS_TO_PROBE_LINK);
    let pins = PinSet::from_bits(chip.read(Register::Input)?);
    if let Err(error) = written {
        let is_read_back = matches!(error, HatError::ReadBack { .. });
        return match is_read_back && chip.identify(Some(pins))?.0 == Chip::Pca9554 {
            true => Ok(pins),
            false => Err(error),
        };
    }
    if pins.contains(PinSet::from_bits(Signals::WRITE_PROTECT.bits())) {
        chip.write(Register::PullUp, PULL_UPS_LINKED)?;
    }
    Ok(pins)
}
