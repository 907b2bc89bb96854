//! The kernel as the source of events: its state is read once, and its notifications are followed from then on.
//!
//! | what | source |
//! |---|---|
//! | gadgets and boot ROMs | uevents of USB devices ([`netlink`], [`uevent`], [`usb`]) |
//! | links and neighbours | rtnetlink ([`netlink`], [`route`], [`network`]) |
//! | power | the record of power switching ([`super::power`]) |
//! | agents, where the watch includes them | the nodes' second serial ports ([`super::agents`]) |

mod followed;
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
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::agents::Agents;
use super::power::Power;
use super::{Event, Source, noted};
use crate::error::Error;
use crate::node_note::NodeNote;
use followed::FollowedNodes;
use netlink::{Received, Socket};
use network::{Addresses, Asking};
use route::Told;
use uevent::Uevent;
use usb::Kind;

pub(crate) use present::Present;

/// Bytes; larger than any uevent or rtnetlink datagram.
const BUFFER: usize = 1 << 15;

/// A source of events: uevents, rtnetlink, the record of power switching, and agents.
pub(super) struct Kernel {
    root: PathBuf,
    nodes: FollowedNodes,
    power: Power,
    /// Absent where the watch leaves them out.
    agents: Option<Agents>,
    uevents: Socket,
    route: Socket,
    addresses: Addresses,
    asking: Asking,
    /// The devices on the USB by their paths, and the nodes that they belong to: the serial number of a device that has left cannot be read.
    devices: BTreeMap<String, Option<(Node, Kind)>>,
    buffer: Vec<u8>,
}

impl Kernel {
    /// Follows nodes with their notes, and the USB paths that are configured for them. Devices are looked up in `/sys` below
    /// the root.
    pub(super) fn new(
        root: PathBuf,
        nodes: Vec<(Node, NodeNote, Option<String>)>,
        power: Power,
        agents: Option<Agents>,
    ) -> io::Result<Self> {
        Ok(Self {
            nodes: FollowedNodes::new(nodes),
            power,
            agents,
            // Opened before anything is read, so that no later event is missed.
            uevents: Socket::uevents()?,
            route: Socket::route_events()?,
            addresses: Addresses::read(&root),
            asking: Asking::new(),
            devices: BTreeMap::new(),
            buffer: vec![0; BUFFER],
            root,
        })
    }

    /// The present state as events: those that apply, and the opposites of those that do not.
    fn present(&mut self) -> io::Result<Vec<(Node, Event, Option<Duration>)>> {
        let mut present = Present::read(&self.root);
        if present.roms().next().is_some() {
            self.nodes.find_usb_paths(&mut self.power);
        }
        let power: BTreeMap<_, _> = self.power.read().into_iter().collect();
        let mut events = Vec::new();
        for followed in self.nodes.iter_mut() {
            let noted = followed.note.read();
            if let Some(&power) = power.get(&followed.node) {
                events.push((followed.node, power, noted::since(noted, power)));
            }
            let mut of_node = present.of(followed.id, followed.usb_path.as_deref());
            noted::add_goodbye(noted, &mut of_node);
            for (event, since) in of_node {
                followed.take(event);
                events.push((followed.node, event, since));
            }
        }
        if let Some(agents) = &mut self.agents {
            events.iter().for_each(|&(node, event, _)| agents.note(node, event));
            events.extend(agents.present()?);
        }
        let devices = present.into_devices().into_iter();
        self.devices = devices
            .map(|device| (self.nodes.of_device(&device), device))
            .map(|(of, device)| (device.usb_path, of))
            .collect();
        Ok(events)
    }

    /// The events since the last call. USB events come before power events: a device that disappears because its power was
    /// cut was there before.
    fn drain(&mut self) -> io::Result<Vec<(Node, Event)>> {
        let mut events = Vec::new();
        let mut reads_power = false;
        let complete =
            self.drain_uevents(&mut events, &mut reads_power)? && self.drain_route(&mut events)?;
        reads_power |= self.power.has_changed()?;
        if !complete {
            // Some events were lost, so everything is read again.
            events = self.present()?.into_iter().map(|(node, event, _)| (node, event)).collect();
        } else if reads_power {
            events.extend(self.power.read());
        }
        for &(node, event) in &events {
            self.nodes.take(node, event);
            self.agents.iter_mut().for_each(|agents| agents.note(node, event));
        }
        // After the USB events: a serial port ends because its gadget has left.
        if let Some(agents) = &mut self.agents {
            agents.drain(&mut events)?;
        }
        Ok(events)
    }

    /// Returns whether the events are complete: `false` after an overrun of the socket.
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
            self.nodes.find_usb_paths(&mut self.power);
        }
        let of = device.as_ref().and_then(|device| self.nodes.of_device(device));
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

    /// Returns whether the events are complete: `false` after an overrun of the socket.
    fn drain_route(&mut self, events: &mut Vec<(Node, Event)>) -> io::Result<bool> {
        loop {
            match self.route.receive(&mut self.buffer)? {
                Received::Message(datagram) => {
                    let (nodes, addresses) = (&self.nodes, &self.addresses);
                    events.extend(route::messages(datagram).filter_map(|told| match told {
                        Told::Link { name, has_carrier } => {
                            let event = if has_carrier { Event::LinkUp } else { Event::LinkDown };
                            Some((nodes.of_interface(name)?, event))
                        }
                        Told::Neighbour(neighbour) => {
                            let event =
                                if neighbour.is_reachable { Event::Heard } else { Event::Lost };
                            Some((nodes.of_neighbour(addresses, &neighbour)?, event))
                        }
                        Told::End => None,
                    }));
                }
                Received::Overrun => return Ok(false),
                Received::Nothing => return Ok(true),
            }
        }
    }

    /// Waits until something can be read, at most until the given time.
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
            let next_probe = self.nodes.probe(&self.addresses, &self.asking);
            let is_over = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if is_over || !events.is_empty() {
                return Ok(events);
            }
            let next_agent = self.agents.as_ref().and_then(Agents::due);
            self.wait(deadline.into_iter().chain(next_probe).chain(next_agent).min())?;
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

#[cfg(test)]
mod tests;
