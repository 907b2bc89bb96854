//! `clusterhat-node setup` and `undo` as a library, on cards in temporary folders.

#![allow(clippy::unwrap_used)]

#[path = "card/boot.rs"]
mod boot;
#[path = "card/cases.rs"]
mod cases;
#[path = "card/changed.rs"]
mod changed;
#[path = "card/cuts.rs"]
mod cuts;
#[path = "card/folders.rs"]
mod folders;
#[path = "card/others.rs"]
mod others;
#[path = "card/plans.rs"]
mod plans;
#[path = "card/prepared.rs"]
mod prepared;
#[path = "card/random.rs"]
mod random;
#[path = "card/refusals.rs"]
mod refusals;
#[path = "card/subnet.rs"]
mod subnet;
#[path = "card/tree.rs"]
mod tree;
