//! The I2C expander of v2.x and v3.x boards: an Exar XRA1200P or a TI PCA9554.
//!
//! Both chips share registers 0-3 (PCA9554 datasheet, "Register Map"; XRA1200/1200P datasheet,
//! "Register description"). The XRA1200P alone has register 4; the PCA9554 does not acknowledge it,
//! which is how the two are told apart. Register 0 is the pins and register 1 is the latch, so a
//! read-modify-write works on register 1: on register 0 it would turn a stuck pin into a command.

use core::fmt;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

use crate::error::{Access, HatError};
use crate::pins::PinSet;

mod register;

pub use register::Register;

/// The lowest of the four addresses that the XA0/XA1 jumpers select.
pub const FIRST_ADDRESS: u8 = 0x20;
/// The highest of those addresses: both jumpers bridged.
pub const LAST_ADDRESS: u8 = 0x23;

/// Which of the two chips a board carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Chip {
    /// Exar XRA1200P, with switchable pull-ups.
    Xra1200p,
    /// TI PCA9554, with fixed pull-ups.
    Pca9554,
}

/// One expander at an address of a bus. Holds no copy of the chip's state.
#[derive(Debug)]
pub struct Expander<B> {
    bus: B,
    address: u8,
}

impl<B: I2c> Expander<B> {
    /// Takes the bus by value; pass `&mut bus` to keep it. Touches nothing.
    pub const fn new(bus: B, address: u8) -> Self {
        Self { bus, address }
    }

    /// The chip's address on its bus.
    pub const fn address(&self) -> u8 {
        self.address
    }

    /// The bus.
    pub const fn bus(&mut self) -> &mut B {
        &mut self.bus
    }

    /// Gives the bus back.
    pub fn release(self) -> B {
        self.bus
    }

    /// One register, in one transfer.
    ///
    /// # Errors
    /// [`HatError::Bus`] where the transfer fails.
    pub fn read(&mut self, register: Register) -> Result<u8, HatError<B::Error>> {
        let mut value = [0];
        self.bus
            .write_read(self.address, &[register as u8], &mut value)
            .map_err(|source| HatError::Bus { access: Access::Read, register, source })?;
        Ok(value[0])
    }

    /// Writes one register and reads it back in the same transfer: both chips keep the register
    /// pointer over a repeated START, so the byte that follows is the register's new content.
    ///
    /// # Errors
    /// [`HatError::Bus`] where the transfer fails, [`HatError::ReadBack`] where the content differs.
    pub fn write(&mut self, register: Register, value: u8) -> Result<(), HatError<B::Error>> {
        let mut found = [0];
        self.bus
            .write_read(self.address, &[register as u8, value], &mut found)
            .map_err(|source| HatError::Bus { access: Access::Write, register, source })?;
        if found[0] != value {
            return Err(HatError::ReadBack { register, written: value, found: found[0] });
        }
        Ok(())
    }

    /// Drives the pins `set` high and `clear` low in one write of the latch, so that all change at
    /// once and no other pin changes. Returns the new latch. Writes nothing where nothing changes.
    ///
    /// `latch` is its present content where the caller knows it for sure, to save the read. The
    /// caller excludes others during this call.
    ///
    /// # Errors
    /// As [`Self::read`] and [`Self::write`].
    pub fn update(
        &mut self,
        latch: Option<PinSet>,
        set: PinSet,
        clear: PinSet,
    ) -> Result<PinSet, HatError<B::Error>> {
        let before = match latch {
            Some(latch) => latch,
            None => PinSet::from_bits(self.read(Register::Latch)?),
        };
        let after = before.without(clear).union(set);
        if after != before {
            self.write(Register::Latch, after.bits())?;
        }
        Ok(after)
    }

    /// Which chip answers, and its pull-ups if it has the register for them.
    ///
    /// Only for an address at which another register has been read already: a chip that is absent
    /// refuses this one too. A bit-banged bus reports a refused register number as an I/O error
    /// (the kernel's `i2c-algo-bit`), as it does a disturbance; then the chip has to answer for
    /// another register and to refuse this one again.
    ///
    /// QEMU's PCA9554 looks at the lower two bits of a register's number alone: it acknowledges
    /// register 4 and shows register 0. `input` is the input register as the caller has just read it;
    /// pull-ups that equal it are taken for it. An XRA1200P may show the same while its pins are inputs,
    /// so pass `None` then; once all of its pins are outputs, no board in use has all of them high.
    ///
    /// # Errors
    /// [`HatError::Bus`] where the bus fails.
    pub fn identify(
        &mut self,
        input: Option<PinSet>,
    ) -> Result<(Chip, Option<PinSet>), HatError<B::Error>> {
        let mut answer = self.pull_ups()?;
        if matches!(answer, Answer::RefusedOrDisturbed) {
            self.read(Register::Direction)?;
            answer = self.pull_ups()?;
        }
        Ok(match answer {
            Answer::Value(pull_ups) if Some(pull_ups) != input => (Chip::Xra1200p, Some(pull_ups)),
            _ => (Chip::Pca9554, None),
        })
    }

    fn pull_ups(&mut self) -> Result<Answer, HatError<B::Error>> {
        let error = match self.read(Register::PullUp) {
            Ok(pull_ups) => return Ok(Answer::Value(PinSet::from_bits(pull_ups))),
            Err(error) => error,
        };
        let HatError::Bus { source, .. } = &error else { return Err(error) };
        match source.kind() {
            ErrorKind::NoAcknowledge(_) => Ok(Answer::Refused),
            ErrorKind::Bus => Ok(Answer::RefusedOrDisturbed),
            _ => Err(error),
        }
    }
}

/// What asking for the register that one of the chips lacks came to.
enum Answer {
    Value(PinSet),
    Refused,
    RefusedOrDisturbed,
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xra1200p => "XRA1200P",
            Self::Pca9554 => "PCA9554",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use embedded_hal::i2c::{ErrorType, NoAcknowledgeSource, Operation};

    use super::*;

    /// A chip without register 4, on a bus that reports the refusal as `kind`.
    struct WithoutRegister4 {
        kind: ErrorKind,
        dead_after: u32,
        transfers: u32,
    }

    impl ErrorType for WithoutRegister4 {
        type Error = ErrorKind;
    }

    impl I2c for WithoutRegister4 {
        fn transaction(
            &mut self,
            _address: u8,
            operations: &mut [Operation<'_>],
        ) -> Result<(), ErrorKind> {
            self.transfers += 1;
            let refused = matches!(operations.first(), Some(Operation::Write([4, ..])));
            if refused || self.transfers > self.dead_after { Err(self.kind) } else { Ok(()) }
        }
    }

    fn identify(kind: ErrorKind, dead_after: u32) -> Result<Chip, HatError<ErrorKind>> {
        let bus = WithoutRegister4 { kind, dead_after, transfers: 0 };
        Expander::new(bus, FIRST_ADDRESS).identify(None).map(|(chip, _)| chip)
    }

    #[test]
    fn a_refusal_tells_the_chip_however_the_bus_reports_it() {
        let nak = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
        assert_eq!(identify(nak, u32::MAX), Ok(Chip::Pca9554));
        assert_eq!(identify(ErrorKind::Bus, u32::MAX), Ok(Chip::Pca9554), "i2c-gpio");
    }

    #[test]
    fn chips_have_their_makers_names() {
        assert_eq!(Chip::Xra1200p.to_string(), "XRA1200P");
        assert_eq!(Chip::Pca9554.to_string(), "PCA9554");
    }

    #[test]
    fn a_dead_bus_tells_nothing() {
        assert!(identify(ErrorKind::Bus, 0).is_err());
        assert!(identify(ErrorKind::Other, 0).is_err());
    }
}
