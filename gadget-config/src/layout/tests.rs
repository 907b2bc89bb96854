use node_link::NodeId;

use super::*;
use crate::{BootMethod, Ethernet};

fn node() -> Profile {
    Profile::new(NodeId::try_from(3).unwrap(), BootMethod::Card)
}

fn tree(profile: &Profile) -> Tree {
    Layout::of(profile).0.into_iter().collect()
}

fn value(tree: &Tree, path: &str) -> String {
    match tree.get(path) {
        Some(LayoutEntry::Value(value)) => value.clone(),
        other => panic!("{path}: {other:?}"),
    }
}

/// The vendor's script, attribute by attribute, as configfs shows it.
#[test]
fn a_card_node_is_laid_out_as_the_vendor_s() {
    let tree = tree(&node());
    for (path, expected) in [
        ("idVendor", "0x3171"),
        ("idProduct", "0x0021"),
        ("bcdDevice", "0x0100"),
        ("bDeviceClass", "0xef"),
        ("bDeviceSubClass", "0x02"),
        ("bDeviceProtocol", "0x01"),
        ("strings/0x0409/serialnumber", "3"),
        ("strings/0x0409/manufacturer", "8086 Consultancy"),
        ("strings/0x0409/product", "ClusterCTRL"),
        ("functions/ncm.clusterhat-0/host_addr", "00:22:82:ff:fe:03"),
        ("functions/ncm.clusterhat-0/dev_addr", "00:22:82:ff:ff:03"),
        ("functions/ncm.clusterhat-0/os_desc/interface.ncm/compatible_id", "WINNCM"),
        ("os_desc/use", "1"),
        ("os_desc/b_vendor_code", "0xbc"),
        ("os_desc/qw_sign", "MSFT100"),
        ("configs/c.1/MaxPower", "250"),
    ] {
        assert_eq!(value(&tree, path), expected, "{path}");
    }
    let links: Vec<&str> = tree
        .iter()
        .filter(|(_, entry)| matches!(entry, LayoutEntry::Link(_)))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(
        links,
        [
            "configs/c.1/acm.clusterhat-1",
            "configs/c.1/acm.clusterhat-2",
            "configs/c.1/ncm.clusterhat-0",
            "os_desc/c.1"
        ]
    );
}

/// Interfaces are numbered in the order in which functions are linked.
#[test]
fn ethernet_comes_first_then_the_console() {
    let layout = Layout::of(&node());
    let linked: Vec<&str> = layout
        .0
        .iter()
        .filter(|(path, _)| path.starts_with("configs/c.1/") && path.contains("clusterhat"))
        .map(|(path, _)| path.trim_start_matches("configs/c.1/"))
        .collect();
    assert_eq!(linked, ["ncm.clusterhat-0", "acm.clusterhat-1", "acm.clusterhat-2"]);
}

#[test]
fn the_admin_console_can_be_left_out() {
    let tree = tree(&Profile { admin_console: false, ..node() });
    assert!(tree.contains_key("functions/acm.clusterhat-1"));
    assert!(!tree.contains_key("functions/acm.clusterhat-2"));
}

#[test]
fn windows_is_told_of_ncm_alone() {
    for ethernet in [Ethernet::Ecm, Ethernet::Rndis] {
        let tree = tree(&Profile { ethernet, ..node() });
        assert!(!tree.keys().any(|path| path.contains("os_desc")), "{ethernet}");
        assert!(tree.contains_key(&format!("functions/{ethernet}.clusterhat-0")));
    }
}

#[test]
fn every_entry_that_is_missing_is_a_difference() {
    let layout = Layout::of(&node());
    let whole = tree(&node());
    assert_eq!(layout.difference(&whole), None);
    for path in whole.keys() {
        let mut cut = whole.clone();
        cut.remove(path);
        let difference = layout.difference(&cut).unwrap();
        assert_eq!((&difference.path, difference.found.is_none()), (path, true));
    }
}

#[test]
fn another_value_and_another_function_are_differences() {
    let layout = Layout::of(&node());
    let mut other = tree(&node());
    other.insert("idProduct".into(), LayoutEntry::Value("0x0020".into()));
    let difference = layout.difference(&other).unwrap();
    assert_eq!(difference.to_string(), "idProduct is \"0x0020\", not \"0x0021\"");

    let mut more = tree(&node());
    more.insert("functions/mass_storage.0".into(), LayoutEntry::Folder);
    let difference = layout.difference(&more).unwrap();
    assert_eq!(difference.to_string(), "functions/mass_storage.0 does not belong there");

    let mut cut = tree(&node());
    cut.remove("functions/acm.clusterhat-1");
    let difference = layout.difference(&cut).unwrap();
    assert_eq!(difference.to_string(), "functions/acm.clusterhat-1 is missing");
}

/// Attributes and folders that the kernel makes by itself.
#[test]
fn what_the_kernel_adds_is_no_difference() {
    let mut tree = tree(&node());
    for path in ["bcdUSB", "UDC", "functions/acm.clusterhat-1/port_num"] {
        tree.insert(path.into(), LayoutEntry::Value("0".into()));
    }
    for path in ["functions", "configs", "configs/c.1/strings", "strings", "os_desc", "webusb"] {
        tree.insert(path.into(), LayoutEntry::Folder);
    }
    tree.insert("strings/0x0409".into(), LayoutEntry::Folder);
    assert_eq!(Layout::of(&node()).difference(&tree), None);
}
