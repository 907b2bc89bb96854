//! `chaos`: random but reproducible loss of power, for tests of how software copes with it.
//!
//! Nodes that are on lose their power after times with the mean `mtbf`, and get it back after times with the mean
//! `mttr`. They are switched like by any other caller, with the same locks and the same stagger. However a run
//! ends, nodes that were on are on again: at its end, after a stop by the observer, or, after a kill, by the next
//! run, which finds them in a note on the disk. A node that another caller has switched since its fault is left as
//! that caller put it.

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
