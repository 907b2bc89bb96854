//! x
#![cfg_attr(not(any(test, feature = "std")), no_std)]

pub mod board;
#[cfg(feature = "linux")]
mod bus_error;
mod error;
pub mod expander;
pub mod init;
pub mod lines;
#[cfg(feature = "linux")]
pub mod linux;
mod pins;
pub mod power;
mod retry;
pub mod revisions;
#[cfg(feature = "sim")]
pub mod sim;
pub mod stack;

#[cfg(feature = "linux")]
pub use bus_error::BusError;
pub use error::{Access, Error};
pub use pins::{PinSet, Signals};
pub use retry::{ATTEMPTS, Retry};
