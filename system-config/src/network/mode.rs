//! NAT or a bridge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the nodes reach other networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum NetworkMode {
    /// On a network of their own, behind the controller's address.
    Nat,
    /// On the network that the controller is on.
    Bridge,
}

/// A text that names no mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown mode {0:?}: expected nat or bridge")]
pub struct ModeError(String);

impl FromStr for NetworkMode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        match text {
            "nat" => Ok(Self::Nat),
            "bridge" => Ok(Self::Bridge),
            _ => Err(ModeError(text.to_owned())),
        }
    }
}

impl fmt::Display for NetworkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nat => "nat",
            Self::Bridge => "bridge",
        })
    }
}
