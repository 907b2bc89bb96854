//! The outputs that a board may have beside its nodes.

use std::fmt;

use crate::pins::Signals;

/// An output that a board may have beside its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Output {
    /// The ALERT LED.
    Alert,
    /// The nodes' LEDs.
    Led,
    /// The USB hub.
    Hub,
    /// The write protection of the EEPROM.
    WriteProtect,
    /// The ACT LED of a ClusterCTRL board.
    Act,
    /// The fan of a ClusterCTRL board.
    Fan,
}

/// What became of an output of one board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OutputResult {
    /// It was switched.
    Switched,
    /// It was in that state already.
    #[cfg_attr(feature = "serde", serde(rename = "already-so"))]
    Unchanged,
    /// The board has no such output.
    Unsupported,
}

impl Output {
    /// The signal of a HAT.
    pub(super) const fn signal(self) -> Option<Signals> {
        match self {
            Self::Alert => Some(Signals::ALERT),
            Self::Led => Some(Signals::LED),
            Self::Hub => Some(Signals::HUB),
            Self::WriteProtect => Some(Signals::WRITE_PROTECT),
            Self::Act | Self::Fan => None,
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alert => "ALERT LED",
            Self::Led => "LEDs of the nodes",
            Self::Hub => "USB hub",
            Self::WriteProtect => "EEPROM write protection",
            Self::Act => "ACT LED",
            Self::Fan => "fan",
        })
    }
}
