//! What happens to one board after the other, line by line. What the lines say of a chip is asked of the chip
//! itself, not of the driver.

use core::fmt::{self, Write};
use core::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::ErrorKind;
use hat_driver::expander::Expander;
use hat_driver::hat::{Backend, Hat};
use hat_driver::init::InitOutcome;
use hat_driver::lines::NoLine;
use hat_driver::power::{self, Action, Cause, Finished, SoleOwner};
use hat_driver::revisions::{Revision, Version};
use hat_driver::{HatError, Positions, Retry};

use crate::chip::{Chip, Kind};

/// A board on a bus that is kept.
type Bare<'a> = Hat<Retry<&'a mut Chip>, NoLine<ErrorKind>>;

/// Why the story ended early.
pub enum Trouble {
    /// The board failed.
    Board(HatError<ErrorKind>),
    /// A board that had to fail did not.
    NoError,
    /// The driver does not know this version.
    Version(Version),
    /// The line could not be written.
    Output(fmt::Error),
}

/// Time that passes when somebody waits.
#[derive(Default)]
struct Clock {
    milliseconds: u64,
}

impl DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        self.milliseconds += u64::from(ns) / 1_000_000;
    }

    fn delay_ms(&mut self, ms: u32) {
        self.milliseconds += u64::from(ms);
    }
}

/// Tells it.
pub fn tell(out: &mut impl Write) -> Result<(), Trouble> {
    let (old, new) = (Version { major: 2, minor: 0 }, Version { major: 2, minor: 5 });
    one_board(out, "PCA9554", Chip::new(Kind::Pca9554), new)?;
    one_board(out, "XRA1200P", Chip::new(Kind::Xra1200p), new)?;
    one_board(out, "PCA9554", Chip::new(Kind::Pca9554), old)
}

fn one_board(
    out: &mut impl Write,
    name: &str,
    mut chip: Chip,
    version: Version,
) -> Result<(), Trouble> {
    let revision = Revision::of(version).ok_or(Trouble::Version(version))?;
    writeln!(out, "v{version} with {name}")?;
    initialise(out, &mut chip, revision)?;
    run(out, &mut chip, revision, Action::On, Positions::from_bits(0b1111))?;
    run(out, &mut chip, revision, Action::Off, Positions::from_bits(0b1010))?;
    initialise(out, &mut chip, revision)?;

    chip.disturbances = 1;
    run(out, &mut chip, revision, Action::On, Positions::one(1))?;
    chip.held_low = 0b1000;
    fail(out, &mut chip, revision, Positions::one(3))?;
    chip.present = false;
    fail(out, &mut chip, revision, Positions::one(3))
}

fn board<'a>(chip: &'a mut Chip, revision: &'static Revision) -> Bare<'a> {
    Hat::new(Backend::Expander(Expander::new(Retry::new(chip), 0x20)), revision)
}

fn initialise(
    out: &mut impl Write,
    chip: &mut Chip,
    revision: &'static Revision,
) -> Result<(), Trouble> {
    let before = chip.written;
    let outcome = match board(chip, revision).init()? {
        InitOutcome::Initialised(_) => "done",
        InitOutcome::AlreadyDone => "not needed",
    };
    let (written, latch, direction) = (chip.written - before, chip.latch(), chip.direction());
    writeln!(
        out,
        "init: {outcome}; {written} bytes, latch {latch:#04x}, direction {direction:#04x}"
    )?;
    Ok(())
}

fn run(
    out: &mut impl Write,
    chip: &mut Chip,
    revision: &'static Revision,
    action: Action,
    nodes: Positions,
) -> Result<(), Trouble> {
    let mut clock = Clock::default();
    let mut board = board(chip, revision);
    let switched = switch(&mut board, action, nodes, &mut clock)?.switched;
    let retries = match board.backend() {
        Backend::Expander(expander) => expander.bus().retries(),
        _ => 0,
    };
    let (latch, ms) = (chip.latch(), clock.milliseconds);
    writeln!(out, "{action:?}: {switched}; {ms} ms, {retries} retries, latch {latch:#04x}")?;
    Ok(())
}

/// Switches nodes on, which has to fail.
fn fail(
    out: &mut impl Write,
    chip: &mut Chip,
    revision: &'static Revision,
    nodes: Positions,
) -> Result<(), Trouble> {
    let mut board = board(chip, revision);
    match switch(&mut board, Action::On, nodes, &mut Clock::default()) {
        Ok(_) => Err(Trouble::NoError),
        Err(error) => Ok(writeln!(out, "error: {error}")?),
    }
}

fn switch(
    board: &mut Bare<'_>,
    action: Action,
    nodes: Positions,
    clock: &mut Clock,
) -> Result<Finished, HatError<ErrorKind>> {
    let delay = |_| Duration::from_secs(1);
    power::switch(board, nodes, action, delay, Duration::ZERO, &mut SoleOwner(clock)).map_err(
        |failure| match failure.cause {
            Cause::Board(error) => error,
            Cause::Stop(never) => match never {},
        },
    )
}

impl From<HatError<ErrorKind>> for Trouble {
    fn from(error: HatError<ErrorKind>) -> Self {
        Self::Board(error)
    }
}

impl From<fmt::Error> for Trouble {
    fn from(error: fmt::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Board(error) => error.fmt(f),
            Self::NoError => f.write_str("a node that cannot be switched was, it says"),
            Self::Version(version) => write!(f, "no revision {version}"),
            Self::Output(error) => error.fmt(f),
        }
    }
}
