//! `chaos`: power loss at random, and reproducibly, for whoever tests how their software copes with it.
//!
//! Nodes that are on lose their power at times with the mean `mtbf`, and have it again after times with the mean
//! `mttr`. All are switched as any other caller switches them, with the same locks and the same stagger. Whatever
//! ends a run, nodes that were on are on again: at its end, after a stop by the observer, and after a kill by the next
//! run, which finds them in a note on the disk.

mod clock;
mod note;
mod run;
mod schedule;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use note::left;

use crate::error::Error;
use crate::report::ChaosReport;

/// What is to happen.
#[derive(Clone, Debug, PartialEq)]
pub struct ChaosPlan {
    /// Mean time between a node's repair and its next fault; at least a second.
    pub mtbf: Duration,
    /// Mean time that a fault lasts; each lasts at least 0.1 s.
    pub mttr: Duration,
    /// For how long faults begin.
    pub duration: Duration,
    /// What the times follow from.
    pub seed: u64,
}

/// A fault, in times since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The node's number.
    pub(crate) node: u32,
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
}

impl Fault {
    /// When it is repaired.
    pub(crate) const fn until(&self) -> Duration {
        self.at.saturating_add(self.lasts)
    }
}

/// What a run tells while it lasts. Its observer may stop it at any of these.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChaosProgress<'a> {
    /// Something was done, or failed.
    Done(&'a ChaosReport, Option<Error>),
    /// Time passes: at least ten times a second.
    Waiting,
}

/// Why there is no chaos.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// A plan that makes no sense.
    #[error("{what} is {value}: it has to be {allowed}")]
    Plan {
        /// Which value.
        what: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// No node would fail.
    #[error("none of these nodes is on: only nodes that are on lose their power")]
    NothingOn,
    /// Another run is under way.
    #[error("nodes are being switched off at random already, by {0}")]
    Running(String),
    /// The note of what is off cannot be kept, so that nobody would put it back after a kill.
    #[error("cannot keep the note {} of nodes without power", .path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The note is not one that was written here.
    #[error("{} does not hold the nodes without power: {problem}; correct or remove it", .path.display())]
    Damaged {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The note names nodes that are not there, and cannot get their power back.
    #[error("absent, because their HAT is not connected: {}; connect it, or remove the file {}, which names them", .nodes.join(" "), .path.display())]
    Gone {
        /// The note.
        path: PathBuf,
        /// The nodes.
        nodes: Vec<String>,
    },
}

impl ChaosPlan {
    /// # Errors
    /// [`ChaosError::Plan`].
    fn check(&self) -> Result<(), ChaosError> {
        let least = |what, value: Duration, least: Duration, allowed| match value < least {
            false => Ok(()),
            true => {
                Err(ChaosError::Plan { what, value: format!("{} s", value.as_secs_f64()), allowed })
            }
        };
        least("the mean time between failures", self.mtbf, Duration::from_secs(1), "at least 1 s")?;
        least("the mean time to repair", self.mttr, Duration::from_millis(100), "at least 0.1 s")?;
        least("the duration", self.duration, Duration::from_millis(1), "more than 0 s")
    }
}
