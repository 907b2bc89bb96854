//! A port that is released on demand.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::termios::{QueueSelector, tcflush};

use super::PortError;
use super::device;
use crate::file_watch::FileWatch;

/// A port that is locked for this process, but may be opened by others: opening it is how they request it.
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
        // A process that opens it before this finds it busy, and retries.
        let opens = FileWatch::of_opens(path)
            .map_err(|source| PortError::Io { path: path.to_owned(), source })?;
        Ok(Self { port, opens })
    }

    /// Becomes readable when [`Self::is_wanted`] may have changed.
    pub(crate) fn opens(&self) -> BorrowedFd<'_> {
        self.opens.as_fd()
    }

    /// Whether another process has opened the device since.
    pub(crate) fn is_wanted(&self) -> bool {
        // Released if the watch fails, so that other processes are not kept away.
        self.opens.drain().unwrap_or(true)
    }

    /// Reads without blocking.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is nothing to read. The loss of the port is an error or the end of the file.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.port, buffer)?)
    }

    /// Writes without blocking, as much as there is room for.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if the node does not read; other errors after the loss of the port.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.port, bytes)?)
    }

    /// Discards sent bytes that the node has not read.
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
