//! What a node's agent and its controller say to each other: lines of JSON on the node's second serial port, or over ssh.
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
//! A line is one JSON object, ends in a newline and has at most [`LINE_LIMIT`] bytes with it. Whoever reads drops a longer one, ignores what it
//! cannot read, and begins anew after the next newline: so both ends find each other again after noise on the line, or after either of them was
//! started again. Whoever opens the line sends an empty one first.
//!
//! # Versions
//! `v` is the version that a line is written in. Within a version, keys and requests are only added: unknown keys are ignored, an unknown request is
//! refused. A key that goes or changes its meaning raises [`VERSION`]. Each end understands its own version and the one before ([`OLDEST`]), and an
//! agent replies in the version of the request. `hello` and the two numbers in its reply stay the same in all versions; the controller asks for
//! it in [`OLDEST`] and goes on in [`Identity::common_version`].

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

/// The version that this library speaks.
pub const VERSION: u32 = 1;

/// The oldest version that it understands: the one before, where there is one.
pub const OLDEST: u32 = if VERSION > 1 { VERSION - 1 } else { VERSION };

/// The longest line in bytes, with its newline.
pub const LINE_LIMIT: usize = 16 * 1024;
