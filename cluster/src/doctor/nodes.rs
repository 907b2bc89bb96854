//! Whether each node is the one that belongs at its USB path.

use std::collections::BTreeMap;

use node_link::{NodeId, UsbId};

use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};
use super::usb::UsbDevice;
use super::usb_checks::devices;
use crate::misplaced;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "equal-ids",
        looks_for: "two nodes whose cards have the same ID",
        why: "they share a name, a MAC address and an IP address, so that neither can be reached reliably",
        make: equal_ids,
    },
    Check {
        name: "wrong-place",
        looks_for: "a node in another node's place",
        why: "switching one node cuts the power of the other",
        make: wrong_place,
    },
    Check {
        name: "foreign-gadget",
        looks_for: "a USB gadget of another program in a node's place, or one of ours without a node ID",
        why: "a node that runs it has no name, no address and no serial port here",
        make: foreign_gadget,
    },
    Check {
        name: "chaos",
        looks_for: "nodes that an interrupted `chaos` has left without power",
        why: "they stay off until they are switched on",
        make: chaos,
    },
];

/// Gadgets of Linux' g_ether (as rpi-usb-gadget makes them) and of a composite gadget with the kernel's own IDs.
const FOREIGN: [UsbId; 3] = [
    UsbId { vendor: 0x0525, product: 0xa4a2 },
    UsbId { vendor: 0x0525, product: 0xa4a1 },
    UsbId { vendor: 0x1d6b, product: 0x0104 },
];

fn equal_ids(facts: &Facts) -> Checked {
    let mut places: BTreeMap<u8, Vec<&UsbDevice>> = BTreeMap::new();
    for device in devices(facts)? {
        if let Some(id) = device.node() {
            places.entry(id.get()).or_default().push(device);
        }
    }
    let found = places.into_iter().filter(|(_, devices)| devices.len() > 1);
    let found = found.filter(|(_, devices)| devices.iter().any(|one| facts.concerns(&one.path)));
    let found = found.map(|(id, devices)| {
        let paths: Vec<_> = devices.iter().map(|device| &*device.path).collect();
        let what =
            format!("the nodes at USB {} both identify themselves as p{id}", paths.join(" and "));
        // The one that is at home keeps its ID.
        let wrong = devices.iter().find_map(|device| {
            facts.node_at(&device.path).filter(|node| node.number != u32::from(id))
        });
        let fix = match wrong {
            Some(node) => Fix::OwnCard(node.number),
            None => Fix::Text("prepare one of the cards with another ID".to_owned()),
        };
        Found::error(what, fix).of_nodes(vec![format!("p{id}")])
    });
    Ok(found.collect())
}

fn wrong_place(facts: &Facts) -> Checked {
    let devices = devices(facts)?;
    if !facts.nodes.is_empty() && facts.asked().all(|node| node.usb_path.is_none()) {
        return Err(NotMade::because(
            "the places of these nodes on the USB are not known: power one, or set usb-path in [nodes.pN]",
        ));
    }
    let gadgets = || devices.iter().filter_map(|device| Some((&*device.path, device.node()?)));
    let path_of =
        |id: NodeId| facts.nodes.iter().find(|node| node.id() == Some(id))?.usb_path.clone();
    let found = facts.asked().filter_map(|node| {
        let place = node.usb_path.as_deref()?;
        let label = &node.label;
        let claimed = misplaced::another(node.id(), place, gadgets(), path_of)?;
        let what = misplaced::in_the_place_of(label, place, claimed);
        Some(Found::error(what, Fix::OwnCard(node.number)).of_nodes(vec![label.clone()]))
    });
    Ok(found.collect())
}

fn foreign_gadget(facts: &Facts) -> Checked {
    let mut found = Vec::new();
    for device in devices(facts)?.iter().filter(|device| facts.concerns(&device.path)) {
        let node = facts.node_at(&device.path);
        let (nodes, place) = super::usb_checks::name(facts, device);
        let fix = || match node {
            Some(node) => Fix::OwnCard(node.number),
            None => Fix::Text("prepare its card as a node's".to_owned()),
        };
        if device.is_node() && device.node().is_none() {
            let serial = device.serial.as_deref().unwrap_or_default().escape_debug();
            let what = format!("{place} has the serial number \"{serial}\", which is no node ID");
            found.push(Found::error(what, fix()).of_nodes(nodes));
        } else if FOREIGN.contains(&device.id) {
            let what = format!(
                "{place} runs another program's USB gadget ({}, such as rpi-usb-gadget)",
                device.id
            );
            // Elsewhere it may be a device of its own.
            let found_here = match node {
                Some(_) => Found::error(what, fix()),
                None => Found::note(what, fix()),
            };
            found.push(found_here.of_nodes(nodes));
        } else if let Some(node) = node.filter(|_| !device.is_node() && !device.is_boot_rom()) {
            let what = format!(
                "in the place of {} (USB {}) is {}, which is no node",
                node.label, device.path, device.id
            );
            let fix =
                Fix::Text("plug it in elsewhere, or correct usb-path in [nodes.pN]".to_owned());
            found.push(Found::warning(what, fix).of_nodes(nodes));
        }
    }
    Ok(found)
}

fn chaos(facts: &Facts) -> Checked {
    if let Some((path, problem)) = &facts.damaged_note {
        let path = path.display();
        let what = format!(
            "{path}, the note that `chaos` keeps of nodes without power, is damaged: {problem}"
        );
        let fix = format!("correct or remove {path}, and switch on what is off (see `status`)");
        return Ok(vec![Found::error(what, Fix::Text(fix))]);
    }
    let left = facts.left_by_chaos.as_ref().map_err(NotMade::because)?;
    let is_asked = |number: &&u32| facts.asked().any(|node| node.number == **number);
    // Somebody may have switched it on since, such as the policy at boot.
    let is_off = |number: &&u32| !facts.powered.contains(number);
    let nodes: Vec<_> =
        left.iter().filter(is_asked).filter(is_off).map(|number| format!("p{number}")).collect();
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("an interrupted `chaos` has left {} without power", nodes.join(" "));
    Ok(vec![Found::error(what, Fix::RestoreAfterChaos).of_nodes(nodes)])
}
