//! What is asked of the network.

use std::path::PathBuf;

use node_link::{ClusterName, Subnet};

use super::{NetworkMode, NetworkNode, forwarding};
use crate::Manager;

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
