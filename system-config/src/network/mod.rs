//! The controller's end of the links: one bridge for all nodes, behind the controller (NAT) or on
//! its network, made by NetworkManager or systemd-networkd from files that are written here.
//!
//! ```no_run
//! use system_config::LinuxTools;
//! use system_config::network::{self, Mode, Request, Survey};
//!
//! let places = network::places("/".as_ref())?;
//! let survey = Survey::take(&places, Some(&LinuxTools))?;
//! let request = Request { nodes: vec!["3".parse::<node_link::NodeId>()?.into()], ..Request::new(Mode::Nat) };
//! let plan = network::plan(&request, &survey)?;
//! print!("{}", plan.files.diff());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No process of ours stays behind: the bridge, the leases and the masquerading are the manager's.

mod error;
mod filter;
mod finding;
mod forwarding;
mod gadget;
mod hosts;
mod ip;
mod live;
mod networkd;
mod networkmanager;
mod node;
mod plan;
mod request;
mod settings;
mod status;
mod survey;
mod user;

pub use error::Error;
pub use filter::{allow, withdraw};
pub use finding::{Finding, findings};
pub use ip::{Link, Neighbour, Route};
pub use live::{activate, deactivate};
pub use node::Node;
pub use plan::{NetworkPlan, plan};
pub use request::{Mode, ModeError, Request};
pub use settings::{SETTINGS_FILE, Settings};
pub use status::{NodeLink, NodeState, Status, status};
pub use survey::{Survey, places};

/// The bridge of all nodes.
pub const BRIDGE: &str = "clusterhat0";
