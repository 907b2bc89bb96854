//! Changes to a system's files that can be undone.
//!
//! What is there is read into a [`Snapshot`], a [`Draft`] of what shall be there becomes a [`ChangePlan`],
//! and carrying that out first writes down what was there before, so that a power cut at any moment
//! leaves something that [`undo`] and doing it again both understand. Undoing takes our lines back and
//! leaves what others wrote since; where nobody did, every byte is as it was.
//!
//! The system is that of the running machine or one mounted below any folder, with links followed
//! as that system would. One setup at a time: [`Sysroot::locked`], before the first look.

mod advice;
mod apply;
mod block;
mod boot;
mod diff;
mod disk;
mod draft;
mod durable;
mod error;
mod holder;
mod hunks;
mod inside;
mod kept;
mod lock;
mod manifest;
mod merge;
mod mount;
mod moved;
mod open;
mod pieces;
mod plan;
mod preflight;
mod snapshot;
mod sys_path;
mod sysroot;
mod target;
mod undo;

pub use advice::ParameterNames;
pub use apply::{remove_draft, rewrite};
pub use disk::{Disk, LinuxDisk, Rights};
pub use draft::Draft;
pub use durable::replace_file;
pub use error::{ChangeError, Edited};
pub use holder::{LockHolder, Wait};
pub use inside::{check_inside, read};
pub use lock::LONGEST_WAIT;
pub use plan::{Change, ChangePlan};
pub use snapshot::{Content, FileState, Owner, Snapshot, SnapshotEntry};
pub use sys_path::{Partition, SysPath};
pub use sysroot::Sysroot;
pub use target::TargetFile;
pub use undo::{Changed, Undone, plan_undo, undo, undo_with};
