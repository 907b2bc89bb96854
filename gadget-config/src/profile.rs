//! What a node shows of itself on the USB. Nothing here touches a kernel.

use node_link::{ClusterName, End, Mac, NodeId, UsbId};

use crate::{BootMethod, Ethernet};

/// Maker and product as the controller's udev shows them.
const MANUFACTURER: &str = "8086 Consultancy";

/// A node's gadget. The values are the vendor's (clusterhat-image, `composite-clusterctrl` and the
/// initramfs script `00_clusterctrl`), so that nodes of both kinds mix in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The node's number: serial number and MAC addresses follow from it.
    pub id: NodeId,
    /// Where the node got its system from.
    pub boot: BootMethod,
    /// The function that carries Ethernet.
    pub ethernet: Ethernet,
    /// Whether there is a second serial port beside the console.
    pub admin_console: bool,
    /// The cluster whose own MAC addresses replace the vendor's. The vendor's depend on the ID alone:
    /// two controllers on one network would have some twice.
    pub cluster: Option<ClusterName>,
}

/// The answer to Windows, which else takes no driver of its own for NCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MicrosoftOs {
    /// The request by which Windows asks on.
    pub vendor_code: u8,
    /// What tells Windows that there is an answer.
    pub signature: &'static str,
    /// The driver that Windows shall take.
    pub compatible_id: &'static str,
}

impl Profile {
    /// Device class EF, subclass 02, protocol 01: several functions, each named by an interface
    /// association descriptor.
    pub const CLASS: [u8; 3] = [0xef, 0x02, 0x01];
    /// USB 2.0, in BCD.
    pub const USB_VERSION: u16 = 0x0200;
    /// The device's own version 1.00, in BCD.
    pub const DEVICE_VERSION: u16 = 0x0100;
    /// What the node says it takes from the bus.
    pub const MAX_POWER_MA: u16 = 250;

    /// A node as the vendor's images set it up.
    #[must_use]
    pub const fn new(id: NodeId, boot: BootMethod) -> Self {
        let ethernet = match boot {
            BootMethod::Card => Ethernet::Ncm,
            BootMethod::Usbboot => Ethernet::Ecm,
        };
        Self { id, boot, ethernet, admin_console: true, cluster: None }
    }

    /// Vendor and product ID. RNDIS has a product ID of its own, whatever the boot method.
    #[must_use]
    pub const fn usb_id(&self) -> UsbId {
        match (self.ethernet, self.boot) {
            (Ethernet::Rndis, _) => UsbId::RNDIS,
            (_, BootMethod::Card) => UsbId::CARD,
            (_, BootMethod::Usbboot) => UsbId::USBBOOT,
        }
    }

    /// The manufacturer string.
    #[must_use]
    pub const fn manufacturer(&self) -> &'static str {
        MANUFACTURER
    }

    /// The product string.
    #[must_use]
    pub const fn product(&self) -> &'static str {
        match self.boot {
            BootMethod::Card => "ClusterCTRL",
            BootMethod::Usbboot => "ClusterCTRL-usbboot",
        }
    }

    /// The serial number: the ID in decimal. The controller's udev rules name its devices after it.
    #[must_use]
    pub fn serial(&self) -> String {
        self.id.to_string()
    }

    /// The MAC address of an end of the link.
    #[must_use]
    pub fn mac(&self, end: End) -> Mac {
        Mac::new(self.cluster.as_ref(), end, self.id)
    }

    /// The descriptors for Windows: for NCM alone, as in the vendor's images.
    #[must_use]
    pub const fn microsoft_os(&self) -> Option<MicrosoftOs> {
        match self.ethernet {
            Ethernet::Ncm => Some(MicrosoftOs {
                vendor_code: 0xbc,
                signature: "MSFT100",
                compatible_id: "WINNCM",
            }),
            Ethernet::Ecm | Ethernet::Rndis => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(number: u8, boot: BootMethod) -> Profile {
        Profile::new(NodeId::try_from(number).unwrap(), boot)
    }

    /// The vendor's numbers, written down again.
    #[test]
    fn a_node_with_a_card_is_the_vendor_s() {
        let node = profile(3, BootMethod::Card);
        assert_eq!(node.usb_id(), UsbId { vendor: 0x3171, product: 0x0021 });
        assert_eq!(node.ethernet, Ethernet::Ncm);
        assert!(node.admin_console);
        assert_eq!(node.manufacturer(), "8086 Consultancy");
        assert_eq!(node.product(), "ClusterCTRL");
        assert_eq!(node.serial(), "3");
        assert_eq!(node.mac(End::Host).0, [0x00, 0x22, 0x82, 0xff, 0xfe, 0x03]);
        assert_eq!(node.mac(End::Node).0, [0x00, 0x22, 0x82, 0xff, 0xff, 0x03]);
        let windows = node.microsoft_os().unwrap();
        assert_eq!((windows.vendor_code, windows.signature), (0xbc, "MSFT100"));
        assert_eq!(windows.compatible_id, "WINNCM");
        assert_eq!(Profile::CLASS, [0xef, 0x02, 0x01]);
        assert_eq!((Profile::USB_VERSION, Profile::DEVICE_VERSION), (0x0200, 0x0100));
        assert_eq!(Profile::MAX_POWER_MA, 250);
    }

    #[test]
    fn a_usbboot_node_has_ecm_and_ids_of_its_own() {
        let node = profile(252, BootMethod::Usbboot);
        assert_eq!(node.usb_id().product, 0x0022);
        assert_eq!(node.ethernet, Ethernet::Ecm);
        assert_eq!(node.product(), "ClusterCTRL-usbboot");
        assert_eq!(node.serial(), "252");
        assert_eq!(node.mac(End::Host).0, [0x00, 0x22, 0x82, 0xff, 0xfe, 0xfc]);
        assert_eq!(node.microsoft_os(), None);
    }

    #[test]
    fn rndis_is_0020_whatever_the_boot_method() {
        for boot in BootMethod::ALL {
            let node = Profile { ethernet: Ethernet::Rndis, ..profile(1, boot) };
            assert_eq!(node.usb_id().product, 0x0020);
            assert_eq!(node.microsoft_os(), None);
        }
    }

    #[test]
    fn a_cluster_changes_the_addresses_and_nothing_else() {
        let vendor = profile(7, BootMethod::Card);
        let own = Profile { cluster: Some("rack-1".parse().unwrap()), ..vendor.clone() };
        assert_eq!(own.serial(), vendor.serial());
        assert_eq!(own.usb_id(), vendor.usb_id());
        for end in [End::Host, End::Node] {
            assert_ne!(own.mac(end), vendor.mac(end));
        }
    }
}
