//! How a cluster is run: what its owner says of the boards, and of time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ledger::LONGEST;
use crate::revisions::Version;

/// How to run a cluster. Start from the default and set what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The HATs in their order; none = the one that the EEPROM describes.
    pub boards: Vec<BoardOptions>,
    /// How many nodes (1 to 4) a HAT has that is found by its EEPROM; absent = 4.
    pub detected_size: Option<u8>,
    /// The number of the first node; 1 by default. One above 4 294 901 760 counts as that, so that each node has a
    /// number of its own.
    pub first: u32,
    /// The time between the moment at which a node is switched on and that of the next one; 1 s by
    /// default. More than 300 s count as 300 s.
    pub delay: Duration,
    /// The same after single nodes, by their numbers, with the same limit.
    pub node_delays: BTreeMap<u32, Duration>,
    /// How long to wait for a lock that another process holds; 10 s by default.
    pub lock_limit: Duration,
    /// Where the hub of a v1.x HAT is on the USB, as sysfs names it (`1-1.2`); absent = found by the
    /// gadgets behind it.
    pub v1_hub: Option<String>,
    /// Whether nodes are switched on although the Pi reports under-voltage.
    pub ignore_under_voltage: bool,
}

/// Leaves numbers for more nodes than boards can be connected.
const HIGHEST_FIRST: u32 = u32::MAX - u16::MAX as u32;

impl Options {
    /// With the values that too high ones count as.
    pub(super) fn limited(mut self) -> Self {
        self.first = self.first.min(HIGHEST_FIRST);
        for delay in self.node_delays.values_mut().chain([&mut self.delay]) {
            *delay = (*delay).min(LONGEST);
        }
        self
    }
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
