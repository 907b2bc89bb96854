//! A node's console, whose port comes and goes with the node's power: the port itself, or what `clusterhatd` makes of it.

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

/// Where consoles are had.
#[derive(Clone, Copy)]
pub(crate) struct Consoles<'a> {
    /// The nodes.
    pub(crate) cluster: &'a Cluster,
    /// The socket of the service, which has all consoles while it runs.
    pub(crate) socket: Option<&'a PathBuf>,
}

/// A console that is opened whenever it is there.
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
    /// The service does not give it; a node without ports.
    pub(super) fn new(at: Consoles<'_>, node: Node, writes: bool) -> Result<Self, Failure> {
        let name = label(node);
        let shared = match at.socket {
            Some(socket) => Shared::connect(socket.clone(), &name, writes)?,
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

    /// Opens the console where it is there and not open; whether that was done.
    ///
    /// # Errors
    /// Another process has it, or it cannot be opened.
    pub(super) fn open(&mut self) -> Result<bool, Failure> {
        match &mut self.source {
            Source::Port(own) => own.open(),
            Source::Shared(shared) => shared.open(),
        }
    }

    /// Why it is not open.
    pub(super) fn absent(&self) -> Failure {
        match &self.source {
            Source::Port(own) => {
                Failure::Cluster(PortError::Absent { path: own.path().to_owned() }.into())
            }
            Source::Shared(_) => {
                Failure::Cluster(SharedConsoleError::Absent { node: self.name.clone() }.into())
            }
        }
    }

    /// Refuses to send where somebody else writes.
    ///
    /// # Errors
    /// Who writes.
    pub(super) fn check_turn(&self) -> Result<(), Failure> {
        let Source::Shared(shared) = &self.source else { return Ok(()) };
        let Some(writer) = shared.other_writer() else { return Ok(()) };
        let (node, writer) = (self.name.clone(), shorten(writer).into_owned());
        Err(Failure::Cluster(SharedConsoleError::Taken { node, writer }.into()))
    }

    /// What to wait for: the console, or its coming.
    pub(super) fn waits_on(&self, writes: bool) -> (BorrowedFd<'_>, PollFlags) {
        match &self.source {
            Source::Port(own) => own.waits_on(writes),
            Source::Shared(shared) => shared.waits_on(writes),
        }
    }

    /// After which time the console is to be tried though nothing was told.
    pub(super) fn due(&self) -> Option<Duration> {
        match &self.source {
            Source::Port(own) => own.due(),
            Source::Shared(shared) => shared.due(),
        }
    }

    /// Reads what has come, without waiting.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Heard {
        match &mut self.source {
            Source::Port(own) => own.read(buffer),
            Source::Shared(shared) => shared.read(buffer),
        }
    }

    /// Sends the first of these bytes, as many as are taken, and removes them.
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

    /// Writes from here on, whoever else did.
    pub(super) fn take_over(&mut self) {
        if let Source::Shared(shared) = &mut self.source {
            shared.take_over();
        }
    }

    /// What is to be told to who sits here.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        match &mut self.source {
            Source::Port(_) => Vec::new(),
            Source::Shared(shared) => shared.take_notes(),
        }
    }
}
