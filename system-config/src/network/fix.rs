//! What fixes a problem of the nodes' network. A program that sets networks up has options for some of it:
//! it matches these and says what they are called.

use std::fmt;

use node_link::{ClusterName, NodeId, Subnet};
use serde::{Serialize, Serializer};

use super::{BRIDGE, NetworkMode};

/// What fixes a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fix {
    /// A command of the system or an instruction, or another fix in a program's own words.
    Text(String),
    /// Another subnet for the nodes.
    AnotherSubnet,
    /// Asking for another value of what is kept, or undoing the setup.
    AnotherSetting,
    /// Asking for each thing that is to be as it was.
    AskAgain,
    /// Asking for this subnet with the next NAT.
    SubnetAgain(Subnet),
    /// Asking for this uplink with the next bridge.
    UplinkAgain(String),
    /// NAT, or a wired interface as the uplink.
    NatOrWiredUplink,
    /// A name for the cluster, here and on every node; this one would do, where the machine has an ID.
    ClusterName(Option<ClusterName>),
    /// Letting nodes through the packet filter.
    AllowForwarding {
        /// The mode that is set up, or to be.
        mode: NetworkMode,
        /// Whether the rule is firewalld's, which only a zone of its changes.
        by_zone: bool,
    },
    /// Looking again as root.
    LookAsRoot,
    /// The card of the node in whose position another is.
    OwnCard(NodeId),
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::AnotherSubnet => f.write_str("choose another subnet, such as 10.181.0.0/24"),
            Self::AnotherSetting => {
                f.write_str("ask for another value to change it, or undo the setup first")
            }
            Self::AskAgain => f.write_str(
                "ask again for the subnet, isolation, forwarding and the cluster's name",
            ),
            Self::SubnetAgain(subnet) => write!(f, "ask for {subnet} again with the next NAT"),
            Self::UplinkAgain(uplink) => write!(f, "ask for {uplink} again with the next bridge"),
            Self::NatOrWiredUplink => f.write_str("use NAT, or a wired interface as the uplink"),
            Self::ClusterName(name) => {
                let name = name.as_ref().map_or_else(|| "NAME".to_owned(), ToString::to_string);
                write!(
                    f,
                    "if there is another cluster, name this one {name}, and put cluster = \"{name}\" \
                     into every node's /etc/clusterhat/node.toml"
                )
            }
            Self::AllowForwarding { by_zone: false, .. } => {
                f.write_str("allow it until the next boot, or permanently")
            }
            Self::AllowForwarding { by_zone: true, .. } => write!(
                f,
                "add {BRIDGE} to a firewalld zone that forwards its traffic, or allow it permanently"
            ),
            Self::LookAsRoot => f.write_str("look again as root"),
            Self::OwnCard(id) => {
                write!(f, "swap the cards, or prepare the card in {} as node {id}", id.label())
            }
        }
    }
}

/// As text.
impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
