//! Consoles that the service `clusterhatd` reads all the time and shares: what its clients and it say to each other.
//!
//! A client asks the service's unix socket for `GET /api/v1/consoles/NODE` with `Connection: Upgrade` and
//! `Upgrade: clusterhat-console`. After `101 Switching Protocols` both send [frames](FrameReader): bytes of the console, or a
//! [`Control`] of the client's and a [`Notice`] of the service's as JSON. The WebSocket at the same path has the same: binary
//! messages are bytes, and text messages JSON.

mod client;
mod frame;
mod message;

pub use client::{Heard, SharedConsole, SharedConsoleError, UPGRADE};
pub use frame::{Frame, FrameError, FrameReader};
pub use message::{Control, Notice, WriteWish};
