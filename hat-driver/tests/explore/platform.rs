//! The machine as one caller has it: each access is a step.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use hat_driver::BusError;
use hat_driver::linux::lock::{self, LockError};
use hat_driver::linux::{AnyBus, AnyLine, Eeprom, Moment, Platform, Resource, UsbBoard};
use hat_driver::sim::chip::SimChip as _;

use super::scenario::Fault;
use super::table::{Op, Table};
use super::turns::Turns;
use super::world::{ADDRESS, Lock};

/// The buses of the boards.
pub(crate) const BUSES: [u32; 2] = [1, 3];
const LATCH: u8 = 1;
/// ENODEV: trying again changes nothing.
const NO_DEVICE: i32 = 19;

/// A caller's machine.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) turns: Arc<Turns>,
    pub(crate) caller: usize,
}

impl Seat {
    /// What an observer says.
    pub(crate) fn verdict(&self) -> ControlFlow<()> {
        let act = |_: &mut Table, fault| fault == Some(Fault::Stop);
        match self.turns.step(self.caller, Op::Tell, act) {
            Some(false) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
}

impl Platform for Seat {
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        let board = BUSES.iter().position(|known| *known == bus).expect("a board's bus");
        Ok(AnyBus(Box::new(Bus { seat: self.clone(), board })))
    }

    fn line(&self, _bcm: u8) -> Result<AnyLine, BusError> {
        Err(io::Error::from(io::ErrorKind::NotFound).into())
    }

    fn buses(&self) -> Vec<u32> {
        BUSES.to_vec()
    }

    fn usb_boards(&self) -> Vec<UsbBoard> {
        Vec::new()
    }

    fn hat_hub(&self) -> Option<String> {
        None
    }

    fn bus_path(&self, bus: u32) -> PathBuf {
        format!("i2c-{bus}").into()
    }

    fn eeprom(&self) -> Option<Eeprom> {
        None
    }

    fn throttled(&self) -> Option<u32> {
        None
    }

    fn pi_revision(&self) -> Option<u32> {
        None
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        Ok(format!("{resource:?}").into())
    }

    fn lock(&self, resource: Resource) -> io::Result<Box<dyn lock::Lock>> {
        let lock = match resource {
            Resource::PowerOn => Lock::PowerOn,
            Resource::Bus(bus) => {
                Lock::Board(BUSES.iter().position(|known| *known == bus).unwrap())
            }
            other => panic!("nobody asks for the lock of {other:?}"),
        };
        let path = self.lock_path(resource)?;
        Ok(Box::new(Taken { seat: self.clone(), lock, path, is_held: false }))
    }

    /// Whoever opens the boards, before the first run, finds nothing recorded.
    fn record(&self, change: &mut dyn FnMut(&str) -> Option<String>) -> io::Result<()> {
        if !self.turns.has_begun() {
            assert_eq!(change(""), None, "opening records nothing");
            return Ok(());
        }
        let act = |table: &mut Table, _| {
            if !table.has_record() {
                return None;
            }
            let text = table.world.record();
            if let Some(new) = change(&text) {
                table.world.write_record(new);
            }
            Some(text)
        };
        let text = self.turns.step(self.caller, Op::Record, act).flatten();
        text.map(drop).ok_or(io::ErrorKind::PermissionDenied.into())
    }

    fn moment(&self) -> Moment {
        let now = self.turns.step(self.caller, Op::Clock, |table, _| table.world.now);
        Moment { boot: "this".to_owned(), uptime: now.unwrap_or_default() }
    }

    fn sleep(&self, duration: Duration) {
        let until = self.turns.table().world.now + duration;
        self.turns.step(self.caller, Op::Sleep(until), |table, _| {
            table.world.now = table.world.now.max(until);
        });
    }

    fn searched(&self) -> Vec<String> {
        Vec::new()
    }

    fn kernel_driver(&self, _bus: u32, _address: u8) -> Option<String> {
        None
    }
}

/// A lock that is a step to take. To give it back is none: whatever comes before that does for others what
/// the giving back does, and whatever comes after it is a step again.
struct Taken {
    seat: Seat,
    lock: Lock,
    path: PathBuf,
    is_held: bool,
}

impl lock::Lock for Taken {
    fn path(&self) -> &Path {
        &self.path
    }

    fn acquire(&mut self, _limit: Duration) -> Result<(), LockError> {
        if self.is_held {
            return Ok(());
        }
        let Seat { turns, caller } = &self.seat;
        let act = |table: &mut Table, fault| {
            let is_held = fault != Some(Fault::Timeout);
            if is_held {
                table.world.take(self.lock, *caller);
            }
            is_held
        };
        self.is_held = turns.step(*caller, Op::Take(self.lock), act).unwrap_or(false);
        if self.is_held { Ok(()) } else { Err(LockError::TimedOut(None)) }
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.is_held) {
            self.seat.turns.table().world.give_back(self.lock, self.seat.caller);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock::Lock::release(self);
    }
}

/// A board's bus.
struct Bus {
    seat: Seat,
    board: usize,
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
        assert_eq!(address, ADDRESS);
        let (written, buffer) = match operations {
            [Operation::Write(written), Operation::Read(buffer)] => (*written, buffer),
            other => panic!("no transfer of this driver: {other:?}"),
        };
        let Seat { turns, caller } = &self.seat;
        let op = Op::Transfer(self.board, written[0], written.get(1).copied());
        let act = |table: &mut Table, fault| transfer(table, *caller, op, fault);
        let value = turns.step(*caller, op, act).unwrap_or(Err(NO_DEVICE));
        buffer.fill(value.map_err(io::Error::from_raw_os_error)?);
        Ok(())
    }
}

/// One transfer to a chip, with what the invariants say of it.
fn transfer(table: &mut Table, caller: usize, op: Op, fault: Option<Fault>) -> Result<u8, i32> {
    let Op::Transfer(board, register, value) = op else { unreachable!() };
    let before = (table.world.powered(), table.world.others(board));
    let lies = table.world.lies();
    let place = &mut table.world.boards[board];
    place.is_gone |= fault == Some(Fault::Gone);
    let latch = place.chip.latch;
    let reaches = !place.is_gone && fault != Some(Fault::Refused);
    let mut result = Err(NO_DEVICE);
    if reaches {
        let mut read = [0];
        let bytes = [register, value.unwrap_or_default()];
        let chip = &mut place.chip;
        let done = chip.write(&bytes[..1 + usize::from(value.is_some())]);
        result = done.and_then(|()| chip.read(&mut read)).map(|()| read[0]).map_err(|_| NO_DEVICE);
    }
    if fault == Some(Fault::Late) {
        result = Err(NO_DEVICE);
        place.told = lies.then_some(latch);
    } else if let (Some(told), LATCH, Ok(_)) = (place.told, register, result) {
        result = Ok(told);
    }
    let after = (table.world.powered(), table.world.others(board));
    let checked = table.monitor.transfer(caller, board, before, after, table.world.now);
    table.note(checked);
    result
}
