//! Exclusion of other processes, and the supervision of a staggered power-on.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::event::Event;
use super::lock::{FileLock, Holder, LockError};
use super::platform::{Disturbance, Platform, Resource};
use super::throttled::{UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SEEN};
use crate::positions::Positions;
use crate::power::{Action, Conductor, Meanwhile};

/// Why an operation has to stop.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another process did not let go in time.
    Locked { path: PathBuf, holder: Option<Holder>, waited: Duration },
    /// The lock's file cannot be used.
    Lock { path: PathBuf, source: io::Error },
    /// The supply sags.
    UnderVoltage { node: Option<usize> },
}

/// The lock of one resource, for the duration of one operation.
pub(super) struct Exclusion {
    lock: FileLock,
    disturbance: Option<Box<dyn Disturbance>>,
}

impl Exclusion {
    pub(super) fn new(platform: &dyn Platform, resource: Resource) -> Result<Self, Stop> {
        let path = platform
            .lock_path(resource)
            .map_err(|source| Stop::Lock { path: PathBuf::from("the lock"), source })?;
        let lock = platform.lock(resource).map_err(|source| Stop::Lock { path, source })?;
        // Without a watch the bus counts as used, and is read again each time.
        Ok(Self { lock, disturbance: platform.watch(resource).ok() })
    }

    pub(super) fn enter(&mut self, limit: Duration) -> Result<Meanwhile, Stop> {
        let result = self.lock.acquire(limit);
        let path = || self.lock.path().to_owned();
        match result {
            Ok(()) => {
                Ok(self.disturbance.as_mut().map_or(Meanwhile::Used, |watch| watch.meanwhile()))
            }
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

/// Conducts a plan on one board: lock, clock, supply, and whoever watches.
pub(super) struct Supervised<'a> {
    pub(super) platform: &'a dyn Platform,
    pub(super) exclusion: Exclusion,
    pub(super) limit: Duration,
    /// The board's first node.
    pub(super) first: usize,
    pub(super) action: Action,
    /// The firmware's flags before the first node; absent where the supply does not matter.
    pub(super) baseline: Option<u32>,
    /// The node that was switched last.
    pub(super) last: Option<usize>,
    pub(super) observer: &'a mut dyn FnMut(Event),
}

impl Supervised<'_> {
    fn check_supply(&self) -> Result<(), Stop> {
        let Some(baseline) = self.baseline else { return Ok(()) };
        let flags = self.platform.throttled().unwrap_or(baseline);
        let new = flags & !baseline & UNDER_VOLTAGE_SEEN | flags & UNDER_VOLTAGE_NOW;
        if new == 0 { Ok(()) } else { Err(Stop::UnderVoltage { node: self.last }) }
    }
}

impl Conductor for Supervised<'_> {
    type Stop = Stop;

    fn enter(&mut self) -> Result<Meanwhile, Stop> {
        self.exclusion.enter(self.limit)
    }

    fn leave(&mut self) {
        self.exclusion.leave();
    }

    fn wait(&mut self, duration: Duration) -> Result<(), Stop> {
        (self.observer)(Event::Waiting { duration });
        self.platform.sleep(duration);
        self.check_supply()
    }

    fn switched(&mut self, nodes: Positions) -> Result<(), Stop> {
        for position in nodes.iter() {
            let node = self.first + usize::from(position);
            self.last = Some(node);
            (self.observer)(Event::Switched { node, action: self.action });
        }
        self.check_supply()
    }
}
