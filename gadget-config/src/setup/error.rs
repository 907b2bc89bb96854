//! What stands in the way of a set-up, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::node_file::NodeFileError;

/// Why a card cannot be set up, or a set-up not undone.
#[derive(Debug, thiserror::Error)]
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
    #[error("{} holds no etc: give the folder on which the card's root is mounted as --root", .0.display())]
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
    /// A boot folder alone would mix a card's boot partition with this machine's root.
    #[error(
        "--boot-dir {} needs --root: the root folder of the same card, or / for this machine",
        .0.display()
    )]
    BootDirAlone(PathBuf),
    /// The running machine is no Zero.
    #[error(
        "this machine is a {0}, not a Zero: to prepare a card give --root and --boot-dir, to set up this machine all the same --root /"
    )]
    NotAZero(String),
    /// Somebody else makes a gadget of the port.
    #[error("{what} is switched on ({}) and claims the USB port: {cure}", .path.display())]
    Rival {
        /// Who.
        what: &'static str,
        /// The file that says so.
        path: PathBuf,
        /// How to switch it off.
        cure: String,
    },
    /// The node's unit is not installed.
    #[error("{unit} is not installed below {}: {cure}", .root.display())]
    UnitMissing {
        /// Its name.
        unit: &'static str,
        /// The root.
        root: PathBuf,
        /// What to do.
        cure: String,
    },
    /// A unit is masked.
    #[error("{unit} is masked by {}: remove that link first (systemctl unmask {unit})", .path.display())]
    UnitMasked {
        /// Its name.
        unit: &'static str,
        /// The link.
        path: PathBuf,
    },
    /// Neither of the two network managers.
    #[error(
        "no network manager for usb0 below {}: {found}; install NetworkManager or enable systemd-networkd",
        .root.display()
    )]
    NoNetworkManager {
        /// The root.
        root: PathBuf,
        /// What there is instead.
        found: String,
    },
    /// No file, where one has to be.
    #[error("{} is no regular file: set it right by hand first", .0.display())]
    NotAFile(PathBuf),
    /// A name that no host can have.
    #[error("{0:?} is no host name: 1 to 63 of a-z, 0-9 and -, with no - at either end, are")]
    HostName(String),
    /// A file that has to be text is none.
    #[error("{} is no UTF-8 text: set it right by hand first", .0.display())]
    NotText(PathBuf),
    /// The node's file.
    #[error(transparent)]
    NodeFile(#[from] NodeFileError),
    /// The record of what was changed.
    #[error("{}: {message}; restore the card by hand from the copies beside it", .path.display())]
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
    /// Whether what was asked for, or the node's file, is wrong, not the card.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoEtc(_)
                | Self::NoConfigTxt(_)
                | Self::NoBootDir(_)
                | Self::BootDirAlone(_)
                | Self::NotAZero(_)
                | Self::HostName(_)
                | Self::NotText(_)
                | Self::NodeFile(_)
        )
    }

    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
