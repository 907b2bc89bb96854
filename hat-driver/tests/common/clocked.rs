//! A simulated machine whose clock goes on in waits alone, and whose supply sags when it is told to.

// Each test program uses its own part.
#![allow(dead_code)]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hat_driver::linux::lock::{FileLock, Lock, LockError};
use hat_driver::linux::{Cluster, Moment, Options, Platform, Resource};
use hat_driver::sim::fault::{Fault, FaultKind};
use hat_driver::sim::{Machine, Simulation, builtin};
use tempfile::TempDir;

use super::machine::as_its_machine;

#[derive(Clone)]
pub(crate) struct Clocked {
    machine: Machine,
    clock: Arc<Mutex<Duration>>,
    /// The firmware's flags from a time on; none where there is no such firmware.
    flags: Vec<(Duration, u32)>,
    has_record: bool,
    /// How many locks of boards are had before one is not had in time.
    locks_left: Arc<Mutex<Option<u32>>>,
    locks: Arc<TempDir>,
}

impl Clocked {
    /// A HAT (nodes 0 to 3), a Triple (4 to 6), and a pHAT (7 to 10).
    pub(crate) fn new() -> Self {
        Self {
            machine: Machine::memory(builtin::simulation("mixed").unwrap())
                .unwrap()
                .without_waits(),
            clock: Arc::default(),
            flags: Vec::new(),
            has_record: true,
            locks_left: Arc::default(),
            locks: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    /// With these flags from these seconds on.
    pub(crate) fn supplied(flags: &[(u64, u32)]) -> Self {
        let flags = flags.iter().map(|&(at, flags)| (Duration::from_secs(at), flags)).collect();
        Self { flags, ..Self::new() }
    }

    pub(crate) fn without_record() -> Self {
        Self { has_record: false, ..Self::new() }
    }

    /// Changes the boards, as a hand on them or a program that knows none of the rules would.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Simulation) -> R) -> R {
        self.machine.change(change).unwrap()
    }

    /// The next transfers fail from the `skip`-th on, and do not reach the chip: as many as one is
    /// tried, or all.
    pub(crate) fn fail_after(&self, skip: u32, lasting: bool) {
        let first = self.machine.transfers() + 1 + skip;
        let fault = |transfer| Fault { transfer, kind: FaultKind::Io, lasting };
        self.change(|world| world.faults = (first..first + 3).map(fault).collect());
    }

    /// After so many locks of boards, another process holds the next one for too long.
    pub(crate) fn hold_lock_after(&self, count: u32) {
        *self.locks_left.lock().unwrap() = Some(count);
    }

    pub(crate) fn open(&self, options: Options) -> Cluster {
        Cluster::open(Arc::new(self.clone()), options).unwrap()
    }

    pub(crate) fn now(&self) -> Duration {
        *self.clock.lock().unwrap()
    }

    /// The nodes that have power, counted from 0.
    pub(crate) fn powered(&self) -> Vec<usize> {
        let world = self.machine.simulation();
        let chip = world.expanders.values().next().unwrap();
        let hat = (0..4).map(|node| (chip.latch & !chip.direction) >> node & 1);
        let ctrls = world.ctrls.values().flat_map(|ctrl| ctrl.p.clone());
        hat.chain(ctrls)
            .enumerate()
            .filter(|(_, power)| *power != 0)
            .map(|(node, _)| node)
            .collect()
    }
}

impl Platform for Clocked {
    as_its_machine!(the_rest i2c line usb_boards kernel_driver);

    fn throttled(&self) -> Option<u32> {
        let now = self.now();
        self.flags.iter().rev().find(|(at, _)| *at <= now).map(|&(_, flags)| flags)
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        match resource {
            Resource::Record if !self.has_record => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(self.locks.path().join(format!("{resource:?}"))),
        }
    }

    fn lock(&self, resource: Resource) -> io::Result<Box<dyn Lock>> {
        let path = self.lock_path(resource)?;
        let mut left = self.locks_left.lock().unwrap();
        match (resource, &mut *left) {
            (Resource::Bus(_), Some(0)) => {
                *left = None;
                return Ok(Box::new(Held(path)));
            }
            (Resource::Bus(_), Some(left)) => *left -= 1,
            _ => {}
        }
        Ok(Box::new(FileLock::open(&path)?))
    }

    fn moment(&self) -> Moment {
        Moment { boot: "this".to_owned(), uptime: self.now() }
    }

    fn sleep(&self, duration: Duration) {
        *self.clock.lock().unwrap() += duration;
    }
}

/// A lock that somebody else holds.
struct Held(PathBuf);

impl Lock for Held {
    fn path(&self) -> &Path {
        &self.0
    }

    fn acquire(&mut self, _limit: Duration) -> Result<(), LockError> {
        Err(LockError::TimedOut(None))
    }

    fn release(&mut self) {}
}
