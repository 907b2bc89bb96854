//! A node's console, which comes and goes with the node's power: its serial port, or the one that `clusterhatd` shares.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use clusterhat::consoles::SharedConsoleError;
use clusterhat::nodes::label;
use clusterhat::ports::PortError;
use clusterhat::{Cluster, Node, shorten};
use rustix::event::PollFlags;

use super::port::{Heard, OwnPort};
use super::shared::Shared;
use crate::failure::Failure;

/// How consoles are reached.
#[derive(Clone, Copy)]
pub(crate) struct Consoles<'a> {
    /// The nodes.
    pub(crate) cluster: &'a Cluster,
    /// The socket of `clusterhatd`, which holds all consoles while it runs.
    pub(crate) socket: Option<&'a PathBuf>,
}

/// A console that is reopened whenever it appears.
pub(super) struct Link {
    name: String,
    source: Source,
}

enum Source {
    Port(Box<OwnPort>),
    Shared(Box<Shared>),
}

impl Link {
    /// The console of a node, for one who writes or only looks. The service is asked first: who took a port from it would have
    /// it alone.
    ///
    /// # Errors
    /// The service refuses it, or the node has no serial ports.
    pub(super) fn new(at: Consoles<'_>, node: Node, writes: bool) -> Result<Self, Failure> {
        Self::with(at, node, |socket, name| Shared::connect(socket, name, writes))
    }

    /// The same for one who only looks, with what is kept of what the node has said since it showed its console.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn since_opened(at: Consoles<'_>, node: Node) -> Result<Self, Failure> {
        Self::with(at, node, Shared::connect_since_opened)
    }

    fn with(
        at: Consoles<'_>,
        node: Node,
        connect: impl FnOnce(PathBuf, &str) -> Result<Option<Shared>, Failure>,
    ) -> Result<Self, Failure> {
        let name = label(node);
        let shared = match at.socket {
            Some(socket) => connect(socket.clone(), &name)?,
            None => None,
        };
        let source = match shared {
            Some(shared) => Source::Shared(Box::new(shared)),
            None => Source::Port(Box::new(OwnPort::new(at.cluster, node)?)),
        };
        Ok(Self { name, source })
    }

    /// The node's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_open(&self) -> bool {
        match &self.source {
            Source::Port(own) => own.is_open(),
            Source::Shared(shared) => shared.is_open(),
        }
    }

    /// Opens the console if it is present and not open yet. Returns whether it was opened.
    ///
    /// # Errors
    /// Another process has it, or opening it fails.
    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        match &mut self.source {
            Source::Port(own) => own.open(),
            Source::Shared(shared) => shared.open(),
        }
    }

    /// Why it is not open.
    pub(super) fn absent(&self) -> Failure {
        let node = self.name.clone();
        let error = match &self.source {
            Source::Port(own) => PortError::Absent { path: own.path().to_owned() }.into(),
            Source::Shared(_) => SharedConsoleError::Absent { node: node.clone() }.into(),
        };
        Failure::NoConsole { error: Box::new(error), node }
    }

    /// Checks that no other client is the writer.
    ///
    /// # Errors
    /// [`SharedConsoleError::Taken`] names the writer.
    pub(super) fn check_turn(&self) -> Result<(), Failure> {
        let Source::Shared(shared) = &self.source else { return Ok(()) };
        let Some(writer) = shared.other_writer() else { return Ok(()) };
        let (node, writer) = (self.name.clone(), shorten(writer).into_owned());
        Err(Failure::Cluster(SharedConsoleError::Taken { node, writer }.into()))
    }

    /// Checks that what was written was taken, and that what waits to be written can be.
    ///
    /// # Errors
    /// [`SharedConsoleError::NotSent`].
    pub(super) fn check_sent(&mut self, waiting: &[u8]) -> Result<(), Failure> {
        let waits = !waiting.is_empty();
        let gone = "it went away".to_owned();
        let reason = match &mut self.source {
            Source::Port(own) => (waits && !own.is_open()).then_some(gone),
            Source::Shared(shared) => {
                shared.take_refusal().or_else(|| match shared.other_writer() {
                    _ if !waits => None,
                    _ if !shared.is_open() => Some(gone),
                    Some(writer) => Some(format!("{} writes on it now", shorten(writer))),
                    None if shared.has_turn() => None,
                    None => Some("clusterhatd did not let this command write".to_owned()),
                })
            }
        };
        let node = self.name.clone();
        reason.map_or(Ok(()), |reason| {
            Err(Failure::Cluster(SharedConsoleError::NotSent { node, reason }.into()))
        })
    }

    /// Whether this command may write.
    pub(super) fn has_turn(&self) -> bool {
        match &self.source {
            Source::Port(_) => true,
            Source::Shared(shared) => shared.has_turn(),
        }
    }

    /// Whether all that was written has been taken.
    pub(super) fn has_sent(&self) -> bool {
        match &self.source {
            Source::Port(_) => true,
            Source::Shared(shared) => shared.has_sent(),
        }
    }

    /// What to poll for: the console, or its appearance.
    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        match &self.source {
            Source::Port(own) => own.waits_on(writes),
            Source::Shared(shared) => shared.waits_on(writes),
        }
    }

    /// Time until the next attempt to open it, for cases without a notification.
    pub(super) fn due(&self) -> Option<Duration> {
        match &self.source {
            Source::Port(own) => own.due(),
            Source::Shared(shared) => shared.due(),
        }
    }

    /// Reads without blocking.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Heard {
        match &mut self.source {
            Source::Port(own) => own.read(buffer),
            Source::Shared(shared) => shared.read(buffer),
        }
    }

    /// Sends and removes as many of the bytes as are taken without blocking.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        match &mut self.source {
            Source::Port(own) => own.write(bytes),
            Source::Shared(shared) => shared.write(bytes),
        }
    }

    /// Sends a break.
    pub(super) fn send_break(&mut self) -> io::Result<()> {
        match &mut self.source {
            Source::Port(own) => own.send_break(),
            Source::Shared(shared) => shared.send_break(),
        }
    }

    /// Becomes the writer in place of the current one.
    pub(super) fn take_over(&mut self) {
        if let Source::Shared(shared) = &mut self.source {
            shared.take_over();
        }
    }

    /// Takes the messages for the user.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        match &mut self.source {
            Source::Port(_) => Vec::new(),
            Source::Shared(shared) => shared.take_notes(),
        }
    }
}
