//! The serial ports of a simulated node: one end of a socket pair, with a thread behind the other that is what
//! the node has there.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use hat_driver::linux::lock::{FileLock, LockError};
use hat_driver::linux::{Moment, Node};
use node_link::NodeId;
use rustix::event::PollFlags;

use super::agent::Agent;
use super::console::Console;
use super::node::SimulatedNode;
use super::peer::Peer;
use crate::cluster::Cluster;
use crate::file_watch::FileWatch;
use crate::life::{Event, State};
use crate::ports::{Port, PortError};

/// How long what a node said last waits for a reader when the port goes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A port of a simulated node.
pub(crate) struct SimulatedPort {
    node: SimulatedNode,
    id: NodeId,
    port: Port,
    /// What it would be called.
    path: PathBuf,
}

impl SimulatedPort {
    /// Of a node of this cluster; `None` where it is none of a simulation.
    pub(crate) fn of(cluster: &Cluster, node: Node, id: NodeId, port: Port) -> Option<Self> {
        let node = SimulatedNode::of(cluster, node)?;
        Some(Self { node, id, port, path: port.device(id) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the simulation's file.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.node.folder()
    }

    /// How long it takes until something happens to the node.
    pub(crate) fn due(&self) -> Option<Duration> {
        let now = Moment::now().uptime;
        Some(self.node.timeline().next_after(now)?.saturating_sub(now))
    }

    /// Opens it, as [`crate::ports::open`] does.
    pub(crate) fn open(&self) -> Result<OwnedFd, PortError> {
        let path = self.path.clone();
        // Its gadget has them.
        if !self.node.timeline().state(Moment::now().uptime).is_on_usb() {
            return Err(PortError::Absent { path });
        }
        let served = serve(self, lock(&self.node, &path)?);
        served.map(OwnedFd::from).map_err(|source| PortError::Io { path, source })
    }
}

/// Whether a node's gadget leaves the USB with an event.
const fn takes_ports(event: Event) -> bool {
    matches!(event, Event::BoardGone | Event::PowerOff | Event::GadgetGone)
}

/// Processes with the same simulation share its nodes' ports.
fn lock(node: &SimulatedNode, device: &Path) -> Result<FileLock, PortError> {
    let path = PathBuf::from(device);
    let name = device.file_name().unwrap_or_default().to_string_lossy();
    let lock = node.machine.lock(&name).map_err(LockError::Io).and_then(|mut lock| {
        lock.acquire(Duration::ZERO)?;
        Ok(lock)
    });
    lock.map_err(|error| match error {
        LockError::TimedOut(holder) => PortError::Busy { path, holder },
        LockError::Io(source) => PortError::Io { path, source },
        _ => PortError::Busy { path, holder: None },
    })
}

fn serve(port: &SimulatedPort, lock: FileLock) -> io::Result<UnixStream> {
    let (ours, stream) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    stream.set_nonblocking(true)?;
    let node = port.node.clone();
    let peer: Box<dyn Peer + Send> = match port.port {
        Port::Console => Box::new(Console::new(&node.name())),
        Port::Agent => Box::new(Agent::new(node.clone(), port.id)),
    };
    let changes = FileWatch::of_files(node.folder().as_deref())?;
    let mut server = Server { node, peer, stream, changes, out: Vec::new() };
    // What was said before anybody came is there when the port is.
    server.greet()?;
    thread::Builder::new().name("simulated port".to_owned()).spawn(move || {
        // Whoever has the port sees by its end that it is gone, and may open it again then.
        let _ = server.run();
        server.say_last_words();
        drop(lock);
    })?;
    Ok(ours)
}

struct Server {
    node: SimulatedNode,
    peer: Box<dyn Peer + Send>,
    stream: UnixStream,
    changes: FileWatch,
    /// What the node has sent and nobody has read.
    out: Vec<u8>,
}

impl Server {
    /// Until the gadget leaves the USB or the port is closed.
    fn run(&mut self) -> io::Result<()> {
        let first = self.node.timeline();
        let known = first.past(Moment::now().uptime).len();
        let mut timeline = first.clone();
        loop {
            let now = Moment::now().uptime;
            let state = timeline.state(now);
            // It may be back by now: what was open is gone all the same.
            let news = timeline.past(now).iter().skip(known.min(timeline.common(&first)));
            if !state.is_on_usb() || news.into_iter().any(|(_, event)| takes_ports(*event)) {
                return Ok(());
            }
            let next = match self.node.is_hung(state) {
                true => None,
                false => self.peer.speak(now, state, &mut self.out),
            };
            let until = next.into_iter().chain(timeline.next_after(now)).min();
            // Nothing is taken as long as nobody takes what was said: what waits here is bounded.
            let wanted = if self.out.is_empty() { PollFlags::IN } else { PollFlags::OUT };
            let ready = self.changes.wait(Some((self.stream.as_fd(), wanted)), until)?;
            if ready.intersects(PollFlags::OUT) {
                self.send()?;
            } else if !ready.is_empty() && !self.receive(state)? {
                return Ok(());
            }
            timeline = self.node.timeline();
        }
    }

    fn greet(&mut self) -> io::Result<()> {
        let now = Moment::now().uptime;
        let state = self.node.timeline().state(now);
        if !self.node.is_hung(state) {
            self.peer.speak(now, state, &mut self.out);
        }
        if self.out.is_empty() { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> io::Result<()> {
        match self.stream.write(&self.out) {
            Ok(length) => drop(self.out.drain(..length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether the port is still open.
    fn receive(&mut self, state: State) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            // It takes what it is sent and says nothing.
            Ok(_) if self.node.is_hung(state) => {}
            Ok(length) => self.peer.hear(&buffer[..length], state, &mut self.out)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn say_last_words(&mut self) {
        let _ = self.stream.set_nonblocking(false);
        let _ = self.stream.set_write_timeout(Some(LAST_WORDS));
        let _ = self.stream.write_all(&self.out);
        // A socket that is closed with something unread ends in an error on the other side.
        let _ = self.stream.set_nonblocking(true);
        let mut buffer = [0; 4096];
        while self.stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
    }
}
