//! Simulated hardware: chips at the level of the bus, worlds of them, and faults on demand.
//!
//! The same chips serve the tests, the `clusterhat` command's `--sim`, and the virtual machine that
//! puts them on a real kernel's bus.

mod beside;
pub mod builtin;
pub mod chip;
pub mod ctrl;
pub mod fault;
mod machine;
mod runtime;
mod simulation;
mod store;
mod trace;

pub use machine::Machine;
pub use simulation::{ChipPlace, Simulation, SimulationError};
pub use store::{Store, StoreError};
