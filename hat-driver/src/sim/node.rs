//! Simulated nodes: where they are, since when they have power, and how they behave.
//!
//! A simulation runs no node. It keeps when each one got its power, by the boot clock, and what was done to
//! it since; what has become of it follows from that and the time, so every process that looks comes to
//! the same result.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::chip::ChipPlace;

/// Where a node is: on which chip, and at which position. Its text is `1:0x20/1`, with the position from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodePlace {
    /// Bus and address of its board's chip; `None` where GPIO lines switch it.
    pub chip: Option<ChipPlace>,
    /// Its position on the board, 0 for P1.
    pub position: u8,
}

impl fmt::Display for NodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chip {
            Some((bus, address)) => write!(f, "{bus}:{address:#04x}/{}", self.position + 1),
            None => write!(f, "gpio/{}", self.position + 1),
        }
    }
}

/// What happened to a node since it got its power. Times are nanoseconds of the boot clock
/// (`CLOCK_BOOTTIME`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeRecord {
    /// When it got its power; 0 where nobody saw it.
    pub on: u64,
    /// When it was last asked to power off or to reboot, and obeyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<u64>,
    /// Whether it was to start again after that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reboot: bool,
    /// When it began to hang.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hung: Option<u64>,
}

impl NodeRecord {
    /// When it got its power.
    #[must_use]
    pub const fn on(&self) -> Duration {
        Duration::from_nanos(self.on)
    }

    /// When it began to hang.
    #[must_use]
    pub fn hung(&self) -> Option<Duration> {
        self.hung.map(Duration::from_nanos)
    }

    /// When it was last asked to power off or to reboot.
    #[must_use]
    pub fn down(&self) -> Option<Duration> {
        self.down.map(Duration::from_nanos)
    }
}

/// A stage of a node's start, in which one can be made to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// It has power, and is not on the USB: no card, no image, or too weak a supply.
    Powered,
    /// Its boot ROM waits for boot files: there is no bootable card.
    BootRom,
    /// Its gadget is on the USB.
    Enumerated,
    /// Its link has a carrier.
    Link,
    /// It answers on the network, and runs no agent.
    Reachable,
}

/// How a node behaves: its object under `nodes` in a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Behaviour {
    /// The stage of its start beyond which it does not get.
    pub stays: Option<Stage>,
    /// Whether it hangs as soon as its agent runs: it stays on the USB, and its console and its agent accept input without a
    /// reply.
    pub hangs: bool,
    /// How long a start takes, in seconds.
    #[serde(deserialize_with = "seconds")]
    pub boots_in: Duration,
    /// How long after the start of its agent that ends, in seconds; `None` = it does not.
    #[serde(deserialize_with = "some_seconds")]
    pub agent_ends_after: Option<Duration>,
}

impl Behaviour {
    /// The keys of its object.
    pub const KEYS: [&str; 4] = ["stays", "hangs", "boots_in", "agent_ends_after"];
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { stays: None, hangs: false, boots_in: Duration::from_secs(3), agent_ends_after: None }
    }
}

/// Longer than anybody waits for a simulation.
const MOST_SECONDS: f64 = 1e6;

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    match seconds {
        0.0..=MOST_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(serde::de::Error::custom("a time is a number of seconds from 0 to 1000000")),
    }
}

fn some_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    seconds(deserializer).map(Some)
}
