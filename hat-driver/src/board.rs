//! One board: its revision, and the expander or the lines behind it, as switchable signals.

use embedded_hal::i2c::I2c;

use crate::error::Error;
use crate::expander::{Chip, Expander, Register};
use crate::lines::{Line, Lines};
use crate::pins::{PinSet, Signals};
use crate::positions::Positions;
use crate::power::{Action, Stands, Switchable};
use crate::revisions::Revision;

/// How far a board's outputs are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Setup {
    /// All pins are inputs, as after power-up: nothing is commanded.
    NeverInitialised,
    /// All pins are outputs; on v1.x, at least one line.
    Initialised,
    /// Some pins of an expander are inputs: another program was here.
    PartlyConfigured,
}

/// What a board says of itself. Reading it writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// How far the outputs are set up.
    pub setup: Setup,
    /// What the outputs are told to be. Absent where they are not all outputs. A v1.x board
    /// has no latch that can be read: there it is what those lines show that are outputs.
    pub commanded: Option<Signals>,
    /// The signals whose pins are inputs: nothing is commanded of them.
    pub undriven: Signals,
    /// What the pins show.
    pub seen: Signals,
    /// The chip, where the board has one.
    pub chip: Option<Chip>,
    /// Whether the solder link holds the EEPROM's write protection; `None` = cannot be told.
    pub write_protect_link: Option<bool>,
}

impl Status {
    /// Whether a pin that is an output does not show what is commanded.
    #[must_use]
    pub fn differs(&self) -> bool {
        let wrong = |commanded: Signals| commanded.difference(self.seen).without(self.undriven);
        self.commanded.is_some_and(|commanded| !wrong(commanded).is_empty())
    }
}

/// What a board is told, where the switching of nodes starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Driven {
    /// The latch.
    pub latch: PinSet,
    /// The pins of an expander that are inputs all the same.
    pub inputs: PinSet,
}

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
pub struct Board<B, L> {
    pub(crate) backend: Backend<B, L>,
    pub(crate) revision: &'static Revision,
    size: u8,
}

impl<B: I2c, L: Line<Error = B::Error>> Board<B, L> {
    /// A board of a known revision. Touches nothing.
    pub const fn new(backend: Backend<B, L>, revision: &'static Revision) -> Self {
        Self { backend, revision, size: 4 }
    }

    /// Lets the board have fewer nodes than it has places (1 to 4).
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

    /// Everything that the board can say, in four transfers on an XRA1200P. Writes nothing. Where the
    /// pins do not show what is commanded, all is read once more: somebody may have written between
    /// two transfers.
    ///
    /// # Errors
    /// Where a register or a line cannot be read.
    pub fn status(&mut self) -> Result<Status, Error<B::Error>> {
        match self.read_status()? {
            status if status.differs() => self.read_status(),
            status => Ok(status),
        }
    }

    fn read_status(&mut self) -> Result<Status, Error<B::Error>> {
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
        let initialised = setup == Setup::Initialised;
        // A line that is an input yet commands nothing.
        let latch = match self.backend {
            Backend::Lines(_) => latch.without(direction),
            Backend::Expander(_) => latch,
        };
        Ok(Status {
            setup,
            commanded: initialised.then(|| self.revision.to_signals(latch)),
            undriven: Signals::from_bits(direction.bits()).intersection(self.revision.signals()),
            seen: self.revision.to_signals(seen),
            chip,
            // Initialisation records the link in the pull-up of its pin.
            write_protect_link: pull_ups.filter(|_| initialised).map(is_write_protect_linked),
        })
    }

    /// The latch, provided that the board is initialised: where switching something on starts from.
    /// The lines of a v1.x board are independent, so each becomes an output when it is first switched;
    /// those that are outputs alone count, since an input may be high by its pull-up.
    ///
    /// # Errors
    /// [`Error::NotInitialised`], [`Error::PartlyConfigured`], or where it cannot be read.
    pub fn latch(&mut self) -> Result<PinSet, Error<B::Error>> {
        if let Backend::Lines(_) = &self.backend {
            return self.read_latch();
        }
        let direction = self.direction()?;
        match self.setup(direction) {
            Setup::Initialised => self.read_latch(),
            Setup::NeverInitialised => Err(Error::NotInitialised),
            Setup::PartlyConfigured => Err(Error::PartlyConfigured { direction }),
        }
    }

    /// The latch of a board that is known to be initialised.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read_latch(&mut self) -> Result<PinSet, Error<B::Error>> {
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
    pub fn latch_for(&mut self, action: Action) -> Result<PinSet, Error<B::Error>> {
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
    /// [`Error::Unsupported`], [`Error::WriteProtectLinked`], or where the hardware refuses.
    pub fn apply(
        &mut self,
        latch: PinSet,
        on: Signals,
        off: Signals,
    ) -> Result<PinSet, Error<B::Error>> {
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
    /// [`Error::PinsDiffer`], or where the pins cannot be read.
    pub fn verify(&mut self, latch: PinSet, signals: Signals) -> Result<(), Error<B::Error>> {
        let pins = match &mut self.backend {
            Backend::Expander(chip) => PinSet::from_bits(chip.read(Register::Input)?),
            Backend::Lines(lines) => lines.levels()?,
        };
        let (commanded, seen) = (self.revision.to_signals(latch), self.revision.to_signals(pins));
        let wrong = commanded.difference(seen).intersection(signals);
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::PinsDiffer { signals: wrong, commanded, seen })
    }

    /// Reads the latch once more after a failed write, to tell which state stands.
    pub fn what_stands(&mut self, before: PinSet, signals: Signals, on: bool) -> Stands {
        let now = match &mut self.backend {
            Backend::Lines(lines) if !on => lines.levels(),
            _ => self.read_latch(),
        };
        let Ok(now) = now else { return Stands::Unknown };
        let wanted = if on { signals } else { Signals::NONE };
        if self.revision.to_signals(now).intersection(signals) == wanted {
            Stands::New
        } else if now == before {
            Stands::Old
        } else {
            Stands::Unknown
        }
    }

    pub(crate) fn direction(&mut self) -> Result<PinSet, Error<B::Error>> {
        match &mut self.backend {
            Backend::Expander(chip) => chip.read(Register::Direction).map(PinSet::from_bits),
            Backend::Lines(lines) => lines.direction(),
        }
    }

    pub(crate) fn setup(&self, direction: PinSet) -> Setup {
        let lines = PinSet::from_bits(self.revision.signals().bits());
        match self.backend {
            _ if direction.is_empty() => Setup::Initialised,
            Backend::Expander(_) if direction == PinSet::ALL => Setup::NeverInitialised,
            Backend::Expander(_) => Setup::PartlyConfigured,
            Backend::Lines(_) if direction == lines => Setup::NeverInitialised,
            Backend::Lines(_) => Setup::Initialised,
        }
    }

    /// Refuses signals that the board does not have; a board of fewer nodes keeps its spare places off.
    fn check_supported(&self, on: Signals, off: Signals) -> Result<(), Error<B::Error>> {
        let spare = Signals::NODES.without(self.nodes());
        let has = self.revision.signals();
        let missing = on.without(has.without(spare)).union(off.without(has));
        if missing.is_empty() { Ok(()) } else { Err(Error::Unsupported { signals: missing }) }
    }

    fn check_write_protect_link(&mut self) -> Result<(), Error<B::Error>> {
        let Backend::Expander(chip) = &mut self.backend else { return Ok(()) };
        let is_linked =
            |(_, pull_ups): (Chip, Option<PinSet>)| pull_ups.is_some_and(is_write_protect_linked);
        if !is_linked(chip.identify(None)?) {
            return Ok(());
        }
        let input = PinSet::from_bits(chip.read(Register::Input)?);
        match is_linked(chip.identify(Some(input))?) {
            true => Err(Error::WriteProtectLinked),
            false => Ok(()),
        }
    }
}

impl<B: I2c, L: Line<Error = B::Error>> Switchable for Board<B, L> {
    type Error = Error<B::Error>;
    type State = Driven;

    /// An expander that another program configured in part refuses to switch on; what of it is an
    /// output can be switched off.
    fn state(&mut self, nodes: Positions, action: Action) -> Result<Driven, Self::Error> {
        let asked = PinSet::from_bits(Signals::from(nodes).bits());
        match self.latch_for(action) {
            Err(Error::PartlyConfigured { direction: inputs })
                if action == Action::Off && !asked.without(inputs).is_empty() =>
            {
                Ok(Driven { latch: self.read_latch()?, inputs })
            }
            latch => Ok(Driven { latch: latch?, inputs: PinSet::NONE }),
        }
    }

    /// A board that lost its power meanwhile shows it in the latch: all ones is the state it starts in.
    fn state_again(&mut self, nodes: Positions, action: Action) -> Result<Driven, Self::Error> {
        match self.backend {
            Backend::Expander(_) if action == Action::On => match self.read_latch()? {
                PinSet::ALL => self.state(nodes, action),
                latch => Ok(Driven { latch, inputs: PinSet::NONE }),
            },
            _ => self.state(nodes, action),
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

    fn verify(&mut self, state: Driven, nodes: Positions) -> Result<(), Self::Error> {
        let inputs = Signals::from_bits(state.inputs.bits()).intersection(nodes.into());
        Self::verify(self, state.latch, Signals::from(nodes).without(inputs))?;
        if inputs.is_empty() {
            return Ok(());
        }
        // With all of them commanded off, what differs is what somebody else keeps on.
        match Self::verify(self, state.latch.without(state.inputs), inputs) {
            Err(Error::PinsDiffer { signals, .. }) => {
                Err(Error::NotDriven { signals, direction: state.inputs })
            }
            result => result,
        }
    }

    fn stands(&mut self, before: Driven, nodes: Positions, action: Action) -> Stands {
        self.what_stands(before.latch, nodes.into(), action == Action::On)
    }
}

fn is_write_protect_linked(pull_ups: PinSet) -> bool {
    pull_ups.bits() & Signals::WRITE_PROTECT.bits() != 0
}
