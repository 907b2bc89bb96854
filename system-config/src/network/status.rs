//! The state of the network. Changes nothing.

use std::net::IpAddr;

use node_link::{End, Mac, NodeId};
use serde::Serialize;

use super::survey::Live;
use super::{
    BRIDGE, Finding, Fix, Link, NetworkError, NetworkMode, NetworkNode, NetworkSettings, Survey,
    findings, gadget, ip,
};
use crate::Tools;

/// The bridge and every node's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BridgeStatus {
    /// What was set up.
    pub settings: NetworkSettings,
    /// Whether the bridge is there.
    pub bridge: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The nodes.
    pub nodes: Vec<NodeLink>,
    /// What prevents it from working.
    pub findings: Vec<Finding>,
}

impl BridgeStatus {
    /// What certainly prevents it from working, a clause each.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let missing = (!self.bridge).then(|| format!("the bridge {BRIDGE} is missing"));
        let certain = self.findings.iter().filter(|finding| !finding.is_doubtful);
        missing.into_iter().chain(certain.map(|finding| finding.what.clone())).collect()
    }
}

/// One node's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NodeLink {
    /// `pN`.
    pub node: String,
    /// How far it has come.
    pub state: LinkState,
    /// The controller's interface to it.
    pub interface: Option<String>,
    /// Its fixed address, or on the controller's network the one that was heard of.
    pub address: Option<IpAddr>,
}

/// How far a node's link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LinkState {
    /// No gadget of it is there.
    Absent,
    /// What is plugged in there calls itself another node.
    Foreign,
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
pub fn status(
    nodes: &[NetworkNode],
    survey: &Survey,
    tools: &dyn Tools,
) -> Result<Option<BridgeStatus>, NetworkError> {
    let settings = survey.known_settings()?.cloned();
    let (Some(settings), Some(live)) = (settings, survey.live()) else {
        return Ok(None);
    };
    let bridge = live.links.iter().find(|link| link.name == BRIDGE);
    let neighbours = match bridge {
        Some(_) => ip::neighbours(tools, BRIDGE)?,
        None => Vec::new(),
    };
    let node_link = |node: &NetworkNode| {
        let mac = node.mac(settings.cluster.as_ref()).to_string();
        let heard = neighbours.iter().filter(|one| one.mac == mac && one.address.is_ipv4());
        let heard: Vec<_> = heard.collect();
        let foreign = foreign(node, &settings, live);
        let link = match foreign {
            Some((link, _)) => Some(link),
            None => interface(node, nodes, &settings, live),
        };
        let state = match link {
            None => LinkState::Absent,
            Some(_) if foreign.is_some() => LinkState::Foreign,
            Some(link) if link.master.as_deref() != Some(BRIDGE) => LinkState::Apart,
            Some(link) if !link.carrier => LinkState::Down,
            Some(_) if heard.iter().any(|one| one.answers) => LinkState::Reachable,
            Some(_) => LinkState::Up,
        };
        let address = match settings.mode {
            NetworkMode::Nat => settings.address(node.id).map(IpAddr::from),
            NetworkMode::Bridge => heard.first().map(|one| one.address),
        };
        let interface = link.map(|link| link.name.clone());
        NodeLink { node: node.label(), state, interface, address }
    };
    let links: Vec<_> = nodes.iter().map(node_link).collect();
    let mut found = findings(&settings, survey);
    found.extend(nodes.iter().filter_map(|node| misplaced(node, &settings, live)));
    found.extend(links.iter().filter_map(|link| no_carrier(link, live)));
    Ok(Some(BridgeStatus {
        bridge: bridge.is_some(),
        addresses: bridge.iter().flat_map(|b| b.addresses.iter().map(|(a, _)| *a)).collect(),
        nodes: links,
        findings: found,
        settings,
    }))
}

/// The controller's interface to a node: by the name that udev gives it, or by its MAC address. One that is
/// plugged in at another node's USB path is not that node's.
fn interface<'a>(
    node: &NetworkNode,
    nodes: &[NetworkNode],
    settings: &NetworkSettings,
    live: &'a Live,
) -> Option<&'a Link> {
    let mac = Mac::new(settings.cluster.as_ref(), End::Host, node.id).to_string();
    let names = node.id.interfaces();
    let is_elsewhere = |link: &Link| {
        let path = live.gadgets.get(&link.name).map(|gadget| &gadget.path);
        nodes
            .iter()
            .any(|other| other.id != node.id && path.is_some() && other.usb_path.as_ref() == path)
    };
    let mut links = live.links.iter();
    links.find(|link| (names.contains(&link.name) || link.mac == mac) && !is_elsewhere(link))
}

/// An interface at a node's USB path that calls itself another node.
fn foreign<'a>(
    node: &NetworkNode,
    settings: &NetworkSettings,
    live: &'a Live,
) -> Option<(&'a Link, NodeId)> {
    let place = node.usb_path.as_ref()?;
    live.links.iter().find_map(|link| {
        let gadget = live.gadgets.get(&link.name).filter(|gadget| gadget.path == *place)?;
        Some((link, gadget::another(node.id, link, gadget, settings)?))
    })
}

fn misplaced(node: &NetworkNode, settings: &NetworkSettings, live: &Live) -> Option<Finding> {
    let (link, claimed) = foreign(node, settings, live)?;
    let (label, place) = (node.label(), node.usb_path.as_deref().unwrap_or_default());
    Some(Finding::warning(
        "wrong-place",
        format!(
            "the node in position {label} (USB {place}, {}) identifies itself as {}",
            link.name,
            claimed.label()
        ),
        Fix::OwnCard(node.id),
    ))
}

/// A node that is still booting looks the same. A gadget announces once that its end is up, and a driver that
/// misses that is not told again. NetworkManager makes an interface a port of the bridge only once it has a carrier.
fn no_carrier(link: &NodeLink, live: &Live) -> Option<Finding> {
    let waits = matches!(link.state, LinkState::Down | LinkState::Apart);
    let interface = link.interface.as_ref().filter(|_| waits)?;
    let has_carrier = |found: &Link| found.name == *interface && found.carrier;
    if live.links.iter().any(has_carrier) {
        return None;
    }
    let rebind = live.gadgets.get(interface)?.rebind()?;
    let node = &link.node;
    let what = format!(
        "{interface} has no carrier: {node} has not brought up its end yet, or {interface}'s driver \
         missed that it did; if {node} has been up for a minute, restart the driver"
    );
    Some(Finding { is_doubtful: true, ..Finding::warning("no-carrier", what, Fix::Text(rebind)) })
}
