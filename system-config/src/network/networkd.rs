//! systemd-networkd: a bridge with a DHCP server and masquerading, or with the uplink as a port.
//!
//! After systemd.netdev(5) and systemd.network(5). Of the files that match an interface the first by
//! name counts, hence the numbers of ours.

use std::fmt::Write as _;

use node_link::names::INTERFACES;

use super::error::NetworkError;
use super::manager_files::{ConfigFile, Uplink};
use super::{BRIDGE, NetworkNode, NetworkRequest};
use crate::changes::SysPath;

/// Its files lie here.
pub(super) const FOLDER: &str = "etc/systemd/network";

/// The file that makes the uplink a port; has to sort before the one that it replaces.
pub(super) const UPLINK_FILE: &str = "00-clusterhat-uplink.network";

/// The other files.
const BRIDGE_NETDEV: &str = "00-clusterhat-bridge.netdev";
const BRIDGE_FILE: &str = "00-clusterhat-bridge.network";
const NODES_FILE: &str = "00-clusterhat-nodes.network";

const HEAD: &str = "# Written by `clusterhat network setup`.\n";

/// Every file that a plan may write.
pub(super) fn files() -> [SysPath; 4] {
    [BRIDGE_NETDEV, BRIDGE_FILE, NODES_FILE, UPLINK_FILE]
        .map(|name| SysPath::root(FOLDER).below(name))
}

pub(super) fn nat(request: &NetworkRequest, nodes: &[NetworkNode]) -> Vec<ConfigFile> {
    let (subnet, cluster) = (request.subnet, request.cluster.as_ref());
    let address = subnet.with_prefix(subnet.controller());
    let mut text = format!(
        "{HEAD}[Match]\nName={BRIDGE}\n\n\
         # Up without any node.\n\
         [Link]\nRequiredForOnline=no\n\n\
         [Network]\nAddress={address}\nConfigureWithoutCarrier=yes\nDHCPServer=yes\n\
         IPMasquerade=both\n\
         # A prefix of the uplink's network, where that delegates one.\n\
         IPv6SendRA=yes\nDHCPPrefixDelegation=yes\n"
    );
    for node in nodes {
        let (mac, address) = (node.mac(cluster), subnet.node(node.id));
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n# {}\n[DHCPServerStaticLease]\nMACAddress={mac}\nAddress={address}\n",
            node.names().join(" ")
        );
    }
    vec![netdev(None), ports(request.isolate), file(BRIDGE_FILE, text)]
}

/// The bridge takes over the uplink's addresses, and its MAC address, by which a DHCP server knows it.
pub(super) fn bridged(uplink: &Uplink, isolate: bool) -> Result<Vec<ConfigFile>, NetworkError> {
    let mut addresses = match &uplink.file {
        Some((_, text)) => addresses(uplink, text)?,
        None => "\n[Network]\nDHCP=yes\n".to_owned(),
    };
    if let Some(iaid) = uplink.iaid.filter(|_| !addresses.contains("\nIAID=")) {
        // It would come from the interface's name, and with another the server gives another address.
        let _ = write!(addresses, "\n[DHCPv4]\nIAID={iaid}\n");
    }
    let port = format!(
        "{HEAD}[Match]\nName={}\n\n[Network]\nBridge={BRIDGE}\nLinkLocalAddressing=no\n",
        uplink.name
    );
    Ok(vec![
        netdev(uplink.mac.as_deref()),
        ports(isolate),
        file(BRIDGE_FILE, format!("{HEAD}[Match]\nName={BRIDGE}\n{addresses}")),
        file(UPLINK_FILE, port),
    ])
}

fn file(name: &str, text: String) -> ConfigFile {
    ConfigFile::public(&format!("{FOLDER}/{name}"), text)
}

fn netdev(mac: Option<&str>) -> ConfigFile {
    let mac = mac.map(|mac| format!("MACAddress={mac}\n")).unwrap_or_default();
    let text = format!(
        "{HEAD}[NetDev]\nName={BRIDGE}\nKind=bridge\n{mac}\n\
         # No loop can arise, and a port that listens first costs a node its first 30 s.\n\
         [Bridge]\nSTP=no\n"
    );
    file(BRIDGE_NETDEV, text)
}

/// Of two isolated ports none gets what comes in by the other; the uplink is none (bridge(8)).
fn ports(isolate: bool) -> ConfigFile {
    let links = INTERFACES.map(|prefix| format!("{prefix}*")).join(" ");
    let isolated = if isolate { "\n[Bridge]\nIsolated=yes\n" } else { "" };
    let text = format!(
        "{HEAD}[Match]\nName={links}\n\n[Link]\nRequiredForOnline=no\n\n\
         [Network]\nBridge={BRIDGE}\nLinkLocalAddressing=no\n{isolated}"
    );
    file(NODES_FILE, text)
}

/// The sections of the uplink's file that move to the bridge.
fn addresses(uplink: &Uplink, text: &str) -> Result<String, NetworkError> {
    const OTHERS: [&str; 4] = ["Bridge", "Bond", "VRF", "BatmanAdvanced"];
    let mut kept = String::new();
    let mut keep = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            keep = !matches!(section, "Match" | "Link");
        }
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        if keep && OTHERS.contains(&key) {
            return Err(uplink.refuse(&format!("the setting {key}=")));
        }
        if keep && !line.is_empty() {
            let space = if line.starts_with('[') { "\n" } else { "" };
            let _ = writeln!(kept, "{space}{line}");
        }
    }
    Ok(kept)
}
