//! A USB device in user space: a USB/IP server that speaks the control protocol of i2c-tiny-usb.
//!
//! The guest's kernel takes it for a USB-to-I2C adapter plugged into its virtual host controller
//! (`vhci_hcd`) and makes a real `/dev/i2c-N` of it. What is on that bus is a [`Target`] in the
//! test's own process.
//!
//! USB/IP: the kernel's `Documentation/usb/usbip_protocol.rst`. i2c-tiny-usb:
//! `drivers/i2c/busses/i2c-tiny-usb.c`.

use std::sync::{Arc, Mutex};

mod control;
mod descriptor;
mod server;
mod wire;

pub use descriptor::{Descriptor, Speed, functions};
pub use server::Server;

/// What sits on the simulated bus: message-level, as an I2C controller sees it.
pub trait Target: Send {
    /// A write message; false = not acknowledged.
    fn write(&mut self, address: u8, bytes: &[u8]) -> bool;

    /// A read message, which fills the whole buffer; false = not acknowledged.
    fn read(&mut self, address: u8, buffer: &mut [u8]) -> bool;

    /// Whether the last message took the device off the USB, before anything else could be asked of
    /// it. It comes back.
    fn has_left(&mut self) -> bool {
        false
    }
}

/// A target that the test can look at and change between the guest's transfers.
pub type SharedTarget = Arc<Mutex<dyn Target>>;
