//! Whether nodes' agents are there, from what they say on the nodes' second serial ports.
//!
//! A port is opened when it appears (inotify(7) tells of devices that come), the agent is asked who it is, and told to go on telling: so
//! its end, and whether the node starts again, comes as a message.
//!
//! # How the port is shared
//! A port has one reader, and a goodbye is said once: whoever would open it only now and then would miss it. So a listener keeps the
//! port, but not exclusively (`TIOCEXCL`): it holds a lock (`flock(2)`), which says to other clusterhat processes that the port is in use, and
//! watches for anybody who opens the device (`IN_OPEN`). Then it lets go of the port at once, whoever that is; `shutdown`, `reboot`,
//! `top` and `doctor` try a port that is in use again every 50 ms, and so they have it with the second try. After [`REST`](listener::REST) the listener tries
//! to have it back, and every [`AGAIN`](listener::AGAIN) as long as another process has it. What an agent sends in the meantime waits in the node's
//! kernel, and what the other process hears it writes down ([`NodeNote`]).
//!
//! Of several processes that listen, one has the port; the others read what it writes down, and one of them takes its place within
//! [`AGAIN`](listener::AGAIN) when it ends. Agents that are reached by ssh alone are not listened to: a login is no small thing.

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
use crate::ports::Port;
use listener::{Changes, Listener};

/// The agents of nodes.
pub(super) struct Agents {
    listeners: Vec<(Node, Listener)>,
    /// Of devices that come.
    devices: FileWatch,
    /// Of what others write down.
    notes: FileWatch,
    /// Whether everything has been looked at once.
    has_begun: bool,
}

impl Agents {
    /// Of these nodes, with ports and notes below a root.
    pub(super) fn new(root: &Path, nodes: impl Iterator<Item = Node>) -> io::Result<Self> {
        let listener = |node: Node| {
            let id = NodeId::from_number(node.number()).ok()?;
            let device = Port::Agent.device(id);
            let path: PathBuf = root.join(device.strip_prefix("/").unwrap_or(&device));
            Some((node, Listener::new(id, path, NodeNote::below(root, node.number()))))
        };
        Ok(Self {
            // Before anything is opened or read: what comes after is told.
            devices: FileWatch::of_devices(Some(&root.join("dev")))?,
            notes: FileWatch::of_files(watched_folder(root).as_deref())?,
            listeners: nodes.filter_map(listener).collect(),
            has_begun: false,
        })
    }

    /// What is to be waited for.
    pub(super) fn add_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.push(PollFd::new(&self.devices, PollFlags::IN));
        fds.push(PollFd::new(&self.notes, PollFlags::IN));
        self.listeners.iter().for_each(|(_, listener)| listener.add_fds(fds));
    }

    /// When there is something to do without being told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.listeners.iter().filter_map(|(_, listener)| listener.due()).min()
    }

    /// Takes what has happened.
    pub(super) fn drain(&mut self, events: &mut Vec<(Node, Event)>) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let devices = self.devices.drain()? || is_first;
        let changes = Changes { devices, notes: self.notes.drain()? };
        let now = Instant::now();
        for (node, listener) in &mut self.listeners {
            listener.step(now, changes, &mut |word| events.push((*node, event(word))));
        }
        Ok(())
    }

    /// What is known of each agent now, for who begins anew.
    pub(super) fn present(&mut self) -> io::Result<Vec<(Node, Event, Option<Duration>)>> {
        self.drain(&mut Vec::new())?;
        let known = |(node, listener): &(Node, Listener)| match listener.heard() {
            Some(heard) => (*node, event(heard.word), Some(heard.at)),
            None => (*node, Event::AgentLost, None),
        };
        Ok(self.listeners.iter().map(known).collect())
    }

    /// Takes note of what else happens to a node.
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
