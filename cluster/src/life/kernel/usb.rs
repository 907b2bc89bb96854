//! Nodes' gadgets and boot ROMs among the USB devices (`Documentation/ABI/testing/sysfs-bus-usb`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::Moment;
use node_link::{NodeId, UsbId};

/// A USB device of a node or a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// Its name in sysfs: `1-1.2.1`.
    pub(super) usb_path: String,
    /// What it is.
    pub(super) kind: Kind,
    /// When it was connected, on the boot clock; absent if the kernel does not record it.
    pub(super) since: Option<Duration>,
}

/// What a USB device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The gadget of the node with this ID, which is its serial number.
    Gadget(NodeId),
    /// A boot ROM. Only its USB path tells which node it is.
    Rom,
    /// A device of a board, or a gadget without a node's serial number.
    Board,
}

/// All connected devices of nodes and boards.
pub(super) fn devices(root: &Path) -> Vec<Device> {
    let Ok(entries) = fs::read_dir(folder(root)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|usb_path| device(root, &usb_path)).collect()
}

/// The device at a USB path, if it is one of a node or a board.
pub(super) fn device(root: &Path, usb_path: &str) -> Option<Device> {
    // `1-1:1.0` is an interface of a device.
    if usb_path.contains(':') {
        return None;
    }
    let folder = folder(root).join(usb_path);
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let number = |file: &str| u16::from_str_radix(read(file)?.trim(), 16).ok();
    let vendor = number("idVendor")?;
    if vendor != UsbId::VENDOR && UsbId::BOOT_ROMS.iter().all(|id| id.vendor != vendor) {
        return None;
    }
    let id = UsbId { vendor, product: number("idProduct")? };
    let kind = match () {
        () if UsbId::BOOT_ROMS.contains(&id) => Kind::Rom,
        () if vendor != UsbId::VENDOR => return None,
        () if UsbId::GADGETS.contains(&id) => {
            let serial = read("serial").and_then(|serial| serial.trim().parse().ok());
            serial.map_or(Kind::Board, Kind::Gadget)
        }
        () => Kind::Board,
    };
    let connected = read("power/connected_duration").and_then(|text| text.trim().parse().ok());
    let connected = connected.map(Duration::from_millis);
    let since = connected.and_then(|passed| Moment::now().uptime.checked_sub(passed));
    Some(Device { usb_path: usb_path.to_owned(), kind, since })
}

fn folder(root: &Path) -> PathBuf {
    root.join("sys/bus/usb/devices")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plug(root: &Path, usb_path: &str, (vendor, product): (&str, &str), serial: Option<&str>) {
        let device = folder(root).join(usb_path);
        fs::create_dir_all(device.join("power")).unwrap();
        fs::write(device.join("idVendor"), format!("{vendor}\n")).unwrap();
        fs::write(device.join("idProduct"), format!("{product}\n")).unwrap();
        if let Some(serial) = serial {
            fs::write(device.join("serial"), format!("{serial}\n")).unwrap();
        }
    }

    fn kind(id: (&str, &str), serial: Option<&str>) -> Option<Kind> {
        let root = tempfile::tempdir().unwrap();
        plug(root.path(), "1-1.2.1", id, serial);
        devices(root.path()).first().map(|device| device.kind)
    }

    #[test]
    fn a_gadget_is_known_by_its_serial_number_and_a_boot_rom_by_its_ids() {
        let three = NodeId::from_number(3).unwrap();
        for product in ["0020", "0021", "0022"] {
            assert_eq!(kind(("3171", product), Some("3")), Some(Kind::Gadget(three)));
        }
        for serial in [None, Some("0"), Some("three"), Some("")] {
            assert_eq!(kind(("3171", "0021"), serial), Some(Kind::Board));
        }
        for product in ["2763", "2764"] {
            assert_eq!(kind(("0a5c", product), None), Some(Kind::Rom));
        }
        assert_eq!(kind(("3171", "0014"), None), Some(Kind::Board));
        assert_eq!(kind(("0a5c", "21e8"), Some("3")), None, "a Bluetooth dongle");
        assert_eq!(kind(("1d6b", "0104"), Some("3")), None, "another gadget");
    }

    #[test]
    fn the_kernel_keeps_account_of_how_long_it_is_there() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(devices(root.path()), []);
        plug(root.path(), "1-1.2.1", ("3171", "0021"), Some("1"));
        assert_eq!(device(root.path(), "1-1.2.1").unwrap().since, None);
        let account = folder(root.path()).join("1-1.2.1/power/connected_duration");
        fs::write(account, "100\n").unwrap();
        let since = device(root.path(), "1-1.2.1").unwrap().since.unwrap();
        let passed = Moment::now().uptime - since;
        assert!(passed >= Duration::from_millis(100), "{passed:?}");
    }
}
