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

/// Lines that nobody reads are kept up to this many bytes, and dropped beyond.
const UNREAD_LIMIT: usize = 2 * LINE_LIMIT;

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The other end is gone.
    Closed,
    /// The agent is to end.
    Terminated,
}

impl End {
    pub(super) fn is_termination(self) -> bool {
        self == Self::Terminated
    }
}

/// A controller, as long as it is connected.
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

    /// Answers until the connection ends.
    pub(super) fn serve(
        &mut self,
        service: &mut Service,
        termination: &Termination,
    ) -> io::Result<End> {
        service.forget_listener();
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
            if let Some(message) = service.farewell() {
                self.say(VERSION, None, message);
                // Nothing is left to be done where it cannot be written.
                let _ = self.flush(Instant::now() + FAREWELL);
            }
        }
        service.rest();
        Ok(end)
    }

    /// Waits for the next thing to happen, and handles it.
    fn step(
        &mut self,
        service: &mut Service,
        termination: &Termination,
    ) -> Result<Option<End>, Errno> {
        let limit = service.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // An output that nobody writes to would only tell that it is writable.
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
            // Another reader was faster, or the kernel thought better of it.
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

    /// Writes as much as surely fits where poll(2) calls the output writable, be it a terminal or a pipe that blocks.
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

/// Whether it says that there is nobody at the other end.
fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::IO | Errno::NXIO | Errno::NODEV | Errno::PIPE | Errno::CONNRESET)
}
