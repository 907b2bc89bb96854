//! The controller's end of the USB: its role, and the drivers of what is plugged in.

use node_link::UsbId;
use system_config::controller::Gap;

use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};
use super::states::in_state;
use super::usb::UsbDevice;
use crate::life::State;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "usb-role",
        looks_for: "a controller whose USB port is in device mode, as a node's is, or a Pi 4 without a USB host",
        why: "nodes are reached only through a port in host mode",
        make: role,
    },
    Check {
        name: "usb-storage",
        looks_for: "a node's boot ROM that is bound to the kernel's usb-storage driver",
        why: "no program can send the node its boot files, for which it waits indefinitely",
        make: storage,
    },
    Check {
        name: "boot-rom",
        looks_for: "a node that waits in its boot ROM",
        why: "it has power, but found nothing to boot: no card, or one without boot files",
        make: boot_rom,
    },
    Check {
        name: "node-driver",
        looks_for: "a node's gadget that no kernel driver is bound to",
        why: "the node has no network link or no serial port on the controller",
        make: driver,
    },
];

/// The class of the control interfaces of NCM, ECM, RNDIS (as Linux' gadget has it) and ACM: USB CDC 1.2, table 11.
const COMMUNICATIONS: u8 = 0x02;

/// The drivers of what a node's gadget can be.
const MODULES: [&str; 4] = ["cdc_ncm", "cdc_ether", "rndis_host", "cdc_acm"];

/// The USB devices of the system.
pub(super) fn devices(facts: &Facts) -> Result<&[UsbDevice], NotMade> {
    let system = facts.system.as_ref().map_err(NotMade::because)?;
    let none = || NotMade::because("the kernel lists no USB devices here (/sys/bus/usb)");
    system.usb.as_deref().ok_or_else(none)
}

/// What a device is called: the node that belongs at its USB path, else that path.
pub(super) fn name(facts: &Facts, device: &UsbDevice) -> (Vec<String>, String) {
    match facts.node_at(&device.path) {
        Some(node) => (vec![node.label.clone()], format!("{} (USB {})", node.label, device.path)),
        None => (Vec::new(), format!("the node at USB {}", device.path)),
    }
}

fn role(facts: &Facts) -> Checked {
    let system = facts.system.as_ref().map_err(NotMade::because)?;
    let gaps = system.gaps.as_deref().map_err(NotMade::because)?;
    if gaps.contains(&Gap::NoConfigTxt) {
        return Err(NotMade::because(
            "there is no config.txt, which sets the role on a Raspberry Pi",
        ));
    }
    let found = gaps.iter().filter_map(|gap| match gap {
        Gap::UsbDeviceMode => Some(Found::error(
            "config.txt makes the USB port a device (dwc2 with dr_mode=peripheral), as on a node",
            Fix::Text("remove that line from config.txt, and reboot".to_owned()),
        )),
        Gap::NoUsbHost => Some(Found::warning(
            "config.txt does not make the USB-C port of a Pi 4 a host (otg_mode=1)",
            Fix::SetUp { users: Vec::new(), reboot: true },
        )),
        _ => None,
    });
    Ok(found.collect())
}

fn grabbed(device: &UsbDevice) -> bool {
    let is_taken = |driver: &Option<String>| driver.as_deref() == Some("usb-storage");
    device.is_boot_rom() && device.interfaces.iter().any(|interface| is_taken(&interface.driver))
}

fn storage(facts: &Facts) -> Checked {
    let found =
        devices(facts)?.iter().filter(|device| grabbed(device) && facts.concerns(&device.path));
    let found = found.map(|device| {
        let (nodes, name) = name(facts, device);
        let what = format!("usb-storage holds the boot ROM ({}) of {name}", device.id);
        Found::error(what, Fix::NotStorage(vec![device.id])).of_nodes(nodes)
    });
    Ok(found.collect())
}

fn boot_rom(facts: &Facts) -> Checked {
    let waits = |(nodes, name): (Vec<String>, String)| {
        let what = format!("{name} waits in its boot ROM for boot files");
        let fix = "insert a card with a FAT boot partition and its boot files, or serve it over USB (rpiboot)";
        Found::warning(what, Fix::Text(fix.to_owned())).of_nodes(nodes)
    };
    if facts.is_simulated && facts.system.is_err() && !facts.states.is_empty() {
        // Without a system there are no USB devices, but a simulation has its nodes' states.
        let found = in_state(facts, State::BootRom);
        return Ok(found.map(|node| waits((vec![node.to_owned()], node.to_owned()))).collect());
    }
    let is_waiting = |device: &&UsbDevice| device.is_boot_rom() && !grabbed(device);
    let found = devices(facts)?.iter().filter(is_waiting);
    let found = found.filter(|device| facts.concerns(&device.path));
    Ok(found.map(|device| waits(name(facts, device))).collect())
}

fn driver(facts: &Facts) -> Checked {
    let is_bare = |device: &&UsbDevice| {
        let mut controls = device.interfaces.iter().filter(|one| one.class == COMMUNICATIONS);
        UsbId::GADGETS.contains(&device.id) && controls.any(|one| one.driver.is_none())
    };
    let found = devices(facts)?.iter().filter(is_bare);
    let found = found.filter(|device| facts.concerns(&device.path)).map(|device| {
        let (nodes, name) = name(facts, device);
        let what = format!("no kernel driver is bound to a part of the gadget of {name}");
        Found::error(what, Fix::LoadModules(MODULES.to_vec())).of_nodes(nodes)
    });
    Ok(found.collect())
}
