//! The nodes that are followed, and which of them a device, an interface or a neighbour belongs to.

use std::time::Instant;

use hat_driver::linux::Node;
use node_link::NodeId;

use super::network::{Addresses, Asking, Schedule};
use super::route::Neighbour;
use super::usb::{Device, Kind};
use crate::life::Event;
use crate::life::power::Power;
use crate::node_note::NodeNote;

/// A node that is followed.
pub(super) struct Followed {
    pub(super) node: Node,
    /// Absent for a number that no gadget can have.
    pub(super) id: Option<NodeId>,
    /// From the configuration, or from the board once a boot ROM is on the USB; absent until then.
    pub(super) usb_path: Option<String>,
    /// What other processes have recorded of it.
    pub(super) note: NodeNote,
    schedule: Schedule,
}

impl Followed {
    fn new(node: Node, note: NodeNote, usb_path: Option<String>) -> Self {
        let id = NodeId::from_number(node.number()).ok();
        Self { node, id, usb_path, note, schedule: Schedule::default() }
    }

    /// Schedules the next ARP probe.
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::LinkUp => self.schedule.link(true),
            Event::LinkDown | Event::GadgetGone => self.schedule.link(false),
            Event::Heard => self.schedule.heard(true),
            Event::Lost => self.schedule.heard(false),
            _ => {}
        }
    }
}

/// All nodes that are followed.
pub(super) struct FollowedNodes(Vec<Followed>);

impl FollowedNodes {
    /// With their notes, and the USB paths that are configured for them.
    pub(super) fn new(nodes: Vec<(Node, NodeNote, Option<String>)>) -> Self {
        let followed = |(node, note, usb_path)| Followed::new(node, note, usb_path);
        Self(nodes.into_iter().map(followed).collect())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Followed> {
        self.0.iter_mut()
    }

    /// Looks up the USB paths that are still unknown, on the nodes' boards.
    pub(super) fn find_usb_paths(&mut self, power: &mut Power) {
        for followed in self.0.iter_mut().filter(|followed| followed.usb_path.is_none()) {
            followed.usb_path = power.usb_path(followed.node);
        }
    }

    /// The node whose gadget or boot ROM a device is.
    pub(super) fn of_device(&self, device: &Device) -> Option<(Node, Kind)> {
        let node = self.find(|followed| match device.kind {
            Kind::Gadget(id) => followed.id == Some(id),
            Kind::Rom => followed.usb_path.as_ref() == Some(&device.usb_path),
            Kind::Board => false,
        })?;
        Some((node, device.kind))
    }

    /// The node that a network interface leads to.
    pub(super) fn of_interface(&self, name: &str) -> Option<Node> {
        let id = NodeId::of_interface(name)?;
        self.find(|followed| followed.id == Some(id))
    }

    /// The node that an entry of the neighbour table is about.
    pub(super) fn of_neighbour(
        &self,
        addresses: &Addresses,
        neighbour: &Neighbour,
    ) -> Option<Node> {
        self.find(|followed| followed.id.is_some_and(|id| addresses.is(neighbour, id)))
    }

    fn find(&self, matches: impl Fn(&Followed) -> bool) -> Option<Node> {
        self.0.iter().find(|followed| matches(followed)).map(|followed| followed.node)
    }

    /// Takes an event of one of the nodes into account.
    pub(super) fn take(&mut self, node: Node, event: Event) {
        if let Some(followed) = self.0.iter_mut().find(|followed| followed.node == node) {
            followed.take(event);
        }
    }

    /// Probes the nodes that are due. Returns when the next one is.
    pub(super) fn probe(&mut self, addresses: &Addresses, asking: &Asking) -> Option<Instant> {
        let now = Instant::now();
        for followed in &mut self.0 {
            let address = followed.id.and_then(|id| addresses.address(id));
            if let (true, Some(address)) = (followed.schedule.is_due(now), address) {
                asking.ask(address);
            }
        }
        self.0.iter().filter_map(|followed| followed.schedule.next()).min()
    }
}
