//! Files that are shipped as they are say the same about the link as this crate does.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use node_link::{NodeId, Subnet, UsbId};

fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The lines of a udev rules file that have all these words.
fn rules<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let has_all =
        |line: &&str| !line.starts_with('#') && words.iter().all(|word| line.contains(word));
    text.lines().filter(has_all).collect()
}

/// The value that a rule compares a key with, or gives to it.
fn value<'a>(rule: &'a str, key: &str) -> &'a str {
    let (_, rest) = rule.split_once(key).unwrap_or_else(|| panic!("no {key} in {rule}"));
    rest.split('"').nth(1).unwrap()
}

/// udev(7), patterns: alternatives of plain characters and `[a-b]`.
fn matches(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| {
        let (mut pattern, mut text) = (pattern.chars(), text.chars());
        while let Some(next) = pattern.next() {
            let Some(found) = text.next() else { return false };
            let is_same = match next {
                '[' => {
                    let class: String = pattern.by_ref().take_while(|c| *c != ']').collect();
                    match *class.chars().collect::<Vec<_>>() {
                        [low, '-', high] => (low..=high).contains(&found),
                        _ => class.contains(found),
                    }
                }
                plain => plain == found,
            };
            if !is_same {
                return false;
            }
        }
        text.next().is_none()
    })
}

fn ids(rule: &str) -> Vec<UsbId> {
    let vendor = u16::from_str_radix(value(rule, "{idVendor}=="), 16).unwrap();
    let products = (0..=u16::MAX)
        .filter(|id| matches(value(rule, "{idProduct}=="), &format!("{id:04x}")))
        .collect::<Vec<_>>();
    products.into_iter().map(|product| UsbId { vendor, product }).collect()
}

#[test]
fn udev_names_the_devices_of_every_node_and_of_nothing_else() {
    let text = shipped("udev/lib/udev/rules.d/60-clusterhat-node.rules");
    let node = NodeId::MAX;
    let [interface, usbboot] = node.interfaces();
    let console = node.console().replace("/dev/", "");
    let admin = node.admin_console().replace("/dev/", "");
    for (mark, key, name, expected) in [
        ("NAME=\"ethp", " NAME=", &interface, &[UsbId::RNDIS, UsbId::CARD][..]),
        ("NAME=\"ethup", " NAME=", &usbboot, &[UsbId::USBBOOT]),
        ("PORT}==\"console\"", "SYMLINK+=", &console, &UsbId::GADGETS),
        ("PORT}==\"admin\"", "SYMLINK+=", &admin, &UsbId::GADGETS),
    ] {
        let [rule] = rules(&text, &[mark])[..] else { panic!("not one rule with {mark}") };
        assert_eq!(value(rule, key).replace("$attr{serial}", "252"), *name);
        assert_eq!(ids(rule), expected, "{rule}");
        for serial in 0..=999 {
            let serial = serial.to_string();
            let is_node = serial.parse::<NodeId>().is_ok();
            assert_eq!(matches(value(rule, "{serial}=="), &serial), is_node, "{serial}: {rule}");
        }
    }
    let [modems] = rules(&text, &["ID_MM_DEVICE_IGNORE"])[..] else { panic!("no rule for modems") };
    assert!(UsbId::GADGETS.iter().all(|id| ids(modems).contains(id)), "{modems}");
}

#[test]
fn boards_have_the_vendor_id() {
    let text = shipped("udev/lib/udev/rules.d/60-clusterhat.rules");
    let boards = rules(&text, &["{idVendor}=="]);
    assert!(boards.len() >= 3);
    for rule in boards {
        assert!(ids(rule).iter().all(|id| id.vendor == UsbId::VENDOR), "{rule}");
    }
    let script = shipped("packages/debian/clusterhat.postinst");
    assert!(script.contains(&format!("PRODUCT={:x}/", UsbId::VENDOR)));
}

#[test]
fn texts_name_the_same_network() {
    for path in
        ["README.md", "packages/man/clusterhat-node.toml.5", "packages/man/clusterhat-node-setup.1"]
    {
        let text = shipped(path);
        let network = Subnet::VENDOR.to_string();
        let (start, _) = network.rsplit_once('.').unwrap();
        let (two, _) = start.rsplit_once('.').unwrap();
        let named: Vec<_> = text.match_indices(two).map(|(at, _)| &text[at..]).collect();
        assert!(!named.is_empty(), "{path}");
        for rest in named {
            assert!(rest.starts_with(start), "{path}: {:?}", rest.lines().next());
        }
    }
}
