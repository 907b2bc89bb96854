//! `path`: where on the USB nodes are. Reads sysfs and asks ClusterCTRL boards; switches nothing.

use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::{NodeSet, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{NodePath, PathReport};

impl Cluster {
    /// Finds the USB paths of nodes; an empty set means all nodes. A configured path overrides the one found.
    /// Switches nothing.
    ///
    /// # Errors
    /// [`Error::Nodes`].
    pub fn usb_paths(&mut self, set: &NodeSet) -> Result<Outcome<PathReport>, Error> {
        let asked = self.nodes(set)?;
        let (ready, mut errors) = self.ready(asked.clone());
        let mut nodes = Vec::new();
        for node in asked {
            let path = if ready.contains(&node) { self.usb_path(node) } else { Ok(None) };
            let path = path.unwrap_or_else(|error| {
                errors.push(error);
                None
            });
            nodes.push(NodePath { node: label(node), path });
        }
        let unknown = nodes.iter().filter(|node| node.path.is_none());
        let unknown: Vec<_> = unknown.map(|node| node.node.clone()).collect();
        let no_path = (!unknown.is_empty()).then_some(Error::NoPath(unknown));
        Ok(Outcome { report: PathReport { nodes }, error: of_boards(errors).or(no_path) })
    }
}
