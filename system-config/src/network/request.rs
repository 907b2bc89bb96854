//! What is asked of the network.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use node_link::{ClusterName, Subnet};
use serde::{Deserialize, Serialize};

use super::{NetworkNode, forwarding};
use crate::Manager;

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

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NetworkRequest {
    /// How the nodes reach other networks.
    pub mode: NetworkMode,
    /// The network manager to use; the one that is enabled if not given.
    pub manager: Option<Manager>,
    /// The controller's uplink; the interface of its default route if not given.
    pub uplink: Option<String>,
    /// The nodes' own network (NAT).
    pub subnet: Subnet,
    /// From whose name the nodes' MAC addresses are derived; none = the vendor's.
    pub cluster: Option<ClusterName>,
    /// Who has a fixed address and a name.
    pub nodes: Vec<NetworkNode>,
    /// Whether nodes are kept from each other: each reaches the controller and what is beyond it only.
    pub isolate: bool,
    /// Whether the packet filter lets the nodes through, for good.
    pub allow_forwarding: bool,
    /// The program that the unit for that runs.
    pub program: PathBuf,
}

impl NetworkRequest {
    /// With the vendor's network, and no nodes yet.
    #[must_use]
    pub fn new(mode: NetworkMode) -> Self {
        Self {
            mode,
            manager: None,
            uplink: None,
            subnet: Subnet::VENDOR,
            cluster: None,
            nodes: Vec::new(),
            isolate: false,
            allow_forwarding: false,
            program: forwarding::PROGRAM.into(),
        }
    }
}

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
