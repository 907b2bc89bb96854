//! ClusterCTRL boards: USB devices that the kernel's `i2c-tiny-usb` turns into an I2C bus, on which
//! one emulated chip at 0x20 switches nodes by command.
//!
//! Source: the vendor's firmware (`burtyb/ClusterCTRL`, `src/main.c`, versions 1.3 to 1.8) and its
//! image's scripts. [`protocol`] is the wire protocol alone, for the driver here as for a device
//! that speaks it; [`device`] is the driver.

pub mod device;
mod error;
mod exchange;
mod nodes;
pub mod products;
pub mod protocol;
pub mod readings;

pub use error::CtrlError;
pub use nodes::NodesPower;
