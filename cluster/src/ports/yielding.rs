//! A port that is kept until somebody else wants it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::termios::{QueueSelector, tcflush};

use super::PortError;
use super::device;
use crate::file_watch::FileWatch;

/// A port that is locked for this process, but that others may open: that is how they ask for it.
pub(crate) struct YieldingPort {
    port: OwnedFd,
    opens: FileWatch,
}

impl YieldingPort {
    /// Opens a device, raw and without blocking.
    ///
    /// # Errors
    /// As [`super::open`].
    pub(crate) fn open(path: &Path) -> Result<Self, PortError> {
        let port = device::open_shared(path)?;
        // Who opens it before this is told that it is in use, and opens it again.
        let opens = FileWatch::of_opens(path)
            .map_err(|source| PortError::Io { path: path.to_owned(), source })?;
        Ok(Self { port, opens })
    }

    /// Becomes readable when [`Self::is_wanted`] may have changed.
    pub(crate) fn opens(&self) -> BorrowedFd<'_> {
        self.opens.as_fd()
    }

    /// Whether anybody has opened the device since.
    pub(crate) fn is_wanted(&self) -> bool {
        // Where that cannot be told any more, nobody is to be kept away.
        self.opens.drain().unwrap_or(true)
    }

    /// What has come; none for now with [`io::ErrorKind::WouldBlock`].
    ///
    /// # Errors
    /// Where the port is gone, which may also be told as an end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.port, buffer)?)
    }

    /// Sends what there is room for.
    ///
    /// # Errors
    /// Where the port is gone; [`io::ErrorKind::WouldBlock`] where the node takes nothing.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.port, bytes)?)
    }

    /// Takes back what was sent and nobody on the node has read.
    pub(crate) fn take_back(&self) {
        // A port that is gone has nothing.
        let _ = tcflush(&self.port, QueueSelector::OFlush);
    }
}

impl AsFd for YieldingPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.port.as_fd()
    }
}

impl Drop for YieldingPort {
    fn drop(&mut self) {
        // Closing a terminal waits for what was sent, by default for 30 s (`closing_wait` in drivers/tty/tty_port.c).
        self.take_back();
    }
}
