//! One entry of a folder that is held open: what every operation is about.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};
use rustix::io::Errno;

/// Nothing that a setup edits is as long as this: `cmdline.txt` has one line, a long `config.txt` some
/// thousand.
const LONGEST_FILE: u64 = 4 << 20;

/// A name in a folder, whether anything has it or not. A link of that name is not followed.
#[derive(Debug)]
pub struct TargetFile {
    folder: OwnedFd,
    name: OsString,
    path: PathBuf,
}

impl TargetFile {
    pub(super) fn new(folder: OwnedFd, name: &OsStr, path: PathBuf) -> Self {
        Self { folder, name: name.to_owned(), path }
    }

    /// For messages only: nothing is opened by it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Where a file's new content waits for the rename.
    pub(super) fn draft(&self) -> io::Result<Self> {
        let name = [OsStr::new("."), &self.name, OsStr::new(".clusterhat-new")];
        let name: OsString = name.into_iter().collect();
        let path = self.path.with_file_name(&name);
        Ok(Self { folder: self.folder.try_clone()?, name, path })
    }

    /// What has the name.
    pub(super) fn look(&self) -> io::Result<Option<Stat>> {
        match statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn read_link(&self) -> io::Result<PathBuf> {
        link_at(&self.folder, &self.name)
    }

    /// All of a regular file. Opening what is none may wait for ever, or set something off.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let is_file =
            |found: &Stat| FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        let unfit = || io::Error::other("it is not a regular file");
        self.look()?.filter(is_file).ok_or_else(unfit)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.folder, &self.name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(unfit());
        }
        let mut bytes = Vec::new();
        file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST_FILE {
            return Err(io::Error::other("it is longer than 4 MiB, too long for a settings file"));
        }
        Ok(bytes)
    }

    /// On a FAT file system, names differ in case only by accident: the one that exists, if there is exactly one.
    pub(super) fn in_any_case(self) -> io::Result<Self> {
        if self.look()?.is_some() {
            return Ok(self);
        }
        let mut alike = names(&self.folder)?;
        alike.retain(|name| name.eq_ignore_ascii_case(&self.name));
        match &*alike {
            [] => Ok(self),
            [name] => Ok(Self { path: self.path.with_file_name(name), name: name.clone(), ..self }),
            _ => Err(io::Error::other(
                "several files differ from this name in upper and lower case only",
            )),
        }
    }
}

/// What is in a folder.
pub(super) fn names(folder: impl AsFd) -> io::Result<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for entry in Dir::new(openat(folder, ".", flags, Mode::empty())?)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// What a link says.
pub(super) fn link_at(folder: impl AsFd, name: &OsStr) -> io::Result<PathBuf> {
    let target = readlinkat(folder, name, Vec::new())?;
    Ok(OsStr::from_bytes(target.as_bytes()).into())
}
