//! A bus with one expander on it, as the datasheets of the TI PCA9554 and the Exar XRA1200P have it.

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// The address with both jumpers open.
const ADDRESS: u8 = 0x20;

/// Which chip it is: the highest register that it acknowledges.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Input, output, polarity and configuration.
    Pca9554 = 3,
    /// The same, and the pull-ups.
    Xra1200p = 4,
}

/// The chip and what the board puts on its pins.
pub struct Chip {
    kind: Kind,
    /// Registers 0 to 4; register 0 follows from the others.
    registers: [u8; 5],
    pointer: u8,
    /// Whether the chip is on the bus.
    pub present: bool,
    /// Transfers to come that nobody acknowledges.
    pub disturbances: u8,
    /// Pins that are held low, whatever drives them.
    pub held_low: u8,
    /// Bytes written to registers so far.
    pub written: u32,
}

impl Chip {
    /// A chip right after its supply came on.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            registers: [0xff, 0xff, 0x00, 0xff, 0xff],
            pointer: 0,
            present: true,
            disturbances: 0,
            held_low: 0,
            written: 0,
        }
    }

    /// What the pins are driven to.
    pub const fn latch(&self) -> u8 {
        self.registers[1]
    }

    /// The pins that are inputs.
    pub const fn direction(&self) -> u8 {
        self.registers[3]
    }

    /// Outputs show the latch. The power-on-state jumper holds the nodes' inputs (0 to 3) low, nothing the others:
    /// those follow the pull-ups, which a PCA9554 always has.
    fn pins(&self) -> u8 {
        let pull_ups = match self.kind {
            Kind::Pca9554 => 0xff,
            Kind::Xra1200p => self.registers[4],
        };
        let inputs = self.direction() & pull_ups & 0xf0;
        (inputs | (self.latch() & !self.direction())) & !self.held_low
    }

    fn select(&mut self, register: u8) -> Result<(), ErrorKind> {
        if register > self.kind as u8 {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data));
        }
        self.pointer = register;
        Ok(())
    }

    fn store(&mut self, values: &[u8]) {
        for &value in values {
            self.registers[usize::from(self.pointer)] = value;
            self.written += 1;
        }
    }

    fn load(&self) -> u8 {
        match self.pointer {
            0 => self.pins() ^ self.registers[2],
            register => self.registers[usize::from(register)],
        }
    }
}

impl ErrorType for Chip {
    type Error = ErrorKind;
}

impl I2c for Chip {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        if !self.present || address != ADDRESS || self.disturbances > 0 {
            self.disturbances = self.disturbances.saturating_sub(1);
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            match operation {
                Operation::Write([]) => {}
                Operation::Write([register, values @ ..]) => {
                    self.select(*register)?;
                    self.store(values);
                }
                Operation::Read(bytes) => bytes.fill(self.load()),
            }
        }
        Ok(())
    }
}
