//! What a node and its devices are called on the controller. udev gives the devices their names
//! (`60-clusterhat-node.rules`).

use alloc::format;
use alloc::string::String;

use crate::NodeId;

/// How the controller's network interfaces to nodes begin: of a node that booted from its card, and of one
/// that booted over USB. The node's ID follows.
pub const INTERFACES: [&str; 2] = ["ethpi", "ethupi"];

/// How a node's serial ports begin in `/dev`. The node's ID follows, and an `a` for the second port.
const SERIAL_PORT: &str = "ttypi";

impl NodeId {
    /// `p3`: the node's name in the nodes' network.
    #[must_use]
    pub fn label(self) -> String {
        format!("p{self}")
    }

    /// `ethpi3` and `ethupi3`: the controller's interface to the node has one of these names.
    #[must_use]
    pub fn interfaces(self) -> [String; 2] {
        INTERFACES.map(|prefix| format!("{prefix}{self}"))
    }

    /// The node of an interface of the controller, by its name.
    #[must_use]
    pub fn of_interface(name: &str) -> Option<Self> {
        INTERFACES.iter().find_map(|prefix| name.strip_prefix(prefix))?.parse().ok()
    }

    /// `/dev/ttypi3`: the controller's end of the node's console.
    #[must_use]
    pub fn console(self) -> String {
        format!("/dev/{SERIAL_PORT}{self}")
    }

    /// `/dev/ttypi3a`: the controller's end of the node's second serial port.
    #[must_use]
    pub fn admin_console(self) -> String {
        format!("/dev/{SERIAL_PORT}{self}a")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_node_s_and_lead_back_to_it() {
        let node = NodeId::MAX;
        assert_eq!(node.label(), "p252");
        assert_eq!(node.interfaces(), ["ethpi252", "ethupi252"]);
        assert_eq!((&*node.console(), &*node.admin_console()), ("/dev/ttypi252", "/dev/ttypi252a"));
        for name in node.interfaces() {
            assert_eq!(NodeId::of_interface(&name), Some(node));
        }
        for name in ["ethpi", "ethpi0", "ethpi253", "ethpi01", "eth1", "ethpi1.10"] {
            assert_eq!(NodeId::of_interface(name), None, "{name}");
        }
    }
}
