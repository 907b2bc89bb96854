//! All boards of a controller on Linux, with their nodes numbered in one sequence.
//!
//! [`Cluster::open`] finds the HATs (as configured in [`Options`], or by the EEPROM that the device
//! tree shows) and the ClusterCTRL boards (by their USB IDs). It gives out a [`Board`] handle for each
//! board and a [`Node`] handle for each node, which its operations take:
//!
//! | to | call |
//! |---|---|
//! | list boards and nodes | [`Cluster::boards`], [`Cluster::nodes`], [`Cluster::node`], [`Cluster::node_at`] |
//! | read | [`Cluster::status`], [`Cluster::usb_path`], [`Cluster::absent`] |
//! | switch nodes | [`Cluster::switch`], [`Cluster::cycle`], [`Cluster::off_beyond`]; [`Cluster::plan`] only plans |
//! | switch outputs | [`Cluster::set`], [`Cluster::cycle_hub`], [`Cluster::set_line`] |
//! | set up boards | [`Cluster::init`], [`Cluster::set_order`], [`Cluster::set_usb_boot`], [`Cluster::save`], [`Cluster::reset`] |
//! | follow boards that come and go | [`Cluster::rescan`] |
//!
//! Nothing is cached: each call asks the boards. Several processes may use the same boards at the same
//! time; [`rules`] says how they exclude each other. Every failure is a [`ClusterError`], which
//! says what was switched nevertheless, with names and advice of the caller's choice ([`ClusterError::describe`]).
//! [`Platform`] is the interface to the machine: [`Host`] is the real one, and
//! `sim::Machine` a simulated one.

mod asked;
mod asks;
mod away;
mod cluster;
mod cycle;
mod discover;
pub(crate) mod draft;
mod eeprom;
mod error;
mod event;
mod exclusion;
mod failing;
mod gpio;
mod handle;
mod host;
mod i2c;
mod info;
mod initialise;
mod keep_off;
mod ledger;
pub mod lock;
mod moment;
mod obstacle;
mod options;
mod output;
mod outputs;
mod platform;
mod probe;
mod record;
mod rescan;
mod restart;
#[doc = include_str!("rules.md")]
pub mod rules {}
mod run;
mod session;
mod settings;
mod slot;
mod spare;
mod switching;
pub mod throttled;
mod turn;
mod unit;
mod usb;

pub use asks::AsksSoFar;
pub use cluster::Cluster;
pub use cycle::Cycled;
pub use discover::HEADER_BUS;
pub use eeprom::{Eeprom, PRODUCT};
pub use error::{
    BoardError, ClusterError, Done, Missing, NodeResult, Obstacle, SparePlaces, Target, Wording,
    chain,
};
pub use event::{PowerEvent, Verdict};
pub use handle::{Board, Node};
pub use host::Host;
pub use info::{BoardInfo, BoardModel, BoardSource};
pub use keep_off::KeptOff;
pub use moment::Moment;
pub use options::{BoardOptions, Options};
pub use output::{Output, OutputResult};
pub use platform::{AnyBus, AnyLine, Platform, Resource, UsbBoard};
pub use probe::{Candidate, probe};
pub use rescan::BoardChange;
pub use switching::Switched;
pub use unit::{BoardReading, CtrlStatus};
