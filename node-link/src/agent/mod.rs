//! The protocol between a node's agent and its controller: lines of JSON on the node's second serial port, or over ssh.
//!
//! ```
//! use node_link::agent::{Call, LineReader, Message, Reply, Request};
//!
//! let call = Call { version: 1, id: 7, request: Request::Poweroff };
//! assert_eq!(call.to_line(), "{\"v\":1,\"id\":7,\"do\":\"poweroff\"}\n");
//!
//! let mut replies = Vec::new();
//! LineReader::default().push(b"login: \x1b[0m\n{\"v\":1,\"id\":7,\"is\":\"done\"}\n", |line| {
//!     replies.extend(Reply::from_line(line));
//! });
//! assert_eq!(replies, [Reply { version: 1, id: Some(7), message: Message::Done }]);
//! ```
//!
//! # Lines
//! A line is one JSON object and a newline, at most [`LINE_LIMIT`] bytes in all. A reader drops longer lines, ignores those that it cannot parse,
//! and resumes after the next newline, so that both ends resynchronise after noise or after either of them restarts. The end that opens a
//! connection sends an empty line first.
//!
//! # Versions
//! `v` is the protocol version of a line. Within a version, keys and requests are only added: unknown keys are ignored, and unknown requests are
//! refused. Removing a key or changing its meaning increments [`VERSION`]. Each end understands its own version and the one before ([`OLDEST`]), and an
//! agent replies in the version of the request. `hello` and the two numbers in its reply stay the same in all versions; the controller sends
//! it in [`OLDEST`] and continues in [`Identity::common_version`].

mod identity;
mod line;
mod message;
mod printable;
mod reader;
mod request;
mod subscription;
mod telemetry;
#[cfg(test)]
mod tests;

pub use identity::Identity;
pub use line::LineError;
pub use message::{Goodbye, Message, Reply};
pub use printable::{Printable, TEXT_LIMIT, is_plain};
pub use reader::LineReader;
pub use request::{Call, Request};
pub use subscription::{PERIOD, SUBSCRIPTION, Subscription};
pub use telemetry::{Disk, LIST_LIMIT, Memory, Telemetry};

/// The protocol version of this library.
pub const VERSION: u32 = 1;

/// The oldest version that it understands: the one before [`VERSION`], if there is one.
pub const OLDEST: u32 = if VERSION > 1 { VERSION - 1 } else { VERSION };

/// The longest line in bytes, including its newline.
pub const LINE_LIMIT: usize = 16 * 1024;
