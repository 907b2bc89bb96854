//! USB devices that a test has plugged into the guest.

use std::{fmt, io};

use super::{
    guest::{SharedAgent, lock, unexpected},
    protocol::{Attached, Request, Response},
};
use crate::usbip::Server;

/// A USB device of the guest. Dropping it unplugs it and waits until the guest's kernel has
/// noticed.
pub struct Device {
    server: Option<Server>,
    attached: Attached,
    agent: SharedAgent,
}

impl Device {
    pub(super) fn new(server: Server, attached: Attached, agent: SharedAgent) -> Self {
        Self { server: Some(server), attached, agent }
    }

    /// The device's name below `/sys/bus/usb/devices`, as `1-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.attached.usb_device
    }

    /// Waits until a driver has made an I2C bus of the device: N of `/dev/i2c-N`.
    ///
    /// # Errors
    /// If none has within the agent's patience.
    pub fn bus(&self) -> io::Result<u8> {
        if let Some(bus) = self.attached.bus {
            return Ok(bus);
        }
        match lock(&self.agent)
            .ask(&Request::AwaitBus { usb_device: self.attached.usb_device.clone() })?
        {
            Response::Bus(bus) => Ok(bus),
            other => Err(unexpected(&other)),
        }
    }

    /// Unplugs it and waits until the guest's kernel has let go of it.
    ///
    /// # Errors
    /// If the guest does not answer or keeps the device.
    pub fn unplug(mut self) -> io::Result<()> {
        self.remove()
    }

    fn remove(&mut self) -> io::Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        drop(server);
        match lock(&self.agent).ask(&Request::AwaitRemoval(self.attached.clone()))? {
            Response::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Whoever wants to know calls unplug().
        let _ = self.remove();
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("attached", &self.attached).finish_non_exhaustive()
    }
}

/// A USB-to-I2C adapter of the guest with its bus. Dropping it unplugs it.
#[derive(Debug)]
pub struct Plugged {
    /// N of `/dev/i2c-N`.
    pub bus: u8,
    /// The adapter as a USB device.
    pub device: Device,
}

impl Plugged {
    pub(super) fn new(device: Device) -> io::Result<Self> {
        Ok(Self { bus: device.bus()?, device })
    }

    /// The bus as i2c-tools and the command name it: `/dev/i2c-N`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/dev/i2c-{}", self.bus)
    }

    /// Unplugs it and waits until the guest's kernel has let go of it.
    ///
    /// # Errors
    /// If the guest does not answer or keeps the device.
    pub fn unplug(self) -> io::Result<()> {
        self.device.unplug()
    }
}
