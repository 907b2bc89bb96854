//! A node's console, whose port comes and goes with the node's power.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use clusterhat::nodes::label;
use clusterhat::ports::{Port, PortError, PortWatch};
use clusterhat::{Cluster, Error, Node};
use rustix::event::{PollFlags, Timespec, poll};
use rustix::termios::tcsendbreak;

use crate::failure::Failure;

/// A console that is opened whenever it is there.
pub(super) struct Link {
    name: String,
    watch: PortWatch,
    port: Option<File>,
}

/// What was read.
pub(super) enum Heard {
    /// So many bytes; 0 where nothing has come after all.
    Bytes(usize),
    /// The port is gone.
    Gone,
}

impl Link {
    /// The console of a node, not opened yet.
    pub(super) fn new(cluster: &Cluster, node: Node) -> Result<Self, Failure> {
        let watch = PortWatch::new(cluster, node, Port::Console).map_err(Error::from)?;
        Ok(Self { name: label(node), watch, port: None })
    }

    /// The node's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn is_open(&self) -> bool {
        self.port.is_some()
    }

    /// Opens the port where it is there and not open; whether that was done.
    ///
    /// # Errors
    /// Another process has it, or it cannot be opened.
    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        if self.port.is_some() {
            return Ok(false);
        }
        self.port = self.watch.open().map_err(Error::from)?.map(File::from);
        Ok(self.port.is_some())
    }

    /// Why it is not open.
    pub(super) fn absent(&self) -> Failure {
        Failure::Cluster(PortError::Absent { path: self.watch.path().to_owned() }.into())
    }

    /// What to wait for: the port, or its coming.
    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        match &self.port {
            Some(port) if writes => (port.as_fd(), PollFlags::IN | PollFlags::OUT),
            Some(port) => (port.as_fd(), PollFlags::IN),
            None => (self.watch.as_fd(), PollFlags::IN),
        }
    }

    /// After which time the port is to be tried though nothing was told.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.port.is_some() { None } else { self.watch.due() }
    }

    /// Reads what has come, without waiting.
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

    /// Sends the first of these bytes, as many as the port takes, and removes them.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        let Some(port) = self.port.as_mut().filter(|_| !bytes.is_empty()) else { return };
        // Where it fails, reading shows that the port is gone, after what came before that.
        if let Ok(length) = port.write(bytes) {
            bytes.drain(..length);
        }
    }

    /// Sends a break.
    pub(super) fn send_break(&self) -> io::Result<()> {
        self.port.as_ref().map_or(Ok(()), |port| Ok(tcsendbreak(port)?))
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
    let mut polled: Vec<_> =
        all.iter().map(|(fd, flags)| rustix::event::PollFd::new(fd, *flags)).collect();
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    match poll(&mut polled, limit.as_ref()) {
        Err(rustix::io::Errno::INTR) => return Ok(vec![PollFlags::empty(); all.len()]),
        result => result?,
    };
    Ok(polled.iter().map(rustix::event::PollFd::revents).collect())
}
