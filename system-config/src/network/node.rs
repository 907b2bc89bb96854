//! A node as its network knows it.

use node_link::{ClusterName, End, Mac, NodeId};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkNode {
    /// Its number.
    pub id: NodeId,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// Its USB path, such as `1-1.2`, where that is known.
    pub usb_path: Option<String>,
}

impl NetworkNode {
    /// `pN`.
    #[must_use]
    pub fn label(&self) -> String {
        self.id.label()
    }

    /// All its names: `pN` first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        std::iter::once(self.label()).chain(self.name.clone()).collect()
    }

    /// Its own end's MAC address, which does not depend on how it boots.
    #[must_use]
    pub fn mac(&self, cluster: Option<&ClusterName>) -> Mac {
        Mac::new(cluster, End::Node, self.id)
    }
}

impl From<NodeId> for NetworkNode {
    fn from(id: NodeId) -> Self {
        Self { id, name: None, usb_path: None }
    }
}
