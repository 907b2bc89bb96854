//! Links, routes and neighbours, as `ip -json` of iproute2 tells them.

use std::net::{IpAddr, Ipv4Addr};

use node_link::names::INTERFACES;
use serde::Deserialize;

use super::NetworkError;
use crate::Tools;

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its MAC address.
    pub mac: String,
    /// Whether it has a carrier.
    pub carrier: bool,
    /// The bridge that it is a port of.
    pub master: Option<String>,
    /// What kind of virtual device it is, if it is one: bridge, veth ...
    pub kind: Option<String>,
    /// Whether it is a port that gets nothing from others of that kind.
    pub isolated: bool,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
}

impl Link {
    /// Whether it is a node's, by its name.
    pub(super) fn is_node(&self) -> bool {
        INTERFACES.iter().any(|prefix| self.name.starts_with(prefix))
    }
}

/// A route to a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// Where to; none = the default route.
    pub network: Option<(Ipv4Addr, u8)>,
    /// Through which interface.
    pub link: String,
    /// Lower ones win.
    pub metric: u32,
}

/// Somebody on a link of whom the kernel has heard.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Neighbour {
    /// The address.
    pub address: IpAddr,
    /// The MAC address.
    pub mac: String,
    /// Whether it answered lately (RFC 4861, 7.3.2: the states in which it is held reachable).
    pub answers: bool,
}

#[derive(Deserialize)]
struct LinkRecord {
    #[serde(default)]
    ifindex: u32,
    ifname: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    flags: Vec<String>,
    master: Option<String>,
    linkinfo: Option<LinkInfo>,
    #[serde(default)]
    addr_info: Vec<AddressRecord>,
}

#[derive(Deserialize)]
struct LinkInfo {
    info_kind: Option<String>,
    info_slave_data: Option<PortInfo>,
}

#[derive(Deserialize)]
struct PortInfo {
    #[serde(default)]
    isolated: bool,
}

#[derive(Deserialize)]
struct AddressRecord {
    local: Option<IpAddr>,
    prefixlen: Option<u8>,
}

#[derive(Deserialize)]
struct RouteRecord {
    dst: String,
    dev: Option<String>,
    #[serde(default)]
    metric: u32,
}

#[derive(Deserialize)]
struct NeighbourRecord {
    dst: IpAddr,
    lladdr: Option<String>,
    #[serde(default)]
    state: Vec<String>,
}

/// All interfaces.
pub(super) fn links(tools: &dyn Tools) -> Result<Vec<Link>, NetworkError> {
    let records: Vec<LinkRecord> = ask(tools, &["-details", "-json", "address", "show"])?;
    Ok(records.into_iter().map(Link::from).collect())
}

/// The routes of IPv4's main table.
pub(super) fn routes(tools: &dyn Tools) -> Result<Vec<Route>, NetworkError> {
    let records: Vec<RouteRecord> = ask(tools, &["-json", "-4", "route", "show"])?;
    Ok(records.into_iter().filter_map(RouteRecord::route).collect())
}

/// Who was heard of on an interface.
pub(super) fn neighbours(tools: &dyn Tools, link: &str) -> Result<Vec<Neighbour>, NetworkError> {
    let records: Vec<NeighbourRecord> = ask(tools, &["-json", "neighbour", "show", "dev", link])?;
    Ok(records.into_iter().filter_map(NeighbourRecord::neighbour).collect())
}

fn ask<T: for<'a> Deserialize<'a>>(
    tools: &dyn Tools,
    words: &[&str],
) -> Result<Vec<T>, NetworkError> {
    let call = || format!("ip {}", words.join(" "));
    let printed =
        tools.run("ip", words).map_err(|source| NetworkError::NoTool { call: call(), source })?;
    if !printed.success {
        return Err(NetworkError::ToolFailed {
            call: call(),
            said: printed.stderr.trim().to_owned(),
        });
    }
    // It prints nothing where there is nothing.
    if printed.stdout.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&printed.stdout)
        .map_err(|error| NetworkError::ToolFailed { call: call(), said: error.to_string() })
}

impl From<LinkRecord> for Link {
    fn from(record: LinkRecord) -> Self {
        let address = |found: &AddressRecord| Some((found.local?, found.prefixlen?));
        Self {
            carrier: record.flags.iter().any(|flag| flag == "LOWER_UP"),
            index: record.ifindex,
            name: record.ifname,
            mac: record.address,
            master: record.master,
            isolated: record
                .linkinfo
                .as_ref()
                .and_then(|info| info.info_slave_data.as_ref())
                .is_some_and(|port| port.isolated),
            kind: record.linkinfo.and_then(|info| info.info_kind),
            addresses: record.addr_info.iter().filter_map(address).collect(),
        }
    }
}

impl RouteRecord {
    fn route(self) -> Option<Route> {
        let network = match &*self.dst {
            "default" => None,
            text => {
                let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
                Some((address.parse().ok()?, prefix.parse().ok()?))
            }
        };
        Some(Route { network, link: self.dev?, metric: self.metric })
    }
}

impl NeighbourRecord {
    fn neighbour(self) -> Option<Neighbour> {
        const HELD_REACHABLE: [&str; 4] = ["REACHABLE", "DELAY", "PROBE", "PERMANENT"];
        let answers = self.state.iter().any(|state| HELD_REACHABLE.contains(&&**state));
        Some(Neighbour { address: self.dst, mac: self.lladdr?, answers })
    }
}
