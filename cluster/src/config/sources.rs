//! Where the configuration's texts come from.

use std::fs;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use node_link::text::TomlText;
use rustix::fs::makedev;
use system_config::changes;

use super::error::ConfigError;

/// The texts of the configuration files that are there, with the paths to name in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The program's own file.
    pub toml: Option<(PathBuf, String)>,
    /// The vendor's `/etc/default/clusterctrl`, in use where `toml` is absent.
    pub legacy: Option<(PathBuf, String)>,
}

impl Sources {
    /// The program's own file, below the root.
    pub const OWN: &str = "etc/clusterhat/clusterhat.toml";

    /// The vendor's file, below the root.
    pub const VENDORS: &str = "etc/default/clusterctrl";

    /// Reads both files below `root`; `config` replaces the program's own file and must exist.
    ///
    /// # Errors
    /// A file that is there and cannot be read, or a `config` that is not there.
    pub fn read(root: &Path, config: Option<&Path>) -> Result<Self, ConfigError> {
        let toml = match config {
            Some(path) => Some(Self::read_own(path)?),
            None => read_below(root, Self::OWN)?.map(Self::text).transpose()?,
        };
        // A comment in an old encoding must not stop the command: its keys and values are ASCII.
        let legacy = read_below(root, Self::VENDORS)?
            .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Self { toml, legacy })
    }

    /// The program's own file at another path, and its text.
    ///
    /// # Errors
    /// A file that is not there or cannot be read as text.
    pub fn read_own(path: &Path) -> Result<(PathBuf, String), ConfigError> {
        let bytes = read_named(path).map_err(|source| unreadable(path, source))?;
        Self::text((path.to_owned(), bytes))
    }

    fn text((path, bytes): (PathBuf, Vec<u8>)) -> Result<(PathBuf, String), ConfigError> {
        let text = TomlText::of_bytes(&path, &bytes)?.as_str().to_owned();
        Ok((path, text))
    }
}

/// A file that the user names: their own links may lead anywhere, and `/dev/null` is an empty one.
fn read_named(path: &Path) -> Result<Vec<u8>, Error> {
    let found = fs::metadata(path)?;
    // Its number in the kernel's devices.txt.
    if found.file_type().is_char_device() && found.rdev() == makedev(1, 3) {
        return Ok(Vec::new());
    }
    let place = fs::canonicalize(path)?;
    changes::read(Path::new("/"), &place)?.ok_or_else(|| ErrorKind::NotFound.into())
}

/// A file below a root, if it is there. A link on a card that is mounted there is the card's own.
fn read_below(root: &Path, path: &str) -> Result<Option<(PathBuf, Vec<u8>)>, ConfigError> {
    let shown = root.join(path);
    match changes::read(root, Path::new(path)) {
        Ok(bytes) => Ok(bytes.map(|bytes| (shown, bytes))),
        Err(source) => Err(unreadable(&shown, source)),
    }
}

fn unreadable(path: &Path, source: Error) -> ConfigError {
    let path = path.to_owned();
    match source.kind() {
        // The system says nothing against it: it is no regular file, or far too long.
        ErrorKind::Other => ConfigError::Unfit { path, source },
        _ => ConfigError::Unreadable { path, source },
    }
}
