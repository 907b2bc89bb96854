//! USB devices for an emulated machine: QEMU's `usb-redir` is a plug, and what is in it is told over
//! a connection, in the protocol of usbredir's `docs/usb-redirection-protocol.md`.
//!
//! A device is plugged in and out as often as the test likes while the connection stands.

mod packet;
mod plug;

pub use plug::Plug;
