//! What a cluster's nodes are parts of: this machine, or a simulation.

use std::path::{Path, PathBuf};

use hat_driver::sim::Machine;

/// Where the boards and their nodes are.
pub(crate) enum Backend {
    /// Devices and files below a folder.
    System {
        /// `/`, but for tests and mounted systems.
        root: PathBuf,
    },
    /// A simulation, which has no files or devices.
    Simulation(Machine),
}

impl Backend {
    /// Where the machine's files are; a simulation has none.
    pub(crate) fn root(&self) -> Option<&Path> {
        match self {
            Self::System { root } => Some(root),
            Self::Simulation(_) => None,
        }
    }
}
