//! A PCA9554 that looks at the lower two bits of a register's number alone, so that it acknowledges
//! the register by which the XRA1200P is told: QEMU's is one.

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use hat_driver::expander::{Chip, Expander};
use hat_driver::hat::{Backend, Hat};
use hat_driver::init::InitOutcome;
use hat_driver::lines::NoLine;
use hat_driver::revisions::{Revision, Version};
use hat_driver::{BusError, Signals};

/// Input, latch, polarity, direction. Inputs read high but for the last two nodes'.
struct Folded([u8; 4]);

impl Folded {
    const EXTERNAL: u8 = 0xf3;

    fn register(&self, number: u8) -> u8 {
        let [_, latch, _, direction] = self.0;
        match number % 4 {
            0 => latch & !direction | Self::EXTERNAL & direction,
            number => self.0[usize::from(number)],
        }
    }
}

impl ErrorType for Folded {
    type Error = BusError;
}

impl I2c for Folded {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let mut pointer = 0;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    pointer = bytes[0];
                    if let (Some(&value), 1..) = (bytes.get(1), pointer % 4) {
                        self.0[usize::from(pointer % 4)] = value;
                    }
                }
                Operation::Read(buffer) => buffer.fill(self.register(pointer)),
            }
        }
        Ok(())
    }
}

fn fresh() -> Hat<Folded, NoLine<BusError>> {
    let revision = Revision::of(Version { major: 2, minor: 5 }).unwrap();
    let chip = Expander::new(Folded([0, 0xff, 0x00, 0xff]), 0x20);
    Hat::new(Backend::Expander(chip), revision)
}

#[test]
fn it_is_initialised_as_the_pca9554_that_it_is() {
    let mut board = fresh();
    let Ok(InitOutcome::Initialised(latch)) = board.init() else { panic!("not initialised") };
    assert_eq!(latch.bits(), 0x93, "the nodes keep what their pins showed");
    let status = board.status().unwrap();
    assert_eq!((status.chip, status.write_protect_link), (Some(Chip::Pca9554), None));
}

#[test]
fn no_solder_link_is_made_out_of_its_pins() {
    let mut board = fresh();
    board.init().unwrap();
    let latch = board.latch().unwrap();
    let latch = board.apply(latch, Signals::NONE, Signals::WRITE_PROTECT).unwrap();
    assert_eq!(latch.bits(), 0x13);
}
