//! The managers' rules for masquerading, without which a NAT leads nowhere. NetworkManager does not wait for nft to
//! make them (see the head of `networkmanager.rs`), and whoever flushes the whole ruleset takes them away, as Debian's
//! nftables.service does when it stops, and its configuration when it is loaded.

use super::survey::Live;
use super::{BRIDGE, NetworkMode, NetworkSettings};
use crate::Manager;

/// Whether the bridge is up without them. Where iptables makes them, nft is not there to be asked.
pub(super) fn is_missing(settings: &NetworkSettings, live: &Live) -> bool {
    let bridge = live.links.iter().any(|link| link.name == BRIDGE && !link.addresses.is_empty());
    let lacks = |tables: &str| !is_in(tables, settings.manager);
    settings.mode == NetworkMode::Nat && bridge && live.tables.as_deref().is_some_and(lacks)
}

/// Whether a manager has its own among these tables of nft.
pub(super) fn is_in(tables: &str, manager: Manager) -> bool {
    let own = match manager {
        Manager::NetworkManager => format!("nm-shared-{BRIDGE}"),
        Manager::Networkd => "table ip io.systemd.nat".to_owned(),
    };
    tables.contains(&own)
}
