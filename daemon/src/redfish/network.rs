//! `EthernetInterfaces` of the controller, as sysfs has them.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::document::Document;
use super::uri;

/// A network interface with a link-layer address of Ethernet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    name: String,
    mac: String,
    mtu: Option<u64>,
    is_enabled: bool,
    has_carrier: bool,
    speed_mbps: Option<u64>,
}

/// ARPHRD_ETHER of the kernel's `if_arp.h`.
const ETHERNET: &str = "1";

/// The interfaces below a root, by name (Documentation/ABI/testing/sysfs-class-net). One that left meanwhile is left out.
pub(crate) fn read(root: &Path) -> Vec<Interface> {
    let folder = root.join("sys/class/net");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // A name that would need escapes in a URI is left out.
    let is_plain = |name: &String| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !name.starts_with('.')
    };
    let mut found: Vec<_> =
        names.filter(is_plain).filter_map(|name| interface(&folder, name)).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn interface(folder: &Path, name: String) -> Option<Interface> {
    let text = |file: &str| {
        let text = fs::read_to_string(folder.join(&name).join(file)).ok()?;
        Some(text.trim().to_owned())
    };
    if text("type")? != ETHERNET {
        return None;
    }
    let mac = text("address")?;
    // Bit 0 (IFF_UP) says whether it was brought up; a carrier can be asked for only then.
    let flags = text("flags")?;
    let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
    let speed = text("speed").and_then(|speed| speed.parse::<i64>().ok());
    Some(Interface {
        mac,
        mtu: text("mtu").and_then(|mtu| mtu.parse().ok()),
        is_enabled: flags & 1 != 0,
        has_carrier: text("carrier").as_deref() == Some("1"),
        // -1 where there is no link.
        speed_mbps: speed.and_then(|speed| u64::try_from(speed).ok()),
        name,
    })
}

/// All interfaces.
pub(crate) fn collection(interfaces: &[Interface]) -> Document {
    let members = interfaces.iter().map(|known| uri::member(uri::INTERFACES, &known.name));
    let name = "Network interfaces of the controller";
    Document::collection("EthernetInterfaceCollection", uri::INTERFACES, name, members)
}

/// An interface.
pub(crate) fn document(interfaces: &[Interface], name: &str) -> Option<Document> {
    let known = interfaces.iter().find(|known| known.name == name)?;
    let (state, link) = match (known.is_enabled, known.has_carrier) {
        (false, _) => ("Disabled", "LinkDown"),
        (true, false) => ("Enabled", "NoLink"),
        (true, true) => ("Enabled", "LinkUp"),
    };
    Some(
        Document::new("EthernetInterface", &uri::member(uri::INTERFACES, name), name, name)
            .with("MACAddress", known.mac.as_str())
            .with("InterfaceEnabled", known.is_enabled)
            .with("LinkStatus", link)
            .maybe("MTUSize", known.mtu)
            .maybe("SpeedMbps", known.speed_mbps)
            .with("Status", json!({"State": state, "Health": "OK"})),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_as_sysfs_has_them() {
        let root = tempfile::tempdir().expect("a folder");
        for (name, kind, flags, carrier, speed) in [
            ("eth0", "1", "0x1003", "1", "100"),
            ("wlan0", "1", "0x1002", "", "-1"),
            ("lo", "772", "0x9", "1", ""),
        ] {
            let folder = root.path().join("sys/class/net").join(name);
            fs::create_dir_all(&folder).expect("it can be made");
            let files = [("type", kind), ("flags", flags), ("carrier", carrier), ("speed", speed)];
            for (file, text) in
                files.into_iter().chain([("address", "00:22:82:ff:ff:01"), ("mtu", "1500")])
            {
                fs::write(folder.join(file), format!("{text}\n")).expect("it can be written");
            }
        }
        let found = read(root.path());
        assert_eq!(collection(&found).properties()["Members@odata.count"], 2);
        let eth0 = document(&found, "eth0").expect("it is there");
        assert_eq!(eth0.properties()["LinkStatus"], "LinkUp");
        assert_eq!(eth0.properties()["SpeedMbps"], 100);
        let wlan0 = document(&found, "wlan0").expect("it is there");
        assert_eq!(wlan0.properties()["InterfaceEnabled"], false);
        assert!(!wlan0.properties().contains_key("SpeedMbps"));
        assert!(document(&found, "lo").is_none());
    }
}
