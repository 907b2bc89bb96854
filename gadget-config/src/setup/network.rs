//! Who configures `usb0`, and with which files.

use std::path::Path;

use super::{Error, networkd, networkmanager, units};
use crate::NodeId;
use crate::changes::{Snapshot, Spot};

/// The gadget's Ethernet on the node: the first usb%d of the kernel's u_ether.
pub(super) const INTERFACE: &str = "usb0";

/// The controller on the vendor's networks.
pub(super) const CONTROLLER: &str = "172.19.181.254";

/// The node on them, with the prefix.
pub(super) fn address(id: NodeId) -> String {
    format!("172.19.181.{id}/24")
}

/// A file to write, with its mode.
pub(super) struct Profile {
    pub(super) spot: Spot,
    pub(super) text: String,
    pub(super) mode: u32,
}

/// The files for the manager that the card uses.
pub(super) fn profiles(card: &Snapshot, id: NodeId) -> Result<Vec<Profile>, Error> {
    let nm_installed = networkmanager::MARKS.iter().any(|mark| card.has(&Spot::root(*mark)));
    let nm_unit = "NetworkManager.service";
    let nm_usable = nm_installed && units::is_usable(card, nm_unit);
    let nm_enabled = units::enabling_link(card, nm_unit).is_some();
    let networkd_enabled = units::is_usable(card, networkd::UNIT)
        && units::enabling_link(card, networkd::UNIT).is_some();
    if nm_usable && (nm_enabled || !networkd_enabled) {
        Ok(networkmanager::profiles(id))
    } else if networkd_enabled {
        Ok(networkd::profiles(id))
    } else {
        Err(none(card))
    }
}

fn none(card: &Snapshot) -> Error {
    let known = [
        ("usr/sbin/NetworkManager", "NetworkManager is masked"),
        ("etc/dhcpcd.conf", "dhcpcd is there"),
        ("usr/sbin/ifup", "ifupdown is there"),
        ("usr/lib/systemd/systemd-networkd", "systemd-networkd is there but not enabled"),
    ];
    let there = |path: &str| card.places().root().join(Path::new(path)).exists();
    let found: Vec<_> =
        known.iter().filter(|(path, _)| there(path)).map(|(_, what)| *what).collect();
    let found = if found.is_empty() { "none is there".to_owned() } else { found.join(", ") };
    Error::NoNetworkManager { root: card.places().root().to_owned(), found }
}
