//! A port that is released on demand.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::termios::{QueueSelector, tcflush};

use super::PortError;
use super::device;
use super::opens::{Opened, Opens, WatchedPort};

/// A port that is locked for this process, but may be opened by others: opening it is how they request it.
pub(crate) struct YieldingPort {
    port: OwnedFd,
    watched: WatchedPort,
}

impl YieldingPort {
    /// Opens a device, raw and without blocking.
    ///
    /// # Errors
    /// As [`super::open`].
    pub(crate) fn open(path: &Path, opens: &Opens) -> Result<Self, PortError> {
        let port = device::open_shared(path)?;
        // A process that opens it before this finds it busy, and retries.
        let watched =
            opens.watch(path).map_err(|source| PortError::Io { path: path.to_owned(), source })?;
        Ok(Self { port, watched })
    }

    /// Whether this is one of the ports that other processes have opened.
    pub(crate) fn is_wanted(&self, opened: &Opened) -> bool {
        opened.has(&self.watched)
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
