//! ClusterCTRL boards: USB devices that the kernel's `i2c-tiny-usb` turns into an I2C bus, on which
//! one emulated chip at 0x20 switches nodes by command.
//!
//! Source: the vendor's firmware (`burtyb/ClusterCTRL`, `src/main.c`, versions 1.3 to 1.8) and its
//! image's scripts.
//!
//! | module | what it has |
//! |---|---|
//! | [`products`] | the kinds of board, by USB product ID |
//! | [`protocol`] | registers, commands and status codes, for the driver as for a device that speaks them |
//! | [`device`] | the driver: [`device::Device::open`], then a method for each command |
//! | [`readings`] | what versions, voltages, temperatures and USB paths mean |

pub mod device;
mod error;
mod exchange;
mod nodes;
pub mod products;
pub mod protocol;
pub mod readings;

pub use error::CtrlError;
pub use nodes::NodesPower;
