//! The reports of `network` and `inventory`.

use std::net::IpAddr;
use std::path::PathBuf;

use node_link::Mac;
use serde::Serialize;
use system_config::changes::ChangePlan;
use system_config::network::{BridgeStatus, Finding, NetworkSettings};

/// `network`.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum NetworkReport {
    /// `setup`.
    Setup {
        /// What is set up.
        settings: NetworkSettings,
        /// What may prevent it from working.
        findings: Vec<Finding>,
        /// Which files were changed, or would be.
        #[serde(flatten)]
        done: NetworkDone,
    },
    /// `status`; nothing where nothing was set up.
    Status(Option<BridgeStatus>),
    /// `allow`.
    Allowed {
        /// Always true.
        allowed: bool,
    },
    /// `undo`.
    Undo(NetworkDone),
}

/// Which files were changed, or would be.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NetworkDone {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Files that were changed, or would be.
    pub changed: Vec<PathBuf>,
    /// Those of them that are removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<PathBuf>,
    /// What the owner should know of an undoing, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Whether the running network follows already.
    pub active: bool,
}

impl NetworkDone {
    pub(crate) fn new(plan: &ChangePlan, dry_run: bool, activates: bool) -> Self {
        Self {
            dry_run,
            changed: plan.paths(),
            removed: plan.removed(),
            notes: Vec::new(),
            diff: dry_run.then(|| plan.diff()),
            active: activates && !dry_run,
        }
    }
}

/// `inventory`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct InventoryReport {
    /// In the order of asking.
    pub nodes: Vec<InventoryNode>,
    /// Whether the addresses are those of a network that was set up.
    #[serde(rename = "network_set_up")]
    pub is_set_up: bool,
}

/// One node.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct InventoryNode {
    /// `pN`.
    pub node: String,
    /// Its configured name.
    pub name: Option<String>,
    /// Where it is reached; `None` where that is not known.
    pub address: Option<IpAddr>,
    /// Absent, as the rest, where the node has no place in a network.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub mac: Option<Mac>,
    /// Its serial port on the controller: `/dev/ttypi1`.
    pub serial: Option<String>,
    /// Why it has no place in a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
