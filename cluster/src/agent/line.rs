//! Lines on a file descriptor that does not block, each with a deadline.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::Instant;

use node_link::agent::LineReader;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::AgentError;

/// A port or a socket.
pub(super) struct Line {
    fd: OwnedFd,
    reader: LineReader,
    /// Whole lines of what was read last: no more than one read brings.
    lines: VecDeque<Vec<u8>>,
}

impl Line {
    /// The file descriptor must not block.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd, reader: LineReader::default(), lines: VecDeque::new() }
    }

    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), AgentError> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.fd, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                // A node that hangs does not read.
                Err(Errno::AGAIN) if self.wait(PollFlags::OUT, Some(deadline))? => {}
                Err(Errno::AGAIN) => return Err(AgentError::Silent),
                Err(errno) => return Err(broken(errno)),
            }
        }
        Ok(())
    }

    /// The next line; `None` if the deadline passes first, regardless of other bytes.
    pub(super) fn next(
        &mut self,
        deadline: Option<Instant>,
    ) -> Result<Option<Vec<u8>>, AgentError> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now())
                || !self.wait(PollFlags::IN, deadline)?
            {
                return Ok(None);
            }
            let mut bytes = [0; 4096];
            match rustix::io::read(&self.fd, &mut bytes) {
                Ok(0) => return Err(AgentError::Closed),
                Ok(count) => {
                    self.reader.push(&bytes[..count], |line| self.lines.push_back(line.to_vec()));
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(broken(errno)),
            }
        }
    }

    /// Whether it became ready before the deadline.
    fn wait(&self, flags: PollFlags, deadline: Option<Instant>) -> Result<bool, AgentError> {
        loop {
            let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
            match poll(&mut [PollFd::new(&self.fd, flags)], limit.as_ref()) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(AgentError::Io(errno.into())),
            }
        }
    }
}

/// The errors of a port whose node has lost power, and of a socket whose peer is gone.
fn broken(errno: Errno) -> AgentError {
    match errno {
        Errno::IO | Errno::NXIO | Errno::NODEV | Errno::PIPE | Errno::CONNRESET => {
            AgentError::Closed
        }
        errno => AgentError::Io(errno.into()),
    }
}
