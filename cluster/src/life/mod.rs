//! The states of nodes, derived from events of the kernel, of their agents, and of power switching.
//!
//! [`Facts`] is a pure reducer: facts and an [`Event`] yield new facts, and the [`State`] follows from the facts. In the table, a column is the state
//! before, as reached by a node that starts from its card; a row is the event; a cell is the state after it, if it differs.
#![doc = ""]
#![doc = include_str!("table.md")]
//!
//! A node's gadget is found by its USB serial number, and its interface by its name, which both follow from the
//! node's number ([`node_link::NodeId`]); its boot ROM, which has neither, by the node's USB path.

mod agents;
mod event;
mod facts;
mod follow;
mod kernel;
mod node_state;
mod noted;
mod power;
mod snapshot;
mod source;
mod state;
mod watch;

use std::time::Duration;

pub(crate) use event::Dated;
pub use event::Event;
pub use facts::Facts;
pub(crate) use kernel::Present;
pub use node_state::NodeState;
pub(crate) use snapshot::Snapshot;
pub(crate) use source::Source;
pub use state::State;
pub use watch::Watch;

/// How long a node may take from power to its gadget on the USB, before it counts as [failed](State::Failed). A Zero takes
/// about half a minute; one that grows its card's file system at its first boot takes longer.
pub const BOOT_LIMIT: Duration = Duration::from_secs(120);
