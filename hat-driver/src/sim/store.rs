//! Where a simulation is kept: in memory, or in a file that every transfer reads and writes.
//!
//! A file behaves as hardware does: what a transfer changes is there for the next process, whatever
//! happens to this one. Each transfer holds a lock, so transfers of several processes interleave
//! whole, and writing is a rename, so a reader never sees half a simulation. The lock lies beside the file:
//! it holds for every user and every runtime folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::beside::{self, Locks};
use super::recording::recorded;
use super::regular_file;
use super::simulation::Simulation;
use super::simulation_text::SimulationError;
use crate::linux::lock::{FileLock, LockError};

/// How long another process may take for one transfer.
const TRANSFER_LIMIT: Duration = Duration::from_secs(10);

/// No simulation is as long as this; a file that is would fill the memory.
const LARGEST: u64 = 4 << 20;

/// A simulation and the file that holds it, if any.
#[derive(Debug)]
pub(super) struct Store {
    simulation: Simulation,
    /// What the file held when it was last read or written.
    text: String,
    file: Option<SimulationFile>,
    /// Transfers made by this process.
    pub(super) transfers: u32,
}

/// A simulation's file.
#[derive(Debug)]
struct SimulationFile {
    path: PathBuf,
    /// What keeps transfers apart; none where the file may only be read.
    lock: Option<FileLock>,
}

/// Why a simulation cannot be had.
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
    /// The folder of this user's simulations cannot be used.
    #[error("cannot use {}, the folder of your simulations {origin}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Where its path comes from.
        origin: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The lock beside the file cannot be used.
    #[error("{}: cannot use its lock {}: {source}", path.display(), lock.display())]
    Lock {
        /// The simulation's file.
        path: PathBuf,
        /// The lock's file.
        lock: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no simulation.
    #[error("{}: {source}", path.display())]
    Simulation {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SimulationError,
    },
}

impl Store {
    /// Keeps a simulation in memory.
    #[must_use]
    pub(super) fn memory(simulation: Simulation) -> Self {
        Self { text: simulation.to_text(), simulation, file: None, transfers: 0 }
    }

    /// Opens a simulation in a file. One that may not be replaced can be read.
    ///
    /// # Errors
    /// [`StoreError`] names the file.
    pub(super) fn file(path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        // A link stays a link: the file that it names is replaced.
        let path = fs::canonicalize(path).map_err(io)?;
        let text = read(&path).map_err(io)?;
        let simulation = Simulation::parse(&text)
            .map_err(|source| StoreError::Simulation { path: path.clone(), source })?;
        let lock = beside::is_replaceable(&path).then(|| open_lock(&path)).transpose()?;
        let file = Some(SimulationFile { path, lock });
        Ok(Self { simulation, text, file, transfers: 0 })
    }

    /// The file that holds the simulation; whether it may be replaced.
    pub(super) fn place(&self) -> Option<(&Path, bool)> {
        self.file.as_ref().map(|file| (&*file.path, file.lock.is_some()))
    }

    /// The simulation as it was at the last transfer or [`Self::refresh`].
    #[must_use]
    pub(super) const fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// Reads the file again; whether another process has changed it.
    ///
    /// # Errors
    /// Where the file is gone or no simulation any more.
    pub(super) fn refresh(&mut self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        let text = read(&file.path)?;
        if text == self.text {
            return Ok(false);
        }
        self.simulation = Simulation::parse(&text).map_err(io::Error::other)?;
        self.text = text;
        Ok(true)
    }

    /// Changes the simulation: reads it, lets `change` work on it, and writes it back where it differs.
    ///
    /// # Errors
    /// Where the file cannot be read or written; nothing has changed then.
    pub(super) fn change<R>(&mut self, change: impl FnOnce(&mut Simulation) -> R) -> io::Result<R> {
        if let Some(lock) = self.lock() {
            let acquired = lock.acquire(TRANSFER_LIMIT);
            acquired.map_err(|error| match error {
                LockError::Io(error) => {
                    let problem = format!("cannot use the lock {}: {error}", lock.path().display());
                    io::Error::new(error.kind(), problem)
                }
                LockError::TimedOut(_) => io::ErrorKind::TimedOut.into(),
            })?;
        }
        let result = self.refresh().and_then(|_| {
            let before = self.simulation.state();
            let result = recorded(&mut self.simulation, change);
            // Most transfers only read.
            if self.simulation.state() == before {
                return Ok(result);
            }
            self.save().map(|()| result)
        });
        if let Some(lock) = self.lock() {
            lock.release();
        }
        result
    }

    fn lock(&mut self) -> Option<&mut FileLock> {
        self.file.as_mut()?.lock.as_mut()
    }

    fn save(&mut self) -> io::Result<()> {
        let text = self.simulation.to_text();
        if text == self.text {
            return Ok(());
        }
        let saved = match &self.file {
            None => Ok(()),
            Some(SimulationFile { path, lock: Some(_) }) => beside::replace(path, &text),
            Some(SimulationFile { path, lock: None }) => self.only_asked(path),
        };
        match saved {
            Ok(()) if self.is_read_only() => {}
            Ok(()) => self.text = text,
            Err(error) => {
                self.simulation = Simulation::parse(&self.text).map_err(io::Error::other)?;
                return Err(error);
            }
        }
        Ok(())
    }

    const fn is_read_only(&self) -> bool {
        matches!(self.file, Some(SimulationFile { lock: None, .. }))
    }

    /// A question to a ClusterCTRL board changes the registers in which it answers: those may differ
    /// from the file for as long as this process asks.
    fn only_asked(&self, path: &Path) -> io::Result<()> {
        let file = Simulation::parse(&self.text).map_err(io::Error::other)?;
        if self.simulation.but_for_answers() == file.but_for_answers() {
            return Ok(());
        }
        let problem = format!("{} may only be read, not changed", path.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
    }
}

/// The lock that keeps transfers apart.
fn open_lock(simulation: &Path) -> Result<FileLock, StoreError> {
    let (locks, what) = (Locks::beside(simulation), "transfer");
    let opened = locks.path(what).and_then(|path| FileLock::open(&path));
    opened.map_err(|source| {
        let (path, lock) = (simulation.to_owned(), locks.place(what));
        StoreError::Lock { path, lock, source }
    })
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn read(path: &Path) -> io::Result<String> {
    let file = regular_file::open(path, OpenOptions::new().read(true))?;
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(invalid("it is longer than 4 MiB, too long for a simulation".to_owned()));
    }
    // As some editors begin a file.
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        invalid(format!("line {line} is not UTF-8: save this file as UTF-8"))
    })
}
