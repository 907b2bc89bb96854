//! By what clients are told apart that have not proved who they are.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

/// The network that a client may be anywhere in: an IPv4 address as it is, and of an IPv6 address its first 64 bits, since every
/// host chooses the others at will, as often as it likes (RFC 8981). What is no address (`unix`) is as it is.
#[must_use]
pub fn of(address: &str) -> Cow<'_, str> {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("{network}/64").into()
        }
        _ => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
        assert_eq!(of("unix"), "unix");
    }
}
