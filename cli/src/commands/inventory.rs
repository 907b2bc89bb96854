//! `inventory`: the nodes for other programs.

use system_config::network::{Node, NodeLink, Settings};

use node_link::Subnet;

use super::Outcome;
use super::network::{self, Ground};
use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::{InventoryNode, InventoryReport, Report};

/// Addresses are those of the network as it was set up; on the controller's own network, those that
/// were heard of.
pub(crate) fn run(
    context: &Context,
    ground: Option<&Ground>,
    set: &NodeSet,
    format: Format,
) -> Result<Outcome, Failure> {
    let settings = match ground {
        Some(ground) => ground.settings()?,
        None => None,
    };
    let is_set_up = settings.is_some();
    let heard = match (ground, &settings) {
        (Some(ground), Some(Settings { subnet: None, .. })) => ground.heard(context)?,
        _ => Vec::new(),
    };
    let subnet = match &settings {
        Some(settings) => settings.subnet,
        None => Some(Subnet::VENDOR),
    };
    let cluster = settings.as_ref().and_then(|settings| settings.cluster.as_ref());
    let entry = |node: Node| {
        let label = node.label();
        let of_link = |link: &NodeLink| if link.node == label { link.address } else { None };
        InventoryNode {
            address: match subnet {
                Some(subnet) => Some(subnet.node(node.id).into()),
                None => heard.iter().find_map(of_link),
            },
            mac: Some(node.mac(cluster)),
            serial: Some(node.id.console()),
            name: node.name,
            node: label,
            error: None,
        }
    };
    let (mut nodes, mut left_out) = (Vec::new(), Vec::new());
    for node in context.nodes(set)? {
        nodes.push(network::known(context, node).map_or_else(
            |error| {
                left_out.push(node + 1);
                nameless(context, node, &error)
            },
            entry,
        ));
    }
    let failure = (!left_out.is_empty()).then(|| Failure::LeftOut(context.names.fold(&left_out)));
    let report = Report::Inventory(InventoryReport { nodes, is_set_up, format });
    Ok(Outcome { report, failure })
}

/// A node that has no place in a network.
fn nameless(context: &Context, node: usize, error: &Failure) -> InventoryNode {
    InventoryNode {
        node: context.label(node),
        name: context.alias(node),
        address: None,
        mac: None,
        serial: None,
        error: Some(error.message()),
    }
}
