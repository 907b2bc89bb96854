//! The serial port of a node's console, opened exclusively.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use clusterhat::ports::{Port, PortWatch};
use clusterhat::{Cluster, Error, Node};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcsendbreak;

use crate::failure::Failure;

/// A serial port that is opened exclusively, again after each power cycle.
pub(super) struct OwnPort {
    watch: PortWatch,
    port: Option<File>,
}

/// The result of a read.
pub(super) enum Heard {
    /// This many bytes; 0 if there was nothing to read.
    Bytes(usize),
    /// The port has disappeared.
    Gone,
}

impl OwnPort {
    /// The port of a node; not opened yet.
    ///
    /// # Errors
    /// The node has no serial ports.
    pub(super) fn new(cluster: &Cluster, node: Node) -> Result<Self, Failure> {
        let watch = PortWatch::new(cluster, node, Port::Console).map_err(Error::from)?;
        Ok(Self { watch, port: None })
    }

    pub(super) const fn is_open(&self) -> bool {
        self.port.is_some()
    }

    pub(super) fn path(&self) -> &Path {
        self.watch.path()
    }

    /// Time until the next attempt to open it, for cases without a notification.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.port.is_some() { None } else { self.watch.due() }
    }

    pub(super) fn send_break(&self) -> io::Result<()> {
        self.port.as_ref().map_or(Ok(()), |port| Ok(tcsendbreak(port)?))
    }

    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        if self.port.is_some() {
            return Ok(false);
        }
        self.port = self.watch.open().map_err(Error::from)?.map(File::from);
        Ok(self.port.is_some())
    }

    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        match &self.port {
            Some(port) if writes => (port.as_fd(), PollFlags::IN | PollFlags::OUT),
            Some(port) => (port.as_fd(), PollFlags::IN),
            None => (self.watch.as_fd(), PollFlags::IN),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Heard {
        let Some(port) = &mut self.port else { return Heard::Bytes(0) };
        match port.read(buffer) {
            Ok(length @ 1..) => Heard::Bytes(length),
            Err(error) if is_nothing(&error) => Heard::Bytes(0),
            // The end of the file, or EIO: the device is gone.
            _ => {
                self.port = None;
                Heard::Gone
            }
        }
    }

    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        let Some(port) = self.port.as_mut().filter(|_| !bytes.is_empty()) else { return };
        // Where it fails, reading shows that the port is gone, after what came before that.
        if let Ok(length) = port.write(bytes) {
            bytes.drain(..length);
        }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Waits until something can be done with one of these, or for this long; which ones, and what.
pub(super) fn wait(
    all: &[(BorrowedFd<'_>, PollFlags)],
    limit: Option<Duration>,
) -> io::Result<Vec<PollFlags>> {
    let mut polled: Vec<_> = all.iter().map(|(fd, flags)| PollFd::new(fd, *flags)).collect();
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    match poll(&mut polled, limit.as_ref()) {
        Err(rustix::io::Errno::INTR) => return Ok(vec![PollFlags::empty(); all.len()]),
        result => result?,
    };
    Ok(polled.iter().map(PollFd::revents).collect())
}
