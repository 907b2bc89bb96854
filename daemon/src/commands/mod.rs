//! The commands beside serving: `token` and `setup`, and what they print.

mod address;
mod printed;
mod service_unit;
pub mod setup;
pub mod token;

pub use printed::{Done, Failure, print};
