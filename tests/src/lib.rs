//! What the tests share: how the command is called, simulated chips, and machines to run it on.

//! What the tests share: simulated chips, the command in worlds of its own, and virtual machines.
pub mod cable;
pub mod chips;
pub mod command;
pub mod pages;
pub mod pi;
pub mod usbip;
pub mod vm;
