//! Who configures `usb0`, and with which files.

use node_link::{NodeId, Subnet};

use super::{CardError, networkd, networkmanager};
use crate::Manager;
use crate::changes::{Snapshot, SysPath};

/// The gadget's Ethernet on the node: the first usb%d of the kernel's u_ether.
pub(super) const INTERFACE: &str = "usb0";

/// The node's address on the controller's network, with the prefix.
pub(super) fn address(id: NodeId, subnet: Subnet) -> String {
    subnet.with_prefix(subnet.node(id))
}

/// A file to write, with its mode.
pub(super) struct Profile {
    pub(super) sys_path: SysPath,
    pub(super) text: String,
    pub(super) mode: u32,
}

/// The files for the manager that the card uses.
pub(super) fn profiles(
    card: &Snapshot,
    id: NodeId,
    subnet: Subnet,
) -> Result<Vec<Profile>, CardError> {
    match Manager::find(card) {
        Some(Manager::NetworkManager) => Ok(networkmanager::profiles(id, subnet)),
        Some(Manager::Networkd) => Ok(networkd::profiles(id, subnet)),
        None => {
            let root = card.sysroot().root();
            let found = Manager::instead(card.sysroot());
            Err(CardError::NoNetworkManager { root: root.to_owned(), found })
        }
    }
}
