//! What is slow to get stays in `tests/.cache/pi`: ignored by git, safe to delete.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::vm::image;

const RECIPE: &str = "recipe";

/// A folder of the cache, made if it is not there or was made by another recipe. It appears whole
/// or not at all.
///
/// # Errors
/// What making it says.
pub(super) fn made(
    name: &str,
    recipe: &str,
    make: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let all = image::cache()?.join("pi");
    fs::create_dir_all(&all)?;
    // Two test programs may want to make it at the same time; the second then finds it made.
    let lock = File::create(all.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let dir = all.join(name);
    if fs::read_to_string(dir.join(RECIPE)).is_ok_and(|made_by| made_by == recipe) {
        return Ok(dir);
    }
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let making = TempDir::new_in(&all)?;
    make(making.path())?;
    fs::write(making.path().join(RECIPE), recipe)?;
    fs::rename(making.keep(), &dir)?;
    Ok(dir)
}
