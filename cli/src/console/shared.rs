//! A console that `clusterhatd` holds and shares: its bytes pass over the service's socket.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clusterhat::consoles::{self, Control, Notice, SharedConsole, WriteWish};
use clusterhat::service::ServiceError;
use clusterhat::{Error, shorten};
use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::port::{Heard, wait};
use crate::failure::Failure;

/// How long the service may take to report the state of a console.
const LIMIT: Duration = Duration::from_secs(5);
/// The interval of attempts to reconnect to the service.
const AGAIN: Duration = Duration::from_millis(500);

/// How the service is asked for a console.
type Connect = fn(&Path, &str) -> Result<SharedConsole, ServiceError>;

/// A connection to a shared console, which is restored when the service restarts.
pub(super) struct Shared {
    socket: PathBuf,
    node: String,
    writes: bool,
    console: Option<SharedConsole>,
    /// Received, but not read yet by the caller.
    heard: VecDeque<consoles::Heard>,
    /// Whether the node's port is open in the service.
    is_open: bool,
    /// Whether the caller knows that it is open.
    is_told: bool,
    /// The current writer, and whether it is this command.
    writer: Option<(String, bool)>,
    /// Why the service did not send what it was given.
    refusal: Option<String>,
    /// Messages for the user that have not been shown yet.
    notes: Vec<String>,
    /// The time of the next attempt to reconnect.
    again: Instant,
    /// Descriptors for poll(2): one that is always readable, and one that never is.
    always: OwnedFd,
    never: OwnedFd,
}

impl Shared {
    /// Connects to the console of a node, as a writer or only to watch; `None` if no service is running.
    ///
    /// # Errors
    /// The service is running and refuses the console.
    pub(super) fn connect(
        socket: PathBuf,
        node: &str,
        writes: bool,
    ) -> Result<Option<Self>, Failure> {
        Self::connect_by(socket, node, writes, SharedConsole::connect)
    }

    /// The same to watch, with what is kept of what the node has said since it showed its console.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) fn connect_since_opened(
        socket: PathBuf,
        node: &str,
    ) -> Result<Option<Self>, Failure> {
        Self::connect_by(socket, node, false, SharedConsole::connect_since_opened)
    }

    fn connect_by(
        socket: PathBuf,
        node: &str,
        writes: bool,
        connect: Connect,
    ) -> Result<Option<Self>, Failure> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let fd = |initial| eventfd(initial, flags).map_err(|errno| Failure::Input(errno.into()));
        let mut shared = Self {
            socket,
            node: node.to_owned(),
            writes,
            console: None,
            heard: VecDeque::new(),
            is_open: false,
            is_told: false,
            writer: None,
            refusal: None,
            notes: Vec::new(),
            again: Instant::now(),
            always: fd(1)?,
            never: fd(0)?,
        };
        match shared.begin(connect) {
            Ok(()) => Ok(Some(shared)),
            Err(ServiceError::Unreachable { .. }) => Ok(None),
            Err(error) => Err(Failure::Cluster(Error::from(error))),
        }
    }

    /// Connects, and waits until the state of the console is known.
    fn begin(&mut self, connect: Connect) -> Result<(), ServiceError> {
        let mut console = connect(&self.socket, &self.node)?;
        if self.writes {
            console.tell(Control::Write(WriteWish::Request));
        }
        self.console = Some(console);
        (self.is_open, self.is_told, self.writer) = (false, false, None);
        let end = Instant::now() + LIMIT;
        // The service sends the state of the port, then the writer, then the answer to a request to write.
        let mut notices = if self.writes { 3 } else { 2 };
        while notices > 0 && self.console.is_some() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            let fd = self.console.as_ref().map(|console| (console.as_fd(), PollFlags::IN));
            // If poll(2) fails, the state that is known so far has to do.
            let _ = wait(fd.as_slice(), Some(left));
            for heard in self.console.as_mut().and_then(SharedConsole::read).unwrap_or_default() {
                match heard {
                    // What comes with the last one is for the caller.
                    heard if notices == 0 => self.heard.push_back(heard),
                    consoles::Heard::Notice(notice) => {
                        notices = if matches!(notice, Notice::Writer { you: true, .. }) {
                            0
                        } else {
                            notices - 1
                        };
                        self.take(notice);
                    }
                    bytes => self.heard.push_back(bytes),
                }
            }
        }
        // Nothing was written yet that could have been lost.
        self.refusal = None;
        Ok(())
    }

    pub(super) const fn is_open(&self) -> bool {
        self.console.is_some() && self.is_open
    }

    /// Updates the state of the console. Returns whether it has opened since the last call.
    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        if self.console.is_none() && self.again <= Instant::now() {
            self.again = Instant::now() + AGAIN;
            match self.begin(SharedConsole::connect) {
                Ok(()) | Err(ServiceError::Unreachable { .. }) => {}
                Err(error) => return Err(Failure::Cluster(Error::from(error))),
            }
        }
        while !self.is_open && (!self.heard.is_empty() || self.receive()) {
            if let Some(consoles::Heard::Notice(notice)) = self.heard.pop_front() {
                self.take(notice);
            }
        }
        Ok(self.is_open() && !std::mem::replace(&mut self.is_told, true))
    }

    /// Receives without blocking. Returns whether anything was received.
    fn receive(&mut self) -> bool {
        let Some(console) = &mut self.console else { return false };
        match console.read() {
            Some(heard) if heard.is_empty() => false,
            Some(heard) => {
                self.heard.extend(heard);
                true
            }
            None => {
                let reason = "clusterhatd has closed the connection";
                if console.unsent() > 0 {
                    self.refusal = Some(reason.to_owned());
                }
                self.console = None;
                self.again = Instant::now() + AGAIN;
                self.notes.push(reason.to_owned());
                false
            }
        }
    }

    /// What to poll for.
    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        let out = |console: &SharedConsole| {
            if (writes && self.is_open) || console.unsent() > 0 {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            }
        };
        match &self.console {
            _ if !self.heard.is_empty() => (self.always.as_fd(), PollFlags::IN),
            Some(console) => (console.as_fd(), PollFlags::IN | out(console)),
            None => (self.never.as_fd(), PollFlags::IN),
        }
    }

    /// Time until the next attempt to reconnect; `None` while connected.
    pub(super) fn due(&self) -> Option<Duration> {
        let left = self.again.saturating_duration_since(Instant::now());
        self.console.is_none().then_some(left)
    }

    /// Reads without blocking.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Heard {
        if self.heard.is_empty() {
            self.receive();
        }
        while let Some(heard) = self.heard.pop_front() {
            match heard {
                consoles::Heard::Bytes(mut bytes) => {
                    let length = bytes.len().min(buffer.len());
                    let rest = bytes.split_off(length);
                    buffer[..length].copy_from_slice(&bytes);
                    if !rest.is_empty() {
                        self.heard.push_front(consoles::Heard::Bytes(rest));
                    }
                    return Heard::Bytes(length);
                }
                consoles::Heard::Notice(notice) => {
                    self.take(notice);
                    if !self.is_open {
                        self.is_told = false;
                        return Heard::Gone;
                    }
                }
            }
        }
        if self.console.is_some() { Heard::Bytes(0) } else { self.gone() }
    }

    fn gone(&mut self) -> Heard {
        (self.is_open, self.is_told) = (false, false);
        Heard::Gone
    }

    fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Port { open, error } => {
                self.is_open = open;
                self.notes.extend(error);
            }
            Notice::Writer { name, you } => {
                let had = self.writer.as_ref().is_some_and(|(_, you)| *you);
                if self.writes && !you && had {
                    let who = name.as_deref().unwrap_or("nobody");
                    self.notes.push(format!("{} is writing now; ~T takes over", shorten(who)));
                }
                self.writer = name.map(|name| (name, you));
            }
            Notice::Lost { bytes } => self.notes.push(format!("{bytes} bytes were lost here")),
            Notice::Refused { reason } => {
                let reason = shorten(&reason).into_owned();
                self.notes.push(reason.clone());
                self.refusal = Some(reason);
            }
            _ => {}
        }
    }

    /// The current writer, unless it is this command.
    pub(super) fn other_writer(&self) -> Option<&str> {
        match &self.writer {
            Some((name, false)) => Some(name),
            _ => None,
        }
    }

    /// Whether this command is the writer.
    pub(super) const fn has_turn(&self) -> bool {
        matches!(self.writer, Some((_, true)))
    }

    /// Why the service did not send what it was given, once.
    pub(super) fn take_refusal(&mut self) -> Option<String> {
        self.refusal.take()
    }

    /// Whether the service has taken all that was written.
    pub(super) fn has_sent(&self) -> bool {
        self.console.as_ref().is_none_or(|console| console.unsent() == 0)
    }

    /// Sends and removes the bytes, as soon as the service has taken those before them.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        let may_write = self.is_open && self.has_turn();
        let Some(console) = &mut self.console else { return };
        console.flush();
        if may_write && !bytes.is_empty() && console.unsent() == 0 {
            console.send(bytes);
            bytes.clear();
        }
    }

    pub(super) fn send_break(&mut self) -> io::Result<()> {
        self.console.iter_mut().for_each(|console| console.tell(Control::Break(true)));
        Ok(())
    }

    /// Becomes the writer in place of the current one.
    pub(super) fn take_over(&mut self) {
        let request = Control::Write(WriteWish::TakeOver);
        self.console.iter_mut().for_each(|console| console.tell(request));
    }

    /// Takes the messages for the user.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}
