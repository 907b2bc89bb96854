//! Where a world lives: in memory, or in a file that every transfer reads and writes.
//!
//! A file behaves as hardware does: what a transfer changes is there for the next process, whatever
//! happens to this one. Each transfer holds a lock, so transfers of several processes interleave
//! whole, and writing is a rename, so a reader never sees half a world.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::world::{World, WorldError};
use crate::linux::lock::{FileLock, LockError};

/// How long another process may take for one transfer.
const TRANSFER_LIMIT: Duration = Duration::from_secs(10);

/// A world and its place.
#[derive(Debug)]
pub struct Store {
    world: World,
    /// What the file held when it was last read or written.
    text: String,
    file: Option<(PathBuf, FileLock)>,
    /// Transfers made by this process.
    pub(super) transfers: u32,
    /// How often others are known to have changed the world.
    pub(super) foreign: u64,
}

/// Why a world cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no world.
    #[error("{}: {source}", path.display())]
    World {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WorldError,
    },
}

impl Store {
    /// Keeps a world in memory.
    #[must_use]
    pub fn memory(world: World) -> Self {
        Self { text: world.to_text(), world, file: None, transfers: 0, foreign: 0 }
    }

    /// Opens a world in a file. `lock` is the file whose lock keeps transfers apart.
    ///
    /// # Errors
    /// [`StoreError`] names the file.
    pub fn file(path: &Path, lock: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        // A link stays a link: the file that it names is replaced.
        let path = fs::canonicalize(path).map_err(io)?;
        let lock = FileLock::open(lock).map_err(io)?;
        let text = fs::read_to_string(&path).map_err(io)?;
        let world = World::parse(&text)
            .map_err(|source| StoreError::World { path: path.clone(), source })?;
        Ok(Self { world, text, file: Some((path, lock)), transfers: 0, foreign: 0 })
    }

    /// The world as it was at the last transfer or [`Self::refresh`].
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Reads the file again; whether somebody else has changed it.
    ///
    /// # Errors
    /// Where the file is gone or no world any more.
    pub fn refresh(&mut self) -> io::Result<bool> {
        let Some((path, _)) = &self.file else { return Ok(false) };
        let text = fs::read_to_string(path)?;
        if text == self.text {
            return Ok(false);
        }
        self.world = World::parse(&text).map_err(io::Error::other)?;
        self.text = text;
        self.foreign += 1;
        Ok(true)
    }

    /// Changes the world: reads it, lets `change` work on it, and writes it back where it differs.
    ///
    /// # Errors
    /// Where the file cannot be read or written; nothing has changed then.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut World) -> R) -> io::Result<R> {
        if let Some((_, lock)) = &mut self.file {
            lock.acquire(TRANSFER_LIMIT).map_err(|error| match error {
                LockError::Io(error) => error,
                LockError::TimedOut(_) => io::ErrorKind::TimedOut.into(),
            })?;
        }
        let result = self.refresh().and_then(|_| {
            let result = change(&mut self.world);
            self.save().map(|()| result)
        });
        if let Some((_, lock)) = &mut self.file {
            lock.release();
        }
        result
    }

    fn save(&mut self) -> io::Result<()> {
        let text = self.world.to_text();
        if text == self.text {
            return Ok(());
        }
        if let Some((path, _)) = &self.file {
            replace(path, &text)?;
        }
        self.text = text;
        Ok(())
    }
}

/// Replaces a file's content in one step, and keeps its permissions.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let new = path.with_file_name(name);
    fs::write(&new, text)?;
    if let Ok(old) = fs::metadata(path) {
        fs::set_permissions(&new, old.permissions())?;
    }
    fs::rename(&new, path)
}
