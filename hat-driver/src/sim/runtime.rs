//! The folder in which named worlds and the locks of all worlds live until the machine restarts.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::store::StoreError;
use super::world::World;

/// The user's own folder: below `$XDG_RUNTIME_DIR`, or in the temporary folder.
pub(super) fn folder() -> Result<PathBuf, StoreError> {
    let uid = rustix::process::getuid().as_raw();
    let path = match std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()) {
        Some(parent) => PathBuf::from(parent).join("clusterhat"),
        None => std::env::temp_dir().join(format!("clusterhat-{uid}")),
    };
    make_private(&path, uid).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    Ok(path)
}

/// Somebody else's folder of that name would let them change our worlds.
fn make_private(path: &Path, uid: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).recursive(true).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() && metadata.uid() == uid {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "is not a folder of this user"))
}

/// A named world's file, made at its first use, and what its locks' names begin with.
pub(super) fn builtin(name: &str, world: &World) -> Result<(PathBuf, PathBuf), StoreError> {
    let folder = folder()?;
    let path = folder.join(format!("{name}.json"));
    if !path.exists() {
        create(&path, &world.to_text())
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
    }
    let locks = folder.join(format!("{}.lock", name.replace('.', "_")));
    Ok((path, locks))
}

/// Makes a file with this content, unless another process was faster.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&new, text)?;
    let result = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// A world's own file, and what its locks' names begin with: its folder and name identify it, since
/// each write makes a new file.
pub(super) fn file(path: &Path) -> Result<(PathBuf, PathBuf), StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let path = fs::canonicalize(path).map_err(io)?;
    let parent = fs::metadata(path.parent().unwrap_or(&path)).map_err(io)?;
    let name: String = path.file_name().unwrap_or_default().to_string_lossy().replace('.', "_");
    let locks = format!("file-{:x}-{:x}-{name}.lock", parent.dev(), parent.ino());
    Ok((path, folder()?.join(locks)))
}
