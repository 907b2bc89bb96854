//! The presence of nodes' agents, from their messages on the nodes' second serial ports.
//!
//! A port is opened when it appears, as reported by inotify(7). The agent is sent a hello and a subscription, so that it says goodbye when it
//! ends, and whether the node powers off or reboots.
//!
//! # How the port is shared
//! A port has one reader, and a goodbye is sent once, so that a process that opened the port only now and then would miss it. A listener therefore
//! keeps the port open, but not exclusively (no `TIOCEXCL`): it holds a lock (`flock(2)`), which tells other clusterhat processes that the port is in
//! use, and watches for any process that opens the device (`IN_OPEN`). It then closes the port immediately. `shutdown`, `reboot`, `top` and `doctor`
//! retry a busy port every 50 ms, and so get it on the second attempt. The listener tries to reopen the port after [`REST`](listener::REST), and
//! every [`AGAIN`](listener::AGAIN) while another process has it. In the meantime an agent's messages are buffered by the node's kernel, or recorded
//! by the process that reads them ([`NodeNote`]).
//!
//! Of several listening processes, one has the port. The others follow its note, and one of them replaces it within [`AGAIN`](listener::AGAIN) of
//! its end. Agents that are reached by ssh alone are not listened to, since that would take a permanent login on each node.

mod conversation;
mod listener;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::NodeId;
use rustix::event::{PollFd, PollFlags};

use super::Event;
use crate::file_watch::FileWatch;
use crate::node_note::{NodeNote, Word, watched_folder};
use crate::ports::{Opens, Port};
use listener::{Changes, Listener};

/// The listeners to the agents of a watch's nodes.
pub(super) struct Agents {
    listeners: Vec<(Node, Listener)>,
    /// Reports new devices.
    devices: FileWatch,
    /// Reports notes that other processes write.
    notes: FileWatch,
    /// Reports listeners' ports that other processes open.
    opens: Opens,
    /// Whether all ports have been tried once.
    has_begun: bool,
}

impl Agents {
    /// Listens to these nodes, with devices and their notes below a root.
    pub(super) fn new(
        root: &Path,
        nodes: impl Iterator<Item = (Node, NodeNote)>,
    ) -> io::Result<Self> {
        let listener = |(node, note): (Node, NodeNote)| {
            let id = NodeId::from_number(node.number()).ok()?;
            let device = Port::Agent.device(id);
            let path: PathBuf = root.join(device.strip_prefix("/").unwrap_or(&device));
            Some((node, Listener::new(id, path, note)))
        };
        Ok(Self {
            // Watched before anything is opened or read, so that no later change is missed.
            devices: FileWatch::of_devices(Some(&root.join("dev")))?,
            notes: FileWatch::of_files(watched_folder(root).as_deref())?,
            opens: Opens::new()?,
            listeners: nodes.filter_map(listener).collect(),
            has_begun: false,
        })
    }

    /// Adds the descriptors to poll for.
    pub(super) fn add_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.push(PollFd::new(&self.devices, PollFlags::IN));
        fds.push(PollFd::new(&self.notes, PollFlags::IN));
        fds.push(PollFd::new(&self.opens, PollFlags::IN));
        self.listeners.iter().for_each(|(_, listener)| listener.add_fds(fds));
    }

    /// The time of the next timeout.
    pub(super) fn due(&self) -> Option<Instant> {
        self.listeners.iter().filter_map(|(_, listener)| listener.due()).min()
    }

    /// Adds the events since the last call.
    pub(super) fn drain(&mut self, events: &mut Vec<(Node, Event)>) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let devices = self.devices.drain()? || is_first;
        let changes = Changes { devices, notes: self.notes.drain()?, opened: self.opens.take() };
        let now = Instant::now();
        for (node, listener) in &mut self.listeners {
            listener
                .step(now, &changes, &self.opens, &mut |word| events.push((*node, event(word))));
        }
        Ok(())
    }

    /// The present state of each agent, for a new reading of everything.
    pub(super) fn present(&mut self) -> io::Result<Vec<(Node, Event, Option<Duration>)>> {
        self.drain(&mut Vec::new())?;
        let known = |(node, listener): &(Node, Listener)| match listener.heard() {
            Some(heard) => (*node, event(heard.word), Some(heard.at)),
            None => (*node, Event::AgentLost, None),
        };
        Ok(self.listeners.iter().map(known).collect())
    }

    /// Takes another event of a node into account: a node that has left the USB or lost its power has no agent.
    pub(super) fn note(&mut self, node: Node, event: Event) {
        let is_gone = matches!(event, Event::GadgetGone | Event::PowerOff | Event::BoardGone);
        let of_node = self.listeners.iter_mut().filter(|(known, _)| *known == node && is_gone);
        of_node.for_each(|(_, listener)| listener.node_is_gone());
    }
}

fn event(word: Word) -> Event {
    match word {
        Word::Hello => Event::AgentHello,
        Word::Lost => Event::AgentLost,
        Word::Goodbye => Event::Goodbye,
        Word::On => Event::PowerOn,
        Word::Off => Event::PowerOff,
    }
}
