//! The controller's side on Linux: buses, lines, device tree, locks, and the cluster of boards.

mod access;
mod asked;
mod cluster;
mod cycle;
mod discover;
mod eeprom;
mod error;
mod event;
mod exclusion;
mod gpio;
mod host;
mod i2c;
mod info;
mod ledger;
pub mod lock;
mod outputs;
mod platform;
mod probe;
mod record;
mod rescan;
mod restart;
#[doc = include_str!("rules.md")]
pub mod rules {}
mod session;
mod slot;
mod spare;
mod start;
mod switching;
pub mod throttled;
mod turn;
mod unit;
mod usb;

pub use cluster::{Cluster, Options};
pub use cycle::Cycled;
pub use discover::{BoardOptions, HEADER_BUS};
pub use eeprom::{Eeprom, PRODUCT};
pub use error::{BoardError, Done, Error, Missing, NodeState, chain};
pub use event::{Event, Verdict};
pub use host::Host;
pub use info::{BoardInfo, Model, Source};
pub use ledger::Moment;
pub use outputs::{Change, Output};
pub use platform::{AnyBus, AnyLine, Platform, Resource, UsbBoard};
pub use probe::{Candidate, probe};
pub use rescan::BoardChange;
pub use switching::Switched;
pub use unit::{CtrlStatus, UnitStatus};
