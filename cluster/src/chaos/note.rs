//! Which nodes have no power because of chaos, on the disk: whoever is killed in the middle leaves it to the next run,
//! and to whoever looks for the cause.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::Resource;
use hat_driver::linux::lock::{FileLock, LockError};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use system_config::changes;

use super::error::ChaosError;
use crate::backend::Backend;
use crate::cluster::Cluster;

/// On a controller, below its root.
const FILE: &str = "var/lib/clusterhat/power/chaos.json";

/// The version of the note.
const VERSION: u32 = 1;

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Document {
    version: u32,
    /// By their numbers.
    nodes: Vec<u32>,
}

/// The note, which one process at a time may keep.
pub(super) struct Note {
    path: PathBuf,
    nodes: Vec<u32>,
    _lock: FileLock,
}

impl Note {
    /// Opens the note, with what an earlier run has left in it.
    pub(super) fn open(cluster: &Cluster) -> Result<Self, ChaosError> {
        let path = path(cluster)?;
        let io = |source| ChaosError::Note { path: path.clone(), source };
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(io)?;
        let mut lock = FileLock::open(&path.with_extension("lock")).map_err(io)?;
        lock.acquire(Duration::ZERO).map_err(|error| match error {
            LockError::TimedOut(holder) => ChaosError::Running(
                holder.map_or_else(|| "another process".to_owned(), |by| by.to_string()),
            ),
            LockError::Io(source) => io(source),
            _ => io(io::Error::other("it cannot be locked")),
        })?;
        let nodes = read(&path)?;
        Ok(Self { path, nodes, _lock: lock })
    }

    /// The nodes without power, by their numbers.
    pub(super) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// Where it is, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes a node before it loses its power: once this returns it is on the disk.
    pub(super) fn add(&mut self, node: u32) -> Result<(), ChaosError> {
        if !self.nodes.contains(&node) {
            self.nodes.push(node);
        }
        self.write()
    }

    /// Nodes have their power again. The last one takes the file with it.
    pub(super) fn remove(&mut self, nodes: &[u32]) -> Result<(), ChaosError> {
        self.nodes.retain(|node| !nodes.contains(node));
        match self.nodes.is_empty() {
            false => self.write(),
            true => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.error(error)),
                _ => Ok(()),
            },
        }
    }

    /// The old one or the new one, whenever the power goes.
    fn write(&self) -> Result<(), ChaosError> {
        let document = Document { version: VERSION, nodes: self.nodes.clone() };
        let draft = self.path.with_extension("new");
        let written = serde_json::to_vec(&document).map_err(io::Error::other).and_then(|bytes| {
            let mut file = File::create(&draft)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new("/")))?.sync_all()
        });
        written.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> ChaosError {
        ChaosError::Note { path: self.path.clone(), source }
    }
}

/// What an interrupted run has left: nothing where there was none, or where one runs.
///
/// # Errors
/// A note that cannot be read.
pub(crate) fn left(cluster: &Cluster) -> Result<Vec<u32>, ChaosError> {
    let path = path(cluster)?;
    let nodes = read(&path)?;
    if nodes.is_empty() {
        return Ok(nodes);
    }
    let mut options = OpenOptions::new();
    // Whatever else is in its place is not waited for.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let is_held = options.open(path.with_extension("lock")).is_ok_and(|lock| {
        use rustix::fs::{FlockOperation, flock};
        flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
    });
    Ok(if is_held { Vec::new() } else { nodes })
}

fn read(path: &Path) -> Result<Vec<u32>, ChaosError> {
    let damaged = |problem| ChaosError::Damaged { path: path.to_owned(), problem };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default();
    let bytes = match changes::read(folder.unwrap_or(Path::new(".")), Path::new(name)) {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(bytes)) => bytes,
        // The system says nothing against it: it is no regular file, or far too long.
        Err(error) if error.raw_os_error().is_none() => return Err(damaged(error.to_string())),
        Err(source) => return Err(ChaosError::Note { path: path.to_owned(), source }),
    };
    let document: Document =
        serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    match document.version {
        VERSION => Ok(document.nodes),
        version => {
            Err(damaged(format!("its version is {version}, and this program knows {VERSION}")))
        }
    }
}

/// Beside a simulation's own files, as it has no system.
fn path(cluster: &Cluster) -> Result<PathBuf, ChaosError> {
    match &cluster.backend {
        Backend::System { root } => Ok(root.join(FILE)),
        Backend::Simulation(_) => {
            let lock = cluster.driver.platform().lock_path(Resource::Record);
            let lock = lock.map_err(|source| ChaosError::Note { path: FILE.into(), source })?;
            Ok(lock.with_extension("chaos"))
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_damaged_note_says_what_to_do_and_a_fifo_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (text, fifo) = (folder.path().join("text"), folder.path().join("fifo"));
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let mut errors = vec![read(&fifo).unwrap_err()];
        for damage in ["", "{", "{\"version\":2,\"nodes\":[]}", "{\"version\":1,\"nodes\":[-1]}"] {
            fs::write(&text, damage).unwrap();
            errors.push(read(&text).unwrap_err());
        }
        for error in errors {
            assert!(matches!(error, ChaosError::Damaged { .. }), "{error:?}");
            assert!(error.to_string().ends_with("correct or remove it"), "{error}");
        }
        assert!(read(&folder.path().join("none")).unwrap().is_empty());
        fs::write(&text, "{\"version\":1,\"nodes\":[2]}").unwrap();
        assert_eq!(read(&text).unwrap(), [2]);
    }
}
