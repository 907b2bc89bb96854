//! Cluster HATs and ClusterCTRL boards as a library: the configuration, the nodes' names, and every
//! operation of the `clusterhat` command, with its result as a typed report.
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
//! | to | use |
//! |---|---|
//! | choose the machine and the configuration | [`Options`] |
//! | read the controller's settings; touches no board | [`Controller`] |
//! | open the boards and operate them | [`Cluster`] |
//! | see what an operation found or did, and which parts failed | [`Outcome`], [`report`] |
//! | follow its progress, or cancel it | [`Event`] |
//! | see why it failed | [`Error`], [`ErrorKind`] |
//! | open a node's serial ports | [`ports`] |
//! | follow nodes through their states | [`life`] |
//! | find out what keeps a cluster from working | [`doctor`] |
//! | test what software makes of power loss | [`chaos`] |
//! | set up the controller and the nodes' network | [`System`] |
//!
//! Nothing about the hardware is cached: every query reads the boards, and success is reported
//! only after reading back. A [`Cluster`] is [`Send`]; in asynchronous code, use it in a blocking task.
//! File locks exclude other processes, including the command.

pub mod agent;
pub mod chaos;
pub mod config;
pub mod consoles;
pub mod doctor;
pub mod fan;
pub mod life;
pub mod nodes;
pub mod ports;
pub mod report;
pub mod service;
pub mod telemetry;

mod backend;
mod cluster;
mod controller;
mod desired;
mod error;
mod event;
mod file_watch;
mod hooks;
mod losses;
mod misplaced;
mod node_note;
mod numbering;
mod operations;
mod outcome;
mod rfc3339;
mod simulated;
mod system;

pub use cluster::Cluster;
pub use controller::{Controller, Options};
pub use desired::{AtBoot, DesiredError, Why};
pub use error::{Error, ErrorKind, ErrorReport, NodesLeft};
pub use event::{Event, Task, Verdict};
pub use hooks::HookFailure;
pub use node_link::text::{TomlText, chain, parse_duration, shorten, usage_error, usage_message};
pub use nodes::NodeSet;
pub use numbering::Numbering;
pub use operations::boards::search;
pub use operations::network::NetworkUndo;
pub use operations::outputs::Fan;
pub use operations::restore::Restore;
pub use operations::running::Running;
pub use operations::setup::{Setup, SetupUndo};
pub use operations::shutdown::{AfterShutdown, SETTLE, Shutdown};
pub use operations::wait::{Start, Wait};
pub use outcome::Outcome;
pub use rfc3339::rfc3339;
pub use system::System;

pub use hat_driver::linux::{Node, Output, PowerEvent};
pub use hat_driver::power::Action;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
