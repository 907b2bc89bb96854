//! x
pub mod chips;
pub mod command;
pub mod usbip;
pub mod vm;
