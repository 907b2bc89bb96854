//! Where `clusterhatd` is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clusterhat::Options;
use clusterhat::service::SOCKET;

/// The socket of `clusterhatd`: that of the system, or, also for a simulation, the one in `CLUSTERHAT_SOCKET`.
pub(crate) fn socket(options: &Options) -> Option<PathBuf> {
    let of_system = || {
        let root = options.root.as_deref().unwrap_or(Path::new("/"));
        let socket = root.join(SOCKET);
        // A system that is only mounted may have a link there to the service of this machine, whose nodes are others.
        let is_its_own = options.root.is_none() || !socket.is_symlink();
        (options.simulation.is_none() && is_its_own).then_some(socket)
    };
    named().map(PathBuf::from).or_else(of_system)
}

/// Whether somebody has named it.
pub(crate) fn is_named() -> bool {
    named().is_some()
}

fn named() -> Option<OsString> {
    std::env::var_os("CLUSTERHAT_SOCKET").filter(|path| !path.is_empty())
}
