//! A network manager's files: those that are written, and that of the uplink, which they replace.

use std::path::PathBuf;

use super::NetworkError;
use crate::changes::SysPath;

/// A file of ours.
pub(super) struct ConfigFile {
    pub(super) sys_path: SysPath,
    pub(super) text: String,
    pub(super) mode: u32,
}

impl ConfigFile {
    pub(super) fn public(path: &str, text: String) -> Self {
        Self { sys_path: SysPath::root(path), text, mode: 0o644 }
    }
}

/// The interface that becomes a port of the bridge.
pub(super) struct Uplink {
    pub(super) name: String,
    /// Nothing for a system that is not running.
    pub(super) mac: Option<String>,
    /// The file that configures it now, and what is in it.
    pub(super) file: Option<(PathBuf, String)>,
    /// By which, beside the machine's own ID, networkd's DHCP client names itself there.
    pub(super) iaid: Option<u32>,
}

impl Uplink {
    pub(super) fn refuse(&self, what: &str) -> NetworkError {
        let path = self.file.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
        NetworkError::Uplink { uplink: self.name.clone(), path, what: what.to_owned() }
    }
}
