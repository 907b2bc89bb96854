//! Switches the Raspberry Pi Zeros of Cluster HATs and ClusterCTRL boards on and off.
//!
//! | board | nodes | switched by | USB hub | status LEDs | notes |
//! |---|---|---|---|---|---|
//! | Cluster HAT v1.0 to v1.3 | 4 | GPIO 6, 13, 19, 26 | not switched | not switched | ALERT on GPIO 5 |
//! | Cluster HAT v2.0 | 4 | XRA1200P or PCA9554 | active high | switched | |
//! | Cluster HAT v2.1 to v2.6 | 4 | XRA1200P or PCA9554 | active low | switched | v2.1 was never sold |
//! | Cluster HAT v3.0, v3.1 | 4 | XRA1200P or PCA9554 | active low | not switched | v3.0's hub polarity is unverified |
//! | ClusterCTRL DA, Stack, A+6, Triple, pHAT, Single | 32, 5, 5, 3, 2, 1 | commands over `i2c-tiny-usb` | some | switched | see [`ctrl::products`] |
//!
//! The driver is written from documents and tested against simulated and emulated chips, also behind a
//! real kernel's I2C bus; it has not been run on a board. What the documents leave open is listed in
//! [`revisions::Revision::unverified`] and [`ctrl::products::Product::unverified`].
//!
//! - TI PCA9554 datasheet (SCPS128), "Register Map" and "Bus Transactions": registers 0 to 3, their
//!   reset values, and that the command byte persists over a repeated START.
//! - Exar XRA1200/1200P datasheet, "Register Description": registers 0 to 0x0a, pull-ups at 4.
//! - The vendor's setup pages, FAQ and image for pins, hubs and revisions; `burtyb/ClusterCTRL` for the
//!   firmware of ClusterCTRL boards.
//!
//! # On Linux
//!
//! `linux::Cluster` finds the boards, keeps other processes out, spaces the nodes' inrush, watches the
//! supply, and reports success only after reading back:
//!
//! ```no_run
//! # #[cfg(feature = "linux")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use hat_driver::linux::{Cluster, Host, Options};
//! use hat_driver::power::Action;
//!
//! let mut cluster = Cluster::open(Arc::new(Host::new("/")), Options::default())?;
//! let nodes: Vec<_> = cluster.nodes().take(2).collect();
//! cluster.switch(&nodes, Action::On, &mut |_| {})?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "linux"))]
//! # fn main() {}
//! ```
//!
//! # Without an operating system
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
//!     let mut hat = Hat::new(backend, revision);
//!     hat.init()?;
//!     let latch = hat.latch()?;
//!     let latch = hat.apply(latch, Signals::node(0), Signals::NONE)?;
//!     hat.verify(latch, Signals::node(0))
//! }
//! ```
//!
//! # Where to start
//!
//! | module | what it has |
//! |---|---|
//! | [`hat`], [`init`] | one Cluster HAT: its signals, its status, its initialisation after power-up |
//! | [`expander`], [`lines`] | the chips and the GPIO lines below it |
//! | [`revisions`] | what differs between the HATs, as a table |
//! | [`ctrl`] | ClusterCTRL boards: protocol and driver |
//! | [`power`] | the plan of which node is switched when, and its execution on one board |
//! | `linux` | all boards of a controller, with their nodes numbered in one sequence |
//! | `sim` | simulated boards |
//!
//! | feature | brings |
//! |---|---|
//! | `linux` (default) | the controller's side: `/dev/i2c-N`, GPIO lines, device tree, locks |
//! | `sim` | simulated boards, in memory or in a JSON file, with faults on request; includes `linux` and `serde` |
//! | `serde` | `Serialize` on the data types |
//! | `schema` | `JsonSchema` on those used in reports; includes `serde` and `std` |
//! | `std` | nothing by itself; `linux` and `sim` need it |
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
