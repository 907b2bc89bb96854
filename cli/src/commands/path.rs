//! `path`: where on the USB nodes are. Reads sysfs and asks ClusterCTRL boards; switches nothing.

use super::{Outcome, of_boards};
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::{NodePath, PathReport, Report};

/// A configured path stands before what is found.
pub(crate) fn run(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let asked = context.nodes(set)?;
    let (ready, mut errors) = context.ready(asked.clone());
    let mut nodes = Vec::new();
    for node in asked {
        let path = if ready.contains(&node) { context.usb_path(node) } else { Ok(None) };
        let path = path.unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        nodes.push(NodePath { node: context.label(node), path });
    }
    let unknown: Vec<_> =
        nodes.iter().filter(|node| node.path.is_none()).map(|node| node.node.clone()).collect();
    let no_path = (!unknown.is_empty()).then(|| Failure::NoPath(unknown.join(" ")));
    let failure = of_boards(errors).or(no_path);
    Ok(Outcome { report: Report::Path(PathReport { nodes }), failure })
}
