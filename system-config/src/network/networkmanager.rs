//! NetworkManager: a bridge with the method "shared", or with the uplink as a port.
//!
//! After nm-settings-nmcli(5) and nm-settings-keyfile(5):
//! - `method=shared` gives leases and names by a dnsmasq of NetworkManager's own, forwards and
//!   masquerades; that dnsmasq reads `/etc/NetworkManager/dnsmasq-shared.d`, after its own words, of which
//!   `dhcp-lease-max=50` leaves all further nodes without an address and `no-hosts` without names;
//! - one profile serves all ports (`multi-connect=3`), whichever come and go;
//! - it gives nft(8) one second to make its rules, and goes on without them after that: a machine that
//!   is busy with its boot needs longer if nft has to wait for kernel modules too;
//! - `master` and `slave-type` are understood by every version; their new names are not by bookworm's.

use std::fmt::Write as _;

use node_link::names::INTERFACES;
use node_link::{ClusterName, Subnet};

use super::error::NetworkError;
use super::manager_files::{ConfigFile, Uplink};
use super::{BRIDGE, NetworkNode};
use crate::changes::SysPath;

const PROFILES: &str = "etc/NetworkManager/system-connections";
const LEASES: &str = "etc/NetworkManager/dnsmasq-shared.d/clusterhat.conf";

const ISOLATION: &str = "etc/NetworkManager/dispatcher.d/50-clusterhat-isolate";

/// What nft needs for the rules of the method "shared"; modules-load.d(5).
const MODULES: &str = "etc/modules-load.d/clusterhat-network.conf";
const NFT_MODULES: [&str; 5] = ["nf_tables", "nf_conntrack", "nft_chain_nat", "nft_masq", "nft_ct"];

/// The profiles' names.
pub(super) const NODES: &str = "clusterhat-nodes";
pub(super) const UPLINK: &str = "clusterhat-uplink";

const BRIDGE_UUID: &str = "8a4f1c52-6f0e-4f6b-9d43-5f7d1f1f2b11";
const NODES_UUID: &str = "8a4f1c52-6f0e-4f6b-9d43-5f7d1f1f2b12";
const UPLINK_UUID: &str = "8a4f1c52-6f0e-4f6b-9d43-5f7d1f1f2b13";

/// Above every profile that somebody made for any Ethernet device.
const PRIORITY: u32 = 100;

/// Of dnsmasq itself where nobody gives another.
const MOST_LEASES: u32 = 1000;

pub(super) fn nat(
    subnet: Subnet,
    nodes: &[NetworkNode],
    cluster: Option<&ClusterName>,
    controller: Option<&str>,
) -> Vec<ConfigFile> {
    let address = subnet.with_prefix(subnet.controller());
    let addresses = format!(
        "[ipv4]\nmethod=shared\naddress1={address}\n\n\
         # A prefix of the uplink's network, where that delegates one.\n\
         [ipv6]\nmethod=shared\nmay-fail=true\n"
    );
    vec![
        ConfigFile::public(LEASES, leases(subnet, nodes, cluster, controller)),
        ConfigFile::public(MODULES, modules()),
        profile(NODES, &nodes_profile()),
        profile(BRIDGE, &bridge("", &addresses)),
    ]
}

/// The bridge takes over the uplink's addresses, and its MAC address, by which a DHCP server knows it.
pub(super) fn bridged(uplink: &Uplink) -> Result<Vec<ConfigFile>, NetworkError> {
    let addresses = match &uplink.file {
        Some((_, text)) => addresses(uplink, text)?,
        None => "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n".to_owned(),
    };
    let mac = match &uplink.mac {
        Some(mac) => format!("[ethernet]\ncloned-mac-address={mac}\n\n"),
        None => String::new(),
    };
    let port = format!(
        "[connection]\nid={UPLINK}\nuuid={UPLINK_UUID}\ntype=ethernet\n\
         interface-name={}\nautoconnect-priority={PRIORITY}\nmaster={BRIDGE}\nslave-type=bridge\n",
        uplink.name
    );
    Ok(vec![
        profile(NODES, &nodes_profile()),
        profile(BRIDGE, &bridge(&mac, &addresses)),
        profile(UPLINK, &port),
    ])
}

fn profile(name: &str, text: &str) -> ConfigFile {
    let text = format!("# Written by `clusterhat network setup`.\n{text}");
    // NetworkManager ignores keyfiles that others can read.
    ConfigFile { sys_path: profile_file(name), text, mode: 0o600 }
}

fn profile_file(name: &str) -> SysPath {
    SysPath::root(PROFILES).below(format!("{name}.nmconnection"))
}

/// Every file that a plan may write.
pub(super) fn files() -> impl Iterator<Item = SysPath> {
    let profiles = [BRIDGE, NODES, UPLINK].map(profile_file);
    [LEASES, MODULES, ISOLATION].map(SysPath::root).into_iter().chain(profiles)
}

fn bridge(mac: &str, addresses: &str) -> String {
    format!(
        "[connection]\nid={BRIDGE}\nuuid={BRIDGE_UUID}\ntype=bridge\ninterface-name={BRIDGE}\n\
         autoconnect-priority={PRIORITY}\nautoconnect-slaves=1\n\n{mac}\
         # No loop can arise, and a port that listens first costs a node its first 30 s.\n\
         [bridge]\nstp=false\n\n{addresses}"
    )
}

fn nodes_profile() -> String {
    let links = INTERFACES.map(|prefix| format!("{prefix}*;")).concat();
    format!(
        "[connection]\nid={NODES}\nuuid={NODES_UUID}\ntype=ethernet\n\
         autoconnect-priority={PRIORITY}\nmulti-connect=3\nmaster={BRIDGE}\nslave-type=bridge\n\n\
         [match]\ninterface-name={links}\n"
    )
}

/// A profile has no word for an isolated port, so the dispatcher isolates one as soon as it is up
/// (NetworkManager-dispatcher(8)): for a moment it is not.
pub(super) fn isolation() -> ConfigFile {
    let links = INTERFACES.map(|prefix| format!("{prefix}*:up")).join(" | ");
    let text = format!(
        "#!/bin/sh\n# Written by `clusterhat network setup`: nodes are kept from each other.\n\
         case $1:$2 in {links}) echo 1 >\"/sys/class/net/$1/brport/isolated\" ;; esac\n"
    );
    ConfigFile { sys_path: SysPath::root(ISOLATION), text, mode: 0o755 }
}

fn modules() -> String {
    let reason = "# Loaded before NetworkManager starts, which does not wait for them.";
    let names = NFT_MODULES.join("\n");
    format!("# Written by `clusterhat network setup`.\n{reason}\n{names}\n")
}

/// dnsmasq(8): `dhcp-host` ties a MAC address to an IP address, `host-record` a name; what is asked about a
/// `local` name beyond that, its IPv6 address say, is not asked of any server outside.
fn leases(
    subnet: Subnet,
    nodes: &[NetworkNode],
    cluster: Option<&ClusterName>,
    controller: Option<&str>,
) -> String {
    let mut text = format!(
        "# Written by `clusterhat network setup`.\n\
         # NetworkManager's own limit is 50.\ndhcp-lease-max={MOST_LEASES}\n"
    );
    let mut record = |names: &[String], address| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "host-record={},{address}", names.join(","));
        let _ = writeln!(text, "local=/{}/", names.join("/"));
    };
    let is_node = |name: &str| nodes.iter().any(|node| node.names().iter().any(|one| one == name));
    if let Some(name) = controller.filter(|name| !is_node(name)) {
        record(&[name.to_owned()], subnet.controller());
    }
    for node in nodes {
        record(&node.names(), subnet.node(node.id));
    }
    for node in nodes {
        let (mac, address) = (node.mac(cluster), subnet.node(node.id));
        let _ = writeln!(text, "dhcp-host={mac},{address},{}", node.label());
    }
    text
}

/// The sections of the uplink's profile that move to the bridge.
fn addresses(uplink: &Uplink, text: &str) -> Result<String, NetworkError> {
    const OTHERS: [&str; 5] = ["802-1x", "wifi", "vlan", "pppoe", "bond"];
    let mut kept = String::new();
    let mut keep = false;
    for line in text.lines() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            if OTHERS.contains(&section) {
                return Err(uplink.refuse(&format!("a section [{section}]")));
            }
            keep = matches!(section, "ipv4" | "ipv6");
            if keep && !kept.is_empty() {
                kept.push('\n');
            }
        }
        if line.trim().starts_with("slave-type=") || line.trim().starts_with("port-type=") {
            return Err(uplink.refuse("a master interface"));
        }
        if keep && !line.trim().is_empty() {
            let _ = writeln!(kept, "{line}");
        }
    }
    Ok(kept)
}
