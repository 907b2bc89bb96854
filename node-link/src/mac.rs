//! The MAC addresses of both ends of a node's link.

use core::fmt;

use crate::hash::fnv1a;
use crate::{ClusterName, NodeId};

/// Six bytes, shown as `00:22:82:ff:fe:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// An end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The controller's network device.
    Host,
    /// The node's network device.
    Node,
}

impl Mac {
    /// The address of an end of a node's link: the cluster's own, or the vendor's without one.
    #[must_use]
    pub fn new(cluster: Option<&ClusterName>, end: End, id: NodeId) -> Self {
        match cluster {
            Some(cluster) => Self::of_cluster(cluster, end, id),
            None => Self::vendor(end, id),
        }
    }

    /// The vendor's address, `00:22:82:ff:fe:ID` or `00:22:82:ff:ff:ID`: the same in every cluster
    /// (clusterhat-image, `composite-clusterctrl`).
    #[must_use]
    pub const fn vendor(end: End, id: NodeId) -> Self {
        let end = match end {
            End::Host => 0xfe,
            End::Node => 0xff,
        };
        Self([0x00, 0x22, 0x82, 0xff, end, id.get()])
    }

    /// A locally administered unicast address of this cluster's own.
    ///
    /// It is 37 bits of the cluster's name, one bit for the end and eight for the ID, so that the
    /// addresses within a cluster differ for certain and those of two clusters but for one chance in
    /// 2^37. The bits are the 64-bit FNV-1a hash of the name, folded: `hash ^ hash >> 37`. They lie,
    /// highest first, in the upper six bits of the first byte, the next three bytes, and the upper
    /// seven bits of the fifth; its lowest bit is 0 for the host. The last byte is the ID.
    #[must_use]
    pub fn of_cluster(cluster: &ClusterName, end: End, id: NodeId) -> Self {
        let hash = fnv1a(cluster.as_str().as_bytes());
        let bits = (hash ^ hash >> 37) & ((1 << 37) - 1);
        let [.., top, a, b, c, low] = (bits << 1 | u64::from(end == End::Node)).to_be_bytes();
        Self([top << 2 | 0x02, a, b, c, low, id.get()])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, format, string::String, string::ToString, vec::Vec};

    use super::*;

    fn id(number: u8) -> NodeId {
        NodeId::try_from(number).unwrap()
    }

    fn cluster(name: &str) -> ClusterName {
        name.parse().unwrap()
    }

    #[test]
    fn the_vendor_s_addresses_end_in_the_id() {
        assert_eq!(Mac::vendor(End::Host, id(1)).to_string(), "00:22:82:ff:fe:01");
        assert_eq!(Mac::vendor(End::Node, id(1)).to_string(), "00:22:82:ff:ff:01");
        assert_eq!(Mac::vendor(End::Host, id(252)).to_string(), "00:22:82:ff:fe:fc");
        assert_eq!(Mac::vendor(End::Node, id(252)).to_string(), "00:22:82:ff:ff:fc");
    }

    /// The published values of the hash.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    /// If this fails, do not change the test: nodes would get other addresses after an upgrade.
    #[test]
    fn a_cluster_s_addresses_never_change() {
        let rack = cluster("foobar");
        assert_eq!(Mac::of_cluster(&rack, End::Host, id(1)).to_string(), "8e:e6:2b:8b:c6:01");
        assert_eq!(Mac::of_cluster(&rack, End::Node, id(252)).to_string(), "8e:e6:2b:8b:c7:fc");
    }

    #[test]
    fn addresses_are_local_unicast_and_distinct() {
        let names = ["a", "b", "A", "rack1", "rack2", "rack-1", "rack.1", "1kcar", "lab", "bal"];
        let mut seen = BTreeSet::new();
        for name in names.map(cluster) {
            for number in 1..=252 {
                for end in [End::Host, End::Node] {
                    let mac = Mac::of_cluster(&name, end, id(number));
                    assert_eq!(mac.0[0] & 0x03, 0x02, "{mac}");
                    assert!(seen.insert(mac), "{mac} twice, of {name} {number}");
                }
            }
        }
    }

    /// Names as people give them: all of one to three letters, and numbered ones.
    #[test]
    fn likely_names_do_not_collide() {
        let letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
        let mut names: Vec<String> = letters.chars().map(String::from).collect();
        let mut last = names.clone();
        for _ in 0..2 {
            last =
                last.iter().flat_map(|n| letters.chars().map(move |c| format!("{n}{c}"))).collect();
            names.extend(last.iter().cloned());
        }
        for stem in ["cluster", "rack-", "lab.", "pi_cluster"] {
            names.extend((0..1000).map(|number| format!("{stem}{number}")));
        }
        let macs: BTreeSet<Mac> =
            names.iter().map(|name| Mac::of_cluster(&cluster(name), End::Host, id(1))).collect();
        assert_eq!(macs.len(), names.len());
    }
}
