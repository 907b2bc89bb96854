//! The nodes' lines in `/etc/hosts`.

use std::fmt::Write as _;

use node_link::Subnet;

use super::NetworkNode;

/// Tells them from other lines of ours.
pub(super) const BLOCK: &str = "clusterhat network";

pub(super) fn lines(nodes: &[NetworkNode], subnet: Subnet) -> String {
    let mut text = String::new();
    for node in nodes {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}\t{}", subnet.node(node.id), node.names().join(" "));
    }
    text
}
