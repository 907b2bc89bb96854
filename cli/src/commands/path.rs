//! `path`: where on the USB nodes are. Reads sysfs and asks ClusterCTRL boards; switches nothing.

use super::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::{NodePath, PathReport, Report};

/// A configured path stands before what is found.
pub(crate) fn run(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let mut nodes = Vec::new();
    for node in context.nodes(set)? {
        let path = context.usb_path(node)?;
        nodes.push(NodePath { node: context.label(node), path });
    }
    let unknown: Vec<_> =
        nodes.iter().filter(|node| node.path.is_none()).map(|node| node.node.clone()).collect();
    let failure = (!unknown.is_empty()).then(|| Failure::NoPath(unknown.join(" ")));
    Ok(Outcome { report: Report::Path(PathReport { nodes }), failure })
}
