//! By which USB IDs the controller recognises a node.

use core::fmt;

/// A USB device's vendor and product ID, shown as `3171:0021`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsbId {
    /// `idVendor`.
    pub vendor: u16,
    /// `idProduct`.
    pub product: u16,
}

impl UsbId {
    /// 8086 Consultancy's vendor ID, which boards, their hubs and nodes' gadgets have.
    pub const VENDOR: u16 = 0x3171;

    /// A node's gadget with RNDIS, however it booted.
    pub const RNDIS: Self = Self::of_vendor(0x0020);
    /// The gadget of a node that booted from its card (clusterhat-image, `composite-clusterctrl`).
    pub const CARD: Self = Self::of_vendor(0x0021);
    /// The gadget of a node that booted over USB (clusterhat-image, initramfs script `00_clusterctrl`).
    pub const USBBOOT: Self = Self::of_vendor(0x0022);
    /// Every gadget of a node.
    pub const GADGETS: [Self; 3] = [Self::RNDIS, Self::CARD, Self::USBBOOT];

    /// The boot ROM of a Zero or Zero W (BCM2835) that waits for boot files (raspberrypi/usbboot, `main.c`).
    pub const BOOT_ROM_ZERO: Self = Self { vendor: 0x0a5c, product: 0x2763 };
    /// The boot ROM of a Zero 2 W (BCM2837).
    pub const BOOT_ROM_ZERO_2: Self = Self { vendor: 0x0a5c, product: 0x2764 };
    /// Every boot ROM of a node.
    pub const BOOT_ROMS: [Self; 2] = [Self::BOOT_ROM_ZERO, Self::BOOT_ROM_ZERO_2];

    const fn of_vendor(product: u16) -> Self {
        Self { vendor: Self::VENDOR, product }
    }
}

impl fmt::Display for UsbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    /// The vendor's and usbboot's numbers, written down again.
    #[test]
    fn the_ids_are_the_vendor_s() {
        assert_eq!(
            UsbId::GADGETS.map(|id| id.to_string()),
            ["3171:0020", "3171:0021", "3171:0022"]
        );
        assert_eq!(UsbId::BOOT_ROMS.map(|id| id.to_string()), ["0a5c:2763", "0a5c:2764"]);
    }
}
