//! The operations that change a card, and the order that makes a file's replacement whole.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::fs::{PermissionsExt as _, fchown, symlink};
use std::path::{Path, PathBuf};

use super::{Error, FileState};

/// Whether mode and owner have to be as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// They have to.
    Exact,
    /// A boot partition is FAT, where the mount decides them.
    AsMounted,
}

/// What is done to a card, one step each. What a step reports done is on the disk.
pub trait Disk {
    /// A new folder.
    ///
    /// # Errors
    /// The system's.
    fn make_folder(&mut self, path: &Path, mode: u32) -> io::Result<()>;
    /// A new file or all of an old one.
    ///
    /// # Errors
    /// The system's.
    fn write(&mut self, path: &Path, state: &FileState, rights: Rights) -> io::Result<()>;
    /// One file in the place of another.
    ///
    /// # Errors
    /// The system's.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// A symbolic link.
    ///
    /// # Errors
    /// The system's.
    fn link(&mut self, target: &Path, path: &Path) -> io::Result<()>;
    /// A file or a link goes.
    ///
    /// # Errors
    /// The system's.
    fn remove_file(&mut self, path: &Path) -> io::Result<()>;
    /// An empty folder goes.
    ///
    /// # Errors
    /// The system's.
    fn remove_folder(&mut self, path: &Path) -> io::Result<()>;
}

/// The file systems that Linux has mounted.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinuxDisk;

impl Disk for LinuxDisk {
    fn make_folder(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        DirBuilder::new().mode(mode).create(path)?;
        sync_folder_of(path)
    }

    fn write(&mut self, path: &Path, state: &FileState, rights: Rights) -> io::Result<()> {
        // Nobody else reads a profile before it has its mode.
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        match set_rights(&file, state) {
            Err(error) if rights == Rights::Exact => return Err(error),
            _ => {}
        }
        file.write_all(&state.bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        sync_folder_of(to)
    }

    fn link(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        symlink(target, path)?;
        sync_folder_of(path)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        sync_folder_of(path)
    }

    fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)?;
        sync_folder_of(path)
    }
}

/// The owner first: giving a file away clears its set-user-ID bit.
fn set_rights(file: &File, state: &FileState) -> io::Result<()> {
    let found = file.metadata()?;
    if let Some(owner) = state.owner {
        if (found.uid(), found.gid()) != (owner.uid, owner.gid) {
            fchown(file, Some(owner.uid), Some(owner.gid))?;
        }
    }
    if found.mode() & 0o7777 != state.mode {
        file.set_permissions(Permissions::from_mode(state.mode))?;
    }
    Ok(())
}

/// A rename is on the disk when its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// Where a file's new content waits for the rename.
pub(super) fn draft_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".clusterhat-new");
    path.with_file_name(name)
}

/// A file is the old one or the new one, whenever the power goes.
pub(super) fn replace(
    disk: &mut dyn Disk,
    path: &Path,
    state: &FileState,
    rights: Rights,
) -> Result<(), Error> {
    let draft = draft_of(path);
    disk.write(&draft, state, rights).map_err(Error::io("write", &draft))?;
    disk.rename(&draft, path).map_err(Error::io("replace", path))
}

/// Removes a file that a cut left behind, if there is one.
pub(super) fn remove_draft(disk: &mut dyn Disk, path: &Path) -> Result<(), Error> {
    let draft = draft_of(path);
    if draft.symlink_metadata().is_ok() {
        disk.remove_file(&draft).map_err(Error::io("remove", &draft))?;
    }
    Ok(())
}
