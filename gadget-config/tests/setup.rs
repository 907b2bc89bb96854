//! `clusterhat-node setup` and `undo` as a library, on cards in temporary folders.

#![allow(clippy::unwrap_used)]

#[path = "setup/boot.rs"]
mod boot;
#[path = "setup/cases.rs"]
mod cases;
#[path = "setup/changed.rs"]
mod changed;
#[path = "setup/cuts.rs"]
mod cuts;
#[path = "setup/others.rs"]
mod others;
#[path = "setup/prepared.rs"]
mod prepared;
#[path = "setup/random.rs"]
mod random;
#[path = "setup/refusals.rs"]
mod refusals;
#[path = "setup/subnet.rs"]
mod subnet;
#[path = "setup/tree.rs"]
mod tree;
