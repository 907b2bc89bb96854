//! What a simulation keeps of its nodes' power: the key `lives`, which only this program writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::node::NodeRecord;

/// The records of the nodes that got their power since the machine started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PowerRecord {
    /// The kernel's ID of the boot whose clock the times are of.
    pub(super) boot: String,
    /// By the nodes' chips and positions on them.
    pub(super) nodes: BTreeMap<String, NodeRecord>,
}

impl PowerRecord {
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Times of another boot's clock say nothing.
    pub(super) fn of_boot(&mut self, boot: String) -> &mut BTreeMap<String, NodeRecord> {
        if self.boot != boot {
            *self = Self { boot, nodes: BTreeMap::new() };
        }
        &mut self.nodes
    }
}
