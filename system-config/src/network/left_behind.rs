//! Addresses of the uplink that do not move to the bridge: of a system that does not run, no manager tells which file
//! configures the uplink.

use std::net::IpAddr;

use super::{Finding, Fix, NetworkSettings};
use crate::changes::{Snapshot, SysPath};

/// Where such files lie, and how their names end.
const PLACES: [(&str, &str); 3] = [
    ("etc/systemd/network", ".network"),
    ("etc/NetworkManager/system-connections", ".nmconnection"),
    ("etc/netplan", ".yaml"),
];

/// Takes them in. What cannot be read is told nothing of.
pub(super) fn look(system: &mut Snapshot) {
    for (folder, ending) in PLACES {
        let folder = SysPath::root(folder);
        for name in system.names(&folder).unwrap_or_default() {
            if name.ends_with(ending) {
                let _ = system.add_file(folder.below(name));
            }
        }
    }
}

/// The files that give the uplink an address, or may.
pub(super) fn findings(settings: &NetworkSettings, system: &Snapshot) -> Vec<Finding> {
    let Some(uplink) = settings.uplink.as_deref() else { return Vec::new() };
    let mut found = Vec::new();
    for (folder, ending) in PLACES {
        for (sys_path, _) in system.within(&SysPath::root(folder)) {
            let Some(file) = system.file(sys_path) else { continue };
            let text = String::from_utf8_lossy(&file.bytes);
            let gives =
                if ending == ".yaml" { netplan(&text, uplink) } else { keys(&text, uplink) };
            if gives {
                found.push(left(uplink, &system.sysroot().shown(sys_path)));
            }
        }
    }
    found
}

fn left(uplink: &str, path: &std::path::Path) -> Finding {
    Finding::warning(
        "address-stays",
        format!(
            "{} sets a fixed address for {uplink}, which does not move to the bridge",
            path.display()
        ),
        Fix::Text("set up the bridge on the running controller to keep that address".to_owned()),
    )
}

/// systemd.network(5) and nm-settings-keyfile(5).
fn keys(text: &str, uplink: &str) -> bool {
    let (mut section, mut is_uplinks, mut has_address) = ("", true, false);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        match (section, key.trim()) {
            ("Match", "Name") => {
                is_uplinks &= value.split_whitespace().any(|name| is_like(name, uplink));
            }
            ("connection", "interface-name") => is_uplinks &= value == uplink,
            ("connection", "type") => is_uplinks &= value.ends_with("ethernet"),
            ("Network" | "Address", "Address") => has_address = true,
            ("ipv4" | "ipv6", key) => has_address |= key.starts_with("address"),
            _ => {}
        }
    }
    is_uplinks && has_address
}

/// glob(7), without ranges; a name that is excluded may leave the uplink.
fn is_like(pattern: &str, name: &str) -> bool {
    let mut rest = name.chars();
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('!' | '[') => true,
        Some('*') => (0..=name.len())
            .any(|at| name.get(at..).is_some_and(|rest| is_like(&pattern[1..], rest))),
        Some(c) => {
            rest.next().is_some_and(|own| c == '?' || c == own)
                && is_like(&pattern[c.len_utf8()..], rest.as_str())
        }
    }
}

/// netplan(5): an address has a prefix, as the target of a route has.
fn netplan(text: &str, uplink: &str) -> bool {
    let is_address = |word: &str| {
        word.split_once('/').is_some_and(|(address, prefix)| {
            address.parse::<IpAddr>().is_ok() && prefix.parse::<u8>().is_ok()
        })
    };
    let words = |line: &str| {
        let is_other = |c: char| !c.is_ascii_hexdigit() && !".:/".contains(c);
        !line.contains("to:") && line.split(is_other).any(is_address)
    };
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    text.contains(uplink) && lines.into_iter().any(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_addresses_of_the_uplink() {
        let address = "[Network]\nAddress=192.0.2.5/24\n";
        for (head, is_it) in [
            ("[Match]\nName=eth0\n", true),
            ("[Match]\nName=en* eth*\n", true),
            ("[Match]\nName = *h0\n", true),
            ("[Match]\nName=eth?\n", true),
            ("[Match]\nMACAddress=b8:27:eb:00:00:01\n", true),
            ("[Match]\nName=eth1\n", false),
            ("[Match]\nName=wl*\n", false),
        ] {
            assert_eq!(keys(&format!("{head}{address}"), "eth0"), is_it, "{head}");
        }
        assert!(!keys("[Match]\nName=eth0\n[Network]\nDHCP=yes\n#Address=192.0.2.5/24\n", "eth0"));
        let ip = "[ipv4]\nmethod=manual\naddress1=192.0.2.5/24,192.0.2.1\n";
        for (head, is_it) in [
            ("type=ethernet\ninterface-name = eth0\n", true),
            ("type=802-3-ethernet\n", true),
            ("type=ethernet\ninterface-name=eth1\n", false),
            ("type=wifi\n", false),
        ] {
            assert_eq!(keys(&format!("[connection]\nid=a\n{head}{ip}"), "eth0"), is_it, "{head}");
        }
        assert!(!keys("[connection]\ntype=ethernet\n[ipv6]\naddr-gen-mode=0\n", "eth0"));
        assert!(netplan("  eth0:\n    addresses:\n    - \"192.0.2.5/24\"\n", "eth0"));
        assert!(netplan("  eth0: {addresses: [192.0.2.5/24]}\n", "eth0"));
        assert!(!netplan("  eth0:\n    dhcp4: true\n    routes: [{to: 10.0.0.0/8}]\n", "eth0"));
        assert!(!netplan("  eth0:\n    nameservers:\n      addresses: [192.0.2.1]\n", "eth0"));
    }
}
