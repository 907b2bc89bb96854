//! A bus that tries again: transient errors are common on a HAT's bit-banged bus.

use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, Operation};

/// How often one transfer is tried in all.
pub const ATTEMPTS: u8 = 3;

/// Wraps a bus: repeats a transfer that failed for a transient reason, and counts.
///
/// Repeating is harmless here: every transfer of this driver either reads, or writes a register's
/// whole content.
#[derive(Debug)]
pub struct Retry<B> {
    bus: B,
    attempts: u8,
    transfers: u32,
    retries: u32,
}

impl<B> Retry<B> {
    /// Tries each transfer up to [`ATTEMPTS`] times.
    pub const fn new(bus: B) -> Self {
        Self { bus, attempts: ATTEMPTS, transfers: 0, retries: 0 }
    }

    /// Only counts: for a driver that knows itself what to repeat.
    pub const fn counting(bus: B) -> Self {
        Self { bus, attempts: 1, transfers: 0, retries: 0 }
    }

    /// Transfers made so far, retries included.
    pub const fn transfers(&self) -> u32 {
        self.transfers
    }

    /// Transfers made so far because the one before had failed, where that helped in the end.
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// The wrapped bus.
    pub const fn inner(&mut self) -> &mut B {
        &mut self.bus
    }
}

/// A missing acknowledge, a disturbed bus or lost arbitration may pass; the rest stays.
pub(crate) const fn is_transient(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Bus | ErrorKind::ArbitrationLoss | ErrorKind::NoAcknowledge(_))
}

impl<B: ErrorType> ErrorType for Retry<B> {
    type Error = B::Error;
}

impl<B: I2c> I2c for Retry<B> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), Self::Error> {
        let mut attempt = 1;
        loop {
            self.transfers += 1;
            match self.bus.transaction(address, operations) {
                Err(error) if attempt < self.attempts && is_transient(error.kind()) => attempt += 1,
                result => {
                    // What fails for good is told as an error, or is an answer: a PCA9554's to a
                    // register that it lacks.
                    if result.is_ok() {
                        self.retries += u32::from(attempt - 1);
                    }
                    return result;
                }
            }
        }
    }
}
