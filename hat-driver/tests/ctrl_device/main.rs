//! The driver of a ClusterCTRL board against the board's registers: what it sends byte for byte, what it
//! makes of the answers, and that it waits as long as a command may take and no longer.
//!
//! Numbers restate the vendor's register list; none comes from the crate.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod faults;
mod kept;
mod times;
mod transfers;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use hat_driver::Positions;
use hat_driver::ctrl::CtrlError;
use hat_driver::ctrl::device::{Device, Save};
use hat_driver::ctrl::protocol::Command;
use hat_driver::ctrl::readings::{Firmware, Temperature, UsbPath, Voltage};
use hat_driver::power::{Action, ResultingState, Switchable};
use hat_driver::sim::chip::SimChip;
use hat_driver::sim::ctrl::SimCtrl;
use serde_json::{Value, json};

const NAK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);

/// One transfer: what was written, and how much was read in the same one.
type Transfer = (Vec<u8>, usize);

/// A transfer that fails, from 1, and whether all later ones do.
#[derive(Clone, Copy, Debug)]
struct Fault {
    transfer: usize,
    kind: ErrorKind,
    lasting: bool,
    /// Whether the board took the bytes all the same.
    after: bool,
}

/// A board, its bus, and a clock that only waits move.
#[derive(Clone)]
struct Bench {
    board: Rc<RefCell<SimCtrl>>,
    log: Rc<RefCell<Vec<Transfer>>>,
    fault: Rc<Cell<Option<Fault>>>,
    /// What the status register reads, whatever the board says.
    status: Rc<Cell<Option<u8>>>,
    now_ns: Rc<Cell<u64>>,
    /// How long each command runs; writes are refused meanwhile.
    takes_ms: Rc<Cell<u64>>,
    idle_at_ns: Rc<Cell<u64>>,
}

impl Bench {
    fn new(board: &Value) -> Self {
        Self {
            board: Rc::new(RefCell::new(serde_json::from_value(board.clone()).unwrap())),
            log: Rc::default(),
            fault: Rc::default(),
            status: Rc::default(),
            now_ns: Rc::default(),
            takes_ms: Rc::default(),
            idle_at_ns: Rc::default(),
        }
    }

    fn open(&self) -> Device<Self, Self> {
        let (device, _) = Device::open(self.clone(), self.clone()).unwrap();
        self.log.borrow_mut().clear();
        device
    }

    fn take_log(&self) -> Vec<Transfer> {
        std::mem::take(&mut *self.log.borrow_mut())
    }

    fn slept_ms(&self) -> u64 {
        self.now_ns.get() / 1_000_000
    }

    fn take<R>(&self, look: impl FnOnce(&mut SimCtrl) -> R) -> R {
        look(&mut self.board.borrow_mut())
    }

    fn obey(&self, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        let mut board = self.board.borrow_mut();
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    if self.now_ns.get() < self.idle_at_ns.get() {
                        return Err(NAK);
                    }
                    board.write(bytes).map_err(|_| NAK)?;
                    if self.start(bytes) {
                        // The clock alone tells here how long the command runs.
                        board.busy = 0;
                    }
                }
                Operation::Read(buffer) => {
                    board.read(buffer).map_err(|_| NAK)?;
                    if let (Some(status), [_, _, _, _, _, _, _, _, _, last]) =
                        (self.status.get(), &mut buffer[..])
                    {
                        *last = status;
                    }
                }
            }
        }
        Ok(())
    }

    /// A write that reaches register 0x0d starts a command. Whether one runs by the clock.
    fn start(&self, bytes: &[u8]) -> bool {
        let starts = bytes.len() > 1 && usize::from(bytes[0]) + bytes.len() - 2 == 0x0d;
        let takes_ms = self.takes_ms.get();
        if starts {
            self.idle_at_ns.set(self.now_ns.get() + takes_ms * 1_000_000);
        }
        starts && takes_ms > 0
    }
}

impl ErrorType for Bench {
    type Error = ErrorKind;
}

impl I2c for Bench {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        assert_eq!(address, 0x20);
        let (mut written, mut read) = (Vec::new(), 0);
        for operation in &*operations {
            match operation {
                Operation::Write(bytes) => written.extend_from_slice(bytes),
                Operation::Read(buffer) => read += buffer.len(),
            }
        }
        self.log.borrow_mut().push((written, read));
        let count = self.log.borrow().len();
        let strikes =
            |fault: &Fault| fault.transfer == count || fault.lasting && fault.transfer < count;
        match self.fault.get().filter(strikes) {
            None => self.obey(operations),
            Some(fault) => {
                if fault.after {
                    // Refused or not, the adapter reports the fault.
                    let _ = self.obey(operations);
                }
                Err(fault.kind)
            }
        }
    }
}

impl DelayNs for Bench {
    fn delay_ns(&mut self, ns: u32) {
        self.now_ns.set(self.now_ns.get() + u64::from(ns));
    }
}

/// A board that can do everything: three nodes, USB boot, two ADCs, a thermometer and a fan.
fn able() -> Value {
    json!({
        "order": 20, "maxpi": 3, "type": 1, "fw": [1, 10], "p": [0, 1, 0], "u": [1, 0, 1],
        "adc": [[1, 778], [2, 360]], "temp": [2, 270], "alert": 0, "led": 1, "act": 1, "fan": 0,
        "data": [9, 9, 9, 9, 9, 9, 9, 9], "status": 0, "paths": [[1], [4, 2], [3], [2]],
    })
}

/// Without USB boot, ACT LED, fan, sensors and paths.
fn plain() -> Value {
    json!({"order": 20, "maxpi": 3, "type": 1, "fw": [1, 3], "p": [0, 0, 0], "led": 1})
}

type Handle = Device<Bench, Bench>;
type Outcome = Result<String, CtrlError<ErrorKind>>;

/// One operation of the driver.
struct Op {
    name: &'static str,
    run: fn(&mut Handle) -> Outcome,
    /// What it sends: the bytes from the register's number on.
    sends: &'static [&'static [u8]],
}

fn shown<T: std::fmt::Debug>(result: Result<T, CtrlError<ErrorKind>>) -> Outcome {
    result.map(|value| format!("{value:?}"))
}

/// Frozen: if this fails, do not change the list.
const OPS: &[Op] = &[
    Op { name: "power on", run: |d| shown(d.set_power(1, true)), sends: &[&[0x0c, 1, 0x03]] },
    Op { name: "power off", run: |d| shown(d.set_power(2, false)), sends: &[&[0x0c, 2, 0x04]] },
    Op { name: "power", run: |d| shown(d.power(2)), sends: &[&[0x0c, 2, 0x0f]] },
    Op { name: "alert on", run: |d| shown(d.set_alert(true)), sends: &[&[0x0d, 0x05]] },
    Op { name: "alert off", run: |d| shown(d.set_alert(false)), sends: &[&[0x0d, 0x06]] },
    Op {
        name: "LEDs on",
        run: |d| shown(d.set_leds(true)),
        sends: &[&[0x0d, 0x0c], &[0x0c, 1, 0x0a], &[0x0c, 2, 0x0a], &[0x0c, 3, 0x0a]],
    },
    Op { name: "LEDs off", run: |d| shown(d.set_leds(false)), sends: &[&[0x0c, 0, 0x0b]] },
    Op { name: "ACT on", run: |d| shown(d.set_act(true)), sends: &[&[0x0d, 0x16]] },
    Op { name: "ACT off", run: |d| shown(d.set_act(false)), sends: &[&[0x0d, 0x17]] },
    Op {
        name: "fan on",
        run: |d| shown(d.set_fan(true)),
        sends: &[&[0x0c, 1, 0x10], &[0x0b, 0, 4, 0xf2]],
    },
    Op { name: "fan", run: |d| shown(d.fan()), sends: &[&[0x0b, 0, 4, 0xf2]] },
    Op { name: "USB boot", run: |d| shown(d.usb_boot(3)), sends: &[&[0x0c, 3, 0x14]] },
    Op {
        name: "USB boot on",
        run: |d| shown(d.set_usb_boot(2, true)),
        sends: &[&[0x0c, 2, 0x12], &[0x0c, 2, 0x14]],
    },
    Op {
        name: "USB boot off",
        run: |d| shown(d.set_usb_boot(1, false)),
        sends: &[&[0x0c, 1, 0x13], &[0x0c, 1, 0x14]],
    },
    Op { name: "path", run: |d| shown(d.usb_path(1)), sends: &[&[0x0c, 1, 0x11]] },
    Op { name: "own path", run: |d| shown(d.usb_path(0)), sends: &[&[0x0c, 0, 0x11]] },
    Op { name: "firmware", run: |d| shown(d.firmware()), sends: &[&[0x0b, 0, 0, 0xf2]] },
    Op { name: "ADCs", run: |d| shown(d.adc_count()), sends: &[&[0x0b, 0, 1, 0xf2]] },
    Op { name: "ADC 2", run: |d| shown(d.adc(2)), sends: &[&[0x0b, 2, 2, 0xf2]] },
    Op { name: "temperature", run: |d| shown(d.temperature()), sends: &[&[0x0b, 0, 3, 0xf2]] },
    Op { name: "order", run: |d| shown(d.set_order(255)), sends: &[&[0x0c, 255, 0x15]] },
    Op { name: "save all", run: |d| shown(d.save(Save::All)), sends: &[&[0x0d, 0xf0]] },
    Op { name: "defaults", run: |d| shown(d.save(Save::Defaults)), sends: &[&[0x0d, 0xf1]] },
    Op { name: "save order", run: |d| shown(d.save(Save::Order)), sends: &[&[0x0d, 0xf3]] },
    Op { name: "save USB boot", run: |d| shown(d.save(Save::UsbBoot)), sends: &[&[0x0d, 0xf4]] },
    Op { name: "save power", run: |d| shown(d.save(Save::Power)), sends: &[&[0x0d, 0xf5]] },
    Op { name: "save LEDs", run: |d| shown(d.save(Save::Leds)), sends: &[&[0x0d, 0xf6]] },
    Op { name: "hub cycle", run: |d| shown(d.cycle_hub(100)), sends: &[&[0x0c, 100, 0x07]] },
    Op { name: "reset", run: |d| shown(d.reset()), sends: &[&[0x0d, 0x0e]] },
];

/// Commands that may not be sent twice where the first may have been taken.
const ONCE: [&str; 2] = ["hub cycle", "reset"];

/// How long a command may take, in ms: the EEPROM's writes, a hub cycle of that length, all others.
fn limit_ms(command: Command, data0: u64) -> u64 {
    match command as u8 {
        0x07 => (data0 * 10).max(100) * 2 + 500,
        0xf0 | 0xf1 | 0xf3..=0xf6 => 500,
        _ => 1000,
    }
}
