//! `chaos`: power loss at random, and reproducibly, for whoever tests how their software copes with it.
//!
//! Nodes that are on lose their power at times with the mean `mtbf`, and have it again after times with the mean
//! `mttr`. All are switched as any other caller switches them, with the same locks and the same stagger. Whatever
//! ends a run, nodes that were on are on again: at its end, after a stop by the observer, and after a kill by the next
//! run, which finds them in a note on the disk. A node that somebody else has asked to be on or off since its fault is left as
//! that caller wants it.

mod clock;
mod error;
mod nodes;
mod note;
mod plan;
mod run;
mod schedule;

pub use error::ChaosError;
pub use plan::{ChaosPlan, FaultKind};
pub use run::ChaosProgress;

pub(crate) use note::{Forgotten, forget, left, remember};
pub(crate) use plan::Fault;
