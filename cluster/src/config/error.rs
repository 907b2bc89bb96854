//! Problems of the configuration: errors stop the command, warnings do not.

use std::path::PathBuf;

use node_link::text::FileMessage;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there but cannot be read, or was named and is not there.
    #[error("cannot read {}; check its name and permissions", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What has the name is no configuration: a pipe, a device, a directory, or a file that is far too long.
    #[error("cannot read {}; put a configuration file there or name another", .path.display())]
    Unfit {
        /// What has the name.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or not UTF-8.
    #[error(transparent)]
    Syntax(#[from] FileMessage),
    /// A value outside of what is allowed.
    #[error("{given}: expected {allowed}")]
    Refused {
        /// Place, key and value.
        given: String,
        /// What is allowed, with its unit.
        allowed: String,
    },
    /// A time of [`Overrides`](super::Overrides) outside of what is allowed.
    #[error("{given}: expected {allowed}")]
    Override {
        /// Which time, `delay`, `off-time` or `lock-limit`, and its value.
        given: String,
        /// What is allowed, with its unit.
        allowed: String,
    },
    /// A value that clashes with another one.
    #[error("{given}: {clash}")]
    Clash {
        /// Place, key and value.
        given: String,
        /// The other key, and what to do.
        clash: String,
    },
}
