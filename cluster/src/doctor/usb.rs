//! The USB devices of the running system, from sysfs (Documentation/ABI/testing/sysfs-bus-usb).

use std::fs;
use std::path::Path;

use node_link::{NodeId, UsbId};

/// A USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsbDevice {
    /// Such as `1-1.2`.
    pub(super) path: String,
    pub(super) id: UsbId,
    pub(super) serial: Option<String>,
    pub(super) interfaces: Vec<Interface>,
}

/// One of its interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    /// `bInterfaceClass`.
    pub(super) class: u8,
    /// The kernel driver that is bound to it.
    pub(super) driver: Option<String>,
}

impl UsbDevice {
    /// Whether it is a node's gadget.
    pub(super) fn is_node(&self) -> bool {
        UsbId::GADGETS.contains(&self.id)
    }

    /// Whether it is the boot ROM of a node.
    pub(super) fn is_boot_rom(&self) -> bool {
        UsbId::BOOT_ROMS.contains(&self.id)
    }

    /// The node that a gadget calls itself.
    pub(super) fn node(&self) -> Option<NodeId> {
        self.serial.as_ref().filter(|_| self.is_node())?.parse().ok()
    }
}

/// All devices below a root by their paths; nothing where the kernel has no USB, or no sysfs is there.
pub(super) fn devices(root: &Path) -> Option<Vec<UsbDevice>> {
    let entries = fs::read_dir(root.join("sys/bus/usb/devices")).ok()?;
    let mut devices: Vec<_> = entries.flatten().filter_map(|entry| device(&entry.path())).collect();
    devices.sort_by(|a, b| a.path.cmp(&b.path));
    Some(devices)
}

fn device(folder: &Path) -> Option<UsbDevice> {
    let text = |file: &str| Some(fs::read_to_string(folder.join(file)).ok()?.trim().to_owned());
    let number = |file: &str| u16::from_str_radix(&text(file)?, 16).ok();
    let path = folder.file_name()?.to_str()?.to_owned();
    let id = UsbId { vendor: number("idVendor")?, product: number("idProduct")? };
    let parts = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    Some(UsbDevice {
        id,
        serial: text("serial"),
        interfaces: parts.filter_map(|part| interface(&part)).collect(),
        path,
    })
}

fn interface(folder: &Path) -> Option<Interface> {
    let class = fs::read_to_string(folder.join("bInterfaceClass")).ok()?;
    let driver = fs::read_link(folder.join("driver")).ok();
    Some(Interface {
        class: u8::from_str_radix(class.trim(), 16).ok()?,
        driver: driver.and_then(|link| Some(link.file_name()?.to_str()?.to_owned())),
    })
}
