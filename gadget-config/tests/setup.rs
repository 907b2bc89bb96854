//! `clusterhat-node setup` and `undo` as a library, on cards in temporary folders.

#![allow(clippy::unwrap_used)]

#[path = "setup/cases.rs"]
mod cases;
#[path = "setup/changed.rs"]
mod changed;
#[path = "setup/cuts.rs"]
mod cuts;
#[path = "setup/random.rs"]
mod random;
#[path = "setup/refusals.rs"]
mod refusals;
#[path = "setup/tree.rs"]
mod tree;
