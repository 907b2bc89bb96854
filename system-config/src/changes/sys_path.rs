//! A path of an installed system, wherever that is mounted.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file system that a path is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Partition {
    /// The boot partition.
    Boot,
    /// The root.
    Root,
}

/// A path in an installed system, independent of where that is mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SysPath {
    /// The file system; `base` in the record.
    #[serde(rename = "base")]
    pub partition: Partition,
    /// The path from there.
    pub path: PathBuf,
}

impl SysPath {
    /// Below the root.
    pub fn root(path: impl Into<PathBuf>) -> Self {
        Self { partition: Partition::Root, path: path.into() }
    }

    /// On the boot partition.
    pub fn boot(path: impl Into<PathBuf>) -> Self {
        Self { partition: Partition::Boot, path: path.into() }
    }

    /// A file below this folder.
    #[must_use]
    pub fn below(&self, name: impl AsRef<Path>) -> Self {
        Self { partition: self.partition, path: self.path.join(name) }
    }

    /// The folder it lies in, if that is not the partition itself.
    #[must_use]
    pub fn folder(&self) -> Option<Self> {
        let parent = self.path.parent()?;
        (parent != Path::new(""))
            .then(|| Self { partition: self.partition, path: parent.to_owned() })
    }
}
