//! Changes to a system's files that can be undone.
//!
//! What is there is read into a [`Snapshot`], a [`Draft`] of what shall be there becomes a [`Plan`],
//! and carrying that out first writes down what was there before, so that a power cut at any moment
//! leaves something that [`undo`] and doing it again both understand. Undoing takes our lines back and
//! leaves what others wrote since; where nobody did, every byte is as it was.
//!
//! The system is that of the running machine or one mounted below any folder, with links followed
//! as that system would. One set-up at a time: [`Places::locked`], before the first look.

mod apply;
mod block;
mod boot;
mod diff;
mod disk;
mod error;
mod holder;
mod inside;
mod kept;
mod lock;
mod manifest;
mod merge;
mod mount;
mod places;
mod plan;
mod snapshot;
mod target;
mod undo;

pub use apply::rewrite;
pub use disk::{Disk, LinuxDisk, Rights};
pub use error::{Edited, Error};
pub use holder::{Holder, Wait};
pub use inside::read;
pub use lock::LONGEST_WAIT;
pub use places::{Base, Places, Spot};
pub use plan::{Change, Draft, Plan};
pub use snapshot::{Content, Entry, FileState, Owner, Snapshot};
pub use target::Target;
pub use undo::{Changed, Undone, plan_undo, undo, undo_with};
