//! The core by itself, as a program without an operating system has it: pins that it owns, an
//! expander on its bus, its own delays.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use embedded_hal::i2c::{self, ErrorKind, I2c, NoAcknowledgeSource, Operation};
use hat_driver::expander::Expander;
use hat_driver::hat::{Backend, Hat};
use hat_driver::lines::{Line, Lines, NoLine, OwnedOutput};
use hat_driver::power::{self, Action, SoleOwner};
use hat_driver::revisions::{Revision, Version};
use hat_driver::{HatError, Positions, Signals};

fn revision(version: &str) -> &'static Revision {
    Revision::of(Version::parse(version).unwrap()).unwrap()
}

/// What happened, in its order.
type Log = Rc<RefCell<Vec<String>>>;

struct Pin {
    name: &'static str,
    high: bool,
    log: Log,
}

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.high = false;
        self.log.borrow_mut().push(format!("{} low", self.name));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.high = true;
        self.log.borrow_mut().push(format!("{} high", self.name));
        Ok(())
    }
}

impl StatefulOutputPin for Pin {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.high)
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.high)
    }
}

struct Delay(Log);

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().push(format!("{} ns", ns));
    }

    fn delay_ms(&mut self, ms: u32) {
        self.0.borrow_mut().push(format!("{ms} ms"));
    }
}

/// A bus with nothing on it.
struct NoBus;

impl i2c::ErrorType for NoBus {
    type Error = Infallible;
}

impl I2c for NoBus {
    fn transaction(&mut self, _: u8, _: &mut [Operation<'_>]) -> Result<(), Infallible> {
        unreachable!("a v1.x board has no expander")
    }
}

#[test]
fn owned_outputs_are_switched_with_the_delay_between_them() {
    let log = Log::default();
    let pin = |name| OwnedOutput(Pin { name, high: name == "P2", log: log.clone() });
    let mut p1 = pin("P1");
    assert!(p1.is_output().unwrap() && !p1.is_high().unwrap() && pin("P2").is_high().unwrap());
    let lines = Lines::new([p1, pin("P2"), pin("P3"), pin("P4")], pin("ALERT"));
    let mut board: Hat<NoBus, _> = Hat::new(Backend::Lines(lines), revision("1.3"));
    let mut hooks = SoleOwner(Delay(log.clone()));
    let mut switch = |board: &mut _, positions: &[u8], action| {
        let nodes: Positions = positions.iter().copied().collect();
        let (delay, wait) = (|_| Duration::from_millis(1500), Duration::ZERO);
        let finished = power::switch(board, nodes, action, delay, wait, &mut hooks).unwrap();
        (finished.switched.iter().collect::<Vec<_>>(), std::mem::take(&mut *log.borrow_mut()))
    };
    let on = switch(&mut board, &[0, 1, 2], Action::On);
    assert_eq!(on, (vec![0, 2], ["P1 high", "1500 ms", "P3 high"].map(String::from).to_vec()));
    let off = switch(&mut board, &[0, 1, 3], Action::Off);
    assert_eq!(off, (vec![0, 1], ["P1 low", "P2 low"].map(String::from).to_vec()));
}

/// An initialised XRA1200P, or a PCA9554, whose pins follow.
struct Chip {
    /// Latch, and the pull-ups of an XRA1200P.
    latch: u8,
    pull_ups: Option<u8>,
}

impl i2c::ErrorType for Chip {
    type Error = ErrorKind;
}

impl I2c for Chip {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        let mut register = 0;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    register = bytes[0];
                    if let [1, latch] = bytes[..] {
                        self.latch = latch;
                    }
                }
                Operation::Read(found) => {
                    found[0] = match register {
                        0 | 1 => self.latch,
                        2 | 3 => 0,
                        _ => self
                            .pull_ups
                            .ok_or(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data))?,
                    };
                }
            }
        }
        Ok(())
    }
}

/// LED, hub (low is on), and write protection are on; ALERT and the nodes are off.
const RESTING: u8 = 0x90;

fn board(pull_ups: Option<u8>) -> Hat<Chip, NoLine<ErrorKind>> {
    let chip = Expander::new(Chip { latch: RESTING, pull_ups }, 0x21);
    assert_eq!(chip.address(), 0x21);
    Hat::new(Backend::Expander(chip), revision("2.5"))
}

/// Its pin's pull-up says that the link is closed; driven low against it, the pin would short it.
#[test]
fn the_write_protection_is_not_switched_off_against_a_closed_link() {
    for (pull_ups, link) in [(Some(0xff), Some(true)), (Some(0x7f), Some(false)), (None, None)] {
        let mut board = board(pull_ups);
        assert_eq!(board.status().unwrap().write_protect_link, link, "{pull_ups:x?}");
        let latch = board.latch().unwrap();
        let off = board.apply(latch, Signals::NONE, Signals::WRITE_PROTECT);
        match link {
            Some(true) => {
                assert!(matches!(off, Err(HatError::WriteProtectLinked)), "{off:?}");
                assert_eq!(board.latch().unwrap().bits(), RESTING);
            }
            _ => assert_eq!(off.unwrap().bits(), RESTING & !0x80, "{pull_ups:x?}"),
        }
        // The other outputs are free of it.
        let latch = board.latch().unwrap();
        board.apply(latch, Signals::ALERT, Signals::NONE).unwrap();
    }
}

#[test]
fn a_smaller_board_keeps_its_spare_places_off() {
    for (size, nodes) in [(1, 0x01), (2, 0x03), (3, 0x07), (4, 0x0f), (9, 0x0f)] {
        let mut board = board(Some(0x7f)).with_size(size);
        assert_eq!((board.size(), board.nodes().bits()), (size.min(4), nodes));
        let latch = board.latch().unwrap();
        for position in 0..4 {
            let on = board.apply(latch, Signals::node(position), Signals::NONE);
            assert_eq!(on.is_ok(), position < size, "P{} of {size}", position + 1);
            board.apply(latch, Signals::NONE, Signals::node(position)).unwrap();
        }
    }
}
