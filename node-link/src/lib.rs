//! What a Cluster HAT's controller and its nodes agree on about the USB cable between them.
//!
//! ```
//! use node_link::{End, Mac, NodeId, Subnet};
//!
//! let node: NodeId = "3".parse()?;
//! assert_eq!(Mac::vendor(End::Node, node).to_string(), "00:22:82:ff:ff:03");
//! assert_eq!(Subnet::VENDOR.node(node).to_string(), "172.19.181.3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The feature `serde` makes the types serializable, `schema` gives them a JSON Schema. The feature `text` adds how the programs of both ends read what
//! people write (module `text`); it needs the standard library. The feature `agent` adds what a node's agent and the controller say to each
//! other (module `agent`).

#![cfg_attr(not(feature = "text"), no_std)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "agent")]
pub mod agent;
mod cluster_name;
mod hash;
mod mac;
pub mod names;
mod node_id;
mod subnet;
#[cfg(feature = "text")]
pub mod text;
mod usb;

pub use cluster_name::{ClusterName, ClusterNameError};
pub use mac::{End, Mac};
pub use node_id::{NodeId, NodeIdError};
pub use subnet::{Subnet, SubnetError};
pub use usb::UsbId;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
