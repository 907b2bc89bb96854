//! Consoles of nodes: one on a terminal, several to watch, or one driven by a script.
//!
//! Whatever a node sends, memory is bounded: bytes pass through buffers of fixed size, a line is cut at
//! 1024 bytes, and an expected text is looked for in a window.

mod copy;
mod escape;
mod expect;
mod link;
mod log;
mod port;
mod shared;
mod terminal;
mod watch;

use std::time::Duration;

pub(crate) use copy::copy;
pub(crate) use expect::{Script, run as run_script};
pub(crate) use link::Consoles;
pub(crate) use log::Log;
pub(crate) use watch::watch;

/// Silence after which an unfinished line is shown, and an answer counts as complete.
const IDLE: Duration = Duration::from_millis(500);
/// Bytes per read.
const CHUNK: usize = 4096;
