//! Drives the Cluster HAT: the board that powers up to four Raspberry Pi Zeros from a controller Pi.
//!
//! | board | nodes switched by | hub control | LED control | notes |
//! |---|---|---|---|---|
//! | v1.0 to v1.3 | GPIO 6, 13, 19, 26 | no | no | ALERT on GPIO 5 |
//! | v2.0 | XRA1200P or PCA9554 | active high | yes | |
//! | v2.1 to v2.6 | XRA1200P or PCA9554 | active low | yes | v2.1 was never sold |
//! | v3.0, v3.1 | XRA1200P or PCA9554 | active low | no | v3.0's hub polarity is unverified |
//!
//! No board was at hand when this was written. What the driver does rests on the chips' datasheets
//! and on the vendor's documents, and is proven against a simulated chip, also behind a real
//! kernel's I2C bus; what they leave open stands in [`revisions::Revision::unverified`].
//!
//! - TI PCA9554 datasheet (SCPS128), "Register Map" and "Bus Transactions": registers 0 to 3, their
//!   reset values, and that the command byte persists over a repeated START.
//! - Exar XRA1200/1200P datasheet, "Register Description": registers 0 to 0x0a, pull-ups at 4.
//!
//! The core is `no_std`, allocates nothing, and works on any [`embedded_hal`] 1.0 bus:
//!
//! ```
//! use embedded_hal::i2c::I2c;
//! use hat_driver::{HatError, Signals};
//! use hat_driver::hat::{Backend, Hat};
//! use hat_driver::expander::Expander;
//! use hat_driver::lines::NoLine;
//! use hat_driver::revisions::{Revision, Version};
//!
//! /// Switches P1 on, whatever state the board is in.
//! fn first_node<B: I2c>(bus: B) -> Result<(), HatError<B::Error>> {
//!     let revision = Revision::of(Version { major: 2, minor: 5 }).expect("a known revision");
//!     let backend = Backend::<B, NoLine<B::Error>>::Expander(Expander::new(bus, 0x20));
//!     let mut board = Hat::new(backend, revision);
//!     board.init()?;
//!     let latch = board.latch()?;
//!     let latch = board.apply(latch, Signals::node(0), Signals::NONE)?;
//!     board.verify(latch, Signals::node(0))
//! }
//! ```
//!
//! On Linux `linux::Cluster` finds the boards, excludes other processes, staggers the nodes' inrush,
//! and knows what the Pi says of its supply; see the `power` example.
//!
//! | feature | brings |
//! |---|---|
//! | `linux` (default) | the controller's side: `/dev/i2c-N`, GPIO lines, device tree, locks |
//! | `sim` | boards that exist in memory or in a JSON file, with faults on demand; includes `linux` and `serde` |
//! | `serde` | `Serialize` on the data types |
//! | `std` | nothing of its own; the others take it |
#![cfg_attr(not(any(test, feature = "std")), no_std)]

mod bits;
#[cfg(feature = "linux")]
mod bus_error;
pub mod ctrl;
pub(crate) mod error;
pub mod expander;
pub mod hat;
pub mod init;
pub mod lines;
#[cfg(feature = "linux")]
pub mod linux;
mod pins;
mod positions;
pub mod power;
mod retry;
pub mod revisions;
#[cfg(feature = "sim")]
pub mod sim;

#[cfg(feature = "linux")]
pub use bus_error::BusError;
pub use error::{Access, HatError};
pub use pins::{PinSet, Signals};
pub use positions::Positions;
pub use retry::{ATTEMPTS, Retry};

/// The README's example.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
