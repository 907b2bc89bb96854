//! A simulated machine whose clock goes on in waits alone, and whose supply sags when it is told to.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hat_driver::BusError;
use hat_driver::linux::{
    AnyBus, AnyLine, Cluster, Eeprom, Moment, Options, Platform, Resource, UsbBoard,
};
use hat_driver::sim::{Machine, builtin};
use tempfile::TempDir;

#[derive(Clone)]
pub(crate) struct Clocked {
    machine: Machine,
    clock: Arc<Mutex<Duration>>,
    /// The firmware's flags from a time on; none where there is no such firmware.
    flags: Vec<(Duration, u32)>,
    has_record: bool,
    locks: Arc<TempDir>,
}

impl Clocked {
    /// A HAT (nodes 0 to 3), a Triple (4 to 6), and a pHAT (7 to 10).
    pub(crate) fn new() -> Self {
        Self {
            machine: Machine::memory(builtin::world("mixed").unwrap()).unwrap().without_waits(),
            clock: Arc::default(),
            flags: Vec::new(),
            has_record: true,
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

    pub(crate) fn open(&self, options: Options) -> Cluster {
        Cluster::open(Arc::new(self.clone()), options).unwrap()
    }

    pub(crate) fn now(&self) -> Duration {
        *self.clock.lock().unwrap()
    }

    /// The nodes that have power, counted from 0.
    pub(crate) fn powered(&self) -> Vec<usize> {
        let world = self.machine.world();
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
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        self.machine.i2c(bus)
    }

    fn line(&self, bcm: u8) -> Result<AnyLine, BusError> {
        self.machine.line(bcm)
    }

    fn buses(&self) -> Vec<u32> {
        self.machine.buses()
    }

    fn usb_boards(&self) -> Vec<UsbBoard> {
        self.machine.usb_boards()
    }

    fn hat_hub(&self) -> Option<String> {
        self.machine.hat_hub()
    }

    fn bus_path(&self, bus: u32) -> PathBuf {
        self.machine.bus_path(bus)
    }

    fn eeprom(&self) -> Option<Eeprom> {
        self.machine.eeprom()
    }

    fn throttled(&self) -> Option<u32> {
        let now = self.now();
        self.flags.iter().rev().find(|(at, _)| *at <= now).map(|&(_, flags)| flags)
    }

    fn pi_revision(&self) -> Option<u32> {
        self.machine.pi_revision()
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        match resource {
            Resource::Record if !self.has_record => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(self.locks.path().join(format!("{resource:?}"))),
        }
    }

    fn moment(&self) -> Moment {
        Moment { boot: "this".to_owned(), uptime: self.now() }
    }

    fn sleep(&self, duration: Duration) {
        *self.clock.lock().unwrap() += duration;
    }

    fn searched(&self) -> Vec<String> {
        self.machine.searched()
    }

    fn kernel_driver(&self, bus: u32, address: u8) -> Option<String> {
        self.machine.kernel_driver(bus, address)
    }
}
