//! The controller's end of the links: one bridge for all nodes, behind the controller (NAT) or on
//! its network, made by NetworkManager or systemd-networkd from files that are written here.
//!
//! ```no_run
//! use system_config::LinuxTools;
//! use system_config::network::{self, NetworkMode, NetworkRequest, Survey};
//!
//! let sysroot = network::sysroot("/".as_ref())?;
//! let survey = Survey::take(&sysroot, Some(&LinuxTools))?;
//! let request = NetworkRequest { nodes: vec!["3".parse::<node_link::NodeId>()?.into()], ..NetworkRequest::new(NetworkMode::Nat) };
//! let plan = network::plan(&request, &survey)?;
//! print!("{}", plan.files.diff());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No process of ours keeps running: the network manager provides the bridge, the leases and the masquerading.

mod asked;
mod bridge;
mod call;
mod checks;
mod error;
mod filter;
mod finding;
mod fix;
mod forwarding;
mod gadget;
mod hosts;
mod ip;
mod left_behind;
mod live;
mod manager_files;
mod masquerade;
mod mode;
mod networkd;
mod networkmanager;
mod node;
mod plan;
mod request;
mod settings;
mod status;
mod survey;
mod uplink_name;
mod user;

pub use asked::{Asked, nothing_kept};
pub use checks::findings;
pub use error::NetworkError;
pub use filter::{allow, withdraw};
pub use finding::Finding;
pub use fix::Fix;
pub use ip::{Link, Neighbour, Route};
pub use live::{activate, deactivate};
pub use mode::{ModeError, NetworkMode};
pub use node::NetworkNode;
pub use plan::{NetworkPlan, plan};
pub use request::NetworkRequest;
pub use settings::{NetworkSettings, SETTINGS_FILE};
pub use status::{BridgeStatus, LinkState, NodeLink, status};
pub use survey::{Survey, sysroot};

/// The bridge of all nodes.
pub const BRIDGE: &str = "clusterhat0";
