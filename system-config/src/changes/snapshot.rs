//! What is there before anything is changed: all that planning looks at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustix::fs::{FileType, Stat};

use super::target::names;
use super::{ChangeError, SysPath, Sysroot, TargetFile};

/// User and group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User ID.
    pub uid: u32,
    /// Group ID.
    pub gid: u32,
}

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Whose; nothing for a new file, which belongs to the one who makes it.
    pub owner: Option<Owner>,
}

/// What a setup writes and what it finds in that place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File(FileState),
    /// A symbolic link, with its target as it is.
    Link(PathBuf),
}

/// What was found at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotEntry {
    /// A file that was read, or a link that was not followed.
    Content(Content),
    /// It is there; nobody asked what is in it.
    There,
}

/// Everything that planning looks at. An absent key is an absent file.
#[derive(Clone, Debug)]
pub struct Snapshot {
    sysroot: Sysroot,
    entries: BTreeMap<SysPath, SnapshotEntry>,
}

impl Snapshot {
    /// Of a system of which nothing was looked at yet.
    #[must_use]
    pub fn new(sysroot: &Sysroot) -> Self {
        Self { sysroot: sysroot.clone(), entries: BTreeMap::new() }
    }

    /// Takes in the files of a folder whose names end so. A link to nowhere is none: Debian has one to
    /// `/etc/modules` also where that is not there. Nor is one to `/dev/null`, which masks another file.
    ///
    /// # Errors
    /// As [`Self::add_file`].
    pub fn add_files(&mut self, folder: &SysPath, ending: &str) -> Result<(), ChangeError> {
        for name in self.names(folder)? {
            let sys_path = folder.below(name);
            if !sys_path.path.to_string_lossy().ends_with(ending) || !self.sysroot.has(&sys_path)? {
                continue;
            }
            match read_content(&self.sysroot, &sys_path) {
                Ok(Some(Content::Link(target))) if target.as_os_str() == "/dev/null" => {}
                _ => self.add_file(sys_path)?,
            }
        }
        Ok(())
    }

    /// The names in a folder, sorted; none if it is absent.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn names(&self, folder: &SysPath) -> Result<Vec<String>, ChangeError> {
        let Some(open) = self.sysroot.folder(folder.partition, &folder.path)? else {
            return Ok(Vec::new());
        };
        let found = names(open).map_err(ChangeError::io("list", &self.sysroot.shown(folder)))?;
        // No name that matters here is anything but text.
        let mut names: Vec<_> =
            found.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Takes in a file, through links.
    ///
    /// # Errors
    /// A file that cannot be read, or is no file.
    pub fn add_file(&mut self, sys_path: SysPath) -> Result<(), ChangeError> {
        if let Some(state) = read_file(&self.sysroot, &sys_path)? {
            self.entries.insert(sys_path, SnapshotEntry::Content(Content::File(state)));
        }
        Ok(())
    }

    /// Takes in files of the boot partition that `config.txt` may name. Somebody's folder of such a name is none of the
    /// firmware's files.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn add_boot_files(
        &mut self,
        names: impl IntoIterator<Item = String>,
    ) -> Result<(), ChangeError> {
        for name in names {
            match self.add_file(SysPath::boot(name)) {
                Err(ChangeError::NotAFile(_)) => {}
                read => read?,
            }
        }
        Ok(())
    }

    /// Adds a file or a link as it is.
    ///
    /// # Errors
    /// As [`Self::add_file`].
    pub fn add_link(&mut self, sys_path: SysPath) -> Result<(), ChangeError> {
        if let Some(content) = read_content(&self.sysroot, &sys_path)? {
            self.entries.insert(sys_path, SnapshotEntry::Content(content));
        }
        Ok(())
    }

    /// Takes in that something is there.
    ///
    /// # Errors
    /// Links that form a loop.
    pub fn add_mark(&mut self, sys_path: SysPath) -> Result<(), ChangeError> {
        if self.sysroot.has(&sys_path)? {
            self.entries.insert(sys_path, SnapshotEntry::There);
        }
        Ok(())
    }

    /// Where the system is.
    #[must_use]
    pub fn sysroot(&self) -> &Sysroot {
        &self.sysroot
    }

    /// Whether something is there, of what was looked at.
    #[must_use]
    pub fn has(&self, sys_path: &SysPath) -> bool {
        self.entries.contains_key(sys_path)
    }

    /// The file or link at a place.
    #[must_use]
    pub fn content(&self, sys_path: &SysPath) -> Option<&Content> {
        match self.entries.get(sys_path) {
            Some(SnapshotEntry::Content(content)) => Some(content),
            _ => None,
        }
    }

    /// The file at a place.
    #[must_use]
    pub fn file(&self, sys_path: &SysPath) -> Option<&FileState> {
        match self.content(sys_path) {
            Some(Content::File(state)) => Some(state),
            _ => None,
        }
    }

    /// The files and links right in a folder.
    pub fn within<'a>(
        &'a self,
        folder: &'a SysPath,
    ) -> impl Iterator<Item = (&'a SysPath, &'a SnapshotEntry)> {
        self.entries.iter().filter(move |(sys_path, _)| sys_path.folder().as_ref() == Some(folder))
    }

    /// All that was found.
    pub fn sys_paths(&self) -> impl Iterator<Item = &SysPath> {
        self.entries.keys()
    }
}

/// What is at a place, following links.
pub(super) fn read_file(
    sysroot: &Sysroot,
    sys_path: &SysPath,
) -> Result<Option<FileState>, ChangeError> {
    if let Some(at) = sysroot.file(sys_path)? {
        if let Some(found) = look(&at)? {
            return state(sysroot, sys_path, &at, &found).map(Some);
        }
    }
    // A link to nowhere says that the file is wanted in a place of which nothing is known.
    match sysroot.link(sys_path)? {
        Some(at) if look(&at)?.is_some() => Err(ChangeError::NotAFile(sysroot.shown(sys_path))),
        _ => Ok(None),
    }
}

/// What is at a place: a link is one.
pub(super) fn read_content(
    sysroot: &Sysroot,
    sys_path: &SysPath,
) -> Result<Option<Content>, ChangeError> {
    let Some(at) = sysroot.link(sys_path)? else { return Ok(None) };
    let Some(found) = look(&at)? else { return Ok(None) };
    if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
        let target = at.read_link().map_err(ChangeError::io("read", at.path()))?;
        return Ok(Some(Content::Link(target)));
    }
    Ok(Some(Content::File(state(sysroot, sys_path, &at, &found)?)))
}

fn look(at: &TargetFile) -> Result<Option<Stat>, ChangeError> {
    at.look().map_err(ChangeError::io("look at", at.path()))
}

fn state(
    sysroot: &Sysroot,
    sys_path: &SysPath,
    at: &TargetFile,
    found: &Stat,
) -> Result<FileState, ChangeError> {
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(ChangeError::NotAFile(sysroot.shown(sys_path)));
    }
    Ok(FileState {
        bytes: at.read().map_err(ChangeError::io("read", at.path()))?,
        mode: found.st_mode & 0o7777,
        owner: Some(Owner { uid: found.st_uid, gid: found.st_gid }),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_among_files_is_read_unless_it_masks_one() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/modules-load.d")).unwrap();
        fs::write(root.path().join("etc/modules"), "i2c-dev\n").unwrap();
        for (name, target) in
            [("a.conf", "../modules"), ("b.conf", "/dev/null"), ("c.conf", "../no")]
        {
            symlink(target, root.path().join("etc/modules-load.d").join(name)).unwrap();
        }
        let mut snapshot = Snapshot::new(&Sysroot::new("test", root.path()).unwrap());
        snapshot.add_files(&SysPath::root("etc/modules-load.d"), ".conf").unwrap();
        let names: Vec<_> =
            snapshot.sys_paths().map(|one| one.path.display().to_string()).collect();
        assert_eq!(names, ["etc/modules-load.d/a.conf"]);
    }
}
