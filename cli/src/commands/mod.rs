//! A file for each command: its arguments, and what it asks of the library.
//!
//! A new command is a file here with its arguments and their [`Run`](crate::call::Run), and its line in
//! [`Command`](crate::args::Command) and in `Command::task`. A report of its own is a type in the library
//! and a line in [`render::text`](crate::render::text).

pub(crate) mod board;
pub(crate) mod boards;
pub(crate) mod chaos;
mod confirm;
pub(crate) mod console;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod fan;
mod hooks;
pub(crate) mod init;
pub(crate) mod inventory;
pub(crate) mod is_on;
pub(crate) mod maxpi;
pub(crate) mod network;
pub(crate) mod outputs;
pub(crate) mod path;
pub(crate) mod power;
pub(crate) mod restore;
pub(crate) mod setup;
pub(crate) mod shutdown;
pub(crate) mod status;
pub(crate) mod top;
pub(crate) mod wait;

use clap::ValueEnum;

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

impl OnOff {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// A ClusterCTRL board's order, 1 to 255.
pub(crate) fn parse_order(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|&order| order != 0).ok_or_else(|| "an order is 1 to 255".to_owned())
}
