//! How the network stands. Asks only.

use std::net::IpAddr;

use serde::Serialize;

use super::{BRIDGE, Error, Finding, Link, Mode, Node, Settings, Survey, findings, ip};
use crate::Tools;
use crate::{BootMethod, End, Profile};

/// The bridge and every node's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// What was set up.
    pub settings: Settings,
    /// Whether the bridge is there.
    pub bridge: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The nodes.
    pub nodes: Vec<NodeLink>,
    /// What stands in the way.
    pub findings: Vec<Finding>,
}

/// One node's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NodeLink {
    /// `pN`.
    pub node: String,
    /// How far it has come.
    pub state: NodeState,
    /// The controller's interface to it.
    pub interface: Option<String>,
    /// Its fixed address, or on the controller's network the one that was heard of.
    pub address: Option<IpAddr>,
}

/// How far a node's link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// No gadget of it is there.
    Absent,
    /// Its gadget is there, and no port of the bridge.
    Apart,
    /// It is a port, and the node's end is not up.
    Down,
    /// Both ends are up.
    Up,
    /// It answered lately.
    Reachable,
}

/// Looks at what was set up; nothing if nothing was.
///
/// # Errors
/// A program that is missing or fails.
pub fn status(nodes: &[Node], survey: &Survey, tools: &dyn Tools) -> Result<Option<Status>, Error> {
    let (Some(settings), Some(live)) = (survey.settings().cloned(), survey.live()) else {
        return Ok(None);
    };
    let bridge = live.links.iter().find(|link| link.name == BRIDGE);
    let neighbours = match bridge {
        Some(_) => ip::neighbours(tools, BRIDGE)?,
        None => Vec::new(),
    };
    let node_link = |node: &Node| {
        let mac = node.mac(settings.cluster.as_ref()).to_string();
        let heard = neighbours.iter().filter(|one| one.mac == mac && one.address.is_ipv4());
        let heard: Vec<_> = heard.collect();
        let link = interface(node, &settings, &live.links);
        let state = match link {
            None => NodeState::Absent,
            Some(link) if link.master.as_deref() != Some(BRIDGE) => NodeState::Apart,
            Some(link) if !link.carrier => NodeState::Down,
            Some(_) if heard.iter().any(|one| one.answers) => NodeState::Reachable,
            Some(_) => NodeState::Up,
        };
        let address = match settings.mode {
            Mode::Nat => settings.address(node.id).map(IpAddr::from),
            Mode::Bridge => heard.first().map(|one| one.address),
        };
        let interface = link.map(|link| link.name.clone());
        NodeLink { node: node.label(), state, interface, address }
    };
    Ok(Some(Status {
        bridge: bridge.is_some(),
        addresses: bridge.iter().flat_map(|b| b.addresses.iter().map(|(a, _)| *a)).collect(),
        nodes: nodes.iter().map(node_link).collect(),
        findings: findings(&settings, survey),
        settings,
    }))
}

/// The controller's interface to a node: by the name that udev gives it, or by its MAC address.
fn interface<'a>(node: &Node, settings: &Settings, links: &'a [Link]) -> Option<&'a Link> {
    let profile = Profile::new(node.id, BootMethod::Card);
    let mac = Profile { cluster: settings.cluster.clone(), ..profile }.mac(End::Host).to_string();
    let names = [format!("ethpi{}", node.id), format!("ethupi{}", node.id)];
    links.iter().find(|link| names.contains(&link.name) || link.mac == mac)
}
