//! Where the configuration's texts come from.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::ConfigError;

/// The program's own file, below the root.
const OWN: &str = "etc/clusterhat/clusterhat.toml";

/// The vendor's file, below the root.
const VENDOR: &str = "etc/default/clusterctrl";

/// The texts of the configuration files that are there, with the paths to name in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The program's own file.
    pub(crate) toml: Option<(PathBuf, String)>,
    /// The vendor's `/etc/default/clusterctrl`, in use where `toml` is absent.
    pub(crate) legacy: Option<(PathBuf, String)>,
}

impl Sources {
    /// Reads both files below `root`; `config` stands for the program's own file and must exist.
    ///
    /// # Errors
    /// A file that is there and cannot be read, or a `config` that is not there.
    pub(crate) fn read(root: &Path, config: Option<&Path>) -> Result<Self, ConfigError> {
        let toml = match config {
            Some(path) => Some(read(path)?),
            None => if_present(read(&root.join(OWN)))?,
        };
        let legacy = if_present(read(&root.join(VENDOR)))?;
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
        };
        Ok(Self {
            toml: toml
                .map(|(path, bytes)| match text(bytes) {
                    Ok(text) => Ok((path, text)),
                    Err(source) => Err(ConfigError::Unreadable { path, source }),
                })
                .transpose()?,
            // A comment in an old encoding must not stop the command: its keys and values are ASCII.
            legacy: legacy
                .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned())),
        })
    }
}

fn read(path: &Path) -> Result<(PathBuf, Vec<u8>), ConfigError> {
    match fs::read(path) {
        Ok(bytes) => Ok((path.to_owned(), bytes)),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

fn if_present<T>(result: Result<T, ConfigError>) -> Result<Option<T>, ConfigError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ConfigError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
