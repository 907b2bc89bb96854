//! A node and its controller, each in a virtual machine of its own, and USB/IP for the cable between
//! them: the node's kernel has a virtual device controller (usbip-vudc), on which `clusterhat-node`
//! puts the gadget, and the controller's has a virtual host controller (vhci_hcd).

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod cable;
mod console;
mod controller;
mod life;
mod link;
mod node;
mod powered;
