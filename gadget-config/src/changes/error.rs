//! What stands in the way of a change, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a system cannot be changed, or a change not undone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// The operation.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root is none.
    #[error("{} holds no etc: give the folder on which the system's root is mounted as --root", .0.display())]
    NoEtc(PathBuf),
    /// The boot folder is none.
    #[error(
        "{} holds no config.txt: give the folder on which the card's boot partition is mounted as --boot-dir",
        .0.display()
    )]
    NoConfigTxt(PathBuf),
    /// No boot folder below the root.
    #[error(
        "no config.txt in boot/firmware or boot below {}: mount the card's boot partition there or give its folder as --boot-dir",
        .0.display()
    )]
    NoBootDir(PathBuf),
    /// No file, where one has to be.
    #[error("{} is no regular file: set it right by hand first", .0.display())]
    NotAFile(PathBuf),
    /// The record of what was changed.
    #[error("{}: {message}; restore by hand from the copies beside it", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Files were changed after the set-up.
    #[error(
        "changed since the set-up: {}; keep what you need of them and use --force to put the old ones back",
        list(.0)
    )]
    ChangedSince(Vec<PathBuf>),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Error {
    /// Whether the folders that were given are wrong.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoEtc(_) | Self::NoConfigTxt(_) | Self::NoBootDir(_))
    }

    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
