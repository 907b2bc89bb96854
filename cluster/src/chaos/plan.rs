//! The plan of a run: how often nodes fail, and for how long.

use std::time::Duration;

use serde::Serialize;

use super::error::ChaosError;

/// The plan of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct ChaosPlan {
    /// Mean time between a node's repair and its next fault; at least a second.
    pub mtbf: Duration,
    /// Mean time that a fault lasts; each lasts at least 0.1 s.
    pub mttr: Duration,
    /// For how long faults begin.
    pub duration: Duration,
    /// The seed of the times and kinds of faults.
    pub seed: u64,
    /// The share of faults that are shutdowns, after which the power goes: 0 to 1.
    pub graceful_share: f64,
    /// Whether nodes hang where they would lose their power without a shutdown. Simulated ones only.
    pub hang: bool,
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// It loses its power.
    Cut,
    /// It is shut down, and loses its power once it has halted.
    Graceful,
    /// It stops responding until its power is cycled.
    Hang,
}

impl ChaosPlan {
    /// # Errors
    /// [`ChaosError::Plan`].
    pub(super) fn check(&self) -> Result<(), ChaosError> {
        let least = |what, value: Duration, least: Duration, allowed| match value < least {
            false => Ok(()),
            true => {
                Err(ChaosError::Plan { what, value: format!("{} s", value.as_secs_f64()), allowed })
            }
        };
        least("the mean time between failures", self.mtbf, Duration::from_secs(1), "at least 1 s")?;
        least("the mean time to repair", self.mttr, Duration::from_millis(100), "at least 0.1 s")?;
        least("the duration", self.duration, Duration::from_millis(1), "more than 0 s")?;
        match (0.0..=1.0).contains(&self.graceful_share) {
            true => Ok(()),
            false => Err(ChaosError::Plan {
                what: "the share of graceful faults",
                value: self.graceful_share.to_string(),
                allowed: "from 0 to 1",
            }),
        }
    }
}

/// A fault, in times since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The node's number.
    pub(crate) node: u32,
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
    pub(crate) kind: FaultKind,
}

impl Fault {
    /// When it is repaired.
    pub(crate) const fn until(&self) -> Duration {
        self.at.saturating_add(self.lasts)
    }
}
