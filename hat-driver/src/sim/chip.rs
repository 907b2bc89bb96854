//! Simulated chips, at the level of the bus: what they acknowledge and what they answer.

/// Where a chip is: bus number and address.
pub type ChipPlace = (u32, u8);

/// The chip did not acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAck;

/// A chip on an I2C bus, message by message.
pub trait SimChip {
    /// The controller writes these bytes after the address.
    ///
    /// # Errors
    /// [`NoAck`] where the chip refuses a byte.
    fn write(&mut self, bytes: &[u8]) -> Result<(), NoAck>;

    /// The controller reads this many bytes.
    ///
    /// # Errors
    /// [`NoAck`] where the chip refuses its address.
    fn read(&mut self, buffer: &mut [u8]) -> Result<(), NoAck>;
}

/// Which expander is simulated.
use crate::expander::Chip;

/// An XRA1200P or a PCA9554 with what the board puts on its pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimExpander {
    /// Which of the two.
    pub kind: Chip,
    /// Register 1.
    pub latch: u8,
    /// Register 2.
    pub polarity: u8,
    /// Register 3: 1 = input.
    pub direction: u8,
    /// Register 4 of the XRA1200P.
    pub pull_up: u8,
    /// What the board holds each pin at; `None` = nothing.
    pub external: [Option<bool>; 8],
    /// Pins that show a level whatever drives them: a short circuit.
    pub stuck: [Option<bool>; 8],
    pointer: u8,
}

impl SimExpander {
    /// A chip in its reset state.
    #[must_use]
    pub const fn new(kind: Chip, external: [Option<bool>; 8]) -> Self {
        Self {
            kind,
            latch: 0xff,
            polarity: 0x00,
            direction: 0xff,
            pull_up: 0xff,
            external,
            stuck: [None; 8],
            pointer: 0,
        }
    }

    /// The levels of the eight pins.
    #[must_use]
    pub fn pins(&self) -> u8 {
        (0..8).fold(0, |pins, bit| pins | u8::from(self.pin(bit)) << bit)
    }

    /// The registers from 0 on as a simulation's file has them: input, output, polarity, direction, pull-up.
    pub(super) fn registers(&self) -> [u8; 5] {
        let input = self.pins() ^ self.polarity;
        [input, self.latch, self.polarity, self.direction, self.pull_up]
    }

    fn pin(&self, bit: usize) -> bool {
        let of = |register: u8| register >> bit & 1 == 1;
        let pulled_up = self.kind == Chip::Pca9554 || of(self.pull_up);
        self.stuck[bit].unwrap_or_else(|| match of(self.direction) {
            true => self.external[bit].unwrap_or(pulled_up),
            false => of(self.latch),
        })
    }

    /// The register that the pointer names, if this chip has it.
    fn register(&mut self) -> Option<&mut u8> {
        match (self.pointer, self.kind) {
            (1, _) => Some(&mut self.latch),
            (2, _) => Some(&mut self.polarity),
            (3, _) => Some(&mut self.direction),
            (4, Chip::Xra1200p) => Some(&mut self.pull_up),
            _ => None,
        }
    }

    /// The XRA1200P has registers 0 to 0x0a, the PCA9554 0 to 3; both refuse the others.
    fn has(&self, register: u8) -> bool {
        match self.kind {
            Chip::Xra1200p => register <= 0x0a,
            Chip::Pca9554 => register <= 3,
        }
    }
}

impl SimChip for SimExpander {
    /// The first byte sets the pointer, each other one is written to the register it names: neither
    /// chip moves the pointer on.
    fn write(&mut self, bytes: &[u8]) -> Result<(), NoAck> {
        let Some((&pointer, values)) = bytes.split_first() else { return Ok(()) };
        if !self.has(pointer) {
            return Err(NoAck);
        }
        self.pointer = pointer;
        for &value in values {
            if let Some(register) = self.register() {
                *register = value;
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), NoAck> {
        let value = match self.pointer {
            0 => self.pins() ^ self.polarity,
            _ => self.register().map_or(0x00, |register| *register),
        };
        buffer.fill(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOATING: [Option<bool>; 8] = [None; 8];

    fn read(chip: &mut SimExpander, register: u8) -> Result<u8, NoAck> {
        let mut value = [0];
        chip.write(&[register])?;
        chip.read(&mut value)?;
        Ok(value[0])
    }

    #[test]
    fn reset_values_are_the_datasheet_s() {
        let mut chip = SimExpander::new(Chip::Xra1200p, [Some(false); 8]);
        let registers: Vec<_> = (0..5).map(|r| read(&mut chip, r).unwrap()).collect();
        assert_eq!(registers, [0x00, 0xff, 0x00, 0xff, 0xff]);
    }

    #[test]
    fn a_pca9554_refuses_register_4() {
        let mut chip = SimExpander::new(Chip::Pca9554, FLOATING);
        assert_eq!(read(&mut chip, 4), Err(NoAck));
        assert_eq!(read(&mut chip, 3), Ok(0xff));
    }

    #[test]
    fn an_input_shows_the_board_or_its_pull_up_and_an_output_its_latch() {
        let mut chip = SimExpander::new(Chip::Xra1200p, FLOATING);
        chip.external[0] = Some(false);
        chip.write(&[4, 0x7f]).unwrap();
        assert_eq!(read(&mut chip, 0), Ok(0x7e));
        chip.write(&[1, 0x90]).unwrap();
        chip.write(&[3, 0x00]).unwrap();
        assert_eq!(read(&mut chip, 0), Ok(0x90));
        chip.write(&[2, 0xff]).unwrap();
        assert_eq!(read(&mut chip, 0), Ok(0x6f));
        chip.stuck[7] = Some(false);
        assert_eq!(chip.pins(), 0x10);
    }
}
