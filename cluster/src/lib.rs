//! Cluster HATs and ClusterCTRL boards, for programs: the configuration, the nodes' names, every
//! operation of the `clusterhat` command, and what it came to as a typed report.
//!
//! ```no_run
//! use clusterhat::{Action, Controller, NodeSet, Options};
//!
//! # fn main() -> Result<(), clusterhat::Error> {
//! let mut cluster = Controller::new(&Options::default())?.open()?;
//! let nodes = NodeSet::parse(&["p[1-3]"])?;
//! let done = cluster.switch(&nodes, Action::On, &mut |_| {})?;
//! for node in &done.report.nodes {
//!     println!("{} is {:?}", node.node, node.power);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | step | type |
//! |---|---|
//! | which machine, which configuration | [`Options`] |
//! | the controller and its settings; no board was touched yet | [`Controller`] |
//! | the boards, and every operation on them | [`Cluster`] |
//! | what an operation found or did, and what failed beside it | [`Outcome`], [`report`] |
//! | what happens while it lasts; the place to cancel it | [`Event`] |
//! | why there is no result | [`Error`], [`ErrorKind`] |
//! | the system around the boards: set-up and the nodes' network | [`System`] |
//!
//! Nothing about the hardware is cached: every question is asked of the boards, and success is told
//! after reading back. A [`Cluster`] may move to another thread; in asynchronous code it belongs into a
//! blocking task. Other processes, the command among them, are kept out by locks on files.

pub mod config;
pub mod nodes;
pub mod report;

mod cluster;
mod controller;
mod error;
mod event;
mod operations;
mod outcome;
mod shorten;
mod system;

pub use cluster::Cluster;
pub use controller::{Controller, Options};
pub use error::{Error, ErrorKind, ErrorReport};
pub use event::{Event, Task, Verdict};
pub use node_link::text::parse_duration;
pub use nodes::NodeSet;
pub use operations::boards::search;
pub use operations::network::NetworkUndo;
pub use operations::outputs::Fan;
pub use operations::setup::{Setup, SetupUndo};
pub use outcome::Outcome;
pub use shorten::shorten;
pub use system::System;

pub use hat_driver::linux::{Node, Output, PowerEvent};
pub use hat_driver::power::Action;
