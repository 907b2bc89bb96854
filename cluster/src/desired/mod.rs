//! The desired state: the power that was last requested for each node, and the nodes to be restored after a
//! loss of power. One JSON document, which every switching command replaces as a whole:
//!
//! ```json
//! {"version": 1,
//!  "boards": [{"place": "i2c-1:0x20", "uuid": "…", "nodes": {"1": {"on": true, "requests": 3}, "2": {"on": false, "due": true, "requests": 1}}}],
//!  "start": {"boot": "4bb0c0a9-…", "cut_short": 1}}
//! ```
//!
//! Nodes are identified by their board and their position on it, so that an additional board does not change their
//! identity. `due` marks nodes that are still to be restored, after a loss of power or because they were shut down with their controller; `requests` counts
//! the requests, so that one that fails does not take back a later one for the same power; `start` is present from before the first of them is
//! switched on until the last one has been on for a while.

mod document;
mod error;
mod policy;
mod store;

pub(crate) use document::{BoardId, Document};
pub use error::DesiredError;
pub use policy::{AtBoot, Why};
pub(crate) use policy::{Known, decide};
pub(crate) use store::Store;
