//! The kernel's virtual USB host controller: `drivers/usb/usbip/vhci_sysfs.c`.

use std::{fs, io::Read, net::TcpStream, os::fd::AsRawFd, path::Path, thread, time::Duration};

use clusterhat_tests::vm::protocol::{Attached, HOST};

use crate::{Result, i2c_bus, poll};

const CONTROLLER: &str = "/sys/devices/platform/vhci_hcd.0";

/// States of a port: nothing in it, and a device in use.
const EMPTY: &str = "004";
const USED: &str = "006";

/// A number for the device on its own host: bus 1, device 1. It need not differ between devices.
const DEVICE_ID: u32 = 0x0001_0001;

/// How often to look whether a device has left that may come back.
const LOOK: Duration = Duration::from_millis(50);

/// Plugs a device in, and again whenever it has left, where it may.
pub(crate) fn attach(port: u16, speed: u8, returns: bool) -> Result<Attached> {
    let vhci_port =
        ports()?.into_iter().find(|port| port.state == EMPTY).ok_or("no empty USB port")?.number;
    hand_over(port, vhci_port, speed)?;
    let usb_device = poll::until("the USB device's enumeration", || {
        let port = ports()?.into_iter().find(|port| port.number == vhci_port && port.state == USED);
        Ok(port.map(|port| port.device).filter(|device| configured(device)))
    })?;
    if returns {
        thread::spawn(move || {
            // Its server is gone once it is unplugged.
            while has_left(vhci_port) && hand_over(port, vhci_port, speed).is_ok() {}
        });
    }
    let bus =
        if i2c_bus::known(&usb_device)? { Some(i2c_bus::await_bus(&usb_device)?) } else { None };
    Ok(Attached { vhci_port, usb_device, bus })
}

/// Gives a connection to the kernel, which speaks USB/IP over it from then on.
fn hand_over(port: u16, vhci_port: u16, speed: u8) -> Result<()> {
    let mut stream = TcpStream::connect((HOST, port))
        .map_err(|e| format!("cannot reach the USB/IP server: {e}"))?;
    stream.set_nodelay(true)?;
    stream.read_exact(&mut [0]).map_err(|e| format!("the device is not in: {e}"))?;
    let line = format!("{vhci_port} {} {DEVICE_ID} {speed}", stream.as_raw_fd());
    fs::write(format!("{CONTROLLER}/attach"), &line)
        .map_err(|e| format!("vhci_hcd did not take {line:?}: {e}").into())
}

/// Waits for as long as the device is in.
fn has_left(vhci_port: u16) -> bool {
    loop {
        thread::sleep(LOOK);
        match ports() {
            Err(_) => return false,
            Ok(ports) if ports.iter().any(|p| p.number == vhci_port && p.state == EMPTY) => {
                return true;
            }
            Ok(_) => {}
        }
    }
}

/// Waits until the port is empty again and the device has left sysfs and `/dev`.
pub(crate) fn await_removal(attached: &Attached) -> Result<()> {
    poll::until("the USB device's removal", || {
        let empty =
            ports()?.iter().any(|port| port.number == attached.vhci_port && port.state == EMPTY);
        let node = attached.bus.is_some_and(|bus| Path::new(&i2c_bus::node(bus)).exists());
        let device = Path::new("/sys/bus/usb/devices").join(&attached.usb_device).exists();
        Ok((empty && !node && !device).then_some(()))
    })
}

/// Enumeration ends with the choice of a configuration, which creates the interfaces.
fn configured(device: &str) -> bool {
    Path::new(&format!("/sys/bus/usb/devices/{device}:1.0")).exists()
}

struct Port {
    number: u16,
    state: String,
    /// The name below `/sys/bus/usb/devices`, once enumerated.
    device: String,
}

/// The ports for devices up to high speed: `hs  0000 006 002 00010001 000005 1-1`.
fn ports() -> Result<Vec<Port>> {
    let status = fs::read_to_string(format!("{CONTROLLER}/status"))?;
    let fields = status.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields
        .filter(|fields| fields.first() == Some(&"hs"))
        .map(|fields| match fields[..] {
            [_, number, state, _, _, _, device] => Ok(Port {
                number: number.parse()?,
                state: state.to_owned(),
                device: device.to_owned(),
            }),
            _ => Err(format!("cannot read vhci_hcd's status {fields:?}").into()),
        })
        .collect()
}
