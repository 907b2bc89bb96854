//! The nodes' IPv4 network.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

use crate::NodeId;

/// An IPv4 network with room for every node: node N has its Nth address.
///
/// One that is asked for has to be private (RFC 1918): another's addresses would be out of reach from the
/// controller and its nodes, and loopback or multicast addresses name no node. The shared addresses of
/// providers (100.64.0.0/10, RFC 6598) are not the user's to give out, and some VPNs use them. A record
/// of an earlier setup is read as it is, so that it can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subnet {
    first: Ipv4Addr,
    prefix: u8,
}

/// A text that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubnetError {
    /// No network, or one without room for every node's number.
    #[error(
        "{0:?} is not a network for nodes: use 172.19.181.0/24 or another of /8 to /24, with no bit set after its prefix"
    )]
    Form(String),
    /// A network of other people's addresses, or of addresses that no node can have.
    #[error(
        "{0} is not private: choose a network within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
    )]
    NotPrivate(Subnet),
}

/// RFC 1918, 3.
const PRIVATE: [Subnet; 3] = [
    Subnet { first: Ipv4Addr::new(10, 0, 0, 0), prefix: 8 },
    Subnet { first: Ipv4Addr::new(172, 16, 0, 0), prefix: 12 },
    Subnet { first: Ipv4Addr::new(192, 168, 0, 0), prefix: 16 },
];

/// As many nodes as there can be have to fit in.
const LONGEST_PREFIX: u8 = 24;
const SHORTEST_PREFIX: u8 = 8;

impl Subnet {
    /// Of the vendor's images.
    pub const VENDOR: Self = Self { first: Ipv4Addr::new(172, 19, 181, 0), prefix: 24 };

    /// The controller: 254 in the vendor's network, and everywhere else.
    #[must_use]
    pub fn controller(self) -> Ipv4Addr {
        self.nth(254)
    }

    /// A node's fixed address.
    #[must_use]
    pub fn node(self, id: NodeId) -> Ipv4Addr {
        self.nth(id.get())
    }

    /// Its prefix' length in bits.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Its first address, with the prefix.
    #[must_use]
    pub const fn network(self) -> (Ipv4Addr, u8) {
        (self.first, self.prefix)
    }

    /// An address with the prefix' length.
    #[must_use]
    pub fn with_prefix(self, address: Ipv4Addr) -> String {
        format!("{address}/{}", self.prefix)
    }

    /// Whether any address is in both.
    #[must_use]
    pub fn overlaps(self, address: Ipv4Addr, prefix: u8) -> bool {
        let mask = mask(self.prefix.min(prefix));
        u32::from(self.first) & mask == u32::from(address) & mask
    }

    fn is_private(self) -> bool {
        let holds = |range: &Subnet| range.prefix <= self.prefix;
        PRIVATE.iter().any(|range| holds(range) && range.overlaps(self.first, self.prefix))
    }

    /// Of any addresses.
    fn parse(text: &str) -> Option<Self> {
        let (first, prefix) = text.split_once('/')?;
        let subnet = Self { first: first.parse().ok()?, prefix: prefix.parse().ok()? };
        let fits = (SHORTEST_PREFIX..=LONGEST_PREFIX).contains(&subnet.prefix)
            && u32::from(subnet.first) & !mask(subnet.prefix) == 0;
        fits.then_some(subnet)
    }

    fn nth(self, host: u8) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.first) | u32::from(host))
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

impl FromStr for Subnet {
    type Err = SubnetError;

    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let subnet = Self::parse(text).ok_or_else(|| SubnetError::Form(text.to_owned()))?;
        if subnet.is_private() { Ok(subnet) } else { Err(SubnetError::NotPrivate(subnet)) }
    }
}

impl TryFrom<String> for Subnet {
    type Error = SubnetError;

    fn try_from(text: String) -> Result<Self, SubnetError> {
        Self::parse(&text).ok_or(SubnetError::Form(text))
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_network() {
        let subnet = Subnet::VENDOR;
        assert_eq!(subnet.to_string(), "172.19.181.0/24");
        assert_eq!(subnet.to_string().parse(), Ok(subnet));
        assert_eq!(subnet.controller().to_string(), "172.19.181.254");
        assert_eq!(subnet.node("252".parse().unwrap()).to_string(), "172.19.181.252");
    }

    #[test]
    fn a_wider_one() {
        let subnet: Subnet = "10.8.0.0/16".parse().unwrap();
        assert_eq!(subnet.with_prefix(subnet.node("3".parse().unwrap())), "10.8.0.3/16");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.1/24",
            "10.0.0.0/25",
            "10.0.0.0/7",
            "10.0.0/24",
            "x/24",
            "fd00::/24",
        ] {
            assert!(text.parse::<Subnet>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_private_ones_can_be_asked_for() {
        for text in ["10.0.0.0/8", "172.16.0.0/12", "172.31.255.0/24", "192.168.0.0/16"] {
            assert!(text.parse::<Subnet>().is_ok(), "{text}");
        }
        for text in [
            "0.0.0.0/8",
            "127.0.0.0/8",
            "127.1.2.0/24",
            "169.254.0.0/16",
            "100.64.0.0/10",
            "172.0.0.0/8",
            "172.32.0.0/16",
            "192.0.2.0/24",
            "192.160.0.0/11",
            "198.51.100.0/24",
            "224.0.0.0/8",
            "239.255.0.0/24",
            "240.0.0.0/8",
            "11.0.0.0/8",
        ] {
            let error = text.parse::<Subnet>().unwrap_err();
            assert!(matches!(error, SubnetError::NotPrivate(_)), "{error}");
            assert!(error.to_string().contains(text), "{error}");
            // What an earlier setup wrote can still be undone.
            assert!(Subnet::try_from(text.to_owned()).is_ok(), "{text}");
        }
    }

    #[test]
    fn overlaps() {
        let subnet = Subnet::VENDOR;
        for (address, prefix, expected) in [
            ("172.19.181.7", 24, true),
            ("172.19.0.1", 16, true),
            ("172.19.181.7", 32, true),
            ("172.19.180.7", 24, false),
            ("172.16.0.1", 12, true),
            ("10.0.0.1", 8, false),
            ("0.0.0.0", 0, true),
        ] {
            assert_eq!(subnet.overlaps(address.parse().unwrap(), prefix), expected, "{address}");
        }
    }
}
