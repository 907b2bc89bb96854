//! The operations of a [`Cluster`](crate::Cluster) and a [`System`](crate::System), a file each, and how
//! their reports are made.

mod beyond;
mod board;
pub(crate) mod boards;
mod halted;
mod hooks;
pub(crate) mod hub;
mod init;
mod inventory;
mod is_on;
pub(crate) mod network;
pub(crate) mod outputs;
mod path;
mod plan;
mod power;
pub(crate) mod restore;
pub(crate) mod running;
pub(crate) mod setup;
pub(crate) mod shutdown;
mod status;
pub(crate) mod wait;
