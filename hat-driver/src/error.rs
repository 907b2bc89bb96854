//! What can go wrong on one board, with the register or line that it went wrong at.

use core::fmt;

use crate::expander::Register;
use crate::pins::{PinSet, Signals};

/// Whether a register or a line was being read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A read.
    Read,
    /// A write, which includes the read that confirms it.
    Write,
}

/// A failed operation on one board. `E` is the error of the bus or of the GPIO back end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HatError<E> {
    /// A transfer with the expander failed, after its retries.
    Bus {
        /// What was attempted.
        access: Access,
        /// The register.
        register: Register,
        /// What the bus said.
        source: E,
    },
    /// A GPIO line could not be read or driven.
    Line {
        /// What was attempted.
        access: Access,
        /// The BCM number of the line.
        line: u8,
        /// What the back end said.
        source: E,
    },
    /// A register did not hold what had just been written to it.
    ReadBack {
        /// The register.
        register: Register,
        /// What was written.
        written: u8,
        /// What it held afterwards.
        found: u8,
    },
    /// Pins do not show what is commanded: a short circuit, a missing supply, or another program.
    PinsDiffer {
        /// The signals whose pin is wrong.
        signals: Signals,
        /// What the latch commands.
        commanded: Signals,
        /// What the pins show.
        seen: Signals,
    },
    /// The board has not been initialised since power-up: its pins are inputs.
    NotInitialised,
    /// Some pins are outputs and others inputs, which neither reset nor our initialisation leaves.
    PartlyConfigured {
        /// The direction register: 1 = input.
        direction: PinSet,
    },
    /// Pins show on that are inputs, so that they cannot be switched off.
    NotDriven {
        /// The signals whose pins they are.
        signals: Signals,
        /// The direction register: 1 = input.
        direction: PinSet,
    },
    /// A register holds what neither an XRA1200P nor a PCA9554 of a Cluster HAT would.
    NotThisChip {
        /// The register.
        register: Register,
        /// What it holds.
        found: u8,
    },
    /// The EEPROM's write protection is held by the solder link.
    WriteProtectLinked,
    /// The board has no such output.
    Unsupported {
        /// What was asked for.
        signals: Signals,
    },
}

impl<E> fmt::Display for HatError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus { access, register, .. } => {
                write!(f, "cannot {access} the {register} register")
            }
            Self::Line { access, line, .. } => write!(f, "cannot {access} GPIO line {line}"),
            Self::ReadBack { register, written, found } => write!(
                f,
                "the {register} register holds {found:#04x} after {written:#04x} was written to it"
            ),
            Self::PinsDiffer { signals, seen, .. } => {
                write!(f, "{signals}: {}", pins_show(*signals, *seen))
            }
            Self::NotInitialised => {
                f.write_str("the board has not been initialised since power-up")
            }
            Self::PartlyConfigured { direction } => write!(
                f,
                "the direction register is {direction}: another program configured this chip; \
                 stop that program and power-cycle the board"
            ),
            Self::NotDriven { signals, direction } => {
                write!(f, "{signals}: {}", NotDriven(*direction))
            }
            Self::NotThisChip { register, found } => write!(
                f,
                "the {register} register holds {found:#04x}: this is not the expander of a Cluster HAT in its reset state"
            ),
            Self::WriteProtectLinked => f.write_str(
                "the EEPROM's write protection cannot be switched off: its solder link is closed",
            ),
            Self::Unsupported { signals } => write!(f, "this board cannot switch {signals}"),
        }
    }
}

/// What is wrong with pins that do not follow, without their names.
pub(crate) fn pins_show(signals: Signals, seen: Signals) -> &'static str {
    let on = signals.intersection(seen);
    if on.is_empty() {
        "the pin shows off although on is commanded (a short circuit, or no supply?)"
    } else if on == signals {
        "the pin shows on although off is commanded (a short circuit?)"
    } else {
        "the pins show the opposite of what is commanded (a short circuit, or no supply?)"
    }
}

/// What is wrong with pins that show on and are inputs, without their names.
pub(crate) struct NotDriven(pub(crate) PinSet);

impl fmt::Display for NotDriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the pin is an input and shows on (the direction register is {}): another program \
             configured this chip; stop that program and power-cycle the board",
            self.0
        )
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

impl<E: core::error::Error + 'static> core::error::Error for HatError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Bus { source, .. } | Self::Line { source, .. } => Some(source),
            _ => None,
        }
    }
}
