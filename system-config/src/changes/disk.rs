//! The operations that change a card, and the order that makes a file's replacement whole.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, fsync, mkdirat, openat, renameat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::{ChangeError, FileState, TargetFile};

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
    /// Makes a folder.
    ///
    /// # Errors
    /// The system's.
    fn make_folder(&mut self, at: &TargetFile, mode: u32) -> io::Result<()>;
    /// Creates a file, replacing one of that name without writing to it.
    ///
    /// # Errors
    /// The system's.
    fn write(&mut self, at: &TargetFile, state: &FileState, rights: Rights) -> io::Result<()>;
    /// Puts one file into the place of another: whenever the power goes, the whole of one or the other has the name.
    ///
    /// # Errors
    /// The system's.
    fn rename(&mut self, from: &TargetFile, to: &TargetFile) -> io::Result<()>;
    /// Makes a symbolic link.
    ///
    /// # Errors
    /// The system's.
    fn link(&mut self, to: &Path, at: &TargetFile) -> io::Result<()>;
    /// Removes a file or a link.
    ///
    /// # Errors
    /// The system's.
    fn remove_file(&mut self, at: &TargetFile) -> io::Result<()>;
    /// Removes an empty folder.
    ///
    /// # Errors
    /// The system's.
    fn remove_folder(&mut self, at: &TargetFile) -> io::Result<()>;
}

/// The file systems that Linux has mounted.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinuxDisk;

impl Disk for LinuxDisk {
    fn make_folder(&mut self, at: &TargetFile, mode: u32) -> io::Result<()> {
        mkdirat(at.folder(), at.name(), Mode::from_raw_mode(mode))?;
        sync(at)
    }

    fn write(&mut self, at: &TargetFile, state: &FileState, rights: Rights) -> io::Result<()> {
        match unlinkat(at.folder(), at.name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        // Nobody else reads a profile before it has its mode.
        let new =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(at.folder(), at.name(), new, Mode::from_raw_mode(0o600))?);
        match set_rights(&file, state) {
            Err(error) if rights == Rights::Exact => return Err(error),
            _ => {}
        }
        file.write_all(&state.bytes)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &TargetFile, to: &TargetFile) -> io::Result<()> {
        let plain = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(from.folder(), from.name(), plain, Mode::empty())?);
        // On FAT, where a renamed file's content lies is written with the file, not with its folder; and what it replaces is
        // freed as soon as nobody has that open. A loss of power between the two would leave a name without content.
        let held = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let _replaced = openat(to.folder(), to.name(), held, Mode::empty());
        renameat(from.folder(), from.name(), to.folder(), to.name())?;
        file.sync_all()?;
        sync(to)
    }

    fn link(&mut self, to: &Path, at: &TargetFile) -> io::Result<()> {
        symlinkat(to, at.folder(), at.name())?;
        sync(at)
    }

    fn remove_file(&mut self, at: &TargetFile) -> io::Result<()> {
        unlinkat(at.folder(), at.name(), AtFlags::empty())?;
        sync(at)
    }

    fn remove_folder(&mut self, at: &TargetFile) -> io::Result<()> {
        unlinkat(at.folder(), at.name(), AtFlags::REMOVEDIR)?;
        sync(at)
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
fn sync(at: &TargetFile) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(at.folder(), ".", flags, Mode::empty())?;
    Ok(fsync(folder.as_fd())?)
}

/// A file is the old one or the new one, whenever the power goes.
pub(super) fn replace(
    disk: &mut dyn Disk,
    at: &TargetFile,
    state: &FileState,
    rights: Rights,
) -> Result<(), ChangeError> {
    let draft = at.draft().map_err(ChangeError::io("write beside", at.path()))?;
    disk.write(&draft, state, rights).map_err(ChangeError::io("write", draft.path()))?;
    disk.rename(&draft, at).map_err(ChangeError::io("replace", at.path()))
}

/// Removes a file that a cut left behind, if there is one.
pub(super) fn remove_draft(disk: &mut dyn Disk, at: &TargetFile) -> Result<(), ChangeError> {
    let draft = at.draft().map_err(ChangeError::io("look beside", at.path()))?;
    if draft.look().map_err(ChangeError::io("look at", draft.path()))?.is_some() {
        disk.remove_file(&draft).map_err(ChangeError::io("remove", draft.path()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::process::geteuid;

    use super::super::Owner;
    use super::super::inside::top;
    use super::*;

    fn at(folder: &Path, name: &str) -> TargetFile {
        TargetFile::new(top(folder).unwrap(), OsStr::new(name), folder.join(name))
    }

    #[test]
    fn a_new_file_has_its_mode_and_takes_the_place_of_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&other, "other").unwrap();
        symlink(&other, &file).unwrap();
        // Whoever is not root loses the set-user-ID bit by writing.
        let root_s = geteuid().is_root().then_some(0o4755);
        for mode in [0o644, 0o600].into_iter().chain(root_s) {
            let state = FileState { bytes: b"new".to_vec(), mode, owner: None };
            LinuxDisk.write(&at(folder.path(), "file"), &state, Rights::Exact).unwrap();
            let found = fs::symlink_metadata(&file).unwrap();
            assert!(found.is_file() && found.mode() & 0o7777 == mode, "{found:?}");
            assert_eq!(fs::read(&file).unwrap(), b"new");
        }
        assert_eq!(fs::read(&other).unwrap(), b"other");
    }

    /// Root alone can give a file to root.
    #[test]
    fn rights_that_cannot_be_had_are_an_error_where_they_have_to_be_exact() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Some(Owner { uid: 0, gid: 0 });
        let state = FileState { bytes: b"new".to_vec(), mode: 0o600, owner };
        let write = |rights| LinuxDisk.write(&at(folder.path(), "file"), &state, rights);
        assert_eq!(write(Rights::Exact).is_ok(), geteuid().is_root());
        write(Rights::AsMounted).unwrap();
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"new");
    }
}
