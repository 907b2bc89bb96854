//! How a cluster is run: what its owner says of the boards, and of time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::revisions::Version;

/// How to run a cluster. Start from the default and set what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The HATs in their order; none = the one that the EEPROM describes.
    pub boards: Vec<BoardOptions>,
    /// How many nodes (1 to 4) a HAT has that is found by its EEPROM; absent = 4.
    pub detected_size: Option<u8>,
    /// The number of the first node; 1 by default.
    pub first: u32,
    /// The time between the moment at which a node is switched on and that of the next one; 1 s by
    /// default.
    pub delay: Duration,
    /// The same after single nodes, by their numbers.
    pub node_delays: BTreeMap<u32, Duration>,
    /// How long to wait for a lock that another process holds; 10 s by default.
    pub lock_limit: Duration,
    /// Where the hub of a v1.x HAT is on the USB, as sysfs names it (`1-1.2`); absent = found by the
    /// gadgets behind it.
    pub v1_hub: Option<String>,
    /// Whether nodes are switched on although the Pi reports under-voltage.
    pub ignore_under_voltage: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            boards: Vec::new(),
            detected_size: None,
            first: 1,
            delay: Duration::from_secs(1),
            node_delays: BTreeMap::new(),
            lock_limit: Duration::from_secs(10),
            v1_hub: None,
            ignore_under_voltage: false,
        }
    }
}

/// One HAT as its owner describes it. Start from the default and set what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoardOptions {
    /// Its name in messages; absent = `hat1` for the first, and so on.
    pub name: Option<String>,
    /// The number of its I2C bus; absent = [`HEADER_BUS`](super::HEADER_BUS).
    pub bus: Option<u32>,
    /// The expander's address; absent = 0x20.
    pub address: Option<u8>,
    /// The revision; absent = what the EEPROM says, which it does of a HAT at the default bus and address alone.
    pub revision: Option<Version>,
    /// How many nodes it has; absent = 4. Less than 1 counts as 1, more than 4 as 4.
    pub size: Option<u8>,
}
