//! Who configures `usb0`, and with which files.

use super::{Error, networkd, networkmanager};
use crate::changes::{Snapshot, Spot};
use crate::{Manager, NodeId};

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
    match Manager::find(card) {
        Some(Manager::NetworkManager) => Ok(networkmanager::profiles(id)),
        Some(Manager::Networkd) => Ok(networkd::profiles(id)),
        None => {
            let root = card.places().root();
            let found = Manager::instead(card.places());
            Err(Error::NoNetworkManager { root: root.to_owned(), found })
        }
    }
}
