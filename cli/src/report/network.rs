//! What `network` and `inventory` tell.

use std::net::IpAddr;
use std::path::PathBuf;

use node_link::Mac;
use serde::Serialize;
use system_config::changes::Plan;
use system_config::network::{Finding, Settings, Status};

use crate::args::Format;

/// `network`.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum NetworkReport {
    /// `setup`.
    Setup {
        settings: Settings,
        findings: Vec<Finding>,
        #[serde(flatten)]
        done: NetworkDone,
    },
    /// `status`; nothing where nothing was set up.
    Status(Option<Status>),
    /// `allow`.
    Allowed { allowed: bool },
    /// `undo`.
    Undo(NetworkDone),
}

/// Which files were changed, or would be.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NetworkDone {
    pub(crate) dry_run: bool,
    pub(crate) changed: Vec<PathBuf>,
    /// Only where nothing was changed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
    /// Whether the running network follows already.
    pub(crate) active: bool,
}

impl NetworkDone {
    pub(crate) fn new(plan: &Plan, dry_run: bool, activates: bool) -> Self {
        Self {
            dry_run,
            changed: plan.changes().iter().map(|change| change.path.clone()).collect(),
            diff: dry_run.then(|| plan.diff()),
            active: activates && !dry_run,
        }
    }
}

/// `inventory`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InventoryReport {
    pub(crate) nodes: Vec<InventoryNode>,
    /// Whether the addresses are those of a network that was set up.
    #[serde(rename = "network_set_up")]
    pub(crate) is_set_up: bool,
    #[serde(skip)]
    pub(crate) format: Format,
}

/// One node.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InventoryNode {
    pub(crate) node: String,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<IpAddr>,
    /// Absent, as the rest, where the node has no place in a network.
    pub(crate) mac: Option<Mac>,
    pub(crate) serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}
