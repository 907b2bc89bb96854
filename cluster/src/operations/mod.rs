//! One file an operation: what a [`Cluster`](crate::Cluster) or a [`System`](crate::System) can be asked
//! to do, and how its report comes about.

mod beyond;
mod board;
pub(crate) mod boards;
mod init;
mod inventory;
pub(crate) mod network;
pub(crate) mod outputs;
mod path;
mod plan;
mod power;
pub(crate) mod setup;
mod status;
