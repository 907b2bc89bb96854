//! An XRA1200P whose pull-ups stay as they are: they would not tell the solder link of the write
//! protection.

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use hat_driver::expander::{Chip, Expander, Register};
use hat_driver::hat::{Backend, Hat};
use hat_driver::lines::NoLine;
use hat_driver::revisions::{Revision, Version};
use hat_driver::sim::chip::{SimChip, SimExpander};
use hat_driver::{BusError, HatError};

struct Fixed(SimExpander);

impl ErrorType for Fixed {
    type Error = BusError;
}

impl I2c for Fixed {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let pull_up = self.0.pull_up;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.0.write(bytes).unwrap(),
                Operation::Read(buffer) => self.0.read(buffer).unwrap(),
            }
            self.0.pull_up = pull_up;
        }
        Ok(())
    }
}

#[test]
fn it_is_not_initialised() {
    // P1 is held low: what the pins show are not the pull-ups.
    let mut external = [None; 8];
    external[0] = Some(false);
    let bus = Fixed(SimExpander::new(Chip::Xra1200p, external));
    let revision = Revision::of(Version { major: 2, minor: 5 }).unwrap();
    let backend = Backend::Expander(Expander::new(bus, 0x20));
    let mut board: Hat<_, NoLine<BusError>> = Hat::new(backend, revision);
    let error = board.init().unwrap_err();
    assert!(matches!(error, HatError::ReadBack { register: Register::PullUp, .. }), "{error}");
    let Backend::Expander(chip) = board.backend() else { panic!("no chip") };
    assert_eq!((chip.bus().0.latch, chip.bus().0.direction), (0xff, 0xff), "as it was");
}
