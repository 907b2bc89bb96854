//! The kernel's present view of nodes.

use std::path::{Path, PathBuf};

use node_link::NodeId;

use super::network::{self, Addresses};
use super::route::Neighbour;
use super::usb::{self, Device, Kind};
use crate::life::{Dated, Event};

/// The kernel's present view of all nodes. Reads `/sys`, and the neighbour table only if a node has a link.
pub(crate) struct Present {
    root: PathBuf,
    devices: Vec<Device>,
    network: Option<(Addresses, Vec<Neighbour>)>,
}

impl Present {
    /// Of the system below a root.
    pub(crate) fn read(root: &Path) -> Self {
        Self { root: root.to_owned(), devices: usb::devices(root), network: None }
    }

    /// The USB paths of boot ROMs.
    pub(crate) fn roms(&self) -> impl Iterator<Item = &str> {
        let roms = self.devices.iter().filter(|device| device.kind == Kind::Rom);
        roms.map(|device| &*device.usb_path)
    }

    /// The nodes' gadgets: where each is, and the node that it calls itself.
    pub(crate) fn gadgets(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.devices.iter().filter_map(|device| match device.kind {
            Kind::Gadget(id) => Some((&*device.usb_path, id)),
            Kind::Rom | Kind::Board => None,
        })
    }

    /// The present state of a node as events: those that apply, and the opposites of those that do not. A node without an ID is
    /// recognised only by the USB path of its boot ROM.
    pub(crate) fn of(&mut self, id: Option<NodeId>, rom: Option<&str>) -> Vec<Dated> {
        let mut events = Vec::new();
        let find = |is: &dyn Fn(&Device) -> bool| self.devices.iter().find(|device| is(device));
        let is_rom = |device: &Device| device.kind == Kind::Rom && Some(&*device.usb_path) == rom;
        let gadget = id.map(Kind::Gadget);
        let mut seen = Vec::new();
        for (device, yes, no) in [
            (find(&is_rom), Event::RomSeen, Event::RomGone),
            (find(&|device| Some(device.kind) == gadget), Event::GadgetSeen, Event::GadgetGone),
        ] {
            match device {
                Some(device) => seen.push((yes, device.since)),
                None => events.push((no, None)),
            }
        }
        events.extend(seen);
        if let Some(id) = id {
            self.add_network(id, &mut events);
        }
        events
    }

    fn add_network(&mut self, id: NodeId, events: &mut Vec<Dated>) {
        if !network::has_carrier(&self.root, id) {
            events.push((Event::LinkDown, None));
            return;
        }
        events.push((Event::LinkUp, None));
        let read = || (Addresses::read(&self.root), network::neighbours());
        let (addresses, neighbours) = self.network.get_or_insert_with(read);
        let of_node = neighbours.iter().filter(|neighbour| addresses.is(neighbour, id));
        // One address of several is enough.
        match of_node.map(|neighbour| neighbour.is_reachable).max() {
            Some(true) => events.push((Event::Heard, None)),
            Some(false) => events.push((Event::Lost, None)),
            None => {}
        }
    }

    /// The devices, to be followed from here on.
    pub(super) fn into_devices(self) -> Vec<Device> {
        self.devices
    }
}
