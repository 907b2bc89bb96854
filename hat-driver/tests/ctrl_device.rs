//! The driver of a ClusterCTRL board against the board's registers: what it sends byte for byte, what it
//! makes of the answers, and that it waits as long as a command may take and no longer.
//!
//! Numbers restate the vendor's register list; none comes from the crate.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

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

#[test]
fn every_command_is_one_write_and_its_answer_one_read() {
    for op in OPS {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        (op.run)(&mut device).unwrap_or_else(|error| panic!("{}: {error}", op.name));
        let log = bench.take_log();
        let sent: Vec<_> =
            log.iter().filter(|(bytes, _)| bytes.len() > 1).map(|(bytes, _)| &bytes[..]).collect();
        assert_eq!(sent, op.sends, "{}", op.name);
        let clean =
            log.iter().all(|(bytes, read)| bytes.is_empty() || (bytes.len() > 1) == (*read == 0));
        assert!(clean, "{}: {log:?}", op.name);
    }
    // Data, command and status lie side by side: ten bytes from 0x05 on.
    let bench = Bench::new(&able());
    let mut device = bench.open();
    device.power(2).unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0c, 2, 0x0f], 0), (vec![0x05], 10)]);
    device.firmware().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0b, 0, 0, 0xf2], 0), (vec![0x05], 10)]);
    // Only the pointer is sent after a hub cycle: it leaves the last command's status.
    bench.status.set(Some(3));
    device.cycle_hub(10).unwrap();
    let log = bench.take_log();
    assert_eq!(log[0], (vec![0x0c, 10, 0x07], 0));
    assert!(log[1..].iter().all(|transfer| *transfer == (vec![0x0d], 1)), "{log:?}");
    device.reset().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0d, 0x0e], 0)], "nobody is there to answer a reset");
}

#[test]
fn a_board_is_opened_with_one_transfer() {
    let bench = Bench::new(&able());
    let (device, description) = Device::open(bench.clone(), bench.clone()).unwrap();
    assert_eq!((description.nodes, description.order, description.kind), (3, 20, 1));
    assert_eq!(device.nodes(), 3);
    assert_eq!(bench.take_log(), [(vec![0x00], 5)]);
}

/// A chip that answers every read with the same byte, as an expander's latch or a dead bus would.
struct Constant(u8);

impl ErrorType for Constant {
    type Error = ErrorKind;
}

impl I2c for Constant {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    assert!(bytes.len() <= 1, "an unknown chip is only read")
                }
                Operation::Read(buffer) => buffer.fill(self.0),
            }
        }
        Ok(())
    }
}

#[test]
fn another_chip_is_told_from_a_board_by_reading() {
    for schema in [0x00, 0x01, 0x03, 0xff] {
        let error = Device::open(Constant(schema), Bench::new(&plain())).map(drop).unwrap_err();
        assert_eq!(error, CtrlError::Schema { found: schema });
        assert!(error.to_string().contains("0x00"), "{error}");
    }
}

#[test]
fn answers_are_what_the_registers_mean() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    assert_eq!([device.power(1), device.power(2)], [Ok(Some(false)), Ok(Some(true))]);
    assert_eq!(device.usb_boot(1), Ok(Some(true)));
    assert_eq!(device.usb_boot(2), Ok(Some(false)));
    let firmware = device.firmware().unwrap().unwrap();
    assert_eq!(
        (firmware, firmware.to_string().as_str()),
        (Firmware { major: 1, minor: 10 }, "1.10")
    );
    assert_eq!(device.adc_count(), Ok(2));
    // 778 x 6.4453125 mV and 360 x 33.34093896 mV.
    let volts: Vec<_> = (1..=2).map(|n| device.adc(n).unwrap().unwrap().millivolts()).collect();
    assert_eq!(volts, [Some(5014), Some(12002)]);
    assert_eq!([device.adc(0), device.adc(3)], [Ok(None), Ok(None)]);
    // (270 - 247) / 1.22.
    let celsius = device.temperature().unwrap().unwrap().celsius().unwrap();
    assert!((celsius - 18.852).abs() < 0.001, "{celsius}");
    assert_eq!(device.fan(), Ok(Some(0)));
    let path = |path: Result<Option<UsbPath>, _>| path.unwrap().unwrap().to_string();
    assert_eq!(path(device.usb_path(0)), "1");
    assert_eq!(path(device.usb_path(1)), "4.2");
    device.set_fan(true).unwrap();
    assert_eq!(device.fan(), Ok(Some(1)));
}

#[test]
fn raw_numbers_over_their_whole_range() {
    for raw in [0, 1, 255, 256, 1023, u16::MAX] {
        let mv = |kind| Voltage { kind, raw }.millivolts();
        assert_eq!(mv(1), Some((f64::from(raw) * 6.445_312_5) as u32));
        assert_eq!(mv(2), Some((f64::from(raw) * 33.340_938_96) as u32));
        assert_eq!([mv(0), mv(3), mv(255)], [None; 3]);
        let celsius = Temperature { kind: 2, raw }.celsius().unwrap();
        assert!((celsius * 1.22 + 247.0 - f64::from(raw)).abs() < 1e-6);
        assert_eq!(Temperature { kind: 1, raw }.celsius(), None);
        // Low byte first, from the registers.
        let mut board = able();
        (board["adc"], board["temp"]) = (json!([[1, raw]]), json!([2, raw]));
        let mut device = Bench::new(&board).open();
        assert_eq!(device.adc(1), Ok(Some(Voltage { kind: 1, raw })));
        assert_eq!(device.temperature(), Ok(Some(Temperature { kind: 2, raw })));
    }
}

#[test]
fn what_is_out_of_range_is_refused_before_the_bus() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    for node in [0, 4, 5, 255] {
        let error = CtrlError::NoSuchNode { node, nodes: 3 };
        assert_eq!(device.power(node), Err(error.clone()));
        assert_eq!(device.set_power(node, true), Err(error.clone()));
        assert_eq!(device.set_power(node, false), Err(error.clone()));
        assert_eq!(device.usb_boot(node), Err(error.clone()));
        assert_eq!(device.set_usb_boot(node, true), Err(error.clone()));
        if node != 0 {
            assert_eq!(device.usb_path(node), Err(error));
        }
    }
    assert_eq!(device.set_order(0), Err(CtrlError::OrderZero));
    assert_eq!(bench.take_log(), []);
}

#[test]
fn a_status_is_an_error_with_its_reason() {
    for (status, reason) in [
        (1, "cannot do it"),
        (2, "no such node"),
        (3, "does not know it"),
        (4, "no known reason"),
        (0xff, "no known reason"),
    ] {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.status.set(Some(status));
        let error = device.set_power(1, true).unwrap_err();
        assert_eq!(error, CtrlError::Refused { command: Command::On, status });
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains("0x03"), "{text}");
        // What a board may lack: only 1 and 3 mean that it does.
        let lacks = matches!(status, 1 | 3);
        assert_eq!(device.usb_boot(1) == Ok(None), lacks, "{status}");
        assert_eq!(device.firmware() == Ok(None), lacks, "{status}");
        assert_eq!(device.usb_path(1) == Ok(None), lacks, "{status}");
        assert!(device.power(1).is_err(), "{status}");
    }
}

#[test]
fn a_board_without_them_says_so() {
    let bench = Bench::new(&plain());
    let mut device = bench.open();
    let refused =
        |result: Result<(), CtrlError<ErrorKind>>| matches!(result, Err(CtrlError::Refused { .. }));
    assert!(refused(device.set_act(true)));
    assert!(refused(device.set_fan(true)));
    assert!(refused(device.set_usb_boot(1, true)));
    assert_eq!(device.usb_boot(1), Ok(None));
    assert_eq!(device.temperature(), Ok(None));
    assert_eq!((device.adc_count(), device.adc(1)), (Ok(0), Ok(None)));
    assert_eq!(device.usb_path(1), Ok(None));
}

/// The trap: command 0x0a with data0 = 0 powers every node of a pHAT and of a Single.
#[test]
fn leds_never_switch_nodes() {
    for (kind, nodes) in [(2, 2), (3, 1), (3, 5), (1, 3), (0, 32), (4, 5)] {
        let mut board = able();
        (board["type"], board["maxpi"], board["p"]) =
            (json!(kind), json!(nodes), json!(vec![0; nodes]));
        let bench = Bench::new(&board);
        let mut device = bench.open();
        for on in [true, false, true] {
            device.set_leds(on).unwrap();
            let (led, off) = bench.take(|board| (board.led, board.p.iter().all(|&p| p == 0)));
            assert!(off, "type {kind} with {nodes} nodes");
            assert_eq!(led, u8::from(on));
        }
        let trap = bench.take_log().into_iter().any(|(bytes, _)| bytes == [0x0c, 0, 0x0a]);
        assert!(!trap, "type {kind} with {nodes} nodes");
    }
}

#[test]
fn a_slow_board_is_waited_for() {
    for slow in [1, 2, 3, 7, 40] {
        for op in OPS {
            let mut board = able();
            board["slow"] = json!(slow);
            let bench = Bench::new(&board);
            let mut device = bench.open();
            let fast = (op.run)(&mut Bench::new(&able()).open());
            assert_eq!((op.run)(&mut device), fast, "{} with {slow} refusals", op.name);
        }
    }
}

/// How long a command may take, in ms: the EEPROM's writes, a hub cycle of that length, all others.
fn limit_ms(command: Command, data0: u64) -> u64 {
    match command as u8 {
        0x07 => (data0 * 10).max(100) * 2 + 500,
        0xf0 | 0xf1 | 0xf3..=0xf6 => 500,
        _ => 1000,
    }
}

#[test]
fn a_board_that_stays_busy_is_left_in_time() {
    for op in OPS {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.take(|board| board.busy = u32::MAX);
        let error = (op.run)(&mut device).unwrap_err();
        let CtrlError::Timeout { command, waited_ms } = error else {
            panic!("{}: {error}", op.name)
        };
        let limit = limit_ms(command, 100);
        assert_eq!(u64::from(waited_ms), bench.slept_ms(), "{}", op.name);
        assert!(bench.slept_ms() <= limit, "{}: {} ms", op.name, bench.slept_ms());
        assert!(bench.slept_ms() >= limit / 2, "{}: gave up after {}", op.name, bench.slept_ms());
        assert!(bench.take_log().len() as u64 <= limit, "{}: too many transfers", op.name);
    }
    // It takes the command, and never ends it.
    for op in OPS.iter().filter(|op| !ONCE.contains(&op.name)) {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.takes_ms.set(u64::from(u32::MAX));
        let error = (op.run)(&mut device).unwrap_err();
        let CtrlError::Timeout { command, .. } = error else { panic!("{}: {error}", op.name) };
        assert!(bench.slept_ms() <= limit_ms(command, 100), "{}: {}", op.name, bench.slept_ms());
        assert!(error.to_string().contains(" ms"), "{error}");
    }
}

#[test]
fn a_busy_board_cannot_be_opened() {
    let mut board = able();
    board["busy"] = json!(u32::MAX);
    let bench = Bench::new(&board);
    let error = Device::open(bench.clone(), bench.clone()).map(drop).unwrap_err();
    assert_eq!(error, CtrlError::Bus { command: None, source: NAK });
    assert!(bench.slept_ms() <= 1000, "{}", bench.slept_ms());
    board["busy"] = json!(50);
    let bench = Bench::new(&board);
    assert!(Device::open(bench.clone(), bench.clone()).is_ok(), "it only took its time");
}

#[test]
fn commands_are_waited_for_as_long_as_they_take() {
    // A save of 14 bytes at 3.4 ms, a DA's multiplexer, and what is close to the limits.
    for (name, takes) in [("save all", 48), ("power on", 100), ("save all", 490), ("power", 990)] {
        let op = OPS.iter().find(|op| op.name == name).unwrap();
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.takes_ms.set(takes);
        (op.run)(&mut device).unwrap_or_else(|error| panic!("{name}, {takes} ms: {error}"));
        assert!((takes..takes + 10).contains(&bench.slept_ms()), "{name}: {}", bench.slept_ms());
    }
}

/// The board is off the USB by then: to ask it anything, it has to be opened anew.
#[test]
fn a_hub_cycle_and_a_reset_are_sent_and_no_more() {
    for tens in [0, 1, 10, 100, 255] {
        let bench = Bench::new(&able());
        bench.open().cycle_hub(tens).unwrap();
        assert_eq!(bench.take_log(), [(vec![0x0c, tens, 0x07], 0)]);
        assert_eq!(bench.take(|board| board.away), 3);
    }
    let bench = Bench::new(&able());
    bench.open().reset().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0d, 0x0e], 0)]);
    assert_eq!(bench.take(|board| board.away), 3);
}

#[test]
fn an_order_is_read_back() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    for order in [1, 20, 255] {
        device.set_order(order).unwrap();
        assert_eq!(device.describe().unwrap().order, order);
    }
}

/// What a board is set to: all that its EEPROM could keep.
fn settings(bench: &Bench) -> (u8, Vec<u8>, Option<Vec<u8>>, u8, Option<u8>) {
    bench.take(|board| (board.order, board.p.clone(), board.u.clone(), board.led, board.act))
}

fn restart(bench: &Bench, mut device: Handle) -> Handle {
    device.reset().unwrap();
    drop(device);
    bench.open()
}

#[test]
fn what_is_saved_comes_back_after_a_reset() {
    type Settings = (u8, Vec<u8>, Option<Vec<u8>>, u8, Option<u8>);
    let changed: Settings = (7, vec![1, 0, 1], Some(vec![0, 0, 1]), 0, Some(0));
    let fresh: Settings = (20, vec![0, 0, 0], Some(vec![1, 1, 1]), 1, Some(1));
    type Case = (Option<Save>, fn(Settings, Settings) -> Settings);
    let cases: [Case; 7] = [
        (None, |_, fresh| fresh),
        (Some(Save::All), |changed, _| changed),
        (Some(Save::Order), |changed, fresh| (changed.0, fresh.1, fresh.2, fresh.3, fresh.4)),
        (Some(Save::Power), |changed, fresh| (fresh.0, changed.1, fresh.2, fresh.3, fresh.4)),
        (Some(Save::UsbBoot), |changed, fresh| (fresh.0, fresh.1, changed.2, fresh.3, fresh.4)),
        (Some(Save::Leds), |changed, fresh| (fresh.0, fresh.1, fresh.2, changed.3, changed.4)),
        (Some(Save::Defaults), |_, fresh| fresh),
    ];
    for (save, expected) in cases {
        let mut board = able();
        (board["p"], board["u"]) = (json!([0, 0, 0]), json!([1, 1, 1]));
        let bench = Bench::new(&board);
        // The order that the EEPROM holds before anything is saved.
        let mut device = bench.open();
        device.save(Save::All).unwrap();
        device.set_order(7).unwrap();
        device.set_power(1, true).unwrap();
        device.set_power(3, true).unwrap();
        device.set_usb_boot(1, false).unwrap();
        device.set_usb_boot(2, false).unwrap();
        device.set_leds(false).unwrap();
        device.set_act(false).unwrap();
        device.set_alert(true).unwrap();
        if let Some(save) = save {
            device.save(save).unwrap();
            assert_eq!(settings(&bench), changed, "{save:?}: saving changes nothing by itself");
        }
        let mut device = restart(&bench, device);
        let wanted = expected(changed.clone(), fresh.clone());
        assert_eq!(settings(&bench), wanted, "{save:?}");
        assert_eq!(bench.take(|board| board.alert), 0, "{save:?}");
        assert_eq!(device.describe().unwrap().order, wanted.0);
        assert_eq!(device.power(1), Ok(Some(wanted.1[0] == 1)));
    }
}

/// On a board on which nothing was saved yet, either.
#[test]
fn an_order_that_was_not_saved_goes_with_the_reset() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    device.set_order(7).unwrap();
    let mut device = restart(&bench, device);
    assert_eq!(device.describe().unwrap().order, 20);
}

#[test]
fn nodes_are_switched_and_proven_one_by_one() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    let all = Positions::from_bits(0b111);
    let before = device.nodes_power(all).unwrap();
    assert_eq!(before.on.bits(), 0b010);
    bench.take_log();
    let after = device.apply(before, Positions::from_bits(0b101), Action::On).unwrap();
    let sent: Vec<_> = bench.take_log().into_iter().filter(|(bytes, _)| bytes.len() > 1).collect();
    assert_eq!(sent, [(vec![0x0c, 1, 0x03], 0), (vec![0x0c, 3, 0x03], 0)]);
    assert_eq!(after.on.bits(), 0b111);
    assert_eq!(device.verify(after, all), Ok(()));
    // Nodes that do not follow are named, all of them.
    bench.take(|board| board.p[2] = 0);
    let error = device.verify(after, all).unwrap_err();
    let wrong = Positions::from_bits(0b100);
    assert_eq!(error, CtrlError::NotFollowed { command: Command::On, nodes: wrong });
    assert!(error.to_string().contains("node 3 of the board does not"), "{error}");
    bench.take(|board| board.p[0] = 0);
    let error = device.verify(after, all).unwrap_err();
    let wrong = Positions::from_bits(0b101);
    assert_eq!(error, CtrlError::NotFollowed { command: Command::On, nodes: wrong });
    assert!(error.to_string().contains("nodes 1 3 of the board do not"), "{error}");
    bench.take(|board| board.p[0] = 1);
    let changed = Positions::from_bits(0b101);
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::Unknown);
    bench.take(|board| board.p[0] = 0);
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::Old);
    bench.take(|board| (board.p[0], board.p[2]) = (1, 1));
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::New);
}

/// A setting that the board accepts and does not take.
#[test]
fn what_is_accepted_and_not_done_is_told() {
    let mut board = able();
    board["u"] = json!([1]);
    let mut device = Bench::new(&board).open();
    // The board lacks the entry: it answers 0 (ok) and tells 0xff.
    assert_eq!(
        device.set_usb_boot(3, true),
        Err(CtrlError::Refused { command: Command::UsbBootOn, status: 1 })
    );
}

/// The undisturbed outcome, and how many transfers it took.
fn undisturbed(op: &Op) -> (Outcome, SimCtrl, usize) {
    let bench = Bench::new(&able());
    let outcome = (op.run)(&mut bench.open());
    let count = bench.take_log().len();
    (outcome, bench.take(|board| board.clone()), count)
}

/// The state of a board, but for registers that any attempt leaves behind.
fn state(board: &SimCtrl) -> Value {
    let mut state = serde_json::to_value(board).unwrap();
    for key in ["data", "status", "saved", "busy", "away", "returns"] {
        state.as_object_mut().unwrap().remove(key);
    }
    state
}

#[test]
fn one_fault_passes_without_a_trace() {
    let mut tried = 0;
    for op in OPS {
        let (outcome, end, count) = undisturbed(op);
        for transfer in 1..=count {
            for (kind, after) in [(NAK, false), (ErrorKind::Bus, false), (ErrorKind::Bus, true)] {
                let bench = Bench::new(&able());
                let mut device = bench.open();
                bench.fault.set(Some(Fault { transfer, kind, lasting: false, after }));
                let context = format!("{}: {kind:?} at {transfer}, after: {after}", op.name);
                tried += 1;
                let result = (op.run)(&mut device);
                let saved = bench.take(|board| board.saved.clone());
                if ONCE.contains(&op.name) && kind == ErrorKind::Bus {
                    // The first transfer sends it; of the others a test of their own speaks.
                    if transfer > 1 {
                        continue;
                    }
                    assert!(
                        matches!(result, Err(CtrlError::Bus { command: Some(_), .. })),
                        "{context}"
                    );
                    let log = bench.take_log();
                    assert_eq!(log.iter().filter(|(b, _)| b.len() > 1).count(), 1, "{context}");
                    continue;
                }
                assert_eq!(result, outcome, "{context}");
                bench.take(|board| assert_eq!(state(board), state(&end), "{context}"));
                // The EEPROM wears: it is written again only where nobody knows whether it was.
                let writes = saved.map_or(0, |saved| saved.len());
                let once = end.saved.as_ref().map_or(0, Vec::len);
                assert!(writes <= once + usize::from(after), "{context}: {writes} writes");
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn a_lasting_fault_is_an_error_in_time() {
    for op in OPS {
        let (_, _, count) = undisturbed(op);
        for transfer in 1..=count {
            for kind in [NAK, ErrorKind::Bus, ErrorKind::ArbitrationLoss, ErrorKind::Other] {
                let bench = Bench::new(&able());
                let mut device = bench.open();
                bench.fault.set(Some(Fault { transfer, kind, lasting: true, after: false }));
                let context = format!("{}: {kind:?} from {transfer} on", op.name);
                let error = (op.run)(&mut device).expect_err(&context);
                match error {
                    CtrlError::Timeout { command, .. } => {
                        assert_eq!(kind, NAK, "{context}");
                        assert!(bench.slept_ms() <= limit_ms(command, 100), "{context}");
                    }
                    CtrlError::Bus { source, .. } => {
                        assert_eq!(source, kind, "{context}");
                        if kind != NAK {
                            assert!(
                                bench.slept_ms() <= 2 * transfer as u64,
                                "{context}: no use in waiting"
                            );
                            assert!(bench.take_log().len() <= transfer + 2, "{context}");
                        }
                    }
                    other => panic!("{context}: {other}"),
                }
                // It works again as soon as the bus does.
                bench.fault.set(None);
                assert!(bench.open().power(2).is_ok(), "{context}");
            }
        }
    }
}

#[test]
fn what_passes_not_at_once_is_not_tried_again() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    bench.fault.set(Some(Fault {
        transfer: 1,
        kind: ErrorKind::Other,
        lasting: false,
        after: false,
    }));
    let error = device.set_power(1, true).unwrap_err();
    assert_eq!(error, CtrlError::Bus { command: Some(Command::On), source: ErrorKind::Other });
    assert_eq!(bench.take_log().len(), 1);
}
