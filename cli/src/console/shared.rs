//! A console that the service `clusterhatd` has: it comes over the service's socket, and others may look at it, too.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clusterhat::consoles::{self, Control, Notice, SharedConsole, SharedConsoleError, WriteWish};
use clusterhat::{Error, shorten};
use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::port::{Heard, wait};
use crate::failure::Failure;

/// How long the service may take to say how the console is.
const LIMIT: Duration = Duration::from_secs(5);
/// How often a service that went away is looked for.
const AGAIN: Duration = Duration::from_millis(500);
/// How many bytes may wait for a service that takes none.
const MOST_UNSENT: usize = 64 * 1024;

/// A console of the service's.
pub(super) struct Shared {
    socket: PathBuf,
    node: String,
    writes: bool,
    console: Option<SharedConsole>,
    /// What has come and nobody has read.
    heard: VecDeque<consoles::Heard>,
    /// Whether the node shows its console.
    is_open: bool,
    /// Whether that was told.
    is_told: bool,
    /// Who writes, and whether it is this command.
    writer: Option<(String, bool)>,
    /// What is to be told to who sits here.
    notes: Vec<String>,
    /// When a service that is gone is looked for again.
    again: Instant,
    /// What can be read always, and what never.
    always: OwnedFd,
    never: OwnedFd,
}

impl Shared {
    /// The console of a node, for one who writes or only looks; `None` where no service has it.
    ///
    /// # Errors
    /// The service is there and refuses it.
    pub(super) fn connect(
        socket: PathBuf,
        node: &str,
        writes: bool,
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
            notes: Vec::new(),
            again: Instant::now(),
            always: fd(1)?,
            never: fd(0)?,
        };
        match shared.begin() {
            Ok(()) => Ok(Some(shared)),
            Err(SharedConsoleError::Unreachable { .. }) => Ok(None),
            Err(error) => Err(Failure::Cluster(Error::from(error))),
        }
    }

    /// Connects, and waits until it is known how the console is.
    fn begin(&mut self) -> Result<(), SharedConsoleError> {
        let mut console = SharedConsole::connect(&self.socket, &self.node)?;
        if self.writes {
            console.tell(Control::Write(WriteWish::Request));
        }
        self.console = Some(console);
        (self.is_open, self.is_told, self.writer) = (false, false, None);
        let end = Instant::now() + LIMIT;
        // How the port is comes first, and who writes after it; a wish is answered after that.
        let mut notices = if self.writes { 3 } else { 2 };
        while notices > 0 && self.console.is_some() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            let fd = self.console.as_ref().map(|console| (console.as_fd(), PollFlags::IN));
            // Where it cannot be waited for, what is known is enough.
            let _ = wait(fd.as_slice(), Some(left));
            for heard in self.console.as_mut().and_then(SharedConsole::read).unwrap_or_default() {
                match heard {
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
                if notices == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) const fn is_open(&self) -> bool {
        self.console.is_some() && self.is_open
    }

    /// Looks how the console is; whether it has opened since.
    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        if self.console.is_none() && self.again <= Instant::now() {
            self.again = Instant::now() + AGAIN;
            match self.begin() {
                Ok(()) | Err(SharedConsoleError::Unreachable { .. }) => {}
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

    /// Takes what has come; whether it was anything.
    fn receive(&mut self) -> bool {
        let Some(console) = &mut self.console else { return false };
        match console.read() {
            Some(heard) if heard.is_empty() => false,
            Some(heard) => {
                self.heard.extend(heard);
                true
            }
            None => {
                self.console = None;
                self.again = Instant::now() + AGAIN;
                self.notes.push("clusterhatd is gone".to_owned());
                false
            }
        }
    }

    /// What to wait for.
    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        let out = |console: &SharedConsole| {
            if writes || console.unsent() > 0 { PollFlags::OUT } else { PollFlags::empty() }
        };
        match &self.console {
            _ if !self.heard.is_empty() => (self.always.as_fd(), PollFlags::IN),
            Some(console) => (console.as_fd(), PollFlags::IN | out(console)),
            None => (self.never.as_fd(), PollFlags::IN),
        }
    }

    /// When to look for the service again.
    pub(super) fn due(&self) -> Option<Duration> {
        let left = self.again.saturating_duration_since(Instant::now());
        self.console.is_none().then_some(left)
    }

    /// Reads what has come, without waiting.
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
                    self.notes.push(format!("{} writes now; ~T takes over", shorten(who)));
                }
                self.writer = name.map(|name| (name, you));
            }
            Notice::Lost { bytes } => self.notes.push(format!("{bytes} bytes were lost here")),
            Notice::Refused { reason } => self.notes.push(shorten(&reason).into_owned()),
            _ => {}
        }
    }

    /// Who writes instead of this command.
    pub(super) fn other_writer(&self) -> Option<&str> {
        match &self.writer {
            Some((name, false)) => Some(name),
            _ => None,
        }
    }

    /// Sends bytes, as many as the service takes, and removes them. What is typed while somebody else writes goes nowhere.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        let Some(console) = &mut self.console else { return };
        console.flush();
        if bytes.is_empty() || console.unsent() >= MOST_UNSENT {
            return;
        }
        if matches!(self.writer, Some((_, true))) {
            console.send(bytes);
        }
        bytes.clear();
    }

    pub(super) fn send_break(&mut self) -> io::Result<()> {
        self.console.iter_mut().for_each(|console| console.tell(Control::Break(true)));
        Ok(())
    }

    /// Writes from here on, whoever did.
    pub(super) fn take_over(&mut self) {
        let wish = Control::Write(WriteWish::TakeOver);
        self.console.iter_mut().for_each(|console| console.tell(wish));
    }

    /// What is to be told to who sits here.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}
