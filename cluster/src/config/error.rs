//! What the configuration can have wrong: errors stop the command, warnings do not.

use std::fmt;
use std::path::{Path, PathBuf};

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
    /// The file is no TOML.
    #[error("{}:{line}: {message}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// A value outside of what is allowed.
    #[error("{given}: allowed is {allowed}")]
    Refused {
        /// Place, key and value.
        given: String,
        /// What is allowed, with its unit.
        allowed: String,
    },
    /// A value that clashes with another one.
    #[error("{given}: {clash}")]
    Clash {
        /// Place, key and value.
        given: String,
        /// The other place, and what to do.
        clash: String,
    },
}

/// Something in a file that has no effect, or not the one written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    path: PathBuf,
    line: usize,
    message: String,
}

impl Warning {
    pub(super) fn new(path: &Path, line: usize, message: String) -> Self {
        Self { path: path.to_owned(), line, message }
    }

    /// `key` is unknown; `near` is the known key that was perhaps meant.
    pub(super) fn unknown_key(path: &Path, line: usize, key: &str, near: Option<String>) -> Self {
        let hint = near
            .map_or_else(|| "; remove it".to_owned(), |near| format!("; did you mean \"{near}\"?"));
        Self::new(path, line, format!("unknown key \"{key}\" is ignored{hint}"))
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}
