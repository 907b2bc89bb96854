//! The files of a network manager for `usb0`, and what is the same in both managers'.

use node_link::{NodeId, Subnet};

use crate::changes::SysPath;

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
