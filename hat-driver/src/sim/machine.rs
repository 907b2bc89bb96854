//! A simulated controller: the same machine that [`crate::linux::Host`] is, made of a simulation.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rustix::io::Errno;

use super::beside::Locks;
use super::chip::{NoAck, SimChip};
use super::ctrl::SimCtrl;
use super::fault::{self, Fault};
use super::runtime;
use super::simulation::Simulation;
use super::store::{Store, StoreError};
use super::trace::traced;
use super::{builtin, fault::FaultKind};
use crate::bus_error::BusError;
use crate::ctrl::products::Product;
use crate::lines::Line;
use crate::linux::lock::FileLock;
use crate::linux::{AnyBus, AnyLine, Eeprom, Moment, Platform, Resource, UsbBoard};

/// A controller in a simulation.
#[derive(Clone, Debug)]
pub struct Machine {
    store: Arc<Mutex<Store>>,
    /// Processes with the same simulation share them.
    locks: Locks,
    /// Whether waits take time.
    waits: bool,
}

impl Machine {
    /// A simulation of this process alone.
    ///
    /// # Errors
    /// Where there is no place for the locks.
    pub fn memory(world: Simulation) -> Result<Self, StoreError> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("memory-{}-{number}", std::process::id());
        let locks = Locks::own(runtime::folder()?.join(name));
        Ok(Self { store: Arc::new(Mutex::new(Store::memory(world))), locks, waits: true })
    }

    /// The simulation with this name ([`builtin::names`]), or in the file with this path.
    ///
    /// A named simulation keeps its state in a file of the user's until the machine restarts.
    ///
    /// # Errors
    /// [`StoreError`] names the file.
    pub fn open(name: &str) -> Result<Self, StoreError> {
        let path = match builtin::simulation(name) {
            Some(world) => runtime::builtin(name, &world)?,
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
    pub fn world(&self) -> Simulation {
        let mut store = self.store();
        // What cannot be read any more shows at the next transfer.
        let _ = store.refresh();
        store.world().clone()
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
    fn access<R>(&self, access: impl FnOnce(&mut Simulation) -> R) -> Result<R, BusError> {
        let mut store = self.store();
        store.transfers += 1;
        let n = store.transfers;
        let fault = strike(store.world(), n);
        if let Some(kind) = fault.filter(|kind| !kind.reaches_chip()) {
            return Err(fail(kind));
        }
        let result = store.change(|world| traced(world, access))??;
        fault.map_or(Ok(result), |kind| Err(fail(kind)))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platform for Machine {
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        if !self.buses().contains(&bus) {
            return Err(BusError::from_errno(Errno::NOENT));
        }
        Ok(AnyBus(Box::new(Bus { machine: self.clone(), number: bus })))
    }

    fn line(&self, bcm: u8) -> Result<AnyLine, BusError> {
        Ok(AnyLine(Box::new(SimLine { machine: self.clone(), bcm })))
    }

    /// Bus 1 is there as on every Pi, and each bus that a chip is on.
    fn buses(&self) -> Vec<u32> {
        let world = self.world();
        let mut buses: Vec<_> = world.expanders.keys().map(|place| place.0).collect();
        buses.extend(world.ctrls.keys().filter(|&&bus| !world.is_away(bus)));
        buses.push(1);
        buses.sort_unstable();
        buses.dedup();
        buses
    }

    /// A board that has left is back after some looks.
    fn usb_boards(&self) -> Vec<UsbBoard> {
        let world = self.world();
        let board = |(&bus, ctrl): (&u32, &SimCtrl)| UsbBoard {
            product: product(ctrl),
            path: usb_path(bus, ctrl),
            bus: Some(bus),
            device: Some(ctrl.returns),
        };
        let here = world.ctrls.iter().filter(|(_, ctrl)| ctrl.away == 0).map(board).collect();
        if world.ctrls.values().any(|ctrl| ctrl.away > 0) {
            // A simulation that cannot be written has no board that leaves.
            let _ = self.store().change(|world| {
                world.ctrls.values_mut().for_each(|ctrl| ctrl.away = ctrl.away.saturating_sub(1));
            });
        }
        here
    }

    /// A simulation has no USB devices but its boards.
    fn hat_hub(&self) -> Option<String> {
        None
    }

    fn bus_path(&self, bus: u32) -> PathBuf {
        format!("simulated i2c-{bus}").into()
    }

    fn eeprom(&self) -> Option<Eeprom> {
        let world = self.world();
        Eeprom::from_texts(|name| world.hat(name).map(str::to_owned))
    }

    fn throttled(&self) -> Option<u32> {
        self.world().throttled()
    }

    fn pi_revision(&self) -> Option<u32> {
        None
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        self.locks.path(&match resource {
            Resource::Bus(bus) => format!("i2c-{bus}"),
            Resource::Lines => "lines".to_owned(),
            Resource::PowerOn => "power-on".to_owned(),
            Resource::Record => "record".to_owned(),
        })
    }

    /// Where waits take no time, there is nothing left of what others wait for.
    fn moment(&self) -> Moment {
        let now = Moment::now();
        match self.waits {
            true => now,
            false => Moment { boot: format!("without-waits-{}", std::process::id()), ..now },
        }
    }

    fn sleep(&self, duration: Duration) {
        if self.waits {
            std::thread::sleep(duration);
        }
    }

    fn searched(&self) -> Vec<String> {
        let world = self.world();
        let hat =
            world.hat("product").map_or("absent".to_owned(), |text| format!("holds {text:?}"));
        vec![
            format!("the simulation's hat: {hat}"),
            "the simulation's configuration: no [[board]]".to_owned(),
            "the simulation's chips: none of kind ctrl".to_owned(),
        ]
    }

    fn kernel_driver(&self, _bus: u32, _address: u8) -> Option<String> {
        None
    }
}

/// A hub of its own for each board, so that its nodes' paths are different from others'.
fn usb_path(bus: u32, ctrl: &SimCtrl) -> String {
    let own = ctrl.paths.first().into_iter().flatten();
    own.fold(format!("1-{bus}"), |path, port| format!("{path}.{port}"))
}

/// The USB product ID, as the simulation has it or as the registers suggest.
fn product(ctrl: &SimCtrl) -> u16 {
    let text = ctrl.product.as_deref().and_then(|text| text.strip_prefix("0x"));
    let named = text.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let guess = || Product::guess(ctrl.kind, ctrl.maxpi).map_or(0, |product| product.id);
    named.unwrap_or_else(guess)
}

/// One simulated bus.
struct Bus {
    machine: Machine,
    number: u32,
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let place = (self.number, address);
        let number = self.number;
        let transfer = |world: &mut Simulation| {
            let result = match world.chip(place) {
                Some(chip) => transfer(chip, operations),
                None => Err(NoAck),
            };
            (result, world.is_away(number))
        };
        match self.machine.access(transfer)? {
            // Gone before the adapter has heard that the bytes arrived, or long ago.
            (_, true) => Err(BusError::from_errno(Errno::IO)),
            (Err(NoAck), false) => Err(BusError::from_errno(Errno::REMOTEIO)),
            (Ok(()), false) => Ok(()),
        }
    }
}

fn transfer(chip: &mut dyn SimChip, operations: &mut [Operation<'_>]) -> Result<(), NoAck> {
    operations.iter_mut().try_for_each(|operation| match operation {
        Operation::Write(bytes) => chip.write(bytes),
        Operation::Read(buffer) => chip.read(buffer),
    })
}

fn strike(world: &Simulation, n: u32) -> Option<FaultKind> {
    world.faults.iter().find(|fault: &&Fault| fault.strikes(n)).map(|fault| fault.kind)
}

/// Ends the process where the fault is to do that.
fn fail(kind: FaultKind) -> BusError {
    match kind.errno() {
        Some(errno) => BusError::from_errno(errno),
        None => fault::kill_this_process(),
    }
}

/// One simulated GPIO line.
struct SimLine {
    machine: Machine,
    bcm: u8,
}

impl Line for SimLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        self.machine.access(|world| world.gpio.contains_key(&self.bcm))
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        self.machine.access(|world| world.line_level(self.bcm))
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        self.machine.access(|world| {
            world.gpio.insert(self.bcm, high);
        })
    }
}
