//! Changes files of an installed system so that every byte can be restored.
//!
//! [`changes`] is the mechanism: a snapshot of what is there, a plan, a record that survives a power cut,
//! and an undo. It is used as follows:
//!
//! ```no_run
//! use system_config::changes::{self, Changed, LONGEST_WAIT};
//! use system_config::controller::{self, ControllerRequest};
//!
//! // A controller's root, mounted or running; nobody else changes it until this is dropped.
//! let system = controller::sysroot("/mnt/root".as_ref(), None)?.locked(LONGEST_WAIT)?;
//! let plan = controller::plan(&ControllerRequest::default(), &controller::read(&system)?);
//! print!("{}", plan.diff());
//! plan.apply(&system)?;
//! // Restores every byte; what others have added since stays.
//! changes::undo(&system, Changed::Refuse)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | changes |
//! |---|---|
//! | [`controller`] | a controller's boot files, groups and units |
//! | [`network`] | the controller's network for its nodes |
//! | [`card`] | a node's card, mounted or running |
//!
//! [`units`] finds a system's units and what enables them.
//!
//! The feature `schema` gives the types used in reports a JSON Schema.

pub mod card;
pub mod changes;
mod config_txt;
pub mod controller;
mod manager;
pub mod network;
mod tools;
pub mod units;

pub use manager::{Manager, ManagerError};
pub use tools::{LinuxTools, Printed, Tools};

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
