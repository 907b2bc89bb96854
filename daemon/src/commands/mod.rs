//! The commands beside serving: `token` and `setup`, and what they print.

mod printed;
pub mod setup;
pub mod token;

pub use printed::{Failure, print};
