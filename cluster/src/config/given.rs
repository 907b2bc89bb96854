//! A value together with its source, so that a later step can still say where to correct it.

use std::fmt;
use std::path::{Path, PathBuf};

use node_link::text::one_line;

use super::error::ConfigError;

/// A value, how it was written, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given<T> {
    pub(super) value: T,
    text: String,
    origin: Origin,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    File {
        path: PathBuf,
        line: usize,
        key: String,
    },
    Environment(&'static str),
    /// The call itself.
    Call(&'static str),
}

impl<T> Given<T> {
    pub(super) fn new(value: T, text: &str, origin: Origin) -> Self {
        Self { value, text: one_line(text), origin }
    }

    pub(super) fn with<U>(&self, value: U) -> Given<U> {
        Given { value, text: self.text.clone(), origin: self.origin.clone() }
    }

    /// The line in its file; 0 for values from elsewhere.
    pub(super) fn line(&self) -> usize {
        match &self.origin {
            Origin::File { line, .. } => *line,
            Origin::Environment(_) | Origin::Call(_) => 0,
        }
    }

    /// Whether the call or the environment gave it.
    pub(super) fn is_for_this_call(&self) -> bool {
        !matches!(self.origin, Origin::File { .. })
    }

    pub(super) fn refused(&self, allowed: &str) -> ConfigError {
        let (given, allowed) = (self.to_string(), allowed.to_owned());
        match self.origin {
            Origin::Call(_) => ConfigError::Override { given, allowed },
            _ => ConfigError::Refused { given, allowed },
        }
    }

    pub(super) fn clash(&self, clash: impl Into<String>) -> ConfigError {
        ConfigError::Clash { given: self.to_string(), clash: clash.into() }
    }
}

impl<T> fmt::Display for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File { path, line, key } => {
                write!(f, "{}:{line}: {}", path.display(), one_line(key))?;
                if self.text.is_empty() { Ok(()) } else { write!(f, " = {}", self.text) }
            }
            Origin::Environment(name) => write!(f, "{name} = {}", self.text),
            Origin::Call(name) => write!(f, "{name} {}", self.text),
        }
    }
}

impl Origin {
    pub(super) fn file(path: &Path, line: usize, key: &str) -> Self {
        Self::File { path: path.to_owned(), line, key: key.to_owned() }
    }
}
