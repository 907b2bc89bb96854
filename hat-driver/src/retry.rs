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

#[cfg(test)]
mod tests {
    use embedded_hal::i2c::NoAcknowledgeSource;

    use super::*;

    /// A bus whose first transfers fail.
    struct Failing {
        times: u32,
        kind: ErrorKind,
    }

    impl ErrorType for Failing {
        type Error = ErrorKind;
    }

    impl I2c for Failing {
        fn transaction(&mut self, _: u8, _: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
            if self.times == 0 {
                return Ok(());
            }
            self.times -= 1;
            Err(self.kind)
        }
    }

    const NAK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);

    /// Whether a transfer came through at last, and what was counted.
    fn transfer(retry: fn(Failing) -> Retry<Failing>, times: u32, kind: ErrorKind) -> [u32; 3] {
        let mut bus = retry(Failing { times, kind });
        let is_through = bus.write(0x20, &[0]).is_ok();
        [is_through.into(), bus.transfers(), bus.retries()]
    }

    #[test]
    fn a_transfer_is_tried_three_times_in_all() {
        for kind in [ErrorKind::Bus, ErrorKind::ArbitrationLoss, NAK] {
            let told = [0, 1, 2, 3, 9].map(|times| transfer(Retry::new, times, kind));
            assert_eq!(told, [[1, 1, 0], [1, 2, 1], [1, 3, 2], [0, 3, 0], [0, 3, 0]], "{kind:?}");
        }
    }

    #[test]
    fn what_stays_is_not_tried_again() {
        for kind in [ErrorKind::Overrun, ErrorKind::Other] {
            assert_eq!(transfer(Retry::new, 1, kind), [0, 1, 0], "{kind:?}");
        }
        assert_eq!(transfer(Retry::counting, 1, NAK), [0, 1, 0]);
    }

    #[test]
    fn counts_go_on() {
        let mut bus = Retry::new(Failing { times: 2, kind: NAK });
        for _ in 0..3 {
            bus.write(0x20, &[0]).unwrap();
        }
        bus.inner().times = 1;
        bus.write(0x20, &[0]).unwrap();
        assert_eq!((bus.transfers(), bus.retries()), (7, 3));
    }
}
