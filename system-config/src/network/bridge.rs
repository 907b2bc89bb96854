//! Having the network manager bring the bridge up.
//!
//! `nmcli connection up` and `systemd-networkd-wait-online` return when the link is up or the time is
//! over.

use super::call::run;
use super::{BRIDGE, NetworkError, NetworkSettings, ip, masquerade, networkmanager};
use crate::{Manager, Tools};

/// A DHCP server may take its time, and so may a switch with STP.
const LIMIT_S: &str = "60";

/// How often NetworkManager is asked anew for rules that it did not wait for.
const MASQUERADE_TRIES: u32 = 4;

const WAIT_ONLINE: &str = "/usr/lib/systemd/systemd-networkd-wait-online";

/// Brings up what the manager's files say.
pub(super) fn bridge_up(settings: &NetworkSettings, tools: &dyn Tools) -> Result<(), NetworkError> {
    match settings.manager {
        Manager::NetworkManager => {
            run(tools, "nmcli", &["connection", "reload"])?;
            // The port brings its bridge up; asking for that too would start it anew.
            let first = if settings.uplink.is_some() { networkmanager::UPLINK } else { BRIDGE };
            up(tools, &[first])?;
            // Its modules are there now, but a busy machine may need longer still: see the head of
            // `networkmanager.rs`.
            for _ in 0..MASQUERADE_TRIES {
                if settings.subnet.is_none() || !lacks_masquerade(tools) {
                    break;
                }
                up(tools, &[first])?;
            }
            // Nodes that are there already have another profile.
            for link in ip::links(tools)?.iter().filter(|link| link.is_node()) {
                up(tools, &[networkmanager::NODES, "ifname", &link.name])?;
                if settings.isolate {
                    // The dispatcher, which does so later on, may take its time.
                    run(tools, "bridge", &["link", "set", "dev", &link.name, "isolated", "on"])?;
                }
            }
            Ok(())
        }
        Manager::Networkd => {
            run(tools, "networkctl", &["reload"])?;
            // Behind NAT the bridge is up with no node at all.
            let least = if settings.uplink.is_some() { "routable" } else { "no-carrier" };
            wait_online(tools, &format!("{BRIDGE}:{least}"))
        }
    }
}

/// Has the manager make its rules for masquerading anew. networkd takes an address that it has configured for
/// masqueraded, also when it is asked to configure the link again; what it has, a restart does not take away
/// (systemd-networkd.service(8)). NetworkManager starts the bridge anew: it is waited for, and each port with it.
pub(super) fn masquerade_anew(
    settings: &NetworkSettings,
    tools: &dyn Tools,
) -> Result<(), NetworkError> {
    match settings.manager {
        Manager::NetworkManager => bridge_up(settings, tools),
        Manager::Networkd => run(tools, "systemctl", &["restart", settings.manager.unit()]),
    }
}

fn lacks_masquerade(tools: &dyn Tools) -> bool {
    let tables = tools.run("nft", &["list", "tables"]).ok().filter(|printed| printed.success);
    tables.is_some_and(|printed| !masquerade::is_in(&printed.stdout, Manager::NetworkManager))
}

pub(super) fn up(tools: &dyn Tools, words: &[&str]) -> Result<(), NetworkError> {
    run(tools, "nmcli", &[&["--wait", LIMIT_S, "connection", "up"], words].concat())
}

pub(super) fn wait_online(tools: &dyn Tools, what: &str) -> Result<(), NetworkError> {
    let interface = format!("--interface={what}");
    run(tools, WAIT_ONLINE, &[&*interface, "--ipv4", &format!("--timeout={LIMIT_S}")])
}
