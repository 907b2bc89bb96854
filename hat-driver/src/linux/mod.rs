//! The controller's side on Linux: buses, lines, device tree, locks, and the cluster of boards.

mod cluster;
mod discover;
mod eeprom;
mod error;
mod exclusion;
mod gpio;
mod host;
mod i2c;
pub mod lock;
mod platform;
pub mod throttled;
mod watch;

pub use cluster::{Change, Cluster, Event, Options};
pub use discover::{BoardInfo, BoardOptions, Candidate, HEADER_BUS, Source, probe};
pub use eeprom::{Eeprom, PRODUCT};
pub use error::{Done, Error};
pub use host::Host;
pub use platform::{AnyBus, AnyLine, Disturbance, Platform, Resource};
