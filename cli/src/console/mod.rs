//! Consoles of nodes on this terminal: one to work on, several to look at, or one for a script.
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

/// How long a node says nothing before a line that it has begun counts as one, and an answer as whole.
const IDLE: Duration = Duration::from_millis(500);
/// How much is read at once.
const CHUNK: usize = 4096;
