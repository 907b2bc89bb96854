//! A platform around a simulated machine that records each access to the hardware.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use hat_driver::BusError;
use hat_driver::lines::Line;
use hat_driver::linux::{AnyBus, AnyLine, Cluster, Options, Platform, Resource};
use hat_driver::sim::chip::{SimChip, SimExpander};
use hat_driver::sim::{Machine, Simulation};
use tempfile::TempDir;

use super::machine::as_its_machine;
use super::{ALERT, ALERT_LINE, Ask, NODE_LINES, PLACE, USUAL, Wired};

/// One access to the hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) what: What,
    pub(crate) failed: bool,
    /// Levels and outputs after it, and after each byte of it that changed a register.
    pub(crate) shown: Vec<Shown>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The parts of one transfer: bytes written, or how many were read.
    Bus(u8, Vec<Part>),
    LineRead(u8),
    LineDrive(u8, bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Write(Vec<u8>),
    Read(usize),
}

impl What {
    /// Whether it can change anything: a byte behind the register's number, or a driven line.
    pub(crate) fn is_write(&self) -> bool {
        match self {
            Self::Bus(_, parts) => {
                parts.iter().any(|part| matches!(part, Part::Write(bytes) if bytes.len() > 1))
            }
            Self::LineRead(_) => false,
            Self::LineDrive(..) => true,
        }
    }
}

/// The levels of P1 to P4, LED, HUB, ALERT and WP, and which of them are outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) pins: u8,
    pub(crate) outputs: u8,
    pub(crate) latch: u8,
}

/// What a world shows.
pub(crate) fn shown(world: &Simulation) -> Shown {
    if let Some(chip) = world.expanders.get(&PLACE) {
        return chip_shown(chip);
    }
    let lines = NODE_LINES.iter().enumerate().map(|(bit, line)| (1 << bit, *line));
    let (mut pins, mut latch, mut outputs) = (0, 0, 0);
    for (bit, line) in lines.chain([(ALERT, ALERT_LINE)]) {
        pins |= if world.line_level(line) { bit } else { 0 };
        latch |= if world.gpio.get(&line) == Some(&true) { bit } else { 0 };
        outputs |= if world.gpio.contains_key(&line) { bit } else { 0 };
    }
    Shown { pins, outputs, latch }
}

fn chip_shown(chip: &SimExpander) -> Shown {
    Shown { pins: chip.pins(), outputs: !chip.direction, latch: chip.latch }
}

/// A simulated machine that records each access, and whose locks go with it.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) machine: Machine,
    log: Arc<Mutex<Vec<Access>>>,
    locks: Arc<TempDir>,
}

impl Rig {
    pub(crate) fn new(world: Simulation) -> Self {
        Self {
            machine: Machine::memory(world).unwrap().without_waits(),
            log: Arc::default(),
            locks: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    pub(crate) fn cluster(&self) -> Cluster {
        Cluster::open(Arc::new(self.clone()), Options::default()).unwrap()
    }

    /// A cluster on a board that has been through these.
    pub(crate) fn prepared(wired: Wired, before: &[Ask]) -> (Self, Cluster) {
        let rig = Self::new(wired.world(USUAL));
        let mut cluster = rig.cluster();
        for ask in before {
            ask.run(&mut cluster).unwrap();
        }
        rig.take_log();
        (rig, cluster)
    }

    pub(crate) fn shown(&self) -> Shown {
        shown(&self.machine.simulation())
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Simulation) -> R) -> R {
        self.machine.change(change).unwrap()
    }

    /// The accesses since the last call.
    pub(crate) fn take_log(&self) -> Vec<Access> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn record(&self, what: What, failed: bool, mut partial: Vec<Shown>) {
        partial.push(self.shown());
        self.log.lock().unwrap().push(Access { what, failed, shown: partial });
    }
}

impl Platform for Rig {
    as_its_machine!(the_rest usb_boards throttled sleep kernel_driver);

    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        let inner = self.machine.i2c(bus)?;
        Ok(AnyBus(Box::new(RecordingBus { inner, rig: self.clone() })))
    }

    fn line(&self, bcm: u8) -> Result<AnyLine, BusError> {
        let inner = self.machine.line(bcm)?;
        Ok(AnyLine(Box::new(RecordingLine { inner, bcm, rig: self.clone() })))
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        Ok(self.locks.path().join(format!("{resource:?}")))
    }
}

struct RecordingBus {
    inner: AnyBus,
    rig: Rig,
}

impl ErrorType for RecordingBus {
    type Error = BusError;
}

impl I2c for RecordingBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let parts: Vec<_> = operations
            .iter()
            .map(|operation| match operation {
                Operation::Write(bytes) => Part::Write(bytes.to_vec()),
                Operation::Read(buffer) => Part::Read(buffer.len()),
            })
            .collect();
        let before = self.rig.machine.simulation().expanders.remove(&(1, address));
        let result = self.inner.transaction(address, operations);
        let partial = match (before, &result) {
            (Some(chip), Ok(())) => replay(chip, &parts),
            _ => Vec::new(),
        };
        self.rig.record(What::Bus(address, parts), result.is_err(), partial);
        result
    }
}

/// What the pins show on the way: after each byte that the chip takes.
fn replay(mut chip: SimExpander, parts: &[Part]) -> Vec<Shown> {
    let mut shown = Vec::new();
    for part in parts {
        if let Part::Write(bytes) = part {
            let Some((&register, values)) = bytes.split_first() else { continue };
            for &value in values {
                chip.write(&[register, value]).unwrap();
                shown.push(chip_shown(&chip));
            }
        }
    }
    shown
}

struct RecordingLine {
    inner: AnyLine,
    bcm: u8,
    rig: Rig,
}

impl Line for RecordingLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        let result = self.inner.is_output();
        self.rig.record(What::LineRead(self.bcm), result.is_err(), Vec::new());
        result
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        let result = self.inner.is_high();
        self.rig.record(What::LineRead(self.bcm), result.is_err(), Vec::new());
        result
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        let result = self.inner.drive(high);
        self.rig.record(What::LineDrive(self.bcm, high), result.is_err(), Vec::new());
        result
    }
}
