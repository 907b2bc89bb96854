//! The identity of a node and its agent.

use serde::{Deserialize, Serialize};

use super::{OLDEST, Printable, VERSION};
use crate::NodeId;

/// The identity of a node, and the protocol versions of its agent. The two version numbers are in every version of the protocol; anything else
/// may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Identity {
    /// The oldest version that the agent understands.
    pub oldest: u32,
    /// The newest.
    pub newest: u32,
    /// The agent program's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Printable>,
    /// The node's ID, as configured on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Its host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Printable>,
    /// Changes at each boot (`/proc/sys/kernel/random/boot_id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<Printable>,
    /// The machine's model (`/proc/device-tree/model`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Printable>,
    /// `PRETTY_NAME` of os-release(5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Printable>,
    /// The kernel's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Printable>,
    /// Whether this is a simulation.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub simulated: bool,
}

impl Identity {
    /// An identity with this library's versions; everything else is absent.
    #[must_use]
    pub fn new() -> Self {
        Self { oldest: OLDEST, newest: VERSION, ..Self::default() }
    }

    /// The newest version that both ends understand; `None` if they are more than one version apart.
    #[must_use]
    pub fn common_version(&self) -> Option<u32> {
        common(OLDEST..=VERSION, self.oldest..=self.newest)
    }
}

/// The highest number that is in both ranges.
pub(super) fn common(
    ours: core::ops::RangeInclusive<u32>,
    theirs: core::ops::RangeInclusive<u32>,
) -> Option<u32> {
    let newest = (*ours.end()).min(*theirs.end());
    (ours.contains(&newest) && theirs.contains(&newest)).then_some(newest)
}
