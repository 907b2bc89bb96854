//! The desired state: which power each node was last asked to have, and what has to be restored after a
//! loss of power. One JSON document, which every switch replaces as a whole:
//!
//! ```json
//! {"version": 1,
//!  "boards": [{"place": "i2c-1:0x20", "uuid": "…", "nodes": {"1": {"on": true}, "2": {"on": false, "due": true}}}],
//!  "start": {"boot": "4bb0c0a9-…", "cut_short": 1}}
//! ```
//!
//! Nodes are kept by their board and the place on it, so that they stay the same nodes where boards are
//! added before them. `due` marks the nodes that are still to be restored; `start` is there from before the
//! first of them is switched on until the last one has been on for a while.

mod document;
mod error;
mod policy;
mod store;

pub(crate) use document::{BoardId, Document};
pub use error::DesiredError;
pub use policy::{AtBoot, Why};
pub(crate) use policy::{Known, decide};
pub(crate) use store::Store;
