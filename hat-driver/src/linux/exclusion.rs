//! Exclusion of other processes: the locks, and why an operation has to stop.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::cluster::Cluster;
use super::error::{ClusterError, Done, Target};
use super::handle::Node;
use super::lock::{Holder, Lock, LockError};
use super::platform::{Platform, Resource};

/// Why an operation has to stop.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another process did not let go in time.
    Locked { path: PathBuf, holder: Option<Holder>, waited: Duration },
    /// The lock's file cannot be used.
    Lock { path: PathBuf, source: io::Error },
    /// The supply sags.
    UnderVoltage { node: Option<Node> },
    /// Somebody else switched these nodes off.
    Undone { nodes: Vec<Node> },
    /// The observer wants no more.
    Observer,
}

/// The lock of one resource, for the duration of one operation.
pub(super) struct Exclusion {
    lock: Box<dyn Lock>,
}

impl Exclusion {
    pub(super) fn new(platform: &dyn Platform, resource: Resource) -> Result<Self, Stop> {
        let path = platform
            .lock_path(resource)
            .map_err(|source| Stop::Lock { path: named(resource).into(), source })?;
        let lock = platform.lock(resource).map_err(|source| Stop::Lock { path, source })?;
        Ok(Self { lock })
    }

    pub(super) fn enter(&mut self, limit: Duration) -> Result<(), Stop> {
        let result = self.lock.acquire(limit);
        let path = || self.lock.path().to_owned();
        match result {
            Ok(()) => Ok(()),
            Err(LockError::TimedOut(holder)) => {
                Err(Stop::Locked { path: path(), holder, waited: limit })
            }
            Err(LockError::Io(source)) => Err(Stop::Lock { path: path(), source }),
        }
    }

    pub(super) fn leave(&mut self) {
        self.lock.release();
    }
}

/// For messages, where it has no file.
fn named(resource: Resource) -> String {
    match resource {
        Resource::Bus(bus) => format!("the I2C bus {bus}"),
        Resource::Lines => "the GPIO lines".to_owned(),
        Resource::PowerOn => "the switching on of nodes".to_owned(),
        Resource::Record => "the record".to_owned(),
    }
}

impl Cluster {
    /// The lock of a slot's board, not taken yet.
    pub(super) fn exclusion(&self, slot: usize) -> Result<Exclusion, ClusterError> {
        self.slots[slot].check_open(Target::None)?;
        let resource = self.slots[slot].info.bus.map_or(Resource::Lines, Resource::Bus);
        Exclusion::new(&*self.platform, resource)
            .map_err(|stop| self.not_entered(slot, Target::None, stop))
    }

    /// Takes the lock of a slot's board, until it is dropped.
    pub(super) fn enter(&self, slot: usize) -> Result<Exclusion, ClusterError> {
        let mut exclusion = self.exclusion(slot)?;
        exclusion
            .enter(self.options.lock_limit)
            .map_err(|stop| self.not_entered(slot, Target::None, stop))?;
        Ok(exclusion)
    }

    /// Takes a lock, until it is dropped.
    pub(super) fn take(&self, resource: Resource) -> Result<Exclusion, ClusterError> {
        let limit = self.options.lock_limit;
        Exclusion::new(&*self.platform, resource)
            .and_then(|mut exclusion| exclusion.enter(limit).map(|_| exclusion))
            .map_err(|stop| Self::stopped(stop, Done::default(), &[]))
    }
}

#[cfg(all(test, feature = "sim"))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::sim::{Machine, builtin};

    /// The simulation is gone, and with it where its locks would be.
    #[test]
    fn what_has_no_file_to_be_locked_by_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("simulation.json");
        fs::write(&file, builtin::simulation("v2.5").unwrap().to_text()).unwrap();
        let machine = Machine::open(file.to_str().unwrap()).unwrap();
        fs::remove_file(&file).unwrap();
        for (resource, name) in
            [(Resource::Bus(1), "the I2C bus 1"), (Resource::PowerOn, "the switching on of nodes")]
        {
            let stop = Exclusion::new(&machine, resource).err();
            assert!(
                matches!(&stop, Some(Stop::Lock { path, .. }) if path == Path::new(name)),
                "{stop:?}"
            );
        }
    }
}
