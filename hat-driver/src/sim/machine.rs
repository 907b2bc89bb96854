//! A simulated controller: the same machine that [`crate::linux::Host`] is, made of a simulation.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::beside::Locks;
use super::fault::{self, Fault};
use super::runtime;
use super::simulation::Simulation;
use super::store::{Store, StoreError};
use super::trace::traced;
use super::{builtin, fault::FaultKind};
use crate::bus_error::BusError;
use crate::linux::lock::FileLock;

/// A controller in a simulation.
#[derive(Clone, Debug)]
pub struct Machine {
    store: Arc<Mutex<Store>>,
    /// Processes with the same simulation share them.
    pub(super) locks: Locks,
    /// Whether waits take time.
    waits: bool,
}

impl Machine {
    /// A simulation of this process alone.
    ///
    /// # Errors
    /// Where no folder can hold the locks.
    pub fn memory(simulation: Simulation) -> Result<Self, StoreError> {
        let locks = runtime::locks_of_process()?;
        Ok(Self { store: Arc::new(Mutex::new(Store::memory(simulation))), locks, waits: true })
    }

    /// The simulation with this name ([`builtin::names`]), or in the file with this path.
    ///
    /// A named simulation keeps its state in a file of the user's until the machine restarts.
    ///
    /// # Errors
    /// [`StoreError`] names the file.
    pub fn open(name: &str) -> Result<Self, StoreError> {
        let path = match builtin::simulation(name) {
            Some(simulation) => runtime::builtin(name, &simulation)?,
            None => PathBuf::from(name),
        };
        let store = Store::file(&path)?;
        let locks = match store.place() {
            Some((path, false)) => runtime::locks(path)?,
            Some((path, true)) => Locks::beside(path),
            None => Locks::beside(&path),
        };
        Ok(Self { store: Arc::new(Mutex::new(store)), locks, waits: true })
    }

    /// Lets waits take no time.
    #[must_use]
    pub fn without_waits(mut self) -> Self {
        self.waits = false;
        self
    }

    /// The file that holds the simulation; none where it is in memory, or may only be read.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let store = self.store();
        let (path, _) = store.place().filter(|&(_, is_writable)| is_writable)?;
        Some(path.to_owned())
    }

    /// The simulation as it is now.
    pub fn simulation(&self) -> Simulation {
        let mut store = self.store();
        // What cannot be read any more shows at the next transfer.
        let _ = store.refresh();
        store.simulation().clone()
    }

    /// Changes the simulation from outside, as a hand on the board or another program would.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn change<R>(&self, change: impl FnOnce(&mut Simulation) -> R) -> io::Result<R> {
        let mut store = self.store();
        store.change(change)
    }

    /// Whether waits take time.
    #[must_use]
    pub const fn has_waits(&self) -> bool {
        self.waits
    }

    /// The file that holds the simulation, where one does.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.store().place().map(|(path, _)| path.to_owned())
    }

    /// A lock that every process with this simulation finds, for one thing in it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn lock(&self, what: &str) -> io::Result<FileLock> {
        FileLock::open(&self.locks.path(what)?)
    }

    /// Transfers made by this process.
    pub fn transfers(&self) -> u32 {
        self.store().transfers
    }

    /// One transfer or access to a line: counted, and subject to the simulation's faults.
    pub(super) fn access<R>(
        &self,
        access: impl FnOnce(&mut Simulation) -> R,
    ) -> Result<R, BusError> {
        let mut store = self.store();
        store.transfers += 1;
        let n = store.transfers;
        let fault = strike(store.simulation(), n);
        if let Some(kind) = fault.filter(|kind| !kind.reaches_chip()) {
            return Err(fail(kind));
        }
        let result = store.change(|simulation| traced(simulation, access))??;
        fault.map_or(Ok(result), |kind| Err(fail(kind)))
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn strike(simulation: &Simulation, n: u32) -> Option<FaultKind> {
    simulation.faults.iter().find(|fault: &&Fault| fault.strikes(n)).map(|fault| fault.kind)
}

/// Ends the process where the fault is to do that.
fn fail(kind: FaultKind) -> BusError {
    match kind.errno() {
        Some(errno) => BusError::from_errno(errno),
        None => fault::kill_this_process(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::Platform as _;

    /// Seen: thousands of files in the temporary folder, whose names another process may get.
    #[test]
    fn a_simulation_in_memory_leaves_no_files_behind() {
        let machine = Machine::memory(builtin::simulation("v2.5").unwrap()).unwrap();
        let shared = machine.clone();
        let path = machine.lock_path(crate::linux::Resource::Record).unwrap();
        drop(machine.lock("power-on").unwrap());
        drop(machine);
        std::fs::write(&path, "").unwrap();
        let folder = path.parent().unwrap();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
        drop(shared);
        assert!(!folder.exists());
    }
}
