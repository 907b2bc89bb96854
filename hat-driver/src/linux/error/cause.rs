//! What an error is about, and its causes.

use std::fmt;

use super::super::handle::Node;
use super::super::output::Output;
use super::chain::chain;
use super::done::SparePlaces;
use crate::bus_error::BusError;
use crate::ctrl::CtrlError;
use crate::error::{HatError, NotDriven, pins_show};
use crate::positions::Positions;

/// What was to be switched or set when an operation failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Nothing: the board was only asked, or initialised.
    #[default]
    None,
    /// Nodes.
    Nodes(Box<[Node]>),
    /// Places of a HAT beyond its configured size, which no node has.
    Beyond {
        /// The positions: 0 for P1.
        places: Positions,
        /// The board's size.
        size: u8,
        /// Those that were switched off all the same.
        switched_off: Option<Box<SparePlaces>>,
    },
    /// An output.
    Output(Output),
    /// A setting or a command of a ClusterCTRL board, in a word: `order`, `EEPROM`, `HUB`, `reset`.
    Setting(&'static str),
}

impl Target {
    /// These nodes; nothing where there are none.
    pub(in crate::linux) fn nodes(nodes: impl IntoIterator<Item = Node>) -> Self {
        let nodes: Box<[_]> = nodes.into_iter().collect();
        if nodes.is_empty() { Self::None } else { Self::Nodes(nodes) }
    }

    /// Whether nothing was to be switched.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// Why a bus or a line cannot be used, where the kernel's answer alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The I2C bus of a HAT is not there: it is switched off at boot, or `i2c-dev` is not loaded.
    NoI2cBus,
    /// This user may not open the device.
    Permission,
    /// A kernel driver holds the chip.
    KernelDriver {
        /// The driver's name.
        driver: String,
        /// The chip's bus.
        bus: u32,
        /// The chip's address.
        address: u8,
    },
    /// None of these.
    Other,
}

/// What a board that leaves the USB for a moment did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It has not left, so that it may not have heard the command.
    Leaving,
    /// It has left and is not back.
    Return,
    /// It is back and cannot be asked.
    Answer,
}

impl Missing {
    pub(super) const fn consequence(self) -> &'static str {
        match self {
            Self::Leaving => ", so the command was probably not carried out",
            Self::Return => "; the state of its nodes is unknown; plug it in again",
            Self::Answer => "; the state of its nodes is unknown",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaving => "the board has not left the USB",
            Self::Return => "the board has left the USB and did not come back",
            Self::Answer => "the board has come back to the USB and did not answer",
        })
    }
}

/// What failed on a board of either kind. It tells its causes itself, and no names of pins: whoever
/// knows the board has better ones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// A HAT.
    #[error("{}", unnamed(.0))]
    Hat(HatError<BusError>),
    /// A ClusterCTRL board.
    #[error("{}", chain(.0))]
    Ctrl(CtrlError<BusError>),
}

impl From<HatError<BusError>> for BoardError {
    fn from(error: HatError<BusError>) -> Self {
        Self::Hat(error)
    }
}

impl From<CtrlError<BusError>> for BoardError {
    fn from(error: CtrlError<BusError>) -> Self {
        Self::Ctrl(error)
    }
}

impl BoardError {
    /// The nodes that the error says do not follow.
    pub(in crate::linux) fn not_following(&self) -> Positions {
        match self {
            Self::Hat(
                HatError::PinsDiffer { signals, .. } | HatError::NotDriven { signals, .. },
            ) => signals.positions(),
            Self::Ctrl(
                CtrlError::NotFollowed { nodes, .. }
                | CtrlError::Untold { nodes }
                | CtrlError::Absent { nodes },
            ) => *nodes,
            _ => Positions::NONE,
        }
    }

    /// What went wrong; pins by their names on the board where the target has no better ones.
    pub(super) fn reason(&self, target: &Target) -> String {
        match self {
            Self::Hat(error) if target.is_none() => chain(error),
            error => error.to_string(),
        }
    }
}

/// What went wrong on a HAT, without the names that its own pins have.
fn unnamed(error: &HatError<BusError>) -> String {
    match error {
        HatError::PinsDiffer { signals, seen, .. } => pins_show(*signals, *seen).to_owned(),
        HatError::NotDriven { direction, .. } => NotDriven(*direction).to_string(),
        error => chain(error),
    }
}
