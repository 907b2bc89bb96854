//! What the tests share: how the command is called, simulated chips, and machines to run it on.

pub mod apart;
pub mod cable;
pub mod chips;
pub mod command;
pub mod golden;
pub mod instructions;
pub mod namespace;
pub mod pages;
pub mod pi;
pub mod process;
pub mod running;
pub mod schema;
mod synopsis;
pub mod table;
pub mod usbip;
pub mod vm;
