//! Changes to a system's files that can be undone byte for byte.
//!
//! What is there is read into a [`Snapshot`], a [`Draft`] of what shall be there becomes a [`Plan`],
//! and carrying that out first writes down what was there before, so that a power cut at any moment
//! leaves something that [`undo`] and doing it again both understand.
//!
//! The system is that of the running machine or one mounted below any folder, with links followed
//! as that system would.

mod apply;
mod block;
mod diff;
mod disk;
mod error;
mod manifest;
mod places;
mod plan;
mod snapshot;
mod undo;

pub use disk::{Disk, LinuxDisk, Rights};
pub use error::Error;
pub use places::{Base, Places, Spot};
pub use plan::{Change, Draft, Plan};
pub use snapshot::{Content, Entry, FileState, Owner, Snapshot};
pub use undo::{Changed, Undone, plan_undo, undo, undo_with};
