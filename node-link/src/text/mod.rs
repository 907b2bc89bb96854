//! Text that people write and read: times, TOML files, suggestions for misspelled names, error chains, usage errors.
//!
//! ```
//! use std::path::Path;
//! use std::time::Duration;
//!
//! use node_link::text::{TomlText, nearest, parse_duration};
//!
//! assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
//! assert_eq!(nearest("dealy", ["delay", "size"]).as_deref(), Some("delay"));
//!
//! let text = TomlText::new(Path::new("node.toml"), "id = 3\nethernte = \"ecm\"\n");
//! let warnings = text.unknown_keys(text.parse()?.get_ref(), "", &["id", "ethernet"]);
//! assert_eq!(
//!     warnings[0].to_string(),
//!     "node.toml:2: unknown key \"ethernte\" is ignored; did you mean \"ethernet\"?"
//! );
//! # Ok::<(), node_link::text::FileMessage>(())
//! ```

mod chain;
mod duration;
mod nearest;
mod shorten;
mod toml_text;
mod usage;

pub use chain::chain;
pub use duration::parse_duration;
pub use nearest::nearest;
pub use shorten::shorten;
pub use toml_text::{FileMessage, TomlText, one_line};
pub use usage::{usage_error, usage_message};
