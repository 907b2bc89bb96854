//! What lies beside a simulation's file: its locks and its next version.
//!
//! Whoever uses a simulation finds its locks there, whichever user it is and wherever its runtime folder
//! is. They have the simulation's group and may be read by whoever may read the simulation, whatever the
//! umask of the one who came first.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access};
use tempfile::TempDir;

use crate::linux::draft::Draft;

/// Only its owners may rename what lies in such a folder.
const STICKY: u32 = 0o1000;

/// The files whose locks keep the users of one simulation apart.
#[derive(Clone, Debug)]
pub(super) struct Locks {
    /// What their names begin with.
    prefix: PathBuf,
    /// The simulation's file, whose permissions they have; none where they are this user's alone.
    simulation: Option<PathBuf>,
    /// The folder that goes with the last who uses them; none where they stay.
    _folder: Option<Arc<TempDir>>,
}

impl Locks {
    /// Those of a simulation's file, beside it.
    pub(super) fn beside(simulation: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(simulation.file_name().unwrap_or_default());
        name.push(".lock");
        let prefix = simulation.with_file_name(name);
        Self { prefix, simulation: Some(simulation.to_owned()), _folder: None }
    }

    /// Those that begin with a path of this user's.
    pub(super) const fn own(prefix: PathBuf) -> Self {
        Self { prefix, simulation: None, _folder: None }
    }

    /// Those of one process, in a folder of theirs.
    pub(super) fn of_process(folder: TempDir) -> Self {
        let prefix = folder.path().join("lock");
        Self { prefix, simulation: None, _folder: Some(Arc::new(folder)) }
    }

    /// Where the lock of one thing lies, whether it is there or not.
    pub(super) fn place(&self, what: &str) -> PathBuf {
        let mut path = self.prefix.clone().into_os_string();
        path.push(".");
        path.push(what);
        path.into()
    }

    /// The lock of one thing, made where it is absent.
    pub(super) fn path(&self, what: &str) -> io::Result<PathBuf> {
        let path = self.place(what);
        if let Some(simulation) = self.simulation.as_ref().filter(|_| !path.exists()) {
            let metadata = fs::metadata(simulation)?;
            let lock = draft(&path, "", &metadata, metadata.mode() & 0o666)?;
            unless_present(lock.add())?;
        }
        Ok(path)
    }
}

/// Whether a simulation's file may be replaced: it and its folder have to allow it.
pub(super) fn is_replaceable(simulation: &Path) -> bool {
    let Some(folder) = simulation.parent() else { return false };
    let uid = rustix::process::geteuid();
    let owns = |file: &Metadata| uid.is_root() || file.uid() == uid.as_raw();
    let renames = fs::metadata(folder).and_then(|folder| {
        let simulation = fs::metadata(simulation)?;
        Ok(folder.mode() & STICKY == 0 || owns(&folder) || owns(&simulation))
    });
    renames.is_ok_and(|renames| renames)
        && access(simulation, Access::WRITE_OK).is_ok()
        && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Replaces a file's content in one step, and keeps its owner, group and permissions.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let old = fs::metadata(path)?;
    draft(path, text, &old, old.mode() & 0o7777)?.replace()
}

/// Replaces or makes a file of a simulation's users beside its own, in one step; it has the simulation's
/// owner, group and permissions. Like the simulation, it does not have to outlive a loss of power: so this does not need
/// `system_config`'s replacement of files, which is durable, and which this crate cannot depend on.
///
/// # Errors
/// Where the simulation is gone, or the folder cannot be written to.
pub fn replace_beside(simulation: &Path, path: &Path, text: &str) -> io::Result<()> {
    let simulation = fs::metadata(simulation)?;
    draft(path, text, &simulation, simulation.mode() & 0o666)?.replace()
}

/// Makes a file with this content, unless there is one.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    let (draft, mut file) = Draft::new(path)?;
    file.write_all(text.as_bytes())?;
    unless_present(draft.add())
}

fn unless_present(added: io::Result<()>) -> io::Result<()> {
    match added {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        added => added,
    }
}

/// A new file with the owner and group of another, as far as this user may give them away.
fn draft<'a>(path: &'a Path, text: &str, like: &Metadata, mode: u32) -> io::Result<Draft<'a>> {
    let (draft, mut file) = Draft::new(path)?;
    file.write_all(text.as_bytes())?;
    give(&file, like);
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(draft)
}

/// Root keeps the owner, a member of the group the group; who may do neither writes as everybody may.
fn give(file: &File, like: &Metadata) {
    if fchown(file, Some(like.uid()), Some(like.gid())).is_err() {
        let _ = fchown(file, None, Some(like.gid()));
    }
}
