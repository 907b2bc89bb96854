//! Exclusion of other processes, and why an operation has to stop.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

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
    UnderVoltage { node: Option<usize> },
    /// Somebody else switched these nodes off.
    Undone { nodes: Vec<usize> },
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
            .map_err(|source| Stop::Lock { path: PathBuf::from("the lock"), source })?;
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
