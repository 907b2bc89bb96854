//! x
pub mod usbip;
pub mod vm;
