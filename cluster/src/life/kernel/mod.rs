//! The kernel as the source of events: it is asked once, and tells the rest.
//!
//! | what | by |
//! |---|---|
//! | gadgets and boot ROMs | uevents of USB devices ([`netlink`], [`uevent`], [`usb`]) |
//! | links and neighbours | rtnetlink ([`netlink`], [`route`], [`network`]) |
//! | power | the record of power switching ([`super::power`]) |
//! | agents, where they are asked for | the nodes' second serial ports ([`super::agents`]) |

mod netlink;
mod network;
mod present;
mod route;
mod uevent;
mod usb;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::NodeId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::agents::Agents;
use super::power::Power;
use super::{Event, Source, noted};
use crate::error::Error;
use crate::node_note::NodeNote;
use netlink::{Received, Socket};
use network::{Addresses, Asking, Schedule};
use route::{Neighbour, Told};
use uevent::Uevent;
use usb::Kind;

pub(crate) use present::Present;

/// More than the largest message of either kind.
const BUFFER: usize = 1 << 15;

/// A node that is followed.
struct Followed {
    node: Node,
    /// Absent for a number that no gadget can have.
    id: Option<NodeId>,
    /// Where it is on the USB, once that is known: from the configuration, or when a boot ROM is there.
    usb_path: Option<String>,
    schedule: Schedule,
    /// What is known of it otherwise.
    note: NodeNote,
}

/// The kernel's events of nodes.
pub(super) struct Kernel {
    root: PathBuf,
    nodes: Vec<Followed>,
    power: Power,
    /// Absent where nobody asks for them.
    agents: Option<Agents>,
    uevents: Socket,
    route: Socket,
    addresses: Addresses,
    asking: Asking,
    /// The nodes' devices by their USB paths: one that went has no serial number any more.
    devices: BTreeMap<String, Option<(Node, Kind)>>,
    buffer: Vec<u8>,
}

impl Kernel {
    /// Follows nodes with the USB paths that are configured for them. Devices are looked up in `/sys` below
    /// the root.
    pub(super) fn new(
        root: PathBuf,
        nodes: Vec<(Node, Option<String>)>,
        power: Power,
        agents: Option<Agents>,
    ) -> io::Result<Self> {
        let followed = |(node, usb_path): (Node, _)| {
            let id = NodeId::from_number(node.number()).ok();
            let note = NodeNote::below(&root, node.number());
            Followed { node, id, usb_path, schedule: Schedule::default(), note }
        };
        Ok(Self {
            nodes: nodes.into_iter().map(followed).collect(),
            power,
            agents,
            // Before anything is read: what happens after is told.
            uevents: Socket::uevents()?,
            route: Socket::route_events()?,
            addresses: Addresses::read(&root),
            asking: Asking::new(),
            devices: BTreeMap::new(),
            buffer: vec![0; BUFFER],
            root,
        })
    }

    /// All that is so, and all that is not.
    fn present(&mut self) -> io::Result<Vec<(Node, Event, Option<Duration>)>> {
        let mut present = Present::read(&self.root);
        if present.roms().next().is_some() {
            self.find_usb_paths();
        }
        let power: BTreeMap<_, _> = self.power.read().into_iter().collect();
        let mut events = Vec::new();
        for followed in &mut self.nodes {
            let noted = followed.note.read();
            if let Some(&power) = power.get(&followed.node) {
                events.push((followed.node, power, noted::since(noted, power)));
            }
            let mut of_node = present.of(followed.id, followed.usb_path.as_deref());
            noted::add_goodbye(noted, &mut of_node);
            for (event, since) in of_node {
                followed.note(event);
                events.push((followed.node, event, since));
            }
        }
        if let Some(agents) = &mut self.agents {
            events.iter().for_each(|&(node, event, _)| agents.note(node, event));
            events.extend(agents.present()?);
        }
        let devices = present.into_devices().into_iter();
        self.devices = devices
            .map(|device| (self.node_of(&device), device))
            .map(|(of, device)| (device.usb_path, of))
            .collect();
        Ok(events)
    }

    /// Finds where the nodes are, as far as it is not known.
    fn find_usb_paths(&mut self) {
        for followed in self.nodes.iter_mut().filter(|followed| followed.usb_path.is_none()) {
            followed.usb_path = self.power.usb_path(followed.node);
        }
    }

    /// The node that a device is of.
    fn node_of(&self, device: &usb::Device) -> Option<(Node, Kind)> {
        let is_its = |followed: &&Followed| match device.kind {
            Kind::Gadget(id) => followed.id == Some(id),
            Kind::Rom => followed.usb_path.as_ref() == Some(&device.usb_path),
            Kind::Board => false,
        };
        let followed = self.nodes.iter().find(is_its)?;
        Some((followed.node, device.kind))
    }

    /// What has happened. The USB comes before the power: what was cut off was there before.
    fn drain(&mut self) -> io::Result<Vec<(Node, Event)>> {
        let mut events = Vec::new();
        let mut reads_power = false;
        let complete =
            self.drain_uevents(&mut events, &mut reads_power)? && self.drain_route(&mut events)?;
        reads_power |= self.power.has_changed()?;
        if !complete {
            // All of it again, for what was lost.
            events = self.present()?.into_iter().map(|(node, event, _)| (node, event)).collect();
        } else if reads_power {
            events.extend(self.power.read());
        }
        for &(node, event) in &events {
            if let Some(followed) = self.nodes.iter_mut().find(|followed| followed.node == node) {
                followed.note(event);
            }
            self.agents.iter_mut().for_each(|agents| agents.note(node, event));
        }
        // After the USB: a port that ends goes with its gadget.
        if let Some(agents) = &mut self.agents {
            agents.drain(&mut events)?;
        }
        Ok(events)
    }

    /// Whether nothing was lost.
    fn drain_uevents(
        &mut self,
        events: &mut Vec<(Node, Event)>,
        reads_power: &mut bool,
    ) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let complete = loop {
            match self.uevents.receive(&mut buffer)? {
                Received::Message(message) => {
                    if let Some(uevent) = Uevent::of(message) {
                        self.device_changed(&uevent, events, reads_power);
                    }
                }
                Received::Overrun => break false,
                Received::Nothing => break true,
            }
        };
        self.buffer = buffer;
        Ok(complete)
    }

    fn device_changed(
        &mut self,
        uevent: &Uevent<'_>,
        events: &mut Vec<(Node, Event)>,
        reads_power: &mut bool,
    ) {
        let usb_path = uevent.device;
        let before = self.devices.remove(usb_path);
        if let Some(Some((node, kind))) = before {
            // Two cards may have the same ID.
            let is_last = !self.devices.values().any(|other| *other == before.flatten());
            let gone = if kind == Kind::Rom { Event::RomGone } else { Event::GadgetGone };
            events.extend(is_last.then_some((node, gone)));
        }
        let device = usb::device(&self.root, usb_path).filter(|_| uevent.is_there);
        if device.as_ref().is_some_and(|device| device.kind == Kind::Rom) {
            self.find_usb_paths();
        }
        let of = device.as_ref().and_then(|device| self.node_of(device));
        if let Some((node, kind)) = of {
            let seen = if kind == Kind::Rom { Event::RomSeen } else { Event::GadgetSeen };
            events.push((node, seen));
        }
        if let Some(device) = device {
            self.devices.insert(device.usb_path, of);
        }
        // A board came or went.
        let is_board = |known: Option<&Option<_>>| known.is_some_and(Option::is_none);
        if is_board(before.as_ref()) || is_board(self.devices.get(usb_path)) {
            self.power.rescan();
            *reads_power = true;
        }
    }

    /// Whether nothing was lost.
    fn drain_route(&mut self, events: &mut Vec<(Node, Event)>) -> io::Result<bool> {
        loop {
            match self.route.receive(&mut self.buffer)? {
                Received::Message(datagram) => {
                    for told in route::messages(datagram) {
                        match told {
                            Told::Link { name, has_carrier } => {
                                events.extend(link(&self.nodes, name, has_carrier));
                            }
                            Told::Neighbour(neighbour) => {
                                events.extend(heard(&self.nodes, &self.addresses, &neighbour));
                            }
                            Told::End => {}
                        }
                    }
                }
                Received::Overrun => return Ok(false),
                Received::Nothing => return Ok(true),
            }
        }
    }

    /// Asks for the nodes whose turn it is. Returns when the next one is to be asked.
    fn ask(&mut self) -> Option<Instant> {
        let now = Instant::now();
        for followed in &mut self.nodes {
            let address = followed.id.and_then(|id| self.addresses.address(id));
            if let (true, Some(address)) = (followed.schedule.is_due(now), address) {
                self.asking.ask(address);
            }
        }
        self.nodes.iter().filter_map(|followed| followed.schedule.next()).min()
    }

    /// Waits until something can be read, or the time is over.
    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let power = self.power.as_fd();
        let mut fds = vec![
            PollFd::new(&self.uevents, PollFlags::IN),
            PollFd::new(&self.route, PollFlags::IN),
            PollFd::new(&power, PollFlags::IN),
        ];
        self.agents.iter().for_each(|agents| agents.add_fds(&mut fds));
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn next_events(&mut self, deadline: Option<Instant>) -> io::Result<Vec<(Node, Event)>> {
        loop {
            let events = self.drain()?;
            let next_question = self.ask();
            let is_over = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if is_over || !events.is_empty() {
                return Ok(events);
            }
            let next_agent = self.agents.as_ref().and_then(Agents::due);
            self.wait(deadline.into_iter().chain(next_question).chain(next_agent).min())?;
        }
    }
}

impl Source for Kernel {
    fn now(&mut self) -> Result<Vec<(Node, Event, Option<Duration>)>, Error> {
        self.present().map_err(Error::Events)
    }

    fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<(Node, Event)>, Error> {
        self.next_events(deadline).map_err(Error::Events)
    }
}

impl Followed {
    /// Keeps the time of the next question.
    fn note(&mut self, event: Event) {
        match event {
            Event::LinkUp => self.schedule.link(true),
            Event::LinkDown | Event::GadgetGone => self.schedule.link(false),
            Event::Heard => self.schedule.heard(true),
            Event::Lost => self.schedule.heard(false),
            _ => {}
        }
    }
}

fn link(nodes: &[Followed], name: &str, has_carrier: bool) -> Option<(Node, Event)> {
    let id = NodeId::of_interface(name)?;
    let followed = nodes.iter().find(|followed| followed.id == Some(id))?;
    Some((followed.node, if has_carrier { Event::LinkUp } else { Event::LinkDown }))
}

fn heard(
    nodes: &[Followed],
    addresses: &Addresses,
    neighbour: &Neighbour,
) -> Option<(Node, Event)> {
    let is_its = |followed: &&Followed| followed.id.is_some_and(|id| addresses.is(neighbour, id));
    let followed = nodes.iter().find(is_its)?;
    Some((followed.node, if neighbour.is_reachable { Event::Heard } else { Event::Lost }))
}

#[cfg(test)]
mod tests;
