//! What lies beside a simulation's file: its locks and its next version.
//!
//! Whoever uses a simulation finds its locks there, whichever user it is and wherever its runtime folder
//! is. They have the simulation's group and may be read by whoever may read the simulation, whatever the
//! umask of the one who came first.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{Access, access};

/// Only its owners may rename what lies in such a folder.
const STICKY: u32 = 0o1000;

/// The files whose locks keep the users of one simulation apart.
#[derive(Clone, Debug)]
pub(super) struct Locks {
    /// What their names begin with.
    prefix: PathBuf,
    /// The simulation's file, whose permissions they have; none where they are this user's alone.
    simulation: Option<PathBuf>,
}

impl Locks {
    /// Those of a simulation's file, beside it.
    pub(super) fn beside(simulation: &Path) -> Self {
        Self { prefix: beside(simulation, "lock"), simulation: Some(simulation.to_owned()) }
    }

    /// Those that begin with a path of this user's.
    pub(super) const fn own(prefix: PathBuf) -> Self {
        Self { prefix, simulation: None }
    }

    /// The lock of one thing, made where it is absent.
    pub(super) fn path(&self, what: &str) -> io::Result<PathBuf> {
        let mut path = self.prefix.clone().into_os_string();
        path.push(".");
        path.push(what);
        let path = PathBuf::from(path);
        if let Some(simulation) = self.simulation.as_ref().filter(|_| !path.exists()) {
            let metadata = fs::metadata(simulation)?;
            match make(&path, "", &metadata, metadata.mode() & 0o666) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => result?,
            }
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
    replace_like(path, text, &old, old.mode() & 0o7777)
}

/// Replaces or makes a file of a simulation's users beside its own, in one step; it has the simulation's
/// owner, group and permissions. Like the simulation, it does not have to outlive a loss of power.
///
/// # Errors
/// Where the simulation is gone, or the folder cannot be written to.
pub fn replace_beside(simulation: &Path, path: &Path, text: &str) -> io::Result<()> {
    let simulation = fs::metadata(simulation)?;
    replace_like(path, text, &simulation, simulation.mode() & 0o666)
}

fn replace_like(path: &Path, text: &str, like: &Metadata, mode: u32) -> io::Result<()> {
    loop {
        let new = draft(path);
        match make(&new, text, like, mode).and_then(|()| fs::rename(&new, path)) {
            // Left by a process of this number that was killed, or another container's.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.inspect_err(|_| drop(fs::remove_file(&new))),
        }
    }
}

/// Makes a file with this content, unless there is one.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    let new = draft(path);
    fs::write(&new, text)?;
    let result = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// A new file with the owner and group of another, as far as this user may give them away.
fn make(path: &Path, text: &str, like: &Metadata, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    give(&file, like);
    file.set_permissions(Permissions::from_mode(mode))
}

/// Root keeps the owner, a member of the group the group; who may do neither writes as everybody may.
fn give(file: &File, like: &Metadata) {
    if fchown(file, Some(like.uid()), Some(like.gid())).is_err() {
        let _ = fchown(file, None, Some(like.gid()));
    }
}

/// A name that nobody else uses: not another process, and not another thread.
fn draft(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    beside(path, &format!("{}-{number}.new", std::process::id()))
}

/// A hidden file of its own name and this end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(end);
    path.with_file_name(name)
}
