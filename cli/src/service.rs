//! Where `clusterhatd` is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clusterhat::Options;

/// The socket of `clusterhatd`: that of the system, or, also for a simulation, the one in `CLUSTERHAT_SOCKET`.
pub(crate) fn socket(options: &Options) -> Option<PathBuf> {
    let of_system = || {
        let root = options.root.as_deref().unwrap_or(Path::new("/"));
        options.simulation.is_none().then(|| root.join("run/clusterhat/clusterhatd.sock"))
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
