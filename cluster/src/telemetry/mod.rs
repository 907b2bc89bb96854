//! Readings of nodes, as their agents tell them, and of the controller.

mod controller;
mod gatherer;

pub use gatherer::Gatherer;
