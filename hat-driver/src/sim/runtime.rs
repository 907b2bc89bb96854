//! The folder in which named simulations live until the machine restarts, with their locks, and the locks
//! of simulations that have no file or none that this user may write.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::beside::{self, Locks};
use super::simulation::Simulation;
use super::store::StoreError;

/// The user's own folder: below `$XDG_RUNTIME_DIR`, or in the temporary folder.
pub(super) fn folder() -> Result<PathBuf, StoreError> {
    // A path that is relative counts as none (XDG Base Directory Specification).
    let parent = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match parent.filter(|parent| parent.is_absolute()) {
        Some(parent) => own(parent.join("clusterhat"), "below XDG_RUNTIME_DIR"),
        None => temporary(),
    }
}

/// The user's own folder in the temporary folder.
fn temporary() -> Result<PathBuf, StoreError> {
    let name = format!("clusterhat-{}", rustix::process::getuid().as_raw());
    own(std::env::temp_dir().join(name), "since XDG_RUNTIME_DIR names no absolute path")
}

/// Makes a folder this user's; `origin` says where its path comes from.
fn own(path: PathBuf, origin: &'static str) -> Result<PathBuf, StoreError> {
    let made = make_private(&path, rustix::process::getuid().as_raw());
    match made {
        Ok(()) => Ok(path),
        Err(source) => Err(StoreError::Folder { path, origin, source }),
    }
}

/// Another user's folder of that name would let them change our simulations.
fn make_private(path: &Path, uid: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).recursive(true).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() && metadata.uid() == uid {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a folder of this user"))
}

/// A named simulation's file, made at its first use.
pub(super) fn builtin(name: &str, simulation: &Simulation) -> Result<PathBuf, StoreError> {
    let path = folder()?.join(format!("{name}.json"));
    if !path.exists() {
        beside::create(&path, &simulation.to_text())
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
    }
    Ok(path)
}

/// The locks for a simulation's file that this user may only read: there is no one to exclude, so that any folder will do.
pub(super) fn locks(simulation: &Path) -> Result<Locks, StoreError> {
    let io = |source| StoreError::Io { path: simulation.to_owned(), source };
    let parent = fs::metadata(simulation.parent().unwrap_or(simulation)).map_err(io)?;
    let name = simulation.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("file-{:x}-{:x}-{name}.lock", parent.dev(), parent.ino());
    Ok(Locks::own(folder().or_else(|_| temporary())?.join(name)))
}

/// The locks of a simulation that no other process has: they go with it.
pub(super) fn locks_of_process() -> Result<Locks, StoreError> {
    let path = folder()?;
    let folder = tempfile::Builder::new().prefix("memory-").tempdir_in(&path);
    Ok(Locks::of_process(folder.map_err(|source| StoreError::Io { path, source })?))
}
