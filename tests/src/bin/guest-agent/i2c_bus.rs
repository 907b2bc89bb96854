//! The I2C bus that the i2c-tiny-usb driver makes of a USB device.

use std::{fs, path::Path};

use crate::{Result, poll};

const DEVICES: &str = "/sys/bus/usb/devices";

/// The ids that users added: a line `3171 0014` each.
const NEW_IDS: &str = "/sys/bus/usb/drivers/i2c-tiny-usb/new_id";

/// The driver's own table.
const OWN_IDS: [&str; 2] = ["0403 c631", "1c40 0534"];

/// `/dev/i2c-N`.
pub(crate) fn node(bus: u8) -> String {
    format!("/dev/i2c-{bus}")
}

/// Whether the driver takes such a device.
pub(crate) fn known(usb_device: &str) -> Result<bool> {
    let read = |name: &str| fs::read_to_string(format!("{DEVICES}/{usb_device}/{name}"));
    let id = format!("{} {}", read("idVendor")?.trim(), read("idProduct")?.trim());
    // A driver that is not loaded has no such file.
    let new_ids = fs::read_to_string(NEW_IDS).unwrap_or_default();
    Ok(OWN_IDS.contains(&id.as_str()) || new_ids.lines().any(|line| line.starts_with(&id)))
}

/// Waits for the bus and its node: N of `/dev/i2c-N`.
pub(crate) fn await_bus(usb_device: &str) -> Result<u8> {
    poll::until(&format!("an i2c bus of the USB device {usb_device}"), || {
        Ok(bus_of(usb_device)?.filter(|bus| Path::new(&node(*bus)).exists()))
    })
}

/// The bus is a child of the USB device's interface: `1-1:1.0/i2c-0`.
fn bus_of(usb_device: &str) -> Result<Option<u8>> {
    let interface = format!("{DEVICES}/{usb_device}:1.0");
    for entry in fs::read_dir(&interface).map_err(|e| format!("{interface}: {e}"))? {
        if let Some(bus) = entry?.file_name().to_str().and_then(|name| name.strip_prefix("i2c-")) {
            return Ok(Some(bus.parse()?));
        }
    }
    Ok(None)
}
