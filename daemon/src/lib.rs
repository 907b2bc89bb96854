//! `clusterhatd`: the nodes of Cluster HATs and ClusterCTRL boards for other programs. This library is for the program and its
//! tests, and may change with every version.
//!
//! It has no operations of its own and keeps no copy of the hardware's state: readings come from one thread that owns the
//! boards, however many clients ask, and operations run as the command's do, beside it and beside the command. The file locks
//! and the record of `hat-driver` decide between all of them.
//!
//! From the bottom up: [`error`], [`access`], [`events`], [`answers`]; [`boards`], [`watch`] and [`telemetry`], which know the library
//! `clusterhat`; [`service`], which has all of them; [`http`], which knows who asks; the parts that answer; and [`table`],
//! which lists every route.

pub mod access;
pub mod answers;
pub mod api;
pub mod args;
pub mod boards;
pub mod certificate;
pub mod commands;
pub mod consoles;
pub mod error;
pub mod events;
pub mod first_start;
pub mod http;
pub mod log;
pub mod metrics;
pub mod page;
pub mod redfish;
pub mod repeats;
pub mod server;
pub mod service;
pub mod settings;
pub mod state_folder;
pub mod table;
pub mod telemetry;
pub mod time;
pub mod watch;

mod whole_lines;
