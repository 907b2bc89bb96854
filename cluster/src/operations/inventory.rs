//! `inventory`: the nodes for other programs.

use std::net::IpAddr;

use node_link::Subnet;
use system_config::network::{NetworkNode, NetworkSettings, NodeLink};

use hat_driver::linux::Node as Handle;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::{NodeSet, folded, label};
use crate::outcome::Outcome;
use crate::report::{InventoryNode, InventoryReport};
use crate::system::System;

impl Cluster {
    /// The nodes as other programs need them; an empty set means all nodes. Addresses are those of the network as it
    /// was set up; on the controller's own network, those that were heard of. A simulated board has no
    /// system around it.
    ///
    /// # Errors
    /// [`Error::Nodes`], or [`Error::Network`] where the network's settings cannot be read.
    pub fn inventory(
        &self,
        system: Option<&System>,
        set: &NodeSet,
    ) -> Result<Outcome<InventoryReport>, Error> {
        let settings = system.map(System::network_settings).transpose()?.flatten();
        let heard = match (system, &settings) {
            (Some(system), Some(NetworkSettings { subnet: None, .. })) => self.links(system)?,
            _ => Vec::new(),
        };
        let addresses = Addresses {
            subnet: settings.as_ref().map_or(Some(Subnet::VENDOR), |settings| settings.subnet),
            heard,
        };
        let cluster = settings.as_ref().and_then(|settings| settings.cluster.as_ref());
        let (mut nodes, mut left_out) = (Vec::new(), Vec::new());
        for node in self.nodes(set)? {
            nodes.push(match self.network_node(node) {
                Ok(known) => InventoryNode {
                    address: addresses.of(&known),
                    mac: Some(known.mac(cluster)),
                    serial: Some(known.id.console()),
                    node: known.label(),
                    name: known.name,
                    error: None,
                },
                Err(error) => {
                    left_out.push(node);
                    self.nameless(node, &error)
                }
            });
        }
        let error = (!left_out.is_empty()).then(|| Error::LeftOut(folded(&left_out)));
        let uncounted = self.uncounted().filter(|_| set.is_empty());
        let report = InventoryReport { nodes, is_set_up: settings.is_some() };
        Ok(Outcome { report, error }.or(uncounted))
    }

    /// A node whose number has no address in the network.
    fn nameless(&self, node: Handle, error: &Error) -> InventoryNode {
        InventoryNode {
            node: label(node),
            name: self.alias(node),
            address: None,
            mac: None,
            serial: None,
            error: Some(error.message()),
        }
    }
}

/// Where nodes are reached.
struct Addresses {
    /// The nodes' own network; none where they are on the controller's.
    subnet: Option<Subnet>,
    /// The links that were heard of there.
    heard: Vec<NodeLink>,
}

impl Addresses {
    fn of(&self, node: &NetworkNode) -> Option<IpAddr> {
        match self.subnet {
            Some(subnet) => Some(subnet.node(node.id).into()),
            None => {
                let label = node.label();
                let is_its = |link: &&NodeLink| link.node == label;
                self.heard.iter().filter(is_its).find_map(|link| link.address)
            }
        }
    }
}
