//! The controller's side on Linux: buses, lines, device tree, locks, and the cluster of boards.

mod asked;
mod cluster;
mod cycle;
mod discover;
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
mod ledger;
pub mod lock;
mod options;
mod outputs;
mod platform;
mod probe;
mod record;
mod rescan;
mod restart;
#[doc = include_str!("rules.md")]
pub mod rules {}
mod session;
mod settings;
mod slot;
mod spare;
mod switching;
pub mod throttled;
mod turn;
mod unit;
mod usb;

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
pub use ledger::Moment;
pub use options::{BoardOptions, Options};
pub use outputs::{Output, OutputResult};
pub use platform::{AnyBus, AnyLine, Platform, Resource, UsbBoard};
pub use probe::{Candidate, probe};
pub use rescan::BoardChange;
pub use switching::Switched;
pub use unit::{BoardReading, CtrlStatus};
