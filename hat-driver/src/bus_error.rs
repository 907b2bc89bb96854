//! The error of a Linux bus or line, real or simulated: an errno and what it means for a retry.

use std::{fmt, io};

use embedded_hal::i2c::{Error, ErrorKind, NoAcknowledgeSource};
use rustix::io::Errno;

/// What the kernel answered. Its kind follows the kernel's `i2c/fault-codes` document.
#[derive(Debug)]
pub struct BusError(io::Error);

impl BusError {
    /// From an errno.
    #[must_use]
    pub fn from_errno(errno: Errno) -> Self {
        Self(errno.into())
    }

    /// The underlying error.
    #[must_use]
    pub const fn io(&self) -> &io::Error {
        &self.0
    }

    /// The errno, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        Errno::from_io_error(&self.0)
    }
}

impl From<io::Error> for BusError {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errno() {
            Some(Errno::REMOTEIO | Errno::NXIO) => {
                f.write_str("nothing acknowledges at this address")
            }
            Some(Errno::TIMEDOUT) => f.write_str("the bus timed out"),
            Some(Errno::IO) => f.write_str("the bus reported an I/O error"),
            _ => self.0.fmt(f),
        }
    }
}

impl std::error::Error for BusError {}

impl Error for BusError {
    fn kind(&self) -> ErrorKind {
        match self.errno() {
            Some(Errno::NXIO | Errno::REMOTEIO) => {
                ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
            }
            Some(Errno::AGAIN) => ErrorKind::ArbitrationLoss,
            Some(Errno::IO | Errno::TIMEDOUT | Errno::PROTO | Errno::BADMSG) => ErrorKind::Bus,
            // Busy, gone, not permitted: trying again at once changes nothing.
            _ => ErrorKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_faults_are_worth_a_retry() {
        for errno in [Errno::NXIO, Errno::REMOTEIO, Errno::IO, Errno::TIMEDOUT, Errno::AGAIN] {
            assert_ne!(BusError::from_errno(errno).kind(), ErrorKind::Other, "{errno:?}");
        }
        for errno in [Errno::BUSY, Errno::NODEV, Errno::ACCESS, Errno::NOENT, Errno::OPNOTSUPP] {
            assert_eq!(BusError::from_errno(errno).kind(), ErrorKind::Other, "{errno:?}");
        }
    }
}
