//! Simulated hardware: chips at the level of the bus, controllers with boards, and faults on request.
//!
//! A [`Simulation`] is the hardware with its current state, which is also what a simulation file holds
//! as JSON. A [`Machine`] is a platform made of one, in memory or in a file that several processes share:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use hat_driver::linux::{Cluster, Options};
//! use hat_driver::sim::{Machine, builtin};
//!
//! let simulation = builtin::simulation("v2.5").ok_or("no such simulation")?;
//! let machine = Machine::memory(simulation)?.without_waits();
//! let cluster = Cluster::open(Arc::new(machine), Options::default())?;
//! assert_eq!(cluster.nodes().count(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! [`builtin::names`] lists a board of each kind; [`fault::Fault`] says what can go wrong on request.

mod beside;
pub mod builtin;
mod bus;
pub mod chip;
pub mod ctrl;
pub mod fault;
mod machine;
mod node;
mod platform;
mod power_record;
mod recording;
mod regular_file;
mod runtime;
mod simulation;
mod simulation_text;
mod store;
mod trace;

pub use beside::replace_beside;
pub use chip::ChipPlace;
pub use machine::Machine;
pub use node::{Behaviour, NodePlace, NodeRecord, Stage};
pub use simulation::Simulation;
pub use simulation_text::SimulationError;
pub use store::StoreError;
