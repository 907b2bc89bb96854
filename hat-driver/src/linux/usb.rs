//! ClusterCTRL boards as sysfs shows them: USB devices, each with an I2C bus below its interface.

use std::fs;
use std::path::{Path, PathBuf};

use super::platform::UsbBoard;
use crate::ctrl::products::{Product, VENDOR};

/// Hubs that are on Cluster HATs alone.
const OWN_HUBS: [(u16, u16); 2] = [(VENDOR, 0x0040), (VENDOR, 0x0041)];
/// A hub chip that is on Cluster HATs and on much else.
const COMMON_HUB: (u16, u16) = (0x05e3, 0x0608);
/// A node's gadget, by the way it booted: the driver knows no more of the link, which `node-link` is about.
const NODES: [(u16, u16); 3] = [(VENDOR, 0x0020), (VENDOR, 0x0021), (VENDOR, 0x0022)];

/// Where the kernel lists USB devices.
pub(super) fn folder(root: &Path) -> PathBuf {
    root.join("sys/bus/usb/devices")
}

/// The boards, in the order of their USB paths.
pub(super) fn boards(root: &Path) -> Vec<UsbBoard> {
    let Ok(entries) = fs::read_dir(folder(root)) else { return Vec::new() };
    let mut boards: Vec<_> = entries.flatten().filter_map(board).collect();
    boards.sort_by(|a, b| a.path.cmp(&b.path));
    boards
}

fn board(entry: fs::DirEntry) -> Option<UsbBoard> {
    let bus = bus(&entry.path());
    let device_number = fs::read_to_string(entry.path().join("devnum"));
    let device_number = device_number.ok().and_then(|text| text.trim().parse().ok());
    let (path, (vendor, product)) = device(entry)?;
    Product::of(product).filter(|_| vendor == VENDOR)?;
    Some(UsbBoard { product, path, bus, device: device_number })
}

/// The hub of a HAT: one that is on no other board, or a common one with a node's gadget behind it.
/// `None` where there are several.
pub(super) fn hat_hub(root: &Path) -> Option<String> {
    let devices: Vec<_> = fs::read_dir(folder(root)).ok()?.flatten().filter_map(device).collect();
    let is_node = |id: &(u16, u16)| NODES.contains(id);
    let mut hubs: Vec<_> = devices
        .iter()
        .filter(|(path, id)| {
            let parent_of = |node: &str| node.rsplit_once('.').is_some_and(|(hub, _)| hub == path);
            let has_node = || devices.iter().any(|(node, id)| is_node(id) && parent_of(node));
            OWN_HUBS.contains(id) || *id == COMMON_HUB && has_node()
        })
        .map(|(path, _)| path.clone())
        .collect();
    if hubs.len() == 1 { hubs.pop() } else { None }
}

/// A device's path and its vendor and product ID.
fn device(entry: fs::DirEntry) -> Option<(String, (u16, u16))> {
    let path = entry.file_name().into_string().ok()?;
    let id = |file: &str| {
        let text = fs::read_to_string(entry.path().join(file)).ok()?;
        u16::from_str_radix(text.trim(), 16).ok()
    };
    Some((path, (id("idVendor")?, id("idProduct")?)))
}

/// `1-1.2/1-1.2:1.0/i2c-11` is bus 11.
fn bus(device: &Path) -> Option<u32> {
    let interfaces = fs::read_dir(device).ok()?.flatten();
    interfaces.filter_map(|interface| fs::read_dir(interface.path()).ok()).find_map(|entries| {
        let names = entries.flatten().map(|entry| entry.file_name());
        names.filter_map(|name| name.to_str()?.strip_prefix("i2c-")?.parse().ok()).next()
    })
}

#[cfg(test)]
mod tests {
    use node_link::UsbId;

    use super::*;

    #[test]
    fn nodes_are_known_by_the_ids_of_the_link() {
        assert_eq!(NODES, UsbId::GADGETS.map(|id| (id.vendor, id.product)));
        assert_eq!(VENDOR, UsbId::VENDOR);
    }

    fn plug(root: &Path, path: &str, vendor: &str, product: &str, bus: Option<u32>) {
        let device = folder(root).join(path);
        let interface = device.join(format!("{path}:1.0"));
        fs::create_dir_all(&interface).unwrap();
        fs::write(device.join("idVendor"), format!("{vendor}\n")).unwrap();
        fs::write(device.join("idProduct"), format!("{product}\n")).unwrap();
        fs::write(device.join("devnum"), "7\n").unwrap();
        if let Some(bus) = bus {
            fs::create_dir(interface.join(format!("i2c-{bus}"))).unwrap();
        }
    }

    #[test]
    fn a_hub_is_the_hat_s_by_its_id_or_by_the_nodes_behind_it() {
        let root = tempfile::tempdir().unwrap();
        plug(root.path(), "1-1.2", "05e3", "0608", None);
        plug(root.path(), "1-1.3", "05e3", "0608", None);
        plug(root.path(), "1-1.3.1", "046d", "c077", None);
        assert_eq!(hat_hub(root.path()), None);
        plug(root.path(), "1-1.2.4", "3171", "0021", None);
        assert_eq!(hat_hub(root.path()).as_deref(), Some("1-1.2"));
        plug(root.path(), "1-1.4", "3171", "0041", None);
        assert_eq!(hat_hub(root.path()), None, "two hubs");
    }

    #[test]
    fn boards_are_known_by_their_ids_and_lead_to_their_bus() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(boards(root.path()), []);
        plug(root.path(), "1-1.2", "3171", "0014", Some(11));
        plug(root.path(), "1-1.1", "3171", "0015", None);
        plug(root.path(), "1-1.3", "3171", "0021", None);
        plug(root.path(), "1-1.4", "0403", "c631", Some(12));
        let board = |product, path: &str, bus| UsbBoard {
            product,
            path: path.to_owned(),
            bus,
            device: Some(7),
        };
        assert_eq!(
            boards(root.path()),
            [board(0x0015, "1-1.1", None), board(0x0014, "1-1.2", Some(11))]
        );
    }
}
