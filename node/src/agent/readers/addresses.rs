//! The node's own addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use node_link::agent::LIST_LIMIT;

use super::file::text;

/// Those that others may reach it by: neither loopback nor link-local ones.
pub(super) fn addresses(root: &Path) -> Option<Vec<IpAddr>> {
    let v4 = text(root, "proc/net/fib_trie").map(|text| v4(&text));
    let v6 = text(root, "proc/net/if_inet6").map(|text| v6(&text));
    if v4.is_none() && v6.is_none() {
        return None;
    }
    let mut addresses: Vec<_> = v4.into_iter().flatten().chain(v6.into_iter().flatten()).collect();
    addresses.dedup();
    addresses.truncate(LIST_LIMIT);
    Some(addresses)
}

/// Of the routing trie: an address of this machine's own is a leaf `|-- 192.0.2.1`, and the line after it `/32 host LOCAL`. Each is there
/// once for each table.
fn v4(text: &str) -> Vec<IpAddr> {
    let mut leaf = None;
    let mut addresses = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL" {
            addresses.extend(leaf.filter(|leaf| !leaf.is_loopback() && !leaf.is_link_local()));
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    addresses.into_iter().map(IpAddr::V4).collect()
}

/// A line is the address in 32 hexadecimal digits, the interface's number, the prefix's length, the scope (0 for global), flags, and the
/// interface's name.
fn v6(text: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let (address, scope) = (words.next()?, words.nth(2)?);
        let address = Ipv6Addr::from(u128::from_str_radix(address, 16).ok()?);
        (scope == "00").then_some(IpAddr::V6(address))
    };
    text.lines().filter_map(address).collect()
}
