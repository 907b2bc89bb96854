//! One Cluster HAT: its revision, and the expander or the GPIO lines behind it, as switchable signals.
//!
//! | to | call | transfers on an XRA1200P |
//! |---|---|---|
//! | read everything | [`Hat::status`] | 4 |
//! | initialise after power-up | [`Hat::init`] | at most 12 |
//! | switch signals | [`Hat::latch`], then [`Hat::apply`], then [`Hat::verify`] | 2, 1, 1 |
//!
//! A HAT keeps no copy of the hardware's state, so callers must exclude others from the bus from the
//! first to the last of these calls. [`crate::power`] switches nodes with the delay between them.

use embedded_hal::i2c::I2c;

use crate::error::HatError;
use crate::expander::{Chip, Expander, Register};
use crate::lines::{Line, Lines};
use crate::pins::{PinSet, Signals};
use crate::power::{Action, ResultingState};
use crate::revisions::Revision;

mod nodes;
mod pin_setup;
mod status;

pub use nodes::Driven;
pub use pin_setup::PinSetup;
pub use status::HatStatus;

/// What carries the signals.
#[derive(Debug)]
#[non_exhaustive]
pub enum Backend<B, L> {
    /// v2.x and v3.x.
    Expander(Expander<B>),
    /// v1.x.
    Lines(Lines<L>),
}

/// One Cluster HAT. Keeps no copy of the hardware's state.
#[derive(Debug)]
pub struct Hat<B, L> {
    pub(crate) backend: Backend<B, L>,
    pub(crate) revision: &'static Revision,
    size: u8,
}

impl<B: I2c, L: Line<Error = B::Error>> Hat<B, L> {
    /// A board of a known revision. Touches nothing.
    pub const fn new(backend: Backend<B, L>, revision: &'static Revision) -> Self {
        Self { backend, revision, size: 4 }
    }

    /// Lets the board have fewer nodes than it has positions (1 to 4).
    #[must_use]
    pub const fn with_size(mut self, size: u8) -> Self {
        self.size = if size < 4 { size } else { 4 };
        self
    }

    /// The board's revision.
    pub const fn revision(&self) -> &'static Revision {
        self.revision
    }

    /// How many nodes it has.
    pub const fn size(&self) -> u8 {
        self.size
    }

    /// The nodes that it has.
    pub const fn nodes(&self) -> Signals {
        Signals::first_nodes(self.size)
    }

    /// What carries the signals.
    pub const fn backend(&mut self) -> &mut Backend<B, L> {
        &mut self.backend
    }

    /// The latch, provided that the board is initialised: where switching something on starts from.
    /// The lines of a v1.x board are independent, so each becomes an output when it is first switched;
    /// those that are outputs alone count, since an input may be high by its pull-up.
    ///
    /// # Errors
    /// [`HatError::NotInitialised`], [`HatError::PartlyConfigured`], or where it cannot be read.
    pub fn latch(&mut self) -> Result<PinSet, HatError<B::Error>> {
        if let Backend::Lines(_) = &self.backend {
            return self.read_latch();
        }
        let direction = self.direction()?;
        match self.setup(direction) {
            PinSetup::Initialised => self.read_latch(),
            PinSetup::NeverInitialised => Err(HatError::NotInitialised),
            PinSetup::PartlyConfigured => Err(HatError::PartlyConfigured { direction }),
        }
    }

    /// The latch of a board that is known to be initialised.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn read_latch(&mut self) -> Result<PinSet, HatError<B::Error>> {
        match &mut self.backend {
            Backend::Expander(chip) => chip.read(Register::Latch).map(PinSet::from_bits),
            Backend::Lines(lines) => Ok(lines.levels()?.without(lines.direction()?)),
        }
    }

    /// The latch where `action` starts from: a line that is an input and shows on has to be driven to
    /// go off.
    ///
    /// # Errors
    /// As [`Self::latch`].
    pub(crate) fn latch_for(&mut self, action: Action) -> Result<PinSet, HatError<B::Error>> {
        match (&mut self.backend, action) {
            (Backend::Lines(lines), Action::Off) => lines.levels(),
            _ => self.latch(),
        }
    }

    /// Switches signals on and off, all at once on an expander, and reads back. `latch` is what
    /// [`Self::latch`] returned, with others excluded since. Returns the new latch. Writes nothing
    /// where nothing changes.
    ///
    /// # Errors
    /// [`HatError::Unsupported`], [`HatError::WriteProtectLinked`], or where the hardware refuses.
    pub fn apply(
        &mut self,
        latch: PinSet,
        on: Signals,
        off: Signals,
    ) -> Result<PinSet, HatError<B::Error>> {
        self.check_supported(on, off)?;
        let before = self.revision.to_signals(latch);
        let after = self.revision.to_pins(before.union(on).without(off));
        let touched = self.revision.to_pins(before).difference(after);
        let (set, clear) = (touched.intersection(after), touched.without(after));
        if off.intersection(before).contains(Signals::WRITE_PROTECT) {
            self.check_write_protect_link()?;
        }
        match &mut self.backend {
            Backend::Expander(chip) => chip.update(Some(latch), set, clear),
            Backend::Lines(lines) => {
                // What was asked for becomes an output, also where the level is right already.
                let asked = PinSet::from_bits(on.union(off).bits());
                let drive = touched.union(asked.intersection(lines.direction()?));
                lines.drive(drive.intersection(after), drive.without(after))?;
                Ok(after)
            }
        }
    }

    /// Compares what the pins of `signals` show with the latch.
    ///
    /// # Errors
    /// [`HatError::PinsDiffer`], or where the pins cannot be read.
    pub fn verify(&mut self, latch: PinSet, signals: Signals) -> Result<(), HatError<B::Error>> {
        let pins = match &mut self.backend {
            Backend::Expander(chip) => PinSet::from_bits(chip.read(Register::Input)?),
            Backend::Lines(lines) => lines.levels()?,
        };
        let (commanded, seen) = (self.revision.to_signals(latch), self.revision.to_signals(pins));
        let wrong = commanded.difference(seen).intersection(signals);
        if wrong.is_empty() {
            return Ok(());
        }
        Err(HatError::PinsDiffer { signals: wrong, commanded, seen })
    }

    /// Reads the latch once more after a failed write, to tell the resulting state.
    pub(crate) fn state_after_failure(
        &mut self,
        before: PinSet,
        signals: Signals,
        on: bool,
    ) -> ResultingState {
        let now = match &mut self.backend {
            Backend::Lines(lines) if !on => lines.levels(),
            _ => self.read_latch(),
        };
        let Ok(now) = now else { return ResultingState::Unknown };
        let wanted = if on { signals } else { Signals::NONE };
        if self.revision.to_signals(now).intersection(signals) == wanted {
            ResultingState::New
        } else if now == before {
            ResultingState::Old
        } else {
            ResultingState::Unknown
        }
    }

    /// Refuses signals that the board does not have; a board of fewer nodes keeps its spare positions off.
    fn check_supported(&self, on: Signals, off: Signals) -> Result<(), HatError<B::Error>> {
        let spare = Signals::NODES.without(self.nodes());
        let has = self.revision.signals();
        let missing = on.without(has.without(spare)).union(off.without(has));
        if missing.is_empty() { Ok(()) } else { Err(HatError::Unsupported { signals: missing }) }
    }

    fn check_write_protect_link(&mut self) -> Result<(), HatError<B::Error>> {
        let Backend::Expander(chip) = &mut self.backend else { return Ok(()) };
        let is_linked =
            |(_, pull_ups): (Chip, Option<PinSet>)| pull_ups.is_some_and(is_write_protect_linked);
        if !is_linked(chip.identify(None)?) {
            return Ok(());
        }
        let input = PinSet::from_bits(chip.read(Register::Input)?);
        match is_linked(chip.identify(Some(input))?) {
            true => Err(HatError::WriteProtectLinked),
            false => Ok(()),
        }
    }
}

fn is_write_protect_linked(pull_ups: PinSet) -> bool {
    pull_ups.bits() & Signals::WRITE_PROTECT.bits() != 0
}
