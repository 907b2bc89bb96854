//! The USB gadget of a Cluster HAT node: its description, and its setup in the kernel.
//!
//! A [`Profile`] describes a node's gadget: network, serial ports, names and addresses, by default
//! those of the vendor's images. [`apply`] sets up the kernel's gadget accordingly, [`take_down()`]
//! removes it, [`status()`] reads its state. They work on a [`Kernel`]; `Linux` (feature `linux`) is
//! the running one.
//!
//! ```
//! use gadget_config::{BootMethod, Ethernet, Profile};
//! use node_link::{End, NodeId};
//!
//! let node = Profile::new("3".parse::<NodeId>()?, BootMethod::Card);
//! assert_eq!(node.ethernet, Ethernet::Ncm);
//! assert_eq!(node.usb_id().to_string(), "3171:0021");
//! assert_eq!(node.mac(End::Host).to_string(), "00:22:82:ff:fe:03");
//!
//! // On a network with a second cluster:
//! let node = Profile { cluster: Some("rack-1".parse()?), ..node };
//! assert_ne!(node.mac(End::Host).to_string(), "00:22:82:ff:fe:03");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | brings |
//! |---|---|
//! | `serde` | `Serialize` and `Deserialize` on the types of files and reports |
//! | `schema` | the JSON Schema of those of reports |
//! | `linux` | the running kernel, through the crate `usb-gadget` |
//! | `node-file` | `/etc/clusterhat/node.toml` |

mod apply;
mod boot;
mod error;
mod ethernet;
mod kernel;
mod kernel_part;
mod layout;
mod limits;
#[cfg(feature = "linux")]
mod linux;
#[cfg(feature = "node-file")]
pub mod node_file;
mod observed;
mod owner;
mod profile;
mod status;
mod take_down;
mod udc;

pub use apply::{Applied, GadgetAction, apply, plan};
pub use boot::{BootMethod, BootMethodError};
pub use error::GadgetError;
pub use ethernet::{Ethernet, EthernetError};
pub use kernel::Kernel;
pub use kernel_part::KernelPart;
pub use layout::{Difference, GADGET, Layout, LayoutEntry, Tree};
pub use limits::Limits;
#[cfg(feature = "linux")]
pub use linux::{GadgetLock, Linux};
#[cfg(feature = "node-file")]
pub use node_file::NodeFile;
pub use observed::{Gadget, TtyHolder, Udc};
pub use owner::UdcOwner;
pub use profile::{MicrosoftOs, Profile};
pub use status::{GadgetState, GadgetStatus, status};
pub use take_down::{StopGetty, take_down};

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
