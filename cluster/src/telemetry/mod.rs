//! Readings of nodes, reported by their agents, and of the controller.

mod controller;
mod gatherer;

pub use gatherer::Gatherer;
