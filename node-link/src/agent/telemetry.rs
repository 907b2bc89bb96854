//! A node's telemetry.

use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Printable;

/// The largest number of entries in a list, so that a line holds all lists.
pub const LIST_LIMIT: usize = 12;

/// A node's readings. Those that are not available are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Telemetry {
    /// Seconds since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_s: Option<u64>,
    /// Runnable tasks on average over 1, 5 and 15 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<[f64; 3]>,
    /// The processor's temperature in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    /// The firmware's flags, as `vcgencmd get_throttled` prints them: bit 0 under-voltage now, 1 frequency capped, 2 throttled, 3 soft
    /// temperature limit; the same since boot from bit 16 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled: Option<u32>,
    /// Its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Mounted file systems of disks and cards, at most [`LIST_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<Disk>>,
    /// Its IP addresses, except loopback and link-local ones, at most [`LIST_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<alloc::string::String>>"))]
    pub addresses: Option<Vec<IpAddr>>,
    /// systemd's failed units, at most [`LIST_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_units: Option<Vec<Printable>>,
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// Total usable memory (`MemTotal`).
    pub total_kib: u64,
    /// Available without swapping (`MemAvailable`).
    pub available_kib: u64,
}

/// A mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disk {
    /// Where it is mounted.
    pub mount: Printable,
    /// Its size.
    pub total_kib: u64,
    /// Available to users other than root.
    pub available_kib: u64,
    /// Whether it is read-only, as mounted or after an error.
    pub read_only: bool,
}
