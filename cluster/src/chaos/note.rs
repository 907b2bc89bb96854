//! The note: a file with the nodes that are off because of `chaos`. After a kill, the next run restores them, and `doctor`
//! reports them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::lock::{self, FileLock, LockError};
use hat_driver::linux::{Node, Resource};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use system_config::changes::{self, FileState, LinuxDisk};

use super::error::ChaosError;
use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::numbering::Numbering;

/// On a controller, below its root.
const FILE: &str = "var/lib/clusterhat/power/chaos.json";

/// The version of the note.
const VERSION: u32 = 1;

/// The longest wait for the note's lock, which is held only while a short file is written to a card.
const LIMIT: Duration = Duration::from_secs(5);

/// Everybody who may switch nodes may change the note.
const MODE: u32 = 0o664;

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Document {
    version: u32,
    /// By their numbers.
    nodes: Vec<u32>,
    /// Those of them that have their power, and hang.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hung: Vec<u32>,
    /// Where they are: their numbers move with boards that come or go.
    #[serde(default, skip_serializing_if = "Numbering::is_empty")]
    numbering: Numbering,
}

/// Nodes that were taken out of the note.
#[derive(Debug, Default)]
pub(crate) struct Forgotten(Document);

/// The note, held by the only run that is possible at a time.
pub(super) struct Note {
    file: NoteFile,
    /// As the run began.
    numbering: Numbering,
    _lock: FileLock,
}

/// A node of the note.
pub(super) struct NotedNode {
    pub(super) number: u32,
    /// Whether it has its power, and hangs.
    pub(super) hangs: bool,
    /// The board that it was on as it was noted, where the number is another node's now.
    pub(super) moved_from: Option<String>,
}

/// The note's file, which every caller may change.
struct NoteFile {
    path: PathBuf,
    /// The controller's root, or a simulation's file.
    place: Place,
}

enum Place {
    Root(PathBuf),
    Simulation(PathBuf),
}

impl Forgotten {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.nodes.is_empty()
    }
}

impl Note {
    /// Opens the note, with what an earlier run has left in it.
    pub(super) fn open(cluster: &Cluster) -> Result<Self, ChaosError> {
        let file = NoteFile::of(cluster)?;
        let io = |source| file.error(source);
        fs::create_dir_all(file.folder()).map_err(io)?;
        let mut lock = FileLock::open(&file.path.with_extension("lock")).map_err(io)?;
        lock.acquire(Duration::ZERO).map_err(|error| match error {
            LockError::TimedOut(holder) => ChaosError::Running(
                holder.map_or_else(|| "another process".to_owned(), |by| by.to_string()),
            ),
            LockError::Io(source) => io(source),
            _ => io(io::Error::other("it cannot be locked")),
        })?;
        read(&file.path)?;
        Ok(Self { file, numbering: cluster.numbering(), _lock: lock })
    }

    /// The nodes that are not as they were found, by their numbers, in their order.
    pub(super) fn nodes(&self) -> Result<Vec<u32>, ChaosError> {
        let mut nodes = read(&self.file.path)?.nodes;
        nodes.sort_unstable();
        Ok(nodes)
    }

    /// The same, with what is noted of each.
    pub(super) fn noted(&self) -> Result<Vec<NotedNode>, ChaosError> {
        Ok(read(&self.file.path)?.noted(&self.numbering))
    }

    /// Where it is, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Notes a node before its fault: once this returns it is on the disk.
    pub(super) fn add(&mut self, node: u32, hangs: bool) -> Result<(), ChaosError> {
        self.file.change(|document| document.add(node, hangs, &self.numbering))
    }

    /// Nodes are as they were found. The last one takes the file with it.
    pub(super) fn remove(&mut self, nodes: &[u32]) -> Result<(), ChaosError> {
        self.file.change(|document| drop(document.take(nodes)))
    }
}

impl Document {
    /// Each node in their order, where nodes are numbered like this now.
    fn noted(self, now: &Numbering) -> Vec<NotedNode> {
        let Self { mut nodes, hung, numbering, .. } = self;
        nodes.sort_unstable();
        let noted = |number| {
            let has_moved = !numbering.agrees(now, number);
            let board = numbering.board(number).filter(|_| has_moved);
            let moved_from = board.map(str::to_owned);
            NotedNode { number, hangs: hung.contains(&number), moved_from }
        };
        nodes.into_iter().map(noted).collect()
    }

    fn add(&mut self, node: u32, hangs: bool, numbering: &Numbering) {
        drop(self.take(&[node]));
        self.nodes.push(node);
        self.hung.extend(hangs.then_some(node));
        self.numbering.add(numbering, node);
    }

    fn take(&mut self, nodes: &[u32]) -> Self {
        let (taken, left) = self.nodes.iter().partition(|node| nodes.contains(node));
        self.nodes = left;
        let (hung, left) = self.hung.iter().partition(|node| nodes.contains(node));
        self.hung = left;
        let mut numbering = Numbering::default();
        for &node in nodes {
            numbering.add(&self.numbering, node);
            self.numbering.remove(node);
        }
        Self { version: VERSION, nodes: taken, hung, numbering }
    }
}

impl NoteFile {
    fn of(cluster: &Cluster) -> Result<Self, ChaosError> {
        let path = path(cluster)?;
        let place = match &cluster.backend {
            Backend::System { root } => Place::Root(root.clone()),
            Backend::Simulation(machine) => Place::Simulation(machine.path().unwrap_or_default()),
        };
        Ok(Self { path, place })
    }

    fn folder(&self) -> &Path {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new("."))
    }

    /// Changes the note: under its lock, and atomically, so that a loss of power leaves the old one or the new one.
    fn change(&self, change: impl FnOnce(&mut Document)) -> Result<(), ChaosError> {
        let io = |source| self.error(source);
        let folder = File::open(self.folder()).map_err(io)?;
        lock::wait(&folder, LIMIT).map_err(|error| match error {
            LockError::Io(source) => io(source),
            _ => io(io::ErrorKind::TimedOut.into()),
        })?;
        let mut document = read(&self.path)?;
        change(&mut document);
        if !document.nodes.is_empty() {
            document.version = VERSION;
            let bytes = serde_json::to_vec(&document).map_err(|error| io(error.into()))?;
            return self.replace(bytes);
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io(error)),
            _ => folder.sync_all().map_err(io),
        }
    }

    fn replace(&self, bytes: Vec<u8>) -> Result<(), ChaosError> {
        let replaced = match &self.place {
            Place::Root(root) => {
                let state = FileState { bytes, mode: MODE, owner: None };
                changes::replace_file(&mut LinuxDisk, root, Path::new(FILE), &state)
                    .map_err(io::Error::other)
            }
            Place::Simulation(file) => {
                let text = String::from_utf8_lossy(&bytes);
                hat_driver::sim::replace_beside(file, &self.path, &text)
            }
        };
        replaced.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> ChaosError {
        ChaosError::Note { path: self.path.clone(), source }
    }
}

/// Another command switches these nodes: no run restores them any more.
///
/// # Errors
/// A note that cannot be changed.
pub(crate) fn forget(cluster: &Cluster, nodes: &[Node]) -> Result<Forgotten, ChaosError> {
    let file = NoteFile::of(cluster)?;
    let numbers: Vec<_> = nodes.iter().map(|node| node.number()).collect();
    let mut taken = Forgotten::default();
    // Without one, as nearly always, nothing is locked.
    if read(&file.path)?.nodes.iter().any(|node| numbers.contains(node)) {
        let now = cluster.numbering();
        file.change(|document| {
            let same = |number: &u32| document.numbering.agrees(&now, *number);
            let numbers: Vec<_> = numbers.into_iter().filter(same).collect();
            taken.0 = document.take(&numbers);
        })?;
    }
    Ok(taken)
}

/// These nodes were not switched after all: a run restores them again.
///
/// # Errors
/// As [`forget`].
pub(crate) fn remember(
    cluster: &Cluster,
    mut forgotten: Forgotten,
    nodes: &[Node],
) -> Result<(), ChaosError> {
    let numbers: Vec<_> = nodes.iter().map(|node| node.number()).collect();
    let back = forgotten.0.take(&numbers);
    if back.nodes.is_empty() {
        return Ok(());
    }
    NoteFile::of(cluster)?.change(|document| {
        for &node in &back.nodes {
            document.add(node, back.hung.contains(&node), &back.numbering);
        }
    })
}

/// The nodes that an interrupted run has left; empty if there was none, or if one is in progress.
///
/// # Errors
/// A note that cannot be read.
pub(crate) fn left(cluster: &Cluster) -> Result<Vec<u32>, ChaosError> {
    Ok(read_left(cluster)?.nodes)
}

/// The same, with what is noted of each, and where the note is, for messages.
///
/// # Errors
/// As [`left`].
pub(super) fn noted_left(cluster: &Cluster) -> Result<(PathBuf, Vec<NotedNode>), ChaosError> {
    Ok((path(cluster)?, read_left(cluster)?.noted(&cluster.numbering())))
}

fn read_left(cluster: &Cluster) -> Result<Document, ChaosError> {
    let path = path(cluster)?;
    let document = read(&path)?;
    if document.nodes.is_empty() {
        return Ok(document);
    }
    let mut options = OpenOptions::new();
    // Whatever else is in its place is not waited for.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let is_held = options.open(path.with_extension("lock")).is_ok_and(|lock| {
        use rustix::fs::{FlockOperation, flock};
        flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
    });
    Ok(if is_held { Document::default() } else { document })
}

fn read(path: &Path) -> Result<Document, ChaosError> {
    let damaged = |problem| ChaosError::Damaged { path: path.to_owned(), problem };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default();
    let bytes = match changes::read(folder.unwrap_or(Path::new(".")), Path::new(name)) {
        Ok(None) => return Ok(Document::default()),
        Ok(Some(bytes)) => bytes,
        // The system says nothing against it: it is no regular file, or far too long.
        Err(error) if error.raw_os_error().is_none() => return Err(damaged(error.to_string())),
        Err(source) => return Err(ChaosError::Note { path: path.to_owned(), source }),
    };
    let document: Document =
        serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    match document.version {
        VERSION => Ok(document),
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
        assert!(read(&folder.path().join("none")).unwrap().nodes.is_empty());
        fs::write(&text, "{\"version\":1,\"nodes\":[2]}").unwrap();
        assert_eq!(read(&text).unwrap().nodes, [2]);
    }
}
