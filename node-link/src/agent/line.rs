//! Parses and writes lines of the protocol.

use alloc::string::{String, ToString as _};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{OLDEST, VERSION};

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Not a JSON object with a version: noise, an echo, the output of another program.
    #[error("not a line of the agent's protocol")]
    Noise,
    /// The protocol version is not supported.
    #[error(
        "protocol version {version} is not one of {OLDEST} to {VERSION}: update the older of the two programs"
    )]
    Version {
        /// The line's number.
        id: Option<u32>,
        /// The version that it is written in.
        version: u32,
    },
    /// A supported version, but an unknown request or message, or a missing key.
    #[error("not understood: {message}")]
    Unknown {
        /// The line's number.
        id: Option<u32>,
        /// What is wrong.
        message: String,
    },
}

impl LineError {
    /// The request's number, for the reply; `None` if it could not be parsed.
    #[must_use]
    pub const fn id(&self) -> Option<u32> {
        match self {
            Self::Noise => None,
            Self::Version { id, .. } | Self::Unknown { id, .. } => *id,
        }
    }
}

/// The keys that all lines have in common.
#[derive(Deserialize)]
pub(super) struct Head {
    #[serde(rename = "v")]
    pub(super) version: u32,
    pub(super) id: Option<u32>,
}

impl Head {
    pub(super) fn read(line: &[u8]) -> Result<Self, LineError> {
        serde_json::from_slice(line).map_err(|_| LineError::Noise)
    }

    pub(super) fn check_version(&self) -> Result<(), LineError> {
        match self.version {
            OLDEST..=VERSION => Ok(()),
            version => Err(LineError::Version { id: self.id, version }),
        }
    }

    pub(super) fn body<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, LineError> {
        serde_json::from_slice(line)
            .map_err(|error| LineError::Unknown { id: self.id, message: error.to_string() })
    }
}

/// Writes a line with its newline.
pub(super) fn write(value: &impl Serialize) -> String {
    // Only maps with keys that are no text, or a type's own error, can fail; there is none here.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
