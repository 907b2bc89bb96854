//! One connection with a controller: lines in, lines out, until it ends.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use node_link::agent::{Call, LINE_LIMIT, LineError, LineReader, Message, Reply, VERSION};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;

use super::service::Service;
use super::signal::Termination;

/// Bytes of unread output that are kept; further lines are dropped.
const UNREAD_LIMIT: usize = 2 * LINE_LIMIT;

/// How long sending the goodbye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The other end has disconnected.
    Closed,
    /// The agent received SIGTERM.
    Terminated,
}

impl End {
    pub(super) fn is_termination(self) -> bool {
        self == Self::Terminated
    }
}

/// The connection with one controller.
pub(super) struct Connection<'a, I, O> {
    input: &'a I,
    output: &'a O,
    reader: LineReader,
    unread: Vec<u8>,
}

impl<'a, I: AsFd, O: AsFd> Connection<'a, I, O> {
    pub(super) fn new(input: &'a I, output: &'a O) -> Self {
        Self { input, output, reader: LineReader::default(), unread: Vec::new() }
    }

    /// Serves until the connection ends.
    pub(super) fn serve(
        &mut self,
        service: &mut Service,
        termination: &Termination,
    ) -> io::Result<End> {
        service.begin_connection();
        let end = loop {
            let now = Instant::now();
            if let Some(message) = service.push(now) {
                self.say(VERSION, None, message);
            }
            match self.step(service, termination) {
                Ok(None) => {}
                Ok(Some(end)) => break end,
                Err(error) if is_gone(error) => break End::Closed,
                Err(error) => return Err(error.into()),
            }
        };
        if end.is_termination() {
            if let Some(message) = service.goodbye() {
                self.say(VERSION, None, message);
                // A goodbye that cannot be sent is lost.
                let _ = self.flush(Instant::now() + FAREWELL);
            }
        }
        service.end_connection();
        Ok(end)
    }

    /// Waits for input, output or a deadline, and handles it.
    fn step(
        &mut self,
        service: &mut Service,
        termination: &Termination,
    ) -> Result<Option<End>, Errno> {
        let limit = service.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // Polled only with output pending, since it is nearly always writable.
        let mut fds =
            vec![PollFd::new(self.input, PollFlags::IN), PollFd::new(termination, PollFlags::IN)];
        if !self.unread.is_empty() {
            fds.push(PollFd::new(self.output, PollFlags::OUT));
        }
        match poll(&mut fds, limit.as_ref()) {
            Err(Errno::INTR) => return Ok(None),
            result => result?,
        };
        let [readable, terminated] = [&fds[0], &fds[1]].map(|fd| !fd.revents().is_empty());
        let writable = fds.get(2).is_some_and(|fd| !fd.revents().is_empty());
        if terminated {
            return Ok(Some(End::Terminated));
        }
        if writable {
            self.write()?;
        }
        if readable && self.read(service)? == 0 {
            return Ok(Some(End::Closed));
        }
        Ok(None)
    }

    fn read(&mut self, service: &mut Service) -> Result<usize, Errno> {
        let mut bytes = [0; 4096];
        let count = match rustix::io::read(self.input, &mut bytes) {
            // A spurious wakeup, or another process has read it.
            Err(Errno::AGAIN | Errno::INTR) => return Ok(1),
            count => count?,
        };
        let mut lines = Vec::new();
        self.reader.push(&bytes[..count], |line| lines.push(Call::from_line(line)));
        for line in lines {
            self.answer(line, service);
        }
        Ok(count)
    }

    fn answer(&mut self, line: Result<Call, LineError>, service: &mut Service) {
        match line {
            Ok(call) => {
                let version = call.version.min(VERSION);
                let message = service.answer(&call.request);
                self.say(version, Some(call.id), message);
            }
            Err(error) => {
                if let Some(id) = error.id() {
                    let error = error.to_string().into();
                    self.say(VERSION, Some(id), Message::Refused { error });
                }
            }
        }
    }

    fn say(&mut self, version: u32, id: Option<u32>, message: Message) {
        let line = Reply { version, id, message }.to_line();
        if self.unread.len() + line.len() <= UNREAD_LIMIT {
            self.unread.extend_from_slice(line.as_bytes());
        }
    }

    /// Writes no more than a terminal or pipe takes without blocking once poll(2) reports it writable.
    fn write(&mut self) -> Result<(), Errno> {
        let part = &self.unread[..self.unread.len().min(PIPE_BUF)];
        match rustix::io::write(self.output, part) {
            Ok(count) => drop(self.unread.drain(..count)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), Errno> {
        while !self.unread.is_empty() {
            let limit = deadline.saturating_duration_since(Instant::now());
            let limit = Timespec::try_from(limit).map_err(|_| Errno::INVAL)?;
            let mut fds = [PollFd::new(self.output, PollFlags::OUT)];
            if poll(&mut fds, Some(&limit))? == 0 {
                return Err(Errno::TIMEDOUT);
            }
            self.write()?;
        }
        Ok(())
    }
}

/// Whether the error means that the other end has disconnected.
fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::IO | Errno::NXIO | Errno::NODEV | Errno::PIPE | Errno::CONNRESET)
}
